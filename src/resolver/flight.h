/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_FLIGHT_H
#define HINOMI_RESOLVER_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "resolver/answer_cache.h"
#include "resolver/asked.h"
#include "resolver/loop.h"
#include "resolver/recursor.h"

/*
 * Questions of one serving thread that are on their way to the recursor, and who waits for each. Equal
 * questions are one flight. The recursor answers on its own thread; what it found comes back to ours as a
 * cached answer.
 */
struct flights;

#define FLIGHT_PATH_MAX 64

/** Who waits. Of the flight until it lands; then flights_free_waiter(). */
struct waiter {
	struct waiter *next;
	struct asked asked; /* its message and cookie are the waiter's own copies */
	const void *port;   /* the caller's */
	bool redirected;    /* the flight is for where a CNAME of ours leads */
	bool again;         /* the flight is for something else that must be known first */
	uint8_t steps;      /* how often it waited before */
	int64_t since_ms;
	_Alignas(8) uint8_t path[FLIGHT_PATH_MAX];
	uint8_t cookie[DNS_COOKIE_CLIENT + DNS_COOKIE_SERVER_MAX];
	uint8_t question[]; /* header and question */
};

/** A flight that came to an end, or whose stale answer is due. */
struct landing {
	const struct answer_key *key;
	struct cached_answer *answer; /* what was found; a failure is an answer too. NULL: no memory. One
					 reference, the callee's */
	struct cached_answer *stale;  /* what an earlier flight found; NULL: nothing. The flight's */
	bool failed;                  /* no usable answer: a stale one is better */
	bool late;                    /* none yet, and the stale one is due: answer is NULL, more will come */
	struct waiter *waiters;       /* a list, the callee's */
};

/** Called on the serving thread. */
typedef void flight_landed(void *context, const struct landing *landing);

HN_MUST_USE int flights_new(struct loop *loop, struct recursor *recursor, flight_landed *landed,
			    void *context, struct flights **out);
/** After recursor_drain(). */
void flights_free(struct flights *all);

/**
 * Asks, or joins the flight that is under way for the same key.
 *
 * @param site    stands in the answer
 * @param stale   what is answered when nothing came after 1.8 s (RFC 8767, 5) or when it fails; NULL: nothing
 * @param client  for limits; NULL: nobody waits (a refresh)
 * @param waiter  from flights_new_waiter(); NULL: a refresh. Taken over only on HN_OK
 *
 * @return HN_ELIMIT: too many wait; HN_ESTATE: it drains; HN_EFORMAT: cannot be asked; HN_ENOMEM
 */
HN_MUST_USE int flights_ask(struct flights *all, const struct answer_key *key, uint64_t site,
			    struct cached_answer *stale, const struct ip *client, struct waiter *waiter);

/** A waiter with copies of what the question needs; NULL without memory. */
struct waiter *flights_new_waiter(const struct asked *asked);
void flights_free_waiter(struct waiter *w);

#endif
