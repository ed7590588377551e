/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/terms.h"

#include <stdatomic.h>
#include <stdlib.h>

int terms_new(const struct resolver_config *config, struct terms **out, struct fault *fault)
{
	struct terms *t = calloc(1, sizeof(*t));
	if (!t)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	atomic_init(&t->users, 1);
	t->config = config;
	int rc = groups_new(config, &t->groups, fault);
	if (rc == HN_OK)
		rc = policy_plan_make(config, &t->plan, fault);
	if (rc == HN_OK)
		*out = t;
	else
		terms_release(t);
	return rc;
}

void terms_own(struct terms *t, struct resolver_config *config)
{
	t->own = config;
}

struct terms *terms_use(const struct terms *t)
{
	struct terms *used = (struct terms *)(uintptr_t)t;
	if (used)
		atomic_fetch_add(&used->users, 1);
	return used;
}

void terms_release(struct terms *t)
{
	if (!t || atomic_fetch_sub(&t->users, 1) > 1)
		return;
	groups_free(t->groups);
	policy_plan_clear(&t->plan);
	resolver_config_free(t->own);
	free(t);
}

struct policy_spec terms_spec(struct terms *t)
{
	struct policy_spec spec = t->plan.spec;
	spec.terms = t;
	return spec;
}

uint32_t terms_find(const struct terms *t, const struct asker *asker)
{
	uint32_t group = GROUP_NONE;
	if (asker->proof == ASKER_TOKEN)
		return groups_by_token_print(t->groups, asker->print);
	if (asker->proof == ASKER_CERTIFICATE)
		group = groups_by_certificate(t->groups, asker->print);
	return group != GROUP_NONE ? group : groups_by_address(t->groups, &asker->client);
}
