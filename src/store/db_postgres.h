/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DB_POSTGRES_H
#define HINOMI_STORE_DB_POSTGRES_H

#include <libpq-fe.h>

#include "store/db_kind.h"
#include "store/db_sql.h"

/*
 * PostgreSQL's part of store/db.h, split over db_postgres*.c. The connection is in libpq's pipeline mode:
 * what gives no rows that anybody waits for (BEGIN, SAVEPOINT, db_run_later()) is sent and its answer read
 * with that of the next statement, so that it costs no way there and back.
 */

#define PG_ARGUMENTS_MAX 64
#define PG_LATER_MAX     256 /* answers that may be outstanding; more could fill both sockets */
#define PG_SCHEMA_MAX    63  /* bytes; NAMEDATALEN - 1 */
#define PG_MANY_MAX      8   /* statements whose rows may wait */
#define PG_MANY_COLUMNS  16
#define PG_MANY_BYTES    (1u << 20) /* of rows that wait; then they are sent */

struct pg_arguments;
struct pg_rows;

/** Rows of db_insert_later() that were not sent yet: for each argument a list in the making. */
struct pg_many {
	char *sql;       /* as the caller wrote it; NULL: this place is free */
	struct buf text; /* what is sent for it */
	int columns;
	enum db_type types[PG_MANY_COLUMNS];
	struct buf lists[PG_MANY_COLUMNS];
	uint32_t rows;
};

struct pg_db {
	struct db db;
	PGconn *conn;
	char *conninfo; /* the URL without what is ours; it may hold a password */
	char schema[PG_SCHEMA_MAX + 1];
	char place[256]; /* host and database, for faults */
	char server[64]; /* which cluster, on which timeline */
	struct db_cache cache;
	unsigned generation;       /* of the connection: statements of a former one are gone */
	uint64_t names;            /* statements that were named */
	unsigned outstanding;      /* commands whose answers nobody has read */
	bool sync_owed;            /* a synchronisation point was sent and not read */
	uint64_t pipeline;         /* synchronisation points read */
	bool later;                /* db_run_later() is among the outstanding */
	int late_err;              /* what an outstanding command came to */
	struct pg_rows *streaming; /* who reads from the connection now */
	struct pg_many many[PG_MANY_MAX];
	size_t many_bytes; /* of rows that wait */
	bool many_waits;
	bool in_transaction;
	int64_t transaction; /* its number, of a writer's */
	uint64_t changes;
	bool claimed; /* to be claimed again by the next connection */
};

#define PG_DB(base) ((struct pg_db *)(void *)(base))

/* ---- db_postgres.c ---- */

/** Of struct db_cache. */
void pg_statement_free(struct db *db, struct db_cached *cached);

/** Reads what is outstanding and leaves the pipeline mode, for COPY; PQenterPipelineMode() goes back. */
HN_MUST_USE int pg_quiet(struct pg_db *p);

/** Sends a statement with arguments that are encoded already, behind what is outstanding. */
HN_MUST_USE int pg_send_later(struct pg_db *p, const char *sql, const struct pg_arguments *a);

/** As db_run_later(). */
int pg_run_later(struct db *db, const char *sql, const struct db_value *values, size_t count);

/* ---- db_postgres_many.c ---- */

/** As db_insert_later(). */
int pg_insert_later(struct db *db, const char *sql, const struct db_value *values, size_t count);

/** Sends the rows that wait. */
HN_MUST_USE int pg_many_send(struct pg_db *p);

/** Drops the rows that wait: what they belonged to is undone. */
void pg_many_drop(struct pg_db *p);

/** Frees their memory. */
void pg_many_clear(struct pg_db *p);

/* A lock of the session. */
#define PG_CLAIM "pg_try_advisory_lock(4801, hashtext(current_schema()))"

/* ---- db_postgres_connect.c ---- */

/** As db_address() and db_open(). */
int pg_address(const char *url, struct fault *fault);
int pg_open(const char *url, enum db_access access, struct db **out, struct fault *fault);

/** Connects again after the peer went away. @return HN_EIO */
HN_MUST_USE int pg_connect(struct pg_db *p);

/** Lets the server come back. */
void pg_pause_ms(long ms);

/** Ends the connection and forgets what stood on it. */
void pg_disconnect(struct pg_db *p);

/** Whether a commit whose answer was lost holds. @return HN_OK: it does; HN_EIO: it does not; HN_ETRUNC:
 * nobody can tell. */
HN_MUST_USE int pg_resolve(struct pg_db *p, int64_t transaction);

/* ---- db_postgres_value.c ---- */

/** A statement's arguments in the binary form of the protocol. */
struct pg_arguments {
	int count;
	Oid types[PG_ARGUMENTS_MAX];
	const char *values[PG_ARGUMENTS_MAX];
	int lengths[PG_ARGUMENTS_MAX];
	int formats[PG_ARGUMENTS_MAX];
	uint64_t numbers[PG_ARGUMENTS_MAX]; /* what values of integers point to */
	struct buf lists;                   /* what those of lists do, once all are in */
};

/** None. */
void pg_arguments_init(struct pg_arguments *a);
/** Frees what stands in lists. */
void pg_arguments_clear(struct pg_arguments *a);

/** Encodes values behind those that are in. The values' memory must outlive the arguments. @return HN_ELIMIT,
 * HN_ENOMEM */
HN_MUST_USE int pg_arguments_add(struct pg_arguments *a, const struct db_value *values, size_t count);

/** Begins a list of one argument for many rows, in an empty buf. @return false: there are none of this type
 */
bool pg_list_begin(struct buf *list, enum db_type type);
/** Adds a row's. */
void pg_list_add(struct buf *list, const struct db_value *value);
/** Ends it and adds it behind the arguments that are in; it must outlive them. @return HN_ENOMEM, HN_ELIMIT
 */
HN_MUST_USE int pg_list_end(struct buf *list, enum db_type type, uint32_t rows, struct pg_arguments *a);

/** Adds what SEES() asks, in the form chosen. */
HN_MUST_USE int pg_arguments_view(struct pg_arguments *a, const struct view *view, enum db_sees sees);

/** In which form SEES() is asked for a view. */
enum db_sees pg_sees(const struct view *view);

/** An integer column of any width; of other types 0. */
int64_t pg_number(const PGresult *result, int row, int column);

/** What an error of a result means; keeps its text without values. result NULL: of the connection. */
int pg_fail(struct pg_db *p, const PGresult *result);

/* ---- db_postgres_whole.c, of struct db_kind ---- */

/** Exports the tables (store/dump.h). */
int pg_backup(struct db *db, const char *path, struct fault *fault);
/** Makes the tables and fills them, or nothing. */
int pg_restore(const char *path, const char *url, struct fault *fault);
/** Reads every row. */
int pg_examine(struct db *db, db_finding_fn finding, void *context, uint64_t *wrong_out);

#endif
