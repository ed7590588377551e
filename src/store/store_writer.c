/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The writer: one thread that takes all jobs that wait into one transaction, and so pays one fsync for them.
 */
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"

#define BATCH_MAX    512                 /* jobs in a transaction */
#define BATCH_US     50000               /* once it has lasted so long, those who wait are told first */
#define LOG_MAX      (UINT64_C(1) << 30) /* bytes of the log for the sake of old snapshots */
#define READER_US    30000000            /* then those that last longer than this end */
#define TEND_IDLE_MS 200                 /* without a job: time to tidy up */

/* ---- the queue ---- */

int store_submit(struct store *store, store_job_fn run, store_done_fn done, void *context)
{
	struct writer *w = &store->writer;
	int err = HN_OK;
	if (store->as_it_is)
		return HN_ESTATE;
	(void)pthread_mutex_lock(&w->lock);
	if (w->stop)
		err = HN_ESTATE;
	else if (w->count == w->queue_max)
		err = HN_ELIMIT;
	else
		w->queue[(w->first + w->count++) % w->queue_max] =
			(struct job){.run = run, .done = done, .context = context};
	if (err == HN_OK)
		(void)pthread_cond_signal(&w->woken);
	(void)pthread_mutex_unlock(&w->lock);
	return err;
}

static bool pop(struct writer *w, struct job *out)
{
	(void)pthread_mutex_lock(&w->lock);
	bool any = w->count > 0;
	if (any) {
		*out = w->queue[w->first];
		w->first = (w->first + 1) % w->queue_max;
		w->count--;
	}
	(void)pthread_mutex_unlock(&w->lock);
	return any;
}

enum wait_end { WAIT_JOB, WAIT_IDLE, WAIT_STOP };

static enum wait_end wait_for_job(struct writer *w, bool tended)
{
	enum wait_end end;
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TEND_IDLE_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	int code = 0;
	(void)pthread_mutex_lock(&w->lock);
	while (w->count == 0 && !w->stop && code == 0)
		code = tended ? pthread_cond_wait(&w->woken, &w->lock)
			      : pthread_cond_timedwait(&w->woken, &w->lock, &until);
	if (w->count > 0)
		end = WAIT_JOB;
	else
		end = w->stop ? WAIT_STOP : WAIT_IDLE;
	(void)pthread_mutex_unlock(&w->lock);
	return end;
}

/* ---- a transaction ---- */

struct db *writing_db(struct writing *w)
{
	return w->store->writer.db;
}

struct labels *writing_labels(struct writing *w)
{
	return w->store->labels;
}

struct types *writing_types(struct writing *w)
{
	return w->store->types;
}

int64_t writing_now_us(const struct writing *w)
{
	return w->now_us;
}

int64_t writing_next_seq(struct writing *w)
{
	w->last_seq = w->now_us > w->last_seq ? w->now_us : w->last_seq + 1;
	return w->last_seq;
}

/* The last number stands in the database: another process may have given out some since. */
static int begin(struct writing *w)
{
	struct db *db = writing_db(w);
	struct db_rows *rows;
	int err = db_begin(db);
	if (err != HN_OK)
		return err;
	err = db_query(db, &rows, "SELECT last_seq, clock FROM writer");
	if (err == HN_OK) {
		err = db_next(rows);
		if (err == 1) {
			int64_t now = store_now_us(w->store);
			w->last_seq = db_int(rows, 0);
			w->now_us = now > db_int(rows, 1) ? now : db_int(rows, 1);
		}
		db_rows_end(rows);
		err = err == 1 ? HN_OK : (err == 0 ? HN_EFORMAT : err);
	}
	if (err != HN_OK)
		db_rollback(db);
	return err;
}

/* Whether the transaction was lost with it: then nothing of the jobs before it holds either. */
static bool run_one(struct writing *w, struct job *job)
{
	struct db *db = writing_db(w);
	job->err = db_savepoint(db);
	if (job->err == HN_OK)
		job->err = job->run(w, job->context);
	if (!db_kind(db)->in_transaction(db)) {
		job->err = job->err != HN_OK ? job->err : HN_EIO;
		return true;
	}
	/* What it left for later fails here, if it does. */
	if (job->err == HN_OK)
		job->err = db_release(db);
	return job->err != HN_OK && db_rollback_to(db) != HN_OK;
}

/* @param changed_out  whether it changed anything */
static int commit(struct writing *w, uint64_t changes_before, bool *changed_out)
{
	struct db *db = writing_db(w);
	*changed_out = db_kind(db)->changes(db) != changes_before;
	int err = HN_OK;
	if (*changed_out)
		err = db_run(db, "UPDATE writer SET last_seq = $1, clock = $2", db_number(w->last_seq),
			     db_number(w->now_us));
	if (err == HN_OK)
		err = db_commit(db);
	if (err != HN_OK)
		db_rollback(db);
	return err;
}

static void tell_watchers(struct store *store, int64_t seq)
{
	struct watcher watchers[STORE_WATCHERS_MAX];
	struct writer *w = &store->writer;
	(void)pthread_mutex_lock(&w->lock);
	size_t count = w->watcher_count;
	memcpy(watchers, w->watchers, sizeof(watchers));
	(void)pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < count; i++)
		watchers[i].fn(watchers[i].context, seq);
}

static void tell(struct job *job)
{
	if (job->done != NULL)
		job->done(job->context, job->err);
}

/* One job in a transaction of its own. */
static void run_alone(struct writing *w, struct job *job)
{
	struct db *db = writing_db(w);
	bool changed = false;
	job->err = begin(w);
	if (job->err == HN_OK) {
		uint64_t before = db_kind(db)->changes(db);
		if (run_one(w, job))
			db_rollback(db);
		else if (job->err != HN_OK)
			db_rollback(db);
		else
			job->err = commit(w, before, &changed);
	}
	if (job->err == HN_ETRUNC)
		job->err = HN_EIO;
	if (job->err == HN_OK && changed) {
		w->store->writer.commits++;
		tell_watchers(w->store, w->last_seq);
	}
	tell(job);
}

/* Takes what waits, as long as it lasts, into the open transaction. @return whether that was lost */
static bool run_waiting(struct writer *w, size_t *count_out)
{
	int64_t until = store_monotonic_us() + BATCH_US;
	size_t count = 0;
	bool lost = false;
	while (!lost && count < BATCH_MAX && pop(w, &w->batch[count])) {
		lost = run_one(&w->writing, &w->batch[count++]);
		w->jobs++;
		if (store_monotonic_us() > until)
			break;
	}
	*count_out = count;
	return lost;
}

/* The database is away, or another process holds it: all who wait learn it. Who comes later may find it back.
 */
static void refuse_waiting(struct writer *w, int err)
{
	struct job job;
	for (size_t i = 0; i < w->queue_max && pop(w, &job); i++) {
		job.err = err;
		tell(&job);
	}
}

/* What comes of the jobs of a batch of which nothing holds, since one lost the transaction or the commit
 * failed: one that may do better alone runs again. */
static void retry(struct writer *w, size_t count, int err)
{
	for (size_t i = 0; i < count; i++) {
		struct job *job = &w->batch[i];
		/* Whose answer nobody knows is not run again: it might be there twice. */
		bool again = err != HN_ETRUNC && !(count == 1 && err == HN_ENOSPC);
		if (again) {
			run_alone(&w->writing, job);
			continue;
		}
		if (job->err == HN_OK)
			job->err = err == HN_ETRUNC ? HN_EIO : err;
		tell(job);
	}
}

static void run_batch(struct writer *w)
{
	size_t count;
	bool changed = false;
	int err = begin(&w->writing);
	if (err != HN_OK) {
		refuse_waiting(w, err);
		return;
	}
	uint64_t before = db_kind(w->db)->changes(w->db);
	bool lost = run_waiting(w, &count);
	if (lost) {
		err = w->batch[count - 1].err;
		db_rollback(w->db);
	} else {
		err = commit(&w->writing, before, &changed);
	}
	w->commits += err == HN_OK && changed;
	if (lost || err != HN_OK) {
		retry(w, count, err);
		return;
	}
	if (changed)
		tell_watchers(w->writing.store, w->writing.last_seq);
	for (size_t i = 0; i < count; i++)
		tell(&w->batch[i]);
}

static void *writer_main(void *context)
{
	struct writer *w = context;
	bool tended = false;
	for (;;) {
		enum wait_end end = wait_for_job(w, tended);
		if (end == WAIT_STOP)
			return NULL;
		if (end == WAIT_JOB)
			run_batch(w);
		tended = end == WAIT_IDLE;
		db_kind(w->db)->tend(w->db, tended);
		w->log_bytes = db_kind(w->db)->log_bytes(w->db);
		if (w->log_bytes > LOG_MAX)
			readers_expire(w->writing.store, READER_US);
	}
}

/* ---- start and end ---- */

static int init_locks(struct writer *w)
{
	pthread_condattr_t attr;
	if (pthread_condattr_init(&attr) != 0)
		return HN_ENOMEM;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	int code = pthread_cond_init(&w->woken, &attr);
	(void)pthread_condattr_destroy(&attr);
	return code == 0 && pthread_mutex_init(&w->lock, NULL) == 0 ? HN_OK : HN_ENOMEM;
}

int writer_start(struct store *store, struct db *db, size_t queue_max)
{
	struct writer *w = &store->writer;
	int err = init_locks(w);
	if (err != HN_OK)
		return err;
	w->queue_max = queue_max == 0 ? 1 : queue_max;
	w->queue = calloc(w->queue_max, sizeof(w->queue[0]));
	w->batch = calloc(BATCH_MAX, sizeof(w->batch[0]));
	if (w->queue == NULL || w->batch == NULL)
		return HN_ENOMEM;
	w->writing.store = store;
	w->db = db;
	if (pthread_create(&w->thread, NULL, writer_main, w) != 0) {
		w->db = NULL;
		return HN_ENOMEM;
	}
	w->started = true;
	return HN_OK;
}

void writer_stop(struct store *store)
{
	struct writer *w = &store->writer;
	if (w->started) {
		(void)pthread_mutex_lock(&w->lock);
		w->stop = true;
		(void)pthread_cond_signal(&w->woken);
		(void)pthread_mutex_unlock(&w->lock);
		(void)pthread_join(w->thread, NULL);
	}
	db_close(w->db);
	free(w->queue);
	free(w->batch);
}

/* ---- waiting for it ---- */

struct waiting {
	store_job_fn run;
	void *context;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t told;
	bool ended;
	int err;
};

static int run_waiting_job(struct writing *w, void *context)
{
	const struct waiting *wait = context;
	return wait->run(w, wait->context);
}

static void wake(void *context, int err)
{
	struct waiting *wait = context;
	(void)pthread_mutex_lock(&wait->lock);
	wait->ended = true;
	wait->err = err;
	(void)pthread_cond_signal(&wait->told);
	(void)pthread_mutex_unlock(&wait->lock);
}

int store_write(struct store *store, store_job_fn job, void *context)
{
	struct waiting wait = {.run = job, .context = context};
	/* The writer's thread would wait for itself. */
	if (pthread_equal(pthread_self(), store->writer.thread))
		return HN_ESTATE;
	if (pthread_mutex_init(&wait.lock, NULL) != 0)
		return HN_ENOMEM;
	if (pthread_cond_init(&wait.told, NULL) != 0) {
		(void)pthread_mutex_destroy(&wait.lock);
		return HN_ENOMEM;
	}
	int err = store_submit(store, run_waiting_job, wake, &wait);
	if (err == HN_OK) {
		(void)pthread_mutex_lock(&wait.lock);
		while (!wait.ended)
			(void)pthread_cond_wait(&wait.told, &wait.lock);
		err = wait.err;
		(void)pthread_mutex_unlock(&wait.lock);
	}
	(void)pthread_cond_destroy(&wait.told);
	(void)pthread_mutex_destroy(&wait.lock);
	return err;
}

void store_status(struct store *store, struct store_status *out)
{
	struct writer *w = &store->writer;
	(void)pthread_mutex_lock(&w->lock);
	out->waiting = w->count;
	(void)pthread_mutex_unlock(&w->lock);
	out->commits = w->commits;
	out->jobs = w->jobs;
	out->log_bytes = w->log_bytes;
	readers_status(store, out);
}

int store_watch(struct store *store, void (*fn)(void *context, int64_t seq), void *context)
{
	struct writer *w = &store->writer;
	int err = HN_ELIMIT;
	(void)pthread_mutex_lock(&w->lock);
	if (w->watcher_count < STORE_WATCHERS_MAX) {
		w->watchers[w->watcher_count++] = (struct watcher){.fn = fn, .context = context};
		err = HN_OK;
	}
	(void)pthread_mutex_unlock(&w->lock);
	return err;
}
