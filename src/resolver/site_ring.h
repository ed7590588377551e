/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SITE_RING_H
#define HINOMI_RESOLVER_SITE_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * From one serving thread to the sketch: the keyed hash of the registrable domain of each question that was
 * not blocked, and nothing else. One producer, one consumer; what does not fit is counted as lost.
 */
#define SITE_RING_SIZE 32768 /* hashes; a power of two */

struct site_ring {
	alignas(64) _Atomic uint64_t end;
	uint64_t begin_seen;
	_Atomic uint64_t lost;
	alignas(64) _Atomic uint64_t begin;
	alignas(64) uint64_t sites[SITE_RING_SIZE];
};

/** @return HN_ENOMEM; free() it */
HN_MUST_USE int site_ring_new(struct site_ring **out);

/** The consumer's. Takes at most max hashes. @return how many */
size_t site_ring_take(struct site_ring *r, uint64_t *out, size_t max);

/** The producer looks how far the consumer is. @return whether there is room */
bool site_ring_look(struct site_ring *r);

/** The producer's. */
static inline void site_ring_put(struct site_ring *r, uint64_t site)
{
	uint64_t at = atomic_load_explicit(&r->end, memory_order_relaxed);
	if (at - r->begin_seen == SITE_RING_SIZE && !site_ring_look(r))
		return;
	r->sites[at & (SITE_RING_SIZE - 1)] = site;
	atomic_store_explicit(&r->end, at + 1, memory_order_release);
}

#endif
