/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SERVE_H
#define HINOMI_HUB_SERVE_H

#include "base/err.h"
#include "base/fault.h"

struct hub_config;

struct hub_overrides;

/**
 * Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again. Prints where it listens on standard
 * output when it is ready.
 *
 * @param config     with which it begins; stays the caller's
 * @param overrides  what the command line said beside it, for reading it again
 * @return what kept it from beginning; the fault says what and what to do
 */
HN_MUST_USE int hub_serve(struct hub_config *config, const struct hub_overrides *overrides,
			  struct fault *fault);

#endif
