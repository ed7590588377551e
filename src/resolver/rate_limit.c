/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/rate_limit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "match/hash.h"
#include "resolver/client_prefix.h"

#define PLACES    8192
#define WAYS      4 /* one cache line */
#define SECOND_US INT64_C(1000000)

/* A generic cell rate: full_us is when the prefix will have its whole burst again. */
struct cell {
	_Atomic uint64_t prefix; /* keyed hash; 0: free */
	_Atomic int64_t full_us;
};

struct rate_limit {
	uint64_t key[2];
	struct cell cells[PLACES][WAYS];
};

int rate_limit_new(struct rate_limit **out)
{
	struct rate_limit *r = calloc(1, sizeof(*r));
	if (!r)
		return HN_ENOMEM;
	randombytes_buf(r->key, sizeof(r->key));
	*out = r;
	return HN_OK;
}

void rate_limit_free(struct rate_limit *r)
{
	free(r);
}

static uint64_t prefix_hash(const struct rate_limit *r, const struct ip *client)
{
	return hash_mix(hash_mix(client_prefix(client) ^ r->key[0], r->key[1] ^ client->version), HASH_A) | 1;
}

static struct cell *cell_of(struct rate_limit *r, uint64_t prefix)
{
	struct cell *cells = r->cells[(prefix >> 32) % PLACES];
	struct cell *least = &cells[0];
	for (unsigned i = 0; i < WAYS; i++) {
		if (atomic_load_explicit(&cells[i].prefix, memory_order_relaxed) == prefix)
			return &cells[i];
		if (atomic_load_explicit(&cells[i].full_us, memory_order_relaxed) <
		    atomic_load_explicit(&least->full_us, memory_order_relaxed))
			least = &cells[i];
	}
	/* Two threads may give one place away at once: then a prefix keeps the other's count, or has one
	 * burst more. */
	atomic_store_explicit(&least->full_us, 0, memory_order_relaxed);
	atomic_store_explicit(&least->prefix, prefix, memory_order_relaxed);
	return least;
}

bool rate_limit_take(struct rate_limit *r, const struct ip *client, uint32_t per_second, int64_t now_us)
{
	if (per_second == 0)
		return true;
	struct cell *cell = cell_of(r, prefix_hash(r, client));
	int64_t cost = SECOND_US / per_second;
	int64_t full_us = atomic_load_explicit(&cell->full_us, memory_order_relaxed);
	int64_t then;
	do {
		int64_t from = full_us > now_us ? full_us : now_us;
		if (from + cost - now_us > SECOND_US)
			return false;
		then = from + (cost > 0 ? cost : 1);
	} while (!atomic_compare_exchange_weak_explicit(&cell->full_us, &full_us, then, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}
