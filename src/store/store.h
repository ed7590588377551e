/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_STORE_H
#define HINOMI_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * The store of a hub: one database, one writer thread, many short readers. Who may see what is decided here
 * and nowhere else (store/decide.h): every reader carries a view, and rows that the view may not see do not
 * come out of any statement.
 */
struct store;
struct asker; /* store/asker.h: who asks */
struct db;
struct labels; /* store/labels.h */
struct types;  /* store/types.h */
struct view;

struct store_options {
	const char *database;      /* "sqlite:PATH" or "postgresql://..." */
	const char *backup_dir;    /* where a migration puts its backup first; NULL: beside the SQLite file */
	unsigned readers;          /* connections for reading, 1..64 */
	size_t queue_max;          /* jobs that may wait for the writer */
	bool as_it_is;             /* only to back it up or check it: nothing is made, migrated or written */
	int64_t (*now_us)(void *); /* the clock, microseconds since 1970; NULL: the system's */
	void *now_context;
};

/**
 * Opens it, makes the tables of an empty database, migrates an older one after a backup, starts the writer.
 * With as_it_is none of that: then store_backup() copies a database of any version, also beside a program
 * that serves from it; store_check() needs one of ours (HN_EUNSUPPORTED), and readers and jobs get HN_ESTATE.
 *
 * @return as db_open(); HN_EUNSUPPORTED for a database of a newer program; HN_ENOSPC
 */
HN_MUST_USE int store_open(const struct store_options *options, struct store **out, struct fault *fault);

/**
 * Takes what one hub of a database does alone, until the store is closed. @return HN_EEXIST: another has it;
 * never of SQLite, whose file is one hub's.
 */
HN_MUST_USE int store_claim(struct store *store);

/** Whether an address of a database can be read, told without connecting. @return HN_EFORMAT, HN_ENOMEM */
HN_MUST_USE int store_address(const char *database, struct fault *fault);

/** Runs what is queued, stops the writer, closes. All readers have ended. NULL is allowed. */
void store_close(struct store *store);

/* ---- reading ---- */

/**
 * A snapshot seen by somebody. Belongs to one thread; short, or the write-ahead log grows: over 1 GiB of it,
 * questions of readers that last longer than 30 s are answered with HN_ESTATE.
 */
struct reader;

/**
 * Begins to read as somebody: takes a connection (waits for a free one), opens a snapshot, works out the
 * view. Views are kept a revision of the asker, so that the usual case costs a look-up.
 *
 * @param asker  copied where it is needed
 */
HN_MUST_USE int store_read(struct store *store, const struct asker *asker, struct reader **out);

/** Ends the snapshot. NULL is allowed. */
void reader_end(struct reader *reader);

/* For the room's own queries: the connection (its view is set), images of tables, the view. */
struct db *reader_db(struct reader *reader);
struct labels *reader_labels(struct reader *reader);
struct types *reader_types(struct reader *reader);
const struct view *reader_view(const struct reader *reader);
/** Who reads; lives as long as the reader. */
const struct asker *reader_asker(const struct reader *reader);

/** The images that the store's readers and its writer share. */
struct labels *reader_labels(struct reader *reader);
struct types *reader_types(struct reader *reader);

/* ---- writing ---- */

/** What a job has in its hands, on the writer's thread, inside a transaction. */
struct writing;

/* The connection (no view is set: what a job reads of objects it reads by number) and the images of tables.
 */
struct db *writing_db(struct writing *w);
struct labels *writing_labels(struct writing *w);
struct types *writing_types(struct writing *w);
struct labels *writing_labels(struct writing *w);
struct types *writing_types(struct writing *w);
/** The transaction's clock, microseconds; does not go back. */
int64_t writing_now_us(const struct writing *w);
/** The next number in the order of commits: a time in microseconds, unique, strictly rising. */
int64_t writing_next_seq(struct writing *w);

/**
 * A change. It runs on the writer's thread in a savepoint of its own: an error undoes it alone. It must not
 * block on anything but the database, and may run again after the database went away.
 */
typedef int (*store_job_fn)(struct writing *w, void *context);
/** Told from the writer's thread when the job's changes are durable (err HN_OK), or that nothing of it holds.
 */
typedef void (*store_done_fn)(void *context, int err);

/** Queues a job. Several that wait are committed together by one fsync. @return HN_ELIMIT: the queue is full.
 */
HN_MUST_USE int store_submit(struct store *store, store_job_fn job, store_done_fn done, void *context);

/** Queues a job and waits. @return what done would have been told, or HN_ELIMIT. */
HN_MUST_USE int store_write(struct store *store, store_job_fn job, void *context);

/**
 * Calls fn from the writer's thread after each commit that changed something, with the highest number now
 * durable: for server-sent events, the text index, feeds. It must return at once. Up to 8.
 */
HN_MUST_USE int store_watch(struct store *store, void (*fn)(void *context, int64_t seq), void *context);

/** How it stands, for metrics. */
struct store_status {
	size_t waiting;     /* jobs in the queue */
	uint64_t jobs;      /* that were run */
	uint64_t commits;   /* that made changes durable */
	uint64_t log_bytes; /* of the write-ahead log that are not yet in the file (SQLite) */
	unsigned readers;   /* snapshots that are open */
	int64_t oldest_us;  /* how long the oldest of them has lasted */
};
void store_status(struct store *store, struct store_status *out);

/* ---- the database as a whole; all work while serving ---- */

/** A consistent copy into a new file (SQLite's backup interface; of PostgreSQL an export by our own tables).
 */
HN_MUST_USE int store_backup(struct store *store, const char *path, struct fault *fault);

/** Puts a backup in the place of an absent or empty database; an existing one is refused with HN_EEXIST. */
HN_MUST_USE int store_restore(const char *path, const char *database, struct fault *fault);

/** Checks the database's own integrity and our rules between tables; tells each finding. @return HN_OK with
 * *wrong_out findings. */
HN_MUST_USE int store_check(struct store *store, void (*finding)(void *context, const char *text),
			    void *context, uint64_t *wrong_out, struct fault *fault);

#endif
