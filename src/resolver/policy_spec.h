/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_POLICY_SPEC_H
#define HINOMI_RESOLVER_POLICY_SPEC_H

#include "base/err.h"
#include "resolver/policy.h"

/** A policy's spec that is kept with all that it points to. */
struct policy_spec_kept {
	struct policy_spec spec;
	struct policy_set_spec *sets; /* spec.sets, to be changed */
	/* private */
	void **blocks;
	size_t block_count, block_cap;
};

/** @return HN_ENOMEM; then there is nothing to clear */
HN_MUST_USE int policy_spec_keep(const struct policy_spec *spec, struct policy_spec_kept *out);
/** All zero is allowed. */
void policy_spec_clear(struct policy_spec_kept *kept);

#endif
