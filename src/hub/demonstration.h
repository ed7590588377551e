/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_DEMONSTRATION_H
#define HINOMI_HUB_DEMONSTRATION_H

#include <stdbool.h>

#include "authority/trust.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * A demonstration's nation, known by the mark of its trust file, stays on its machine: passwords lie in a
 * file beside it, and what it blocks and selects is fiction.
 */
struct hub_config;
struct store;

/** Whether such a trust file may be in force under this configuration. The fault is set where it may not. */
bool demonstration_allowed(const struct hub_config *config, const struct trust *trust, struct fault *fault);

/** The same of the trust file in the store, if any. @return HN_EAUTH: not allowed; HN_ENOMEM, errors of the
 * store */
HN_MUST_USE int demonstration_check(const struct hub_config *config, struct store *store,
				    struct fault *fault);

#endif
