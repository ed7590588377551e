/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EVENT_NOTE_H
#define HINOMI_RESOLVER_EVENT_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "resolver/asked.h"
#include "resolver/event_ring.h"
#include "resolver/policy.h"

/**
 * Notes what policy came to about a question: what decided, where it blocks, and the match of a log-only set
 * beside it. From the serving thread, while it holds the policy; allocates nothing, waits for nothing.
 *
 * @param ring     NULL: nothing is noted
 * @param blocks   the verdict was carried out
 * @param answer   as it is sent
 * @param len      0: nothing is answered
 */
void event_note(struct event_ring *ring, const struct asked *a, const struct policy_verdict *v, bool blocks,
		const uint8_t *answer, size_t len, int64_t utc_ns);

#endif
