/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_JUDGE_H
#define HINOMI_RESOLVER_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "resolver/answer_cache.h"
#include "resolver/policy.h"

/*
 * Policy over an answer that was resolved: each step of its CNAME chain, then its addresses. The verdict
 * holds what the client and the name asked came to already.
 */

/** A message that breaks off is judged as far as it goes. */
void judge_answer(struct policy_verdict *v, const struct cached_answer *answer, int64_t utc_ns);

/*
 * An answer that nothing spoke against is not judged again under the same epoch: a policy's generation, and
 * the minute, since entries have a validity in time.
 */
uint32_t judge_epoch(uint64_t generation, int64_t utc_ns);
bool judge_is_clear(const struct cached_answer *answer, uint32_t epoch, unsigned view);
void judge_set_clear(struct cached_answer *answer, uint32_t epoch, unsigned view);

#endif
