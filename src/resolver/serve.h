/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SERVE_H
#define HINOMI_RESOLVER_SERVE_H

#include "base/err.h"
#include "base/fault.h"
#include "resolver/config.h"

/**
 * Serves until SIGTERM or SIGINT, then answers what waits and ends. SIGHUP reads policy and trust anchors
 * again. Log lines say when it is ready and what was reloaded.
 *
 * @return HN_OK; else it could not begin: the fault says why
 */
HN_MUST_USE int resolver_serve(const struct resolver_config *config, struct fault *fault);

#endif
