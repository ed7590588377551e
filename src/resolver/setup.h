/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SETUP_H
#define HINOMI_RESOLVER_SETUP_H

#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "resolver/config.h"
#include "resolver/cookie.h"
#include "resolver/policy.h"
#include "resolver/recursor.h"

/* From the configuration to what the parts are made of. */

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

/** Where the recursor's options point to while recursor_new() copies them. */
struct recursor_plan {
	struct recursor_options options;
	struct recursor_forward *forward;
	struct recursor_stub *stubs;
};
HN_MUST_USE int recursor_plan_make(const struct resolver_config *config, struct recursor_plan *out);
void recursor_plan_clear(struct recursor_plan *plan);

/**
 * Reads the file of cookie secrets, or makes a secret of this process alone.
 *
 * @param out  in locked memory; free with sodium_free()
 * @return HN_ENOENT, HN_EIO (errno), HN_EFORMAT, HN_ENOMEM; no byte of a secret stands in the fault
 */
HN_MUST_USE int cookie_secrets_read(const char *path, struct cookie_secrets **out, struct fault *fault);

#endif
