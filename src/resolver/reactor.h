/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_REACTOR_H
#define HINOMI_RESOLVER_REACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Descriptors and any number of timers of one recursion thread. Unlike the serving loop's, what is taken out
 * may be freed at once, also while it is ready, because libunbound does so; and time may be told by a test.
 * All calls are from the one thread that runs it (or from the only one that knows it), but for
 * reactor_wake().
 */
#define REACTOR_READ  1u
#define REACTOR_WRITE 2u

/** Where time comes from; all zero: CLOCK_MONOTONIC. Told time passes only when reactor_wake() makes one
 * look. */
struct reactor_clock {
	uint64_t (*now_ns)(void *context);
	void *context;
};

/** A descriptor that is waited for. Zero it, then fill in fd and ready. */
struct reactor_event {
	int fd;
	/** @param events  REACTOR_READ, REACTOR_WRITE; both on an error of the descriptor */
	void (*ready)(struct reactor_event *event, unsigned events);
	unsigned wanted; /* 0: not waited for */
};

/** Called once, at or after its time. Zero it, then fill in due. */
struct reactor_timer {
	uint64_t at_ns;
	void (*due)(struct reactor_timer *timer);
	size_t place; /* in the heap, from 1; 0: not set */
};

struct reactor;

/** @return HN_EIO (errno), HN_ENOMEM */
HN_MUST_USE int reactor_new(const struct reactor_clock *clock, struct reactor **out);
/** NULL is allowed. Events and timers are left as they are. */
void reactor_free(struct reactor *r);

/** Waits for these events of the descriptor from now on, level-triggered. @return HN_EIO (errno) */
HN_MUST_USE int reactor_want(struct reactor *r, struct reactor_event *event, unsigned wanted);
/** Before its descriptor is closed. It is not called any more and may be freed. */
void reactor_forget(struct reactor *r, struct reactor_event *event);

/** Sets it, or another time for it. @return HN_ENOMEM */
HN_MUST_USE int reactor_timer_set(struct reactor *r, struct reactor_timer *timer, uint64_t at_ns);
void reactor_timer_clear(struct reactor *r, struct reactor_timer *timer);

/** The clock now. */
uint64_t reactor_now_ns(const struct reactor *r);

/** What is done around waiting; each may be NULL. */
struct reactor_hooks {
	void (*idle)(void *context);
	void (*woken)(void *context);
	void *context;
};

/** Waits until something is ready, a timer is due or reactor_wake() was called, and calls what is. */
void reactor_round(struct reactor *r, const struct reactor_hooks *hooks);

/** Ends the waiting of this round, or of the next. From any thread. */
void reactor_wake(struct reactor *r);

#endif
