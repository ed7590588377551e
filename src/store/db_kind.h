/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DB_KIND_H
#define HINOMI_STORE_DB_KIND_H

#include <stdarg.h>

#include "base/buf.h"
#include "store/db.h"

/*
 * What a kind of database does for store/db.h, and what all kinds have in common. Inside db*.c only, and
 * where the store treats the database as a whole (backup, check).
 */

/** What the store does to a savepoint. */
enum savepoint_act { SAVEPOINT_SET, SAVEPOINT_RELEASE, SAVEPOINT_ROLLBACK };

/** Told of each thing that is wrong. */
typedef void (*db_finding_fn)(void *context, const char *text);

struct db_kind {
	const char *scheme; /* how a URL of the kind begins */
	enum db_dialect dialect;

	/* As their namesakes in store/db.h. */
	int (*address)(const char *url, struct fault *fault);
	int (*open)(const char *url, enum db_access access, struct db **out, struct fault *fault);
	void (*close)(struct db *db);
	int (*begin)(struct db *db);
	int (*commit)(struct db *db);
	void (*rollback)(struct db *db);
	int (*savepoint)(struct db *db, enum savepoint_act act);
	int (*run)(struct db *db, const char *sql, const struct db_value *values, size_t count,
		   uint64_t *changed_out);
	int (*run_later)(struct db *db, const char *sql, const struct db_value *values, size_t count);
	int (*insert_later)(struct db *db, const char *sql, const struct db_value *values, size_t count);
	int (*query)(struct db *db, const char *sql, const struct db_value *values, size_t count,
		     struct db_rows **out);
	int (*next)(struct db_rows *rows);
	bool (*is_null)(const struct db_rows *rows, unsigned column);
	int64_t (*number)(const struct db_rows *rows, unsigned column);
	const void *(*bytes)(const struct db_rows *rows, unsigned column, size_t *len_out);
	void (*rows_end)(struct db_rows *rows);

	/* Whether the transaction that was begun still stands (an error may have undone it). */
	bool (*in_transaction)(const struct db *db);
	/* Rows changed since it was opened, undone ones too. */
	uint64_t (*changes)(const struct db *db);
	/* Takes what one connection of the database has at a time, until it ends; lost and taken again where
	 * the peer goes away. */
	int (*claim)(struct db *db, bool *mine_out);
	/* Housekeeping between two transactions of the writer. */
	void (*tend)(struct db *db, bool idle);
	/* Bytes of the log that a snapshot keeps from being recycled. */
	uint64_t (*log_bytes)(struct db *db);
	/* From another thread: ends what runs in the transaction that is open; its statements fail with
	 * HN_ESTATE from now on. */
	void (*interrupt)(struct db *db);

	/* Whether there is a table of that name; NULL: any table. */
	int (*has_table)(struct db *db, const char *name, bool *out);
	/* A consistent copy into a new file that is durable and verified. */
	int (*backup)(struct db *db, const char *path, struct fault *fault);
	/* A backup's content into an absent or empty database. */
	int (*restore)(const char *path, const char *url, struct fault *fault);
	/* The database's own examination. */
	int (*examine)(struct db *db, db_finding_fn finding, void *context, uint64_t *wrong_out);
};

extern const struct db_kind DB_SQLITE, DB_POSTGRES;

/** The kind that a URL names. NULL: none. */
const struct db_kind *db_kind_of(const char *url);

/** The kind of a connection. */
const struct db_kind *db_kind(const struct db *db);

#define DB_ERROR_MAX 512

/** A kind's connection begins with this. */
struct db {
	const struct db_kind *kind;
	enum db_access access;
	const struct view *view;
	char error[DB_ERROR_MAX];
};

/** A kind's rows begin with this. */
struct db_rows {
	struct db *db;
};

/** Keeps what went wrong for db_error() and hands back err. */
int db_fail(struct db *db, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- statements that were prepared, found by their text ---- */

#define DB_CACHE_MAX  192 /* statements a connection keeps */
#define DB_CACHE_FAST 128

/** A kind's statement begins with this. */
struct db_cached {
	char *text; /* as the caller wrote it */
	uint32_t hash;
	unsigned variant; /* of those that one text can be translated into */
	bool busy;        /* somebody reads its rows */
};

struct db_cache {
	struct db_cached *rows[DB_CACHE_MAX];
	size_t count;
	struct db_cached *fast[DB_CACHE_FAST]; /* by where the literal stands in memory */
	void (*free)(struct db *db, struct db_cached *cached);
};

/** Finds a statement; NULL: none. The literal's place only makes it quick, what counts is the text. */
struct db_cached *db_cache_find(struct db_cache *cache, const char *sql, unsigned variant);

/** Keeps it, with a copy of the text. A full cache drops all that nobody reads. @return HN_ENOMEM, or
 * HN_ELIMIT: all are being read, the caller frees this one after use. */
HN_MUST_USE int db_cache_add(struct db_cache *cache, struct db *db, struct db_cached *cached, const char *sql,
			     unsigned variant);

/** Frees all. */
void db_cache_clear(struct db_cache *cache, struct db *db);

#endif
