/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_STORE_PRIVATE_H
#define HINOMI_STORE_STORE_PRIVATE_H

#include <pthread.h>

#include "store/asker.h"
#include "store/db_kind.h"
#include "store/labels.h"
#include "store/schema.h"
#include "store/store.h"
#include "store/types.h"

/* The store's own parts: store.c opens and closes, store_readers.c, store_writer.c, store_whole.c. */

#define STORE_READERS_MAX  64
#define STORE_WATCHERS_MAX 8

struct reader {
	struct store *store;
	struct db *db; /* NULL until it is first needed */
	struct view *view;
	struct asker asker;
	int64_t since_us; /* by the clock that does not jump, when its snapshot began; 0: it is free */
	struct reader *next;
};

struct readers {
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t freed;
	struct reader *free; /* the one used last is taken first: its pages are in the cache */
	struct reader slots[STORE_READERS_MAX];
};

struct job {
	store_job_fn run;
	store_done_fn done;
	void *context;
	int err;
};

struct writing {
	struct store *store;
	int64_t now_us;
	int64_t last_seq;
};

struct watcher {
	void (*fn)(void *context, int64_t seq);
	void *context;
};

struct writer {
	pthread_mutex_t lock; /* guards the queue, the watchers and stop */
	pthread_cond_t woken;
	pthread_t thread;
	bool started, stop;
	struct job *queue; /* a ring */
	size_t queue_max, first, count;
	struct watcher watchers[STORE_WATCHERS_MAX];
	size_t watcher_count;
	_Atomic uint64_t commits, jobs, log_bytes;
	/* The writer's thread alone. */
	struct db *db;
	struct writing writing;
	struct job *batch;
};

struct store {
	char *database;
	char *backup_dir; /* or NULL */
	int64_t (*now_us)(void *);
	void *now_context;
	bool as_it_is; /* no writer, no readers */
	struct labels *labels;
	struct types *types;
	struct readers readers;
	struct writer writer;
};

/** The store's clock. */
int64_t store_now_us(const struct store *store);

/** Makes room for the readers; their connections are opened when they are first needed. */
HN_MUST_USE int readers_init(struct store *store, unsigned count);
/** Closes them. */
void readers_clear(struct store *store);

/** Ends what readers read whose snapshots are older; their next question is answered with HN_ESTATE. */
void readers_expire(struct store *store, int64_t age_us);
/** Fills in what is known of readers. */
void readers_status(struct store *store, struct store_status *out);

/** A clock that does not jump, microseconds. */
int64_t store_monotonic_us(void);

/** Starts the thread; the connection is the writer's from then on. */
HN_MUST_USE int writer_start(struct store *store, struct db *db, size_t queue_max);
/** Runs what is queued, ends the thread, closes the connection. */
void writer_stop(struct store *store);

/** Makes a backup before the form of a database with data is changed. */
typedef int (*schema_backup_fn)(void *context, int step, struct fault *fault);

/**
 * Brings a database to the last of the steps: an empty one from nothing, an older one after a backup, all in
 * one transaction. The steps that it has are never touched.
 *
 * @return HN_EUNSUPPORTED: it is of a newer program, or of another; else as db_run(), as backup
 */
HN_MUST_USE int schema_apply(struct db *db, const struct schema_step steps[], int64_t now_us,
			     schema_backup_fn backup, void *context, struct fault *fault);

/** Whether it has all of the steps and no more. @return HN_EUNSUPPORTED */
HN_MUST_USE int schema_is_current(struct db *db, const struct schema_step steps[], struct fault *fault);

/** Makes one of a store (context) where its options say. */
int store_backup_first(void *context, int step, struct fault *fault);

/** In the open transaction of an empty database: the form that it had after the step `last`. */
HN_MUST_USE int schema_make(struct db *db, const struct schema_step steps[], int last, int64_t now_us,
			    struct fault *fault);

/** The system's clock, microseconds since 1970. */
int64_t store_system_now_us(void *context);

#endif
