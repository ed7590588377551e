/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_TERMS_H
#define HINOMI_RESOLVER_TERMS_H

#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "resolver/asked.h"
#include "resolver/groups.h"
#include "resolver/policy_plan.h"

/*
 * On what terms clients are served: a configuration, its groups and each group's view of the policy.
 * Immutable, counted by who uses it. A policy holds the terms that it was made for, so that who has the
 * policy in force (policy_store.h) has all that a question is judged by, of one generation.
 */
struct terms {
	_Atomic uint32_t users;
	struct resolver_config *own; /* NULL: the configuration is another's */
	const struct resolver_config *config;
	struct groups *groups;
	struct policy_plan plan;
};

/**
 * @param config  outlives the terms
 * @return as groups_new() and policy_plan_make()
 */
HN_MUST_USE int terms_new(const struct resolver_config *config, struct terms **out, struct fault *fault);
/** From now on the configuration goes with the terms. */
void terms_own(struct terms *t, struct resolver_config *config);
/** @return t, one use more; NULL stays NULL */
struct terms *terms_use(const struct terms *t);
/** NULL is allowed. */
void terms_release(struct terms *t);

/** What a policy on these terms is made of; valid as long as they. */
struct policy_spec terms_spec(struct terms *t);

/** Whose client asks: by token, else by certificate, else by address. @return GROUP_NONE: nobody's */
uint32_t terms_find(const struct terms *t, const struct asker *asker);

/** group: one that terms_find() of these terms gave. */
static inline const struct resolver_group *terms_group(const struct terms *t, uint32_t group)
{
	return RESOLVER_ITEM(resolver_group, &t->config->groups, group);
}

static inline unsigned terms_view(const struct terms *t, uint32_t group)
{
	return t->plan.views[group];
}

#endif
