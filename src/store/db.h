/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DB_H
#define HINOMI_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * One connection to SQLite or PostgreSQL: statements, rows, transactions. Inside the room only; the rest of
 * the program sees store/store.h and the objects, people and organisations behind it.
 *
 * SQL is written once, in the part that both databases take, as string literals (statements are prepared once
 * a connection and found again by the literal's address and length). Arguments are $1, $2, ... Three words
 * are put into each database's own form when a statement is prepared:
 *
 *   SEES(column)     whether the connection's view (db_set_view) may see the label whose number the column
 *                    holds. Without a view it is false everywhere: who forgets to say who asks sees nothing.
 *   ANY_OF($n)       whether the value before it is one of the integers of argument n:  x ANY_OF($2)
 *   BYTES            the type of binary columns (BLOB, BYTEA)
 *   BIGINT PRIMARY KEY  the number by which SQLite keeps the table itself (INTEGER PRIMARY KEY)
 *   CLUSTERED        behind a table: kept in the order of its key of several columns (WITHOUT ROWID)
 *
 *   SQLITE:, POSTGRES:  and a space in front: a statement for that database alone; it does nothing on the
 * other
 *
 * Both databases hold a value to its column's type.
 *
 * A connection belongs to one thread at a time.
 */
struct db;
struct db_rows;

struct view; /* store/view.h */

enum db_access {
	DB_READ,  /* transactions see one snapshot; writing is refused */
	DB_WRITE, /* the one writer */
};

/** Which SQL a connection speaks, for the few things (text search) that the two do each in its own way. */
enum db_dialect { DB_DIALECT_SQLITE, DB_DIALECT_POSTGRES };

enum db_type { DB_NULL, DB_INT, DB_TEXT, DB_BYTES, DB_INTS };

/** One argument of a statement. Memory stays the caller's and must live until db_query() returns. */
struct db_value {
	enum db_type type;
	int64_t number;
	const void *data; /* text, bytes, or const int64_t[] */
	size_t len;       /* bytes; of DB_INTS the count */
};

#define DB_VALUE_NULL                                                                                        \
	(struct db_value)                                                                                    \
	{                                                                                                    \
		.type = DB_NULL                                                                              \
	}

static inline struct db_value db_number(int64_t number)
{
	return (struct db_value){.type = DB_INT, .number = number};
}

static inline struct db_value db_string(const char *text, size_t len)
{
	return (struct db_value){.type = DB_TEXT, .data = text, .len = len};
}

static inline struct db_value db_bytes(const void *data, size_t len)
{
	return (struct db_value){.type = DB_BYTES, .data = data, .len = len};
}

static inline struct db_value db_ints(const int64_t *numbers, size_t count)
{
	return (struct db_value){.type = DB_INTS, .data = numbers, .len = count};
}

/**
 * Connects.
 *
 * @param url  "sqlite:PATH" or "postgresql://..."; no password of it ever stands in a fault
 * @return HN_EIO, HN_ENOENT, HN_EUNSUPPORTED (a URL of another kind), HN_EFORMAT (the file is no database),
 *         HN_ENOMEM; the fault says what to do
 */
HN_MUST_USE int db_open(const char *url, enum db_access access, struct db **out, struct fault *fault);

/** Whether db_open() can read the address, told without connecting. @return HN_EFORMAT, HN_ENOMEM */
HN_MUST_USE int db_address(const char *url, struct fault *fault);

/** Rolls back what is open and closes. NULL is allowed. */
void db_close(struct db *db);

/** Who asks, for SEES(); NULL: nobody. The view must outlive the statements that run under it. */
void db_set_view(struct db *db, const struct view *view);

/** Transactions; of a DB_READ connection one snapshot. @return HN_ENOSPC, HN_EIO (peer gone, disk),
 * HN_ESTATE. After a failed commit nothing of the transaction holds; but HN_ETRUNC: the peer went away before
 * it answered, and nobody can tell. A peer that went away is called again by the next db_begin(). */
HN_MUST_USE int db_begin(struct db *db);
HN_MUST_USE int db_commit(struct db *db);
void db_rollback(struct db *db);

/* A part of the open transaction that may be undone by itself. One at a time. */
HN_MUST_USE int db_savepoint(struct db *db);
HN_MUST_USE int db_release(struct db *db);
HN_MUST_USE int db_rollback_to(struct db *db);

/**
 * Runs a statement that gives no rows. @return HN_EEXIST where a unique key forbids it; HN_EFORMAT for a
 * value that its column does not take; HN_ENOSPC, HN_EIO, HN_ENOMEM; HN_ESTATE for a change by a DB_READ
 * connection. On PostgreSQL any error but of an ON CONFLICT spoils the transaction: only db_rollback_to()
 * helps then. Use the macro: it takes `db_run(db, "SQL", db_number(1), ...)`.
 */
HN_MUST_USE int db_run_values(struct db *db, const char *sql, const struct db_value *values, size_t count,
			      uint64_t *changed_out);
#define db_run(db, sql, ...)                                                                                 \
	db_run_values(db, "" sql, &((const struct db_value[]){{0}, ##__VA_ARGS__})[1],                       \
		      sizeof((const struct db_value[]){{0}, ##__VA_ARGS__}) / sizeof(struct db_value) - 1,   \
		      NULL)

/**
 * As db_run(), but its error may come later, from whichever statement comes next or from db_release() or
 * db_commit(); so PostgreSQL is told many changes by one message. For changes that are not expected to fail.
 */
HN_MUST_USE int db_run_later_values(struct db *db, const char *sql, const struct db_value *values,
				    size_t count);
#define db_run_later(db, sql, ...)                                                                           \
	db_run_later_values(                                                                                 \
		db, "" sql, &((const struct db_value[]){{0}, ##__VA_ARGS__})[1],                             \
		sizeof((const struct db_value[]){{0}, ##__VA_ARGS__}) / sizeof(struct db_value) - 1)

/**
 * As db_run_later(), for many rows of one table: "INSERT INTO ... VALUES (...)", with ON CONFLICT DO NOTHING
 * or nothing behind it. PostgreSQL is sent the rows of each such statement together, before any other
 * statement is run; so rows of one table come in their order, those of different tables may not.
 */
HN_MUST_USE int db_insert_later_values(struct db *db, const char *sql, const struct db_value *values,
				       size_t count);
#define db_insert_later(db, sql, ...)                                                                        \
	db_insert_later_values(                                                                              \
		db, "" sql, &((const struct db_value[]){{0}, ##__VA_ARGS__})[1],                             \
		sizeof((const struct db_value[]){{0}, ##__VA_ARGS__}) / sizeof(struct db_value) - 1)

/** Runs a statement whose rows are read by db_next(). db_rows_end() in any case once it returned HN_OK. Other
 * statements may run meanwhile. */
HN_MUST_USE int db_query_values(struct db *db, const char *sql, const struct db_value *values, size_t count,
				struct db_rows **out);
#define db_query(db, rows_out, sql, ...)                                                                     \
	db_query_values(db, "" sql, &((const struct db_value[]){{0}, ##__VA_ARGS__})[1],                     \
			sizeof((const struct db_value[]){{0}, ##__VA_ARGS__}) / sizeof(struct db_value) - 1, \
			rows_out)

/** The next row. @return 1: there is one; 0: no more; HN_EIO, HN_ENOMEM. */
HN_MUST_USE int db_next(struct db_rows *rows);

/* A column of the row, counted from 0; texts and bytes live until the next db_next() or db_rows_end(). A null
 * is 0, or NULL with a length of 0. */
bool db_is_null(const struct db_rows *rows, unsigned column);
int64_t db_int(const struct db_rows *rows, unsigned column);
const char *db_text(const struct db_rows *rows, unsigned column, size_t *len_out);
const uint8_t *db_blob(const struct db_rows *rows, unsigned column, size_t *len_out);

/** Ends reading; the statement may be used again. NULL is allowed. */
void db_rows_end(struct db_rows *rows);

/** The connection's dialect. */
enum db_dialect db_dialect(const struct db *db);

/** What the database said about the last error, for the log: no values of statements in it. Never NULL. */
const char *db_error(const struct db *db);

#endif
