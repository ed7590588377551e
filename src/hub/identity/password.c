/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/password.h"

#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(crypto_pwhash_STRBYTES <= CREDENTIAL_SECRET_MAX, "a hash fits into a credential");

struct password_worker {
	unsigned passes;
	size_t memory;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t woken;
	struct password_job *first, *last;
	unsigned waiting, queue_max;
	bool stop;
	/* The thread's own. */
	char nobody[CREDENTIAL_SECRET_MAX]; /* what unknown accounts are verified against */
};

int password_hash(unsigned passes, size_t memory, const char *password, char out[CREDENTIAL_SECRET_MAX])
{
	char text[crypto_pwhash_STRBYTES];
	if (crypto_pwhash_str_alg(text, password, strlen(password),
				  passes == 0 ? crypto_pwhash_OPSLIMIT_INTERACTIVE : passes,
				  memory == 0 ? crypto_pwhash_MEMLIMIT_INTERACTIVE : memory,
				  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return HN_ENOMEM;
	memset(out, 0, CREDENTIAL_SECRET_MAX);
	memcpy(out, text, sizeof(text));
	return HN_OK;
}

static int verify(struct password_worker *w, const struct password_job *job)
{
	/* The same work for somebody who is not there; made the first time that it is wanted. */
	if (w->nobody[0] == '\0') {
		char any[2 * 16 + 1];
		uint8_t random[16];
		randombytes_buf(random, sizeof(random));
		sodium_bin2hex(any, sizeof(any), random, sizeof(random));
		if (password_hash(w->passes, w->memory, any, w->nobody) != HN_OK)
			return HN_ENOMEM;
	}
	const char *against = job->hash == NULL ? w->nobody : job->hash;
	int rc = crypto_pwhash_str_verify(against, job->password, strlen(job->password));
	return rc == 0 && job->hash != NULL ? HN_OK : HN_EAUTH;
}

static void work(struct password_worker *w, struct password_job *job)
{
	job->err = HN_OK;
	if (job->password != NULL)
		job->err = verify(w, job);
	if (job->err == HN_OK && job->replace != NULL)
		job->err = password_hash(w->passes, w->memory, job->replace, job->made);
	job->done(job);
}

static void *run(void *context)
{
	struct password_worker *w = context;
	for (;;) {
		(void)pthread_mutex_lock(&w->lock);
		while (w->first == NULL && !w->stop)
			(void)pthread_cond_wait(&w->woken, &w->lock);
		struct password_job *job = w->first;
		if (job != NULL) {
			w->first = job->next;
			w->waiting--;
		}
		(void)pthread_mutex_unlock(&w->lock);
		if (job == NULL)
			return NULL;
		work(w, job);
	}
}

int password_worker_new(unsigned passes, size_t memory, unsigned queue_max, struct password_worker **out)
{
	struct password_worker *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return HN_ENOMEM;
	w->passes = passes;
	w->memory = memory;
	w->queue_max = queue_max == 0 ? 64 : queue_max;
	if (pthread_mutex_init(&w->lock, NULL) != 0 || pthread_cond_init(&w->woken, NULL) != 0 ||
	    pthread_create(&w->thread, NULL, run, w) != 0) {
		free(w);
		return HN_ENOMEM;
	}
	w->started = true;
	*out = w;
	return HN_OK;
}

void password_worker_free(struct password_worker *w)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->stop = true;
	(void)pthread_cond_signal(&w->woken);
	(void)pthread_mutex_unlock(&w->lock);
	if (w->started)
		(void)pthread_join(w->thread, NULL);
	free(w);
}

int password_submit(struct password_worker *w, struct password_job *job)
{
	int err = HN_OK;
	job->next = NULL;
	(void)pthread_mutex_lock(&w->lock);
	if (w->waiting >= w->queue_max || w->stop) {
		err = HN_ELIMIT;
	} else {
		if (w->first == NULL)
			w->first = job;
		else
			w->last->next = job;
		w->last = job;
		w->waiting++;
		(void)pthread_cond_signal(&w->woken);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return err;
}
