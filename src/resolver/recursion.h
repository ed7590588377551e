/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RECURSION_H
#define HINOMI_RESOLVER_RECURSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "resolver/client_limit.h"
#include "resolver/questions.h"
#include "resolver/reactor.h"
#include "resolver/recursor.h"

/* One thread of the recursor, and what its threads share. Only recursor.c includes this. */

/** Contexts that are done for: freed by a thread that has nothing else to do, as that takes a while. */
struct retired {
	pthread_mutex_t mutex; /* guards first and ended */
	pthread_cond_t more;
	struct resolution *first;
	bool ended;
};

/** Hands one over to be freed. From any thread. */
void retired_add(struct retired *retired, struct resolution *one);

/** What all threads share. */
struct recursion_shared {
	struct recursor_clock clock;
	struct recursor_hooks hooks;
	uint64_t answer_ns;
	uint32_t total_max;
	uint32_t zone_max;
	struct client_limit clients;
	struct retired retired;

	_Atomic uint32_t under_way; /* distinct questions */
	_Atomic uint32_t waiting;   /* askers */
	_Atomic uint32_t entering;  /* threads that are inside recursor_ask() */
	_Atomic bool draining;      /* no more is taken */
	_Atomic bool stopping;      /* the threads end */
	pthread_mutex_t mutex;      /* with nobody_waits: said when draining and waiting is 0 */
	pthread_cond_t nobody_waits;
};

/** Written by its thread only, read by any. */
struct recursion_counts {
	_Atomic uint64_t asked, shared, nxdomain, latency_us, restarted;
	_Atomic uint64_t answered[3];
	_Atomic uint64_t failed[RECURSOR_FAILURES];
	_Atomic uint64_t latency[RECURSOR_LATENCY_SLOTS];
};

struct recursion {
	struct recursion_shared *shared;
	unsigned number;
	pthread_t thread;
	struct reactor *reactor;
	_Atomic(struct ask *) inbox;            /* last arrived first */
	_Atomic(struct resolution *) successor; /* takes over from current; NULL: none */
	struct resolution *current;             /* where questions are asked */
	struct resolution *former;              /* where some are still under way; NULL: nowhere */
	struct questions questions;
	struct ask *earliest, *latest; /* who waits, by arrival */
	struct reactor_timer patience; /* of the earliest */
	struct recursion_counts counts;
};

/** Makes it, without a context. @return HN_EIO (errno), HN_ENOMEM; clear it in any case */
HN_MUST_USE int recursion_init(struct recursion *t, struct recursion_shared *shared, unsigned number);
/** The thread has ended, or never began. */
void recursion_clear(struct recursion *t);

/** What the thread does until shared->stopping. */
void recursion_run(struct recursion *t);

/** Hands an asker over. From any thread. */
void recursion_give(struct recursion *t, struct ask *ask);
/** Lets another context take over; from any thread. @return one that never was in use, to be freed, or NULL
 */
struct resolution *recursion_succeed(struct recursion *t, struct resolution *successor);

#endif
