/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RECURSOR_PLAN_H
#define HINOMI_RESOLVER_RECURSOR_PLAN_H

#include "base/err.h"
#include "resolver/config.h"
#include "resolver/recursor.h"

/* From the configuration to what the recursor is made of. */

/** Where the recursor's options point to while recursor_new() copies them. */
struct recursor_plan {
	struct recursor_options options;
	struct recursor_forward *forward;
	struct recursor_stub *stubs;
};
HN_MUST_USE int recursor_plan_make(const struct resolver_config *config, struct recursor_plan *out);
/** For the collector: one thread, and the collector's own forwarders alone. */
HN_MUST_USE int recursor_plan_collector(const struct resolver_config *config, struct recursor_plan *out);
void recursor_plan_clear(struct recursor_plan *plan);

#endif
