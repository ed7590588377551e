/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/site_ring.h"

#include <stdlib.h>
#include <string.h>

int site_ring_new(struct site_ring **out)
{
	struct site_ring *r = aligned_alloc(alignof(struct site_ring), sizeof(*r));
	if (!r)
		return HN_ENOMEM;
	/* All of it, so that no answer waits for a page. */
	memset(r, 0, sizeof(*r));
	*out = r;
	return HN_OK;
}

bool site_ring_look(struct site_ring *r)
{
	uint64_t at = atomic_load_explicit(&r->end, memory_order_relaxed);
	r->begin_seen = atomic_load_explicit(&r->begin, memory_order_acquire);
	if (at - r->begin_seen < SITE_RING_SIZE)
		return true;
	atomic_store_explicit(&r->lost, atomic_load_explicit(&r->lost, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	return false;
}

size_t site_ring_take(struct site_ring *r, uint64_t *out, size_t max)
{
	uint64_t begin = atomic_load_explicit(&r->begin, memory_order_relaxed);
	uint64_t end = atomic_load_explicit(&r->end, memory_order_acquire);
	size_t n = end - begin < max ? (size_t)(end - begin) : max;
	for (size_t i = 0; i < n; i++)
		out[i] = r->sites[(begin + i) & (SITE_RING_SIZE - 1)];
	atomic_store_explicit(&r->begin, begin + n, memory_order_release);
	return n;
}
