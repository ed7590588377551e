/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/pipeline.h"

#include <pthread.h>
#include <stdlib.h>

/*
 * Between the two threads: a ring of batches. A side that must wait is woken when half of the ring is ready
 * for it, so that neither wakes for every batch; the flow stage also when the reader runs short of memory
 * that batches hold.
 */
#define RING 32u
_Static_assert(RING <= PREPARE_BATCHES, "each batch has memory of its own");

struct slot {
	struct capture_batch records;
	struct unit_batch units;
};

struct pipeline {
	struct prepare *prepare;
	struct engine *engine;
	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows, but for the slots' contents */
	pthread_cond_t readable;
	pthread_cond_t writable;
	unsigned filled; /* slots ever filled */
	unsigned taken;  /* slots ever finished */
	bool flushing;   /* the reader waits until all are finished */
	struct slot slots[RING];
};

static void finish_slot(struct pipeline *p, struct slot *slot)
{
	engine_take(p->engine, &slot->units);
	unit_batch_clear(&slot->units);
	capture_release(&slot->records);
}

static void *flow_stage(void *context)
{
	struct pipeline *p = context;
	(void)pthread_mutex_lock(&p->lock);
	for (;;) {
		if (p->filled == p->taken) {
			(void)pthread_cond_wait(&p->readable, &p->lock);
			continue;
		}
		struct slot *slot = &p->slots[p->taken % RING];
		(void)pthread_mutex_unlock(&p->lock);
		finish_slot(p, slot);
		(void)pthread_mutex_lock(&p->lock);
		p->taken++;
		unsigned left = p->filled - p->taken;
		if (left == RING / 2 || (left == 0 && p->flushing))
			(void)pthread_cond_signal(&p->writable);
	}
	return NULL;
}

/* The slot to fill next. */
static struct slot *free_slot(struct pipeline *p)
{
	(void)pthread_mutex_lock(&p->lock);
	if (p->filled - p->taken == RING)
		while (p->filled - p->taken > RING / 2)
			(void)pthread_cond_wait(&p->writable, &p->lock);
	(void)pthread_mutex_unlock(&p->lock);
	return &p->slots[p->filled % RING];
}

static void hand_over(struct pipeline *p, const struct capture *capture)
{
	(void)pthread_mutex_lock(&p->lock);
	p->filled++;
	if (p->filled - p->taken >= RING / 2 || capture_runs_short(capture))
		(void)pthread_cond_signal(&p->readable);
	(void)pthread_mutex_unlock(&p->lock);
}

static void wait_for_flow_stage(struct pipeline *p)
{
	(void)pthread_mutex_lock(&p->lock);
	p->flushing = true;
	(void)pthread_cond_signal(&p->readable);
	while (p->filled != p->taken)
		(void)pthread_cond_wait(&p->writable, &p->lock);
	p->flushing = false;
	(void)pthread_mutex_unlock(&p->lock);
}

int pipeline_new(struct prepare *prepare, struct engine *engine, unsigned threads, struct pipeline **out)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
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
