/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_POLICY_PLAN_H
#define HINOMI_RESOLVER_POLICY_PLAN_H

#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "resolver/config.h"
#include "resolver/policy.h"

/* From the configuration to what a policy is made of. */

/** A policy's spec and each group's view in it. Text points into the configuration. */
struct policy_plan {
	struct policy_spec spec;
	uint8_t *views; /* of each group */
	struct policy_set_spec *sets;
	struct policy_view_spec *view_specs;
	uint16_t *numbers; /* what the views' lists stand in */
	char (*names)[16]; /* of views */
};

/**
 * Groups with the same list of policies share a view.
 *
 * @return HN_ELIMIT: more than POLICY_VIEWS_MAX different lists; HN_ENOMEM
 */
HN_MUST_USE int policy_plan_make(const struct resolver_config *config, struct policy_plan *out,
				 struct fault *fault);
void policy_plan_clear(struct policy_plan *plan);

#endif
