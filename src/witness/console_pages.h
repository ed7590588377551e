/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_CONSOLE_PAGES_H
#define HINOMI_WITNESS_CONSOLE_PAGES_H

#include <stdbool.h>

#include "http/request.h"
#include "http/route.h"

/* The console's routes and who may ask for them. */

extern const struct route CONSOLE_ROUTES[];

/** server_options.identify and .allowed of the console. */
int console_identify(struct request *r);
/** Who signed in. */
bool console_allowed(const struct request *r);

/** What machines ask: counters; whether it serves. */
int console_metrics_get(struct request *r);
/** The second of them. */
int console_health_get(struct request *r);

#endif
