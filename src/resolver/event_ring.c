/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_ring.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LINE    64
#define FETCHED 3 /* lines; most events take no more */

/*
 * A record is eight bytes of length and the event, at a multiple of eight, never around the ring's end: where
 * it would not fit, the rest of the ring is passed over.
 */
#define HEAD        8u
#define PASSED_OVER 0u /* the length that says so */
#define RECORD_MAX  ((HEAD + sizeof(struct event) + 7u) & ~(size_t)7u)

/* Positions only grow; where they lie in the ring is told by their lower bits. */
struct event_ring {
	alignas(LINE) _Atomic uint64_t end; /* what the producer has handed over */
	uint64_t at;                        /* where its next record begins */
	uint64_t begin_seen;                /* how far the consumer was when it was last looked at */
	_Atomic uint64_t lost;
	alignas(LINE) _Atomic uint64_t begin; /* what the consumer has taken */
	alignas(LINE) size_t size;
	uint8_t *bytes;
};

int event_ring_new(size_t bytes, struct event_ring **out)
{
	assert(bytes >= 4096 && (bytes & (bytes - 1)) == 0);
	struct event_ring *r = aligned_alloc(LINE, sizeof(*r));
	if (!r)
		return HN_ENOMEM;
	memset(r, 0, sizeof(*r));
	r->size = bytes;
	r->bytes = aligned_alloc(LINE, bytes);
	if (!r->bytes) {
		free(r);
		return HN_ENOMEM;
	}
	/* Touched now, so that no answer waits for a page. */
	memset(r->bytes, 0, bytes);
	*out = r;
	return HN_OK;
}

void event_ring_free(struct event_ring *r)
{
	if (!r)
		return;
	free(r->bytes);
	free(r);
}

static uint8_t *place(const struct event_ring *r, uint64_t at)
{
	return r->bytes + (at & (r->size - 1));
}

static void set_len(struct event_ring *r, uint64_t at, uint64_t len)
{
	memcpy(place(r, at), &len, sizeof(len));
}

static bool has_room(struct event_ring *r, uint64_t until)
{
	if (until - r->begin_seen <= r->size)
		return true;
	r->begin_seen = atomic_load_explicit(&r->begin, memory_order_acquire);
	return until - r->begin_seen <= r->size;
}

struct event *event_ring_claim(struct event_ring *r)
{
	uint64_t at = atomic_load_explicit(&r->end, memory_order_relaxed);
	size_t to_end = r->size - (size_t)(at & (r->size - 1));
	bool pass = to_end < RECORD_MAX;
	if (!has_room(r, at + (pass ? to_end : 0) + RECORD_MAX)) {
		atomic_store_explicit(&r->lost, atomic_load_explicit(&r->lost, memory_order_relaxed) + 1,
				      memory_order_relaxed);
		return NULL;
	}
	if (pass) {
		set_len(r, at, PASSED_OVER);
		at += to_end;
	}
	r->at = at;
	return (struct event *)(void *)(place(r, at) + HEAD);
}

void event_ring_commit(struct event_ring *r)
{
	const struct event *e = (const void *)(place(r, r->at) + HEAD);
	uint64_t len = (HEAD + event_size(e) + 7) & ~UINT64_C(7);
	set_len(r, r->at, len);
	/* The consumer has read where the next one goes: the lines are fetched back before they are needed.
	 */
	for (size_t line = 0; line < FETCHED; line++)
		__builtin_prefetch(place(r, r->at + len + line * LINE), 1);
	atomic_store_explicit(&r->end, r->at + len, memory_order_release);
}

const struct event *event_ring_peek(struct event_ring *r)
{
	uint64_t at = atomic_load_explicit(&r->begin, memory_order_relaxed);
	if (at == atomic_load_explicit(&r->end, memory_order_acquire))
		return NULL;
	uint64_t len;
	memcpy(&len, place(r, at), sizeof(len));
	if (len == PASSED_OVER) {
		at += r->size - (at & (r->size - 1));
		atomic_store_explicit(&r->begin, at, memory_order_release);
	}
	return (const void *)(place(r, at) + HEAD);
}

void event_ring_pop(struct event_ring *r)
{
	uint64_t at = atomic_load_explicit(&r->begin, memory_order_relaxed);
	uint64_t len;
	memcpy(&len, place(r, at), sizeof(len));
	atomic_store_explicit(&r->begin, at + len, memory_order_release);
}

uint64_t event_ring_lost(const struct event_ring *r)
{
	return atomic_load_explicit(&r->lost, memory_order_relaxed);
}
