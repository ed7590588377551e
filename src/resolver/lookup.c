/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/lookup.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "resolver/event_log.h"
#include "resolver/recursed.h"
#include "wire/name.h"

#define MS_PER_SECOND 1000
#define NS_PER_MS     1000000

struct lookup {
	struct recursor *recursor;
	const struct event_log *events;
	pthread_mutex_t lock; /* guards stopped and all questions' members but key and site */
	pthread_cond_t changed;
	bool stopped;
};

/* One question; who is last to leave it, asker or recursor, frees it. */
struct question {
	struct lookup *lookup;
	struct answer_key key;
	uint64_t site;
	bool answered, left, failed;
	struct cached_answer *answer;
	uint8_t name[NAME_MAX_WIRE];
};

int lookup_new(struct recursor *recursor, const struct event_log *events, struct lookup **out)
{
	struct lookup *l = calloc(1, sizeof(*l));
	pthread_condattr_t attributes;
	if (!l || pthread_condattr_init(&attributes) != 0) {
		free(l);
		return HN_ENOMEM;
	}
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	l->recursor = recursor;
	l->events = events;
	*out = l;
	return HN_OK;
}

int64_t lookup_now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / NS_PER_MS;
}

static void free_question(struct question *q)
{
	cached_answer_unref(q->answer);
	free(q);
}

/* On a recursion thread, or on the asker's before recursor_ask() returns. */
static void on_answer(void *context, const struct recursor_answer *r)
{
	struct question *q = context;
	struct lookup *l = q->lookup;
	bool failed;
	struct cached_answer *answer = recursed_answer(&q->key, q->site, r, &failed);
	pthread_mutex_lock(&l->lock);
	q->answer = answer;
	q->failed = failed;
	q->answered = true;
	bool left = q->left;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	if (left)
		free_question(q);
}

/* @return whether the question is ours alone now */
static bool await(struct lookup *l, struct question *q, int64_t until_ms)
{
	const struct timespec until = {
		.tv_sec = until_ms / MS_PER_SECOND,
		.tv_nsec = until_ms % MS_PER_SECOND * NS_PER_MS,
	};
	pthread_mutex_lock(&l->lock);
	int rc = 0;
	while (!q->answered && !l->stopped && rc == 0)
		rc = pthread_cond_timedwait(&l->changed, &l->lock, &until);
	q->left = !q->answered;
	bool answered = q->answered;
	pthread_mutex_unlock(&l->lock);
	return answered;
}

static bool is_stopped(struct lookup *l)
{
	pthread_mutex_lock(&l->lock);
	bool stopped = l->stopped;
	pthread_mutex_unlock(&l->lock);
	return stopped;
}

int lookup_ask(struct lookup *l, const struct answer_key *key, int64_t until_ms, struct cached_answer **out,
	       bool *failed_out)
{
	if (is_stopped(l))
		return HN_ESTATE;
	struct question *q = calloc(1, sizeof(*q));
	if (!q)
		return HN_ENOMEM;
	q->lookup = l;
	q->key = *key;
	memcpy(q->name, key->name, key->name_len);
	q->key.name = q->name;
	q->site = l->events ? event_log_site(l->events, key->name, key->name_len) : 0;
	int rc = recursor_ask(l->recursor, q->name, key->name_len, key->type, NULL, on_answer, q);
	if (rc != HN_OK) {
		free_question(q);
		return rc;
	}
	if (!await(l, q, until_ms))
		return is_stopped(l) ? HN_ESTATE : HN_ETRUNC;
	rc = q->answer ? HN_OK : HN_ENOMEM;
	if (q->answer) {
		recursed_begin(q->answer, (uint32_t)(lookup_now_ms() / MS_PER_SECOND));
		*out = cached_answer_ref(q->answer);
		*failed_out = q->failed;
	}
	free_question(q);
	return rc;
}

void lookup_stop(struct lookup *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->stopped = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

void lookup_free(struct lookup *l)
{
	if (!l)
		return;
	(void)pthread_cond_destroy(&l->changed);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}
