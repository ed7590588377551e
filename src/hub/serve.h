/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SERVE_H
#define HINOMI_HUB_SERVE_H

#include "base/err.h"
#include "base/fault.h"

struct hub_config;

/**
 * Serves until SIGTERM or SIGINT; SIGHUP reloads. Prints where it listens on standard output when it is
 * ready.
 *
 * @return what kept it from beginning; the fault says what and what to do
 */
HN_MUST_USE int hub_serve(const struct hub_config *config, struct fault *fault);

#endif
