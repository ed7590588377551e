/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/judge.h"

#include <string.h>

#include "base/utc.h"
#include "wire/dns_rr.h"

#define MEMO_VIEWS 32 /* bits of the lower half; further views are judged each time */
#define CHAIN_MAX  32

/* The name that the chain has come to. */
struct link {
	uint8_t name[NAME_MAX_WIRE];
	size_t len;
};

static bool is_next(const struct dns_rr *rr, const struct link *at)
{
	return rr->section == DNS_ANSWER && rr->type == DNS_TYPE_CNAME && rr->owner_len == at->len &&
	       memcmp(rr->owner, at->name, at->len) == 0;
}

static void judge_chain(struct policy_verdict *v, const struct cached_answer *answer, int64_t utc_ns)
{
	struct link at = {.len = answer->name_len};
	struct dns_walk walk;
	struct dns_rr rr;
	memcpy(at.name, cached_answer_name(answer), at.len);
	if (dns_walk_init(&walk, cached_answer_message(answer), answer->message_len) != HN_OK)
		return;
	/* libunbound gives a chain in its order; one that is not is followed as far as it is. */
	for (unsigned steps = 0; steps < CHAIN_MAX && dns_walk_next(&walk, &rr) == HN_OK;) {
		if (!is_next(&rr, &at))
			continue;
		if (dns_rr_target(&walk, &rr, at.name, &at.len) != HN_OK)
			return;
		policy_judge_cname(v, at.name, at.len, utc_ns);
		steps++;
	}
}

static void judge_addresses(struct policy_verdict *v, const struct cached_answer *answer, int64_t utc_ns)
{
	struct dns_walk walk;
	struct dns_rr rr;
	if (dns_walk_init(&walk, cached_answer_message(answer), answer->message_len) != HN_OK)
		return;
	while (dns_walk_next(&walk, &rr) == HN_OK && rr.section == DNS_ANSWER) {
		struct ip address = {0};
		if (rr.type == DNS_TYPE_A && rr.rdata_len == 4)
			address.version = 4;
		else if (rr.type == DNS_TYPE_AAAA && rr.rdata_len == 16)
			address.version = 6;
		else
			continue;
		memcpy(address.bytes, cached_answer_message(answer) + rr.rdata_at, rr.rdata_len);
		policy_judge_address(v, &address, utc_ns);
	}
}

void judge_question(const struct judged_question *q, struct policy_verdict *v)
{
	if (q->client && policy_needs(q->policy, v->view, POLICY_CLIENT))
		policy_judge_client(v, q->client, q->utc_ns);
	if (q->suffixes)
		policy_judge_suffixes(v, q->suffixes, q->utc_ns);
	else
		policy_judge_name(v, q->name, q->name_len, q->utc_ns);
}

enum judge_finding judge_answer(const struct judged_question *q, const struct cached_answer *answer,
				struct policy_verdict *v, struct delegation_gap *gap_out)
{
	judge_chain(v, answer, q->utc_ns);
	if (policy_needs(v->policy, v->view, POLICY_ADDRESS))
		judge_addresses(v, answer, q->utc_ns);
	if (judge_blocks(v, q->transport))
		return JUDGE_BLOCKED;
	if (delegation_matters(q->policy, v->view) && !v->allowed &&
	    !delegation_judge(q->cache, answer, v, q->utc_ns, gap_out))
		return JUDGE_GAP;
	return judge_blocks(v, q->transport) ? JUDGE_BLOCKED : JUDGE_FREE;
}

uint32_t judge_epoch(uint64_t generation, int64_t utc_ns)
{
	uint32_t epoch = (uint32_t)(generation * 0x9e3779b1u) ^ (uint32_t)(utc_ns / (60 * NS_SECOND));
	return epoch != 0 ? epoch : 1; /* 0 is an answer that nobody judged yet */
}

bool judge_is_clear(const struct cached_answer *answer, uint32_t epoch, unsigned view)
{
	uint64_t judged = atomic_load_explicit(&answer->judged, memory_order_relaxed);
	return view < MEMO_VIEWS && judged >> 32 == epoch && judged >> view & 1;
}

void judge_set_clear(struct cached_answer *answer, uint32_t epoch, unsigned view)
{
	if (view >= MEMO_VIEWS)
		return;
	uint64_t now = atomic_load_explicit(&answer->judged, memory_order_relaxed);
	uint64_t then;
	do {
		uint64_t views = now >> 32 == epoch ? now & UINT32_MAX : 0;
		then = (uint64_t)epoch << 32 | views | UINT64_C(1) << view;
	} while (!atomic_compare_exchange_weak_explicit(&answer->judged, &now, then, memory_order_relaxed,
							memory_order_relaxed));
}
