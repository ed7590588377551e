/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EXCHANGE_H
#define HINOMI_RESOLVER_EXCHANGE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "resolver/answer_cache.h"
#include "resolver/asked.h"
#include "resolver/groups.h"
#include "resolver/loop.h"
#include "resolver/policy_store.h"
#include "resolver/recursor.h"

/*
 * What becomes of a question, whatever way it came: limits, policy, the cache, recursion. One exchange for
 * each serving thread; all calls are from that thread.
 *
 * The answer is given at once where it is known (cached, blocked, refused); else the question waits, and its
 * answer goes through the port it came by. Nothing known ever waits for a server.
 */

struct event_log;
struct rate_limit;
struct tls_contexts;

/** What all serving threads share; everything in it outlives them. */
struct service {
	const struct resolver_config
		*config;               /* that it was started with: listeners and all else that stays */
	struct policy_store *policies; /* each with its terms: what may change while it serves */
	struct recursor *recursor;
	struct answer_cache *cache;
	_Atomic(const struct cookie_secrets *)
		cookies; /* replaced as policies are: who reads is a policy's reader */
	struct tls_contexts *tls;
	struct rate_limit *limits;   /* of the groups' clients */
	struct rate_limit *refusals; /* of what is told to who is refused */
	struct event_log *events;    /* NULL: nothing is told of what policy decided */
};

#define EXCHANGE_BATCH    64
#define EXCHANGE_PATH_MAX 64 /* bytes */

/** A way back to clients: the datagrams or the streams of this thread. */
struct exchange_port {
	/** A late answer. `path` is what was stored when the question began to wait. len 0: none will come.
	 */
	void (*send)(void *context, const void *path, const uint8_t *message, size_t len);
	void *context;
};

enum exchange_state {
	EXCHANGE_DONE,    /* out_len bytes are in out; 0: no answer is sent */
	EXCHANGE_WAITING, /* the port's send() is called later, once */
};

/** One question of a batch. */
struct exchange_unit {
	struct asked asked; /* asker but its group, message and len are filled by the caller */
	uint8_t *out;       /* room for the answer: 4,096 bytes for UDP, else DNS_MESSAGE_MAX */
	size_t out_len;
	enum exchange_state state;
	void *path;    /* of a unit that waits: room of EXCHANGE_PATH_MAX bytes for the way back, to be filled
			  before the next call */
	uint8_t steps; /* how often it waited; 0 at first. The exchange's own, as is what follows */
	enum dns_verdict verdict;
	struct answer_key key;
};

#define EXCHANGE_LATENCY_SLOTS 24 /* slot i: under 2^i microseconds; the last: everything above */

/** Read by any thread, written by one. */
struct exchange_counts {
	_Atomic uint64_t questions[4]; /* UDP, TCP, TLS, HTTPS */
	_Atomic uint64_t answers[16];  /* by RCODE's lower four bits */
	_Atomic uint64_t hits;         /* answered from the cache, fresh */
	_Atomic uint64_t stale;
	_Atomic uint64_t refreshed; /* asked again at expiry, while the old one served */
	_Atomic uint64_t waited;    /* asked of the recursor */
	_Atomic uint64_t blocked[POLICY_ACTION_COUNT];
	_Atomic uint64_t blocked_by[POLICY_SETS_MAX]; /* by policy_slot() */
	_Atomic uint64_t truncated;
	_Atomic uint64_t unregistered;
	_Atomic uint64_t limited;
	_Atomic uint64_t malformed;
	_Atomic uint64_t unsent;
	_Atomic uint64_t latency[EXCHANGE_LATENCY_SLOTS];
	_Atomic uint64_t latency_us;
};

/** By the thread that owns the counter. */
static inline void count_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

struct exchange;

/** @param loop  runs on the calling thread, and outlives it. @return HN_ENOMEM, HN_EIO */
HN_MUST_USE int exchange_new(const struct service *service, struct loop *loop, struct exchange **out);
/** After recursor_drain(). Whoever waits gets no answer any more. */
void exchange_free(struct exchange *e);

/**
 * Answers a batch, or lets its questions wait.
 *
 * @param port  outlives the exchange
 */
void exchange_batch(struct exchange *e, const struct exchange_port *port, struct exchange_unit units[],
		    size_t count);

/** What it counted since its beginning; its own. */
struct exchange_counts *exchange_counts(struct exchange *e);

#endif
