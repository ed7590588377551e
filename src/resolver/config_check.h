/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_CONFIG_CHECK_H
#define HINOMI_RESOLVER_CONFIG_CHECK_H

#include "resolver/config.h"

/**
 * What the table of keys cannot say: what goes with what, what must be there for it, what may stand once.
 * Fills in ports and actions that were left out. For resolver_config_read() only.
 *
 * @return HN_EFORMAT, with the fault set
 */
HN_MUST_USE int resolver_config_check(struct resolver_config *c, struct fault *fault);

#endif
