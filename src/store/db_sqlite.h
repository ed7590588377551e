/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DB_SQLITE_H
#define HINOMI_STORE_DB_SQLITE_H

#include <sqlite3.h>

#include "store/db_kind.h"

/* SQLite's part of store/db.h, split over db_sqlite*.c. */

struct sqlite_db {
	struct db db;
	sqlite3 *handle;
	char *path;
	struct db_cache cache;
	_Atomic bool expired; /* its snapshot stands in the way */
	int log_pages;        /* of the write-ahead log, as the last commit told */
};

#define SQLITE_DB(base) ((struct sqlite_db *)(void *)(base))

/** What an error of SQLite's means here; keeps its text. */
int sqlite_fail(struct sqlite_db *s, int code);

/** Adds hn_sees(), hn_ints() to a connection. @return SQLite's */
int sqlite_add_functions(struct sqlite_db *s);

/** Binds an integer list to an argument for hn_ints(). @return SQLite's */
int sqlite_bind_ints(sqlite3_stmt *stmt, int argument, const int64_t *numbers, size_t count);

/* Of struct db_kind (db_sqlite_whole.c). */
int sqlite_backup(struct db *db, const char *path, struct fault *fault);
int sqlite_restore(const char *path, const char *url, struct fault *fault);
int sqlite_examine(struct db *db, db_finding_fn finding, void *context, uint64_t *wrong_out);

#endif
