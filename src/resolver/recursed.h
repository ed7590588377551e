/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RECURSED_H
#define HINOMI_RESOLVER_RECURSED_H

#include <stdbool.h>
#include <stdint.h>

#include "resolver/answer_cache.h"
#include "resolver/recursor.h"

/**
 * What the recursor found, as it is kept and sent. On the recursion thread; a failure is an answer too, kept
 * for a moment so that a broken zone is not asked for each question.
 *
 * @param site        stands in it
 * @param failed_out  no usable answer: a stale one is better
 * @return one reference, not begun yet; NULL: no memory
 */
struct cached_answer *recursed_answer(const struct answer_key *key, uint64_t site,
				      const struct recursor_answer *r, bool *failed_out);

/** From now on it is fresh, for as long as it said. Once, before anybody else sees it. */
void recursed_begin(struct cached_answer *answer, uint32_t now_s);

#endif
