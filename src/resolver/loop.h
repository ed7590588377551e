/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_LOOP_H
#define HINOMI_RESOLVER_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * One serving thread's loop: descriptors and a few timers. All calls are from the thread that runs it, but
 * for loop_stop().
 */

#define LOOP_LAST_MS 200

#define LOOP_READ  1u
#define LOOP_WRITE 2u
#define LOOP_HUNG  4u /* told, never asked for: the peer closed, or an error */

/** What is called when a descriptor is ready; lives, at this address, until loop_remove(). */
struct loop_handler {
	void (*ready)(void *context, unsigned events);
	void *context;
};

/** Called once, at or after its time. */
struct loop_timer {
	struct loop_timer *next, *previous; /* the loop's */
	int64_t at_ms;                      /* of loop_now_ms(); */
	void (*due)(void *context);
	void *context;
	bool set;
};

struct loop;

/** @return HN_EIO (errno), HN_ENOMEM */
HN_MUST_USE int loop_new(struct loop **out);
void loop_free(struct loop *l);

/** Level-triggered. @return HN_EIO (errno) */
HN_MUST_USE int loop_add(struct loop *l, int fd, unsigned events, struct loop_handler *handler);
HN_MUST_USE int loop_change(struct loop *l, int fd, unsigned events, struct loop_handler *handler);
/** Before the descriptor is closed. A handler that was ready in the same round is still called: it must stay
 * as it is, and what it stands in must not be freed, before loop_idle of that round. */
void loop_remove(struct loop *l, int fd);

/** Milliseconds and seconds of CLOCK_MONOTONIC, and UTC, as of the beginning of this round. */
int64_t loop_now_ms(const struct loop *l);
uint32_t loop_now_s(const struct loop *l);
int64_t loop_utc_ns(const struct loop *l);
/** The number of this round. What was added in it cannot be ready in it: what is told then is about the
 * descriptor that had the handler before. */
uint64_t loop_round(const struct loop *l);
/** Looks at the clocks again, inside a long round. */
void loop_look_at_clock(struct loop *l);

/** Sets it, or another time for it. For few or for equal delays: a new time goes in from the list's end. */
void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t at_ms);
void loop_timer_clear(struct loop *l, struct loop_timer *timer);

/** What is done each round: before waiting, after all handlers. */
struct loop_idle {
	void (*idle)(void *context);
	void *context;
};

/** Runs until loop_stop(), and then on without waiting while something is ready, at most LOOP_LAST_MS: what
 * was accepted is answered. Between rounds the thread is offline to readers' reclamation (policy_store.h). */
void loop_run(struct loop *l, const struct loop_idle *idle);
/** From any thread or signal handler. */
void loop_stop(struct loop *l);

#endif
