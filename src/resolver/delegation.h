/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_DELEGATION_H
#define HINOMI_RESOLVER_DELEGATION_H

#include <stdbool.h>
#include <stdint.h>

#include "resolver/answer_cache.h"
#include "resolver/policy.h"
#include "wire/name.h"

/*
 * Policy over who serves a name: the servers of its zone and of the zones above it, as far up as its
 * registrable domain, by name (NSDNAME) and by address (NSIP). Everything is looked up in the answer cache;
 * what is not there is named, asked for by the caller like any question, and then this is called again.
 */

/** What is to be asked. */
struct delegation_gap {
	uint8_t name[NAME_MAX_WIRE];
	uint8_t len;
	uint16_t type;
};

/**
 * Judges the servers behind an answer.
 *
 * @param v  what was found so far; POLICY_NS_NAME and POLICY_NS_ADDRESS are added as the view needs them
 * @return true: all is judged that can be known; false: gap_out is to be asked first
 */
bool delegation_judge(struct answer_cache *cache, const struct cached_answer *answer,
		      struct policy_verdict *v, int64_t utc_ns, struct delegation_gap *gap_out);

/** Whether a view has entries for name servers. */
static inline bool delegation_matters(const struct policy *p, unsigned view)
{
	return policy_needs(p, view, POLICY_NS_NAME) || policy_needs(p, view, POLICY_NS_ADDRESS);
}

#endif
