/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#define _LGPL_SOURCE
#include <urcu-qsbr.h> /* before others of its kind: it says which flavour they are of */

#include "resolver/answer_cache.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/cur.h"
#include "match/hash.h"
#include "resolver/pages.h"
#include "resolver/policy_store.h"

#define WAYS           7
#define FETCHED        3 /* lines of an answer; most have no more */
#define BYTES_AT_LEAST ((size_t)1 << 20)
#define BUCKET_SHARE   2048 /* bytes of the budget for each bucket: seven answers of some 300 bytes */
#define TAG_SHIFT      48   /* user addresses have 47 bits */
#define ADDRESS_MASK   ((UINT64_C(1) << TAG_SHIFT) - 1)

/* One cache line. A way is an address with sixteen bits of the hash above it; 0 is empty. */
struct bucket {
	_Atomic uint64_t way[WAYS];
	_Atomic uint32_t lock;
	_Atomic uint16_t used; /* bit i: way i was found since the hand passed */
	uint16_t hand;         /* under the lock */
};
_Static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

struct answer_cache {
	struct bucket *buckets; /* in huge pages where there are: questions go anywhere */
	struct pages memory;
	uint64_t mask;
	size_t bytes_max;
	_Atomic uint32_t stale_s;
	uint64_t seed[2];
	_Atomic uint64_t answers;
	_Atomic uint64_t bytes;
	_Atomic uint64_t evicted;
	_Atomic uint64_t sweep; /* the bucket that is next to give up answers */
};

static size_t size_of(const struct cached_answer *a)
{
	return sizeof(*a) + a->name_len + a->message_len + 2u * a->ttl_count;
}

struct cached_answer *cached_answer_new(const struct answer_key *key, const uint8_t *message, size_t len,
					const uint16_t *ttl_at, size_t ttl_count, uint32_t ttl, uint32_t now)
{
	if (len > ANSWER_MESSAGE_MAX || ttl_count > UINT16_MAX)
		return NULL;
	struct cached_answer *a = malloc(sizeof(*a) + key->name_len + len + 2 * ttl_count);
	if (!a)
		return NULL;
	*a = (struct cached_answer){
		.hash = key->hash,
		.stored = now,
		.expires = now + ttl,
		.type = key->type,
		.message_len = (uint16_t)len,
		.ttl_count = (uint16_t)ttl_count,
		.ede = ANSWER_NO_EDE,
		.variant = key->variant,
		.name_len = key->name_len,
	};
	atomic_init(&a->references, 1);
	if (ttl_count > 0)
		memcpy(a->ttl_at, ttl_at, sizeof(*ttl_at) * ttl_count);
	uint8_t *name = (uint8_t *)(a->ttl_at + ttl_count);
	memcpy(name, key->name, key->name_len);
	memcpy(name + key->name_len, message, len);
	return a;
}

struct cached_answer *cached_answer_ref(struct cached_answer *a)
{
	atomic_fetch_add_explicit(&a->references, 1, memory_order_relaxed);
	return a;
}

void cached_answer_unref(struct cached_answer *a)
{
	if (a && atomic_fetch_sub_explicit(&a->references, 1, memory_order_acq_rel) == 1)
		free(a);
}

int answer_cache_new(size_t bytes, uint32_t stale_s, struct answer_cache **out)
{
	if (bytes < BYTES_AT_LEAST)
		bytes = BYTES_AT_LEAST;
	size_t count = 1;
	while (count * 2 * BUCKET_SHARE <= bytes)
		count *= 2;
	struct answer_cache *c = calloc(1, sizeof(*c));
	if (!c)
		return HN_ENOMEM;
	size_t size = count * sizeof(struct bucket);
	int rc = pages_reserve(&c->memory, size);
	if (rc == HN_OK)
		rc = pages_grow(&c->memory, size);
	if (rc != HN_OK) {
		pages_clear(&c->memory);
		free(c);
		return rc;
	}
	c->buckets = (struct bucket *)(void *)c->memory.data;
	c->mask = count - 1;
	c->bytes_max = bytes - size;
	c->stale_s = stale_s;
	randombytes_buf(c->seed, sizeof(c->seed));
	*out = c;
	return HN_OK;
}

static struct cached_answer *answer_of(uint64_t way)
{
	return (struct cached_answer *)(uintptr_t)(way & ADDRESS_MASK);
}

void answer_cache_stale(struct answer_cache *c, uint32_t stale_s)
{
	atomic_store_explicit(&c->stale_s, stale_s, memory_order_relaxed);
}

void answer_cache_free(struct answer_cache *c)
{
	if (!c)
		return;
	for (uint64_t i = 0; i <= c->mask; i++)
		for (size_t j = 0; j < WAYS; j++)
			cached_answer_unref(answer_of(c->buckets[i].way[j]));
	pages_clear(&c->memory);
	free(c);
}

uint64_t answer_cache_hash(const struct answer_cache *c, const uint8_t *name, size_t len, uint16_t type,
			   unsigned variant)
{
	return hash_keyed(c->seed, (uint64_t)type << 16 ^ (uint64_t)len << 8 ^ variant, name, len);
}

static struct bucket *bucket_of(const struct answer_cache *c, uint64_t hash)
{
	return &c->buckets[hash & c->mask];
}

static uint64_t tag_of(uint64_t hash)
{
	return hash >> TAG_SHIFT;
}

void answer_cache_prefetch(const struct answer_cache *c, uint64_t hash, struct fetches *f)
{
	fetches_add(f, bucket_of(c, hash));
}

bool answer_cache_prefetch_answer(const struct answer_cache *c, uint64_t hash, struct fetches *f)
{
	const struct bucket *b = bucket_of(c, hash);
	for (size_t i = 0; i < WAYS; i++) {
		uint64_t way = atomic_load_explicit(&b->way[i], memory_order_relaxed);
		if (way && way >> TAG_SHIFT == tag_of(hash)) {
			const char *at = (const char *)answer_of(way);
			for (size_t line = 0; line < FETCHED; line++)
				fetches_add(f, at + FETCHES_LINE * line);
			return true;
		}
	}
	return false;
}

static bool same_key(const struct cached_answer *a, const struct answer_key *key)
{
	return a->hash == key->hash && a->type == key->type && a->variant == key->variant &&
	       a->name_len == key->name_len && memcmp(cached_answer_name(a), key->name, key->name_len) == 0;
}

struct cached_answer *answer_cache_find(struct answer_cache *c, const struct answer_key *key)
{
	struct bucket *b = bucket_of(c, key->hash);
	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t way = atomic_load_explicit(&b->way[i], memory_order_acquire);
		if (!way || way >> TAG_SHIFT != tag_of(key->hash) || !same_key(answer_of(way), key))
			continue;
		/* Written only when it changes, so that threads which read the same bucket share its line. */
		uint16_t bit = (uint16_t)(1u << i);
		if (!(atomic_load_explicit(&b->used, memory_order_relaxed) & bit))
			atomic_fetch_or_explicit(&b->used, bit, memory_order_relaxed);
		return answer_of(way);
	}
	return NULL;
}

static void pause_briefly(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#endif
}

static void bucket_lock(struct bucket *b)
{
	while (atomic_exchange_explicit(&b->lock, 1, memory_order_acquire))
		while (atomic_load_explicit(&b->lock, memory_order_relaxed))
			pause_briefly();
}

static void bucket_unlock(struct bucket *b)
{
	atomic_store_explicit(&b->lock, 0, memory_order_release);
}

static void unref_later(struct rcu_head *head)
{
	policy_grace_passed();
	cached_answer_unref(
		(struct cached_answer *)(void *)((char *)head - offsetof(struct cached_answer, rcu)));
}

/* Under the bucket's lock. Readers may still look at the answer, so the cache's reference ends later. */
static void take_out(struct answer_cache *c, struct bucket *b, unsigned i)
{
	struct cached_answer *a = answer_of(b->way[i]);
	atomic_store_explicit(&b->way[i], 0, memory_order_release);
	atomic_fetch_and_explicit(&b->used, (uint16_t) ~(1u << i), memory_order_relaxed);
	atomic_fetch_sub_explicit(&c->answers, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&c->bytes, size_of(a), memory_order_relaxed);
	call_rcu(&a->rcu, unref_later);
}

static bool is_over(const struct answer_cache *c, const struct cached_answer *a, uint32_t now)
{
	return (int32_t)(now - a->expires) >= 0 && now - a->expires >= c->stale_s;
}

/* Where in the bucket the next answer goes: an empty way, one past its stale time, or the next that was not
 * found since the hand last passed. */
static unsigned choose_way(const struct answer_cache *c, struct bucket *b, uint32_t now)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (!b->way[i])
			return i;
	for (unsigned i = 0; i < WAYS; i++)
		if (is_over(c, answer_of(b->way[i]), now))
			return i;
	for (;;) {
		unsigned i = b->hand;
		b->hand = (uint16_t)((i + 1) % WAYS);
		uint16_t bit = (uint16_t)(1u << i);
		if (!(atomic_fetch_and_explicit(&b->used, (uint16_t)~bit, memory_order_relaxed) & bit))
			return i;
	}
}

/* Answers that were not found lately, bucket by bucket, until what is kept fits the budget again. */
static void shrink(struct answer_cache *c, uint32_t now)
{
	for (uint64_t tries = 0; tries <= 2 * c->mask + 1; tries++) {
		if (atomic_load_explicit(&c->bytes, memory_order_relaxed) <= c->bytes_max)
			return;
		struct bucket *b =
			&c->buckets[atomic_fetch_add_explicit(&c->sweep, 1, memory_order_relaxed) & c->mask];
		bucket_lock(b);
		for (unsigned i = 0; i < WAYS; i++) {
			if (!b->way[i])
				continue;
			uint16_t bit = (uint16_t)(1u << i);
			bool used =
				atomic_fetch_and_explicit(&b->used, (uint16_t)~bit, memory_order_relaxed) &
				bit;
			if (!used || is_over(c, answer_of(b->way[i]), now)) {
				take_out(c, b, i);
				atomic_fetch_add_explicit(&c->evicted, 1, memory_order_relaxed);
			}
		}
		bucket_unlock(b);
	}
}

void answer_cache_put(struct answer_cache *c, struct cached_answer *a, uint32_t now)
{
	const struct answer_key key = {.hash = a->hash,
				       .name = cached_answer_name(a),
				       .name_len = a->name_len,
				       .variant = a->variant,
				       .type = a->type};
	struct bucket *b = bucket_of(c, a->hash);
	bucket_lock(b);
	unsigned at = WAYS;
	for (unsigned i = 0; i < WAYS && at == WAYS; i++)
		if (b->way[i] && b->way[i] >> TAG_SHIFT == tag_of(a->hash) &&
		    same_key(answer_of(b->way[i]), &key))
			at = i;
	if (at == WAYS) {
		at = choose_way(c, b, now);
		if (b->way[at])
			atomic_fetch_add_explicit(&c->evicted, 1, memory_order_relaxed);
	}
	if (b->way[at])
		take_out(c, b, at);
	atomic_fetch_add_explicit(&c->answers, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->bytes, size_of(a), memory_order_relaxed);
	atomic_store_explicit(&b->way[at], (uint64_t)(uintptr_t)a | tag_of(a->hash) << TAG_SHIFT,
			      memory_order_release);
	bucket_unlock(b);
	shrink(c, now);
}

/* Whether the labels of `below` end with all labels of `name`. */
static bool is_at_or_below(const uint8_t *below, size_t below_len, const uint8_t *name, size_t len)
{
	size_t at = 0;
	while (below_len - at > len)
		at += 1u + below[at];
	return below_len - at == len && (len == 0 || memcmp(below + at, name, len) == 0);
}

size_t answer_cache_flush(struct answer_cache *c, const uint8_t *name, size_t len)
{
	size_t flushed = 0;
	for (uint64_t i = 0; i <= c->mask; i++) {
		struct bucket *b = &c->buckets[i];
		bucket_lock(b);
		for (unsigned j = 0; j < WAYS; j++) {
			const struct cached_answer *a = answer_of(b->way[j]);
			if (a && is_at_or_below(cached_answer_name(a), a->name_len, name, len)) {
				take_out(c, b, j);
				flushed++;
			}
		}
		bucket_unlock(b);
	}
	return flushed;
}

struct answer_cache_counts answer_cache_counts(const struct answer_cache *c)
{
	return (struct answer_cache_counts){
		.answers = atomic_load_explicit(&c->answers, memory_order_relaxed),
		.bytes = atomic_load_explicit(&c->bytes, memory_order_relaxed) +
			 (c->mask + 1) * sizeof(struct bucket),
		.evicted = atomic_load_explicit(&c->evicted, memory_order_relaxed),
	};
}
