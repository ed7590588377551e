/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/pipeline.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Between the two threads: a ring of batches, filled by one and emptied by the other, without a lock. A side
 * that must wait sleeps until half of the ring is ready for it, so that neither is woken for every batch; the
 * flow stage is woken also when the reader runs short of memory that batches hold.
 *
 * Who sleeps says so first and looks again; who publishes looks for a sleeper after that. Both with
 * sequential consistency, so at least one of them sees the other.
 */
#define RING PREPARE_BATCHES
#define LINE                                                                                                 \
	64 /* bytes of a cache line: what one side writes does not share one with what the other writes */

struct slot {
	struct capture_batch records;
	struct unit_batch units;
};

struct pipeline {
	struct prepare *prepare;
	struct engine *engine;
	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock; /* guards sleeping and waking, nothing else */
	pthread_cond_t readable;
	pthread_cond_t writable;
	_Alignas(LINE) _Atomic unsigned filled; /* slots ever filled; the reader's */
	_Atomic bool reader_sleeps;
	unsigned taken_seen;                   /* the reader's: `taken` when it last looked */
	_Alignas(LINE) _Atomic unsigned taken; /* slots ever finished; the flow stage's */
	_Atomic bool flow_sleeps;
	_Alignas(LINE) _Atomic unsigned reader_wants; /* wakes when no more than this many are left */
	struct slot slots[RING];
};

static void finish_slot(struct pipeline *p, struct slot *slot)
{
	engine_take(p->engine, &slot->units);
	unit_batch_clear(&slot->units);
	capture_release(&slot->records);
}

/* Once for each time that it sleeps: it says again that it does when it was woken for nothing. */
static void wake(struct pipeline *p, pthread_cond_t *sleeper, _Atomic bool *sleeps)
{
	(void)pthread_mutex_lock(&p->lock);
	atomic_store(sleeps, false);
	(void)pthread_cond_signal(sleeper);
	(void)pthread_mutex_unlock(&p->lock);
}

/* Until something was filled. Who wakes it decides when that is worth it. */
static void sleep_until_filled(struct pipeline *p, unsigned taken)
{
	(void)pthread_mutex_lock(&p->lock);
	for (;;) {
		atomic_store(&p->flow_sleeps, true);
		if (atomic_load(&p->filled) != taken)
			break;
		(void)pthread_cond_wait(&p->readable, &p->lock);
	}
	atomic_store(&p->flow_sleeps, false);
	(void)pthread_mutex_unlock(&p->lock);
}

static void *flow_stage(void *context)
{
	struct pipeline *p = context;
	for (unsigned taken = 0;;) {
		if (atomic_load_explicit(&p->filled, memory_order_acquire) == taken)
			sleep_until_filled(p, taken);
		finish_slot(p, &p->slots[taken % RING]);
		atomic_store(&p->taken, ++taken);
		if (atomic_load(&p->reader_sleeps) &&
		    atomic_load(&p->filled) - taken <= atomic_load(&p->reader_wants))
			wake(p, &p->writable, &p->reader_sleeps);
	}
	return NULL;
}

/* Until no more than so many slots wait for the flow stage. */
static void sleep_until_taken(struct pipeline *p, unsigned left)
{
	unsigned filled = atomic_load_explicit(&p->filled, memory_order_relaxed);
	(void)pthread_mutex_lock(&p->lock);
	atomic_store(&p->reader_wants, left);
	for (;;) {
		atomic_store(&p->reader_sleeps, true);
		if (filled - atomic_load(&p->taken) <= left)
			break;
		(void)pthread_cond_wait(&p->writable, &p->lock);
	}
	atomic_store(&p->reader_sleeps, false);
	(void)pthread_mutex_unlock(&p->lock);
	p->taken_seen = atomic_load_explicit(&p->taken, memory_order_acquire);
}

/* The slot to fill next. */
static struct slot *free_slot(struct pipeline *p)
{
	unsigned filled = atomic_load_explicit(&p->filled, memory_order_relaxed);
	if (filled - p->taken_seen == RING)
		p->taken_seen = atomic_load_explicit(&p->taken, memory_order_acquire);
	if (filled - p->taken_seen == RING)
		sleep_until_taken(p, RING / 2);
	return &p->slots[filled % RING];
}

static void hand_over(struct pipeline *p, const struct capture *capture)
{
	unsigned filled = atomic_load_explicit(&p->filled, memory_order_relaxed) + 1;
	atomic_store(&p->filled, filled);
	if (atomic_load(&p->flow_sleeps) &&
	    (filled - atomic_load(&p->taken) >= RING / 2 || capture_runs_short(capture)))
		wake(p, &p->readable, &p->flow_sleeps);
}

static void wait_for_flow_stage(struct pipeline *p)
{
	wake(p, &p->readable, &p->flow_sleeps);
	sleep_until_taken(p, 0);
}

int pipeline_new(struct prepare *prepare, struct engine *engine, unsigned threads, struct pipeline **out)
{
	struct pipeline *p = aligned_alloc(LINE, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	memset(p, 0, sizeof(*p));
	p->prepare = prepare;
	p->engine = engine;
	p->threaded = threads > 1;
	if (pthread_mutex_init(&p->lock, NULL) != 0 || pthread_cond_init(&p->readable, NULL) != 0 ||
	    pthread_cond_init(&p->writable, NULL) != 0 ||
	    (p->threaded && pthread_create(&p->thread, NULL, flow_stage, p) != 0)) {
		free(p);
		return HN_ENOMEM;
	}
	*out = p;
	return HN_OK;
}

int pipeline_run(struct pipeline *p, struct capture *capture, bool last)
{
	int rc;
	for (;;) {
		struct slot *slot = p->threaded ? free_slot(p) : &p->slots[0];
		rc = capture_next(capture, &slot->records);
		if (rc != HN_OK || slot->records.count == 0) {
			if (rc == HN_OK)
				capture_release(&slot->records);
			break;
		}
		prepare_batch(p->prepare, &slot->records, &slot->units);
		if (p->threaded)
			hand_over(p, capture);
		else
			finish_slot(p, slot);
	}
	if (p->threaded)
		wait_for_flow_stage(p);
	if (last) {
		prepare_end(p->prepare);
		engine_end(p->engine);
	}
	return rc;
}
