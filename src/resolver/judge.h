/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_JUDGE_H
#define HINOMI_RESOLVER_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "match/suffixes.h"
#include "resolver/answer_cache.h"
#include "resolver/config.h"
#include "resolver/delegation.h"
#include "resolver/policy.h"

/*
 * What policy says of a question: the one code by which questions are answered, by which they are explained,
 * and by which the block page finds who blocked.
 */

struct judged_question {
	const struct policy *policy;
	unsigned view;
	enum resolver_transport transport;
	const struct ip *client; /* NULL: it is not judged */
	const uint8_t *name;     /* wire form, lower case, without the root's byte */
	size_t name_len;
	struct suffixes *suffixes;  /* of the name, where it was taken apart already; else NULL */
	struct answer_cache *cache; /* where name servers are looked up */
	int64_t utc_ns;
};

/**
 * Client and name: what is known before anything is resolved.
 *
 * @param v  after policy_begin()
 */
void judge_question(const struct judged_question *q, struct policy_verdict *v);

/** Whether the answer is policy's. TCP-only is met by a client that came over a stream. */
static inline bool judge_blocks(const struct policy_verdict *v, enum resolver_transport transport)
{
	return policy_is_final(v) && !(v->action == POLICY_TCP_ONLY && transport != RESOLVER_UDP);
}

enum judge_finding {
	JUDGE_FREE,
	JUDGE_BLOCKED,
	JUDGE_GAP, /* gap_out must be asked first: it tells who serves the name */
};

/**
 * An answer that was resolved: each step of its CNAME chain, its addresses, then, where the view has entries
 * for them, the servers of its zones. A message that breaks off is judged as far as it goes.
 *
 * @param v  what judge_question() came to, which was no block
 */
enum judge_finding judge_answer(const struct judged_question *q, const struct cached_answer *answer,
				struct policy_verdict *v, struct delegation_gap *gap_out);

/*
 * An answer that nothing spoke against is not judged again under the same epoch: a policy's generation, and
 * the minute, since entries have a validity in time.
 */
uint32_t judge_epoch(uint64_t generation, int64_t utc_ns);
bool judge_is_clear(const struct cached_answer *answer, uint32_t epoch, unsigned view);
void judge_set_clear(struct cached_answer *answer, uint32_t epoch, unsigned view);

#endif
