/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_ANSWER_CACHE_H
#define HINOMI_RESOLVER_ANSWER_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <urcu-qsbr.h>

#include "base/err.h"
#include "match/fetches.h"
#include "wire/dns_number.h"

/*
 * Answers that all serving threads share, ready to be sent: shaped answers of wire/dns_answer.h.
 * Set-associative: a bucket is one cache line of seven answers, so that a look-up costs two lines of memory
 * and a full cache needs no list of what was used last.
 *
 * Reading takes no lock. Whoever reads is a registered thread of liburcu-qsbr, and what it found is valid
 * until its next quiescent state or for as long as it holds a reference. Policy is not applied here: an
 * answer remembers only under which generation, and for which views, nothing spoke against it.
 */

/** What of a question, beside name and type, makes another answer. */
enum answer_variant {
	ANSWER_DNSSEC = 1,    /* DO: with signatures and proofs */
	ANSWER_UNCHECKED = 2, /* CD: bogus data too */
	ANSWER_VARIANTS = 4,
};

struct answer_key {
	uint64_t hash;       /* answer_cache_hash() */
	const uint8_t *name; /* wire form, lower case, without the root's byte */
	uint8_t name_len;    /* 0: the root */
	uint8_t variant;
	uint16_t type;
};

/** Times are seconds of CLOCK_MONOTONIC. */
struct cached_answer {
	struct rcu_head rcu;
	uint64_t hash;
	uint64_t site; /* hash of its registrable domain, for the sketch */
	_Atomic uint64_t
		judged; /* epoch of the policy in the upper half; a bit a view in the lower: not blocked */
	_Atomic uint32_t references;
	_Atomic uint32_t uses;       /* since it was stored */
	_Atomic uint32_t fresh_from; /* no refresh before this time: one is under way, or just failed */
	uint32_t stored;
	uint32_t expires; /* at this second it is stale */
	uint16_t type;
	uint16_t message_len;
	uint16_t ttl_count;
	uint16_t ede; /* RFC 8914 code to tell with it; ANSWER_NO_EDE: none */
	uint8_t variant;
	uint8_t name_len;
	bool secure;       /* validated: AD where it was asked for */
	uint16_t ttl_at[]; /* where in the message the times to live stand; behind them the name, then it */
};

#define ANSWER_NO_EDE      UINT16_MAX
#define ANSWER_MESSAGE_MAX 65535

static inline const uint8_t *cached_answer_name(const struct cached_answer *a)
{
	return (const uint8_t *)(a->ttl_at + a->ttl_count);
}

static inline const uint8_t *cached_answer_message(const struct cached_answer *a)
{
	return cached_answer_name(a) + a->name_len;
}

/** Whether it says that there is no answer: the message of a failure of ours. */
static inline bool cached_answer_is_failure(const struct cached_answer *a)
{
	return (cached_answer_message(a)[3] & DNS_RCODE) == DNS_RCODE_SERVFAIL;
}

/**
 * @param message      header, question, records; no OPT. Copied.
 * @param ttl_at       where in it the times to live stand
 * @param ttl          lowest time to live: for how many seconds it is fresh
 * @return one reference, the caller's; NULL without memory or for a message over ANSWER_MESSAGE_MAX
 */
struct cached_answer *cached_answer_new(const struct answer_key *key, const uint8_t *message, size_t len,
					const uint16_t *ttl_at, size_t ttl_count, uint32_t ttl, uint32_t now);
struct cached_answer *cached_answer_ref(struct cached_answer *a);
/** NULL is allowed. */
void cached_answer_unref(struct cached_answer *a);

struct answer_cache;

struct answer_cache_counts {
	uint64_t answers;
	uint64_t bytes;
	uint64_t evicted;
};

/**
 * @param bytes        at most this much for answers and buckets, at least 1 MiB
 * @param stale_s      for how long an answer is kept after it expired
 * @return HN_ENOMEM
 */
HN_MUST_USE int answer_cache_new(size_t bytes, uint32_t stale_s, struct answer_cache **out);
/** How long an expired answer is kept, from now on. From any thread. */
void answer_cache_stale(struct answer_cache *c, uint32_t stale_s);
/** No thread may read any more. */
void answer_cache_free(struct answer_cache *c);

/** Keyed anew in each process, so that nobody outside can make questions collide. */
uint64_t answer_cache_hash(const struct answer_cache *c, const uint8_t *name, size_t len, uint16_t type,
			   unsigned variant);
/** The key of a question, with its hash. name is not copied. */
static inline struct answer_key answer_cache_key(const struct answer_cache *c, const uint8_t *name,
						 size_t len, uint16_t type, unsigned variant)
{
	return (struct answer_key){
		.hash = answer_cache_hash(c, name, len, type, variant),
		.name = name,
		.name_len = (uint8_t)len,
		.variant = (uint8_t)variant,
		.type = type,
	};
}

/** Lists the bucket for fetches_go(). */
void answer_cache_prefetch(const struct answer_cache *c, uint64_t hash, struct fetches *f);
/** A while later: lists the answer that answer_cache_find() will compare. @return whether there may be one */
bool answer_cache_prefetch_answer(const struct answer_cache *c, uint64_t hash, struct fetches *f);

/** The answer, fresh or stale, or NULL. */
struct cached_answer *answer_cache_find(struct answer_cache *c, const struct answer_key *key);
/** Takes over one reference; an answer of the same key is replaced. From any registered thread. */
void answer_cache_put(struct answer_cache *c, struct cached_answer *a, uint32_t now);
/** Forgets the name and all that is below it (len 0: everything). @return how many answers */
size_t answer_cache_flush(struct answer_cache *c, const uint8_t *name, size_t len);
struct answer_cache_counts answer_cache_counts(const struct answer_cache *c);

#endif
