/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_TABLES_H
#define HINOMI_HUB_API_TABLES_H

#include "http/route.h"

/** Every table of routes; ends with NULL. */
extern const struct route *const HUB_TABLES[];

extern const struct route HEALTH_ROUTES[];
extern const struct route LEDGER_ROUTES[];
extern const struct route ROOT_ROUTES[];

#endif
