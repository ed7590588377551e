/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/rate_limit.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/cur.h"
#include "match/hash.h"

#define PLACES    8192
#define WAYS      4 /* one cache line */
#define SECOND_US INT64_C(1000000)

/* A generic cell rate: full_us is when the prefix will have its whole burst again. */
struct cell {
	uint64_t prefix; /* keyed hash; 0: free */
	int64_t full_us;
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
	uint64_t prefix =
		client->version == 4 ? load_be32(client->bytes) >> 8 : load_be64(client->bytes) >> 8;
	return hash_mix(hash_mix(prefix ^ r->key[0], r->key[1] ^ client->version), HASH_A) | 1;
}

static struct cell *cell_of(struct rate_limit *r, uint64_t prefix)
{
	struct cell *cells = r->cells[(prefix >> 32) % PLACES];
	struct cell *least = &cells[0];
	for (unsigned i = 0; i < WAYS; i++) {
		if (cells[i].prefix == prefix)
			return &cells[i];
		if (cells[i].full_us < least->full_us)
			least = &cells[i];
	}
	*least = (struct cell){.prefix = prefix};
	return least;
}

bool rate_limit_take(struct rate_limit *r, const struct ip *client, uint32_t per_second, int64_t now_us)
{
	if (per_second == 0)
		return true;
	struct cell *cell = cell_of(r, prefix_hash(r, client));
	int64_t from = cell->full_us > now_us ? cell->full_us : now_us;
	int64_t cost = SECOND_US / per_second;
	if (from + cost - now_us > SECOND_US)
		return false;
	cell->full_us = from + (cost > 0 ? cost : 1);
	return true;
}
