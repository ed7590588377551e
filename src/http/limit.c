/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/limit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/digest.h"
#include "base/siphash.h"

#define SETS  8192 /* power of two */
#define WAYS  8
#define LOCKS 64

struct bucket {
	uint64_t key;
	int64_t next_us; /* when the bucket would be full again: the generic cell rate algorithm's time */
};

struct limit {
	uint8_t secret[SIPHASH_KEY];
	pthread_mutex_t locks[LOCKS]; /* each guards the sets whose number ends with its own */
	struct bucket sets[SETS][WAYS];
};

int limit_new(struct limit **out)
{
	struct limit *l = calloc(1, sizeof(*l));
	if (!l)
		return HN_ENOMEM;
	randombytes_buf(l->secret, sizeof(l->secret));
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_init(&l->locks[i], NULL);
	*out = l;
	return HN_OK;
}

void limit_free(struct limit *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_destroy(&l->locks[i]);
	free(l);
}

/* The key's bucket; else the one that has been quiet longest. */
static struct bucket *find(struct bucket set[WAYS], uint64_t key)
{
	struct bucket *quiet = &set[0];
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].next_us < quiet->next_us)
			quiet = &set[i];
	}
	*quiet = (struct bucket){.key = key};
	return quiet;
}

int64_t limit_take(struct limit *l, uint64_t key, uint32_t per_second, uint32_t burst, int64_t now_us)
{
	if (per_second == 0)
		return 0;
	uint8_t bytes[sizeof(key)];
	memcpy(bytes, &key, sizeof(key));
	size_t set = (size_t)siphash24(l->secret, bytes, sizeof(bytes)) & (SETS - 1);
	int64_t step_us = 1000000 / per_second > 0 ? 1000000 / per_second : 1;
	int64_t ahead_us = step_us * (burst > 0 ? burst : 1);
	int64_t wait_us = 0;

	pthread_mutex_lock(&l->locks[set % LOCKS]);
	struct bucket *b = find(l->sets[set], key);
	int64_t from_us = b->next_us > now_us ? b->next_us : now_us;
	if (from_us + step_us - now_us > ahead_us)
		wait_us = from_us + step_us - now_us - ahead_us;
	else
		b->next_us = from_us + step_us;
	pthread_mutex_unlock(&l->locks[set % LOCKS]);
	return wait_us;
}

static struct ip place_of(const struct ip *address)
{
	return address->version == 6 ? ip_mask(address, 64) : *address;
}

uint64_t limit_key_of(const struct limit *l, const struct ip *address)
{
	uint8_t bytes[17];
	struct ip place = place_of(address);
	memcpy(bytes, place.bytes, sizeof(place.bytes));
	bytes[16] = place.version;
	return siphash24(l->secret, bytes, sizeof(bytes));
}

/* ---- connections ---- */

struct holder {
	struct ip place;
	uint32_t count; /* 0: free, or left by one that is gone */
	bool used;      /* the chain goes on behind it */
};

struct holders {
	uint8_t secret[SIPHASH_KEY];
	pthread_mutex_t lock; /* guards the table */
	size_t mask;
	struct holder table[];
};

int holders_new(uint32_t max, struct holders **out)
{
	size_t size = 16;
	while (size < (size_t)max * 2)
		size *= 2;
	struct holders *h = calloc(1, sizeof(*h) + size * sizeof(h->table[0]));
	if (!h)
		return HN_ENOMEM;
	randombytes_buf(h->secret, sizeof(h->secret));
	(void)pthread_mutex_init(&h->lock, NULL);
	h->mask = size - 1;
	*out = h;
	return HN_OK;
}

void holders_free(struct holders *h)
{
	if (!h)
		return;
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
}

static bool same_place(const struct ip *a, const struct ip *b)
{
	return a->version == b->version && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Its row, or the first free one of its chain; NULL: neither. A chain ends where nothing ever stood. */
static struct holder *row_of(struct holders *h, const struct ip *place)
{
	struct holder *vacant = NULL;
	size_t at = (size_t)siphash24(h->secret, place->bytes, sizeof(place->bytes)) & h->mask;
	for (size_t i = 0; i <= h->mask; i++, at = (at + 1) & h->mask) {
		struct holder *row = &h->table[at];
		if (row->count > 0 && same_place(&row->place, place))
			return row;
		if (row->count == 0 && !vacant)
			vacant = row;
		if (!row->used)
			break;
	}
	return vacant;
}

bool holders_add(struct holders *h, const struct ip *address, uint32_t most)
{
	struct ip place = place_of(address);
	pthread_mutex_lock(&h->lock);
	struct holder *row = row_of(h, &place);
	bool room = row && row->count < most;
	if (room) {
		row->place = place;
		row->used = true;
		row->count++;
	}
	pthread_mutex_unlock(&h->lock);
	return room;
}

struct ip holders_named(const char *name)
{
	struct ip place = {.version = 0};
	uint8_t digest[SHA256_SIZE];
	sha256(name, strlen(name), digest);
	memcpy(place.bytes, digest, sizeof(place.bytes));
	return place;
}

/* A chain ends before the rows at its end that are free again, or in time each would be as long as the table.
 */
static void shorten(struct holders *h, size_t at)
{
	while (h->table[at].used && h->table[at].count == 0 && !h->table[(at + 1) & h->mask].used) {
		h->table[at].used = false;
		at = (at - 1) & h->mask;
	}
}

void holders_remove(struct holders *h, const struct ip *address)
{
	struct ip place = place_of(address);
	pthread_mutex_lock(&h->lock);
	struct holder *row = row_of(h, &place);
	if (row && row->count > 0 && --row->count == 0)
		shorten(h, (size_t)(row - h->table));
	pthread_mutex_unlock(&h->lock);
}
