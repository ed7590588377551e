/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_SERVE_H
#define HINOMI_WITNESS_SERVE_H

#include "base/err.h"
#include "base/fault.h"
#include "witness/config.h"

/** Serves until SIGTERM or SIGINT. */
HN_MUST_USE int witness_serve(const struct witness_config *config, struct fault *fault);

#endif
