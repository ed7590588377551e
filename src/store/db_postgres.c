/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/db_postgres.h"

#include <stdlib.h>
#include <string.h>

#include "store/db_row.h"
#include "store/view.h"

/* One writer in all hubs that share the database: numbers are given out in the order of commits. */
#define WRITER_LOCK "7523094340262948457"

#define BEGIN_TRIES    10
#define BEGIN_PAUSE_MS 50

struct pg_statement {
	struct db_cached cached;
	char name[24];
	unsigned generation; /* of the connection on which it was prepared */
	uint64_t pipeline;   /* and with what it was sent */
	unsigned more;       /* see db_sql() */
	int count;           /* arguments, those of SEES() too */
	Oid types[PG_ARGUMENTS_MAX];
	bool kept; /* in the cache */
};

/* Rows are read from the connection as they are asked for; when another statement comes between, the rest is
 * put aside here. */
struct pg_rows {
	struct db_rows rows;
	PGresult *row;
	PGresult **aside;
	size_t first, count, room;
	bool ended;
	int err;
};

static struct pg_rows *rows_of(const struct db_rows *rows)
{
	return (struct pg_rows *)(uintptr_t)rows;
}

void pg_statement_free(struct db *db, struct db_cached *cached)
{
	/* The server keeps a few bytes of it until the connection ends. */
	(void)db;
	free(cached->text);
	free(cached);
}

/* ---- answers ---- */

static bool alive(const struct pg_db *p)
{
	return p->conn != NULL && PQstatus(p->conn) == CONNECTION_OK;
}

static int gone(struct pg_db *p)
{
	if (p->conn != NULL)
		(void)pg_fail(p, NULL);
	else
		(void)db_fail(&p->db, HN_EIO, "not connected");
	if (p->streaming != NULL) {
		p->streaming->ended = true;
		p->streaming->err = HN_EIO;
		p->streaming = NULL;
	}
	pg_disconnect(p);
	return HN_EIO;
}

static void count_changes(struct pg_db *p, PGresult *result, uint64_t *changed_out)
{
	const char *tag = PQcmdStatus(result);
	bool change = strncmp(tag, "INSERT", 6) == 0 || strncmp(tag, "UPDATE", 6) == 0 ||
		      strncmp(tag, "DELETE", 6) == 0;
	uint64_t changed = change ? strtoull(PQcmdTuples(result), NULL, 10) : 0;
	p->changes += changed;
	if (changed_out != NULL)
		*changed_out = changed;
}

/* After an error nobody knows which of the statements sent with it were prepared. */
static void forget_statements(struct pg_db *p)
{
	for (size_t i = 0; i < p->cache.count; i++) {
		struct pg_statement *st = (struct pg_statement *)(void *)p->cache.rows[i];
		if (st->pipeline == p->pipeline)
			st->generation = p->generation - 1;
	}
}

/* What one result of a command says. One that did not run because another failed says nothing itself. */
static int judge(struct pg_db *p, PGresult *result, uint64_t *changed_out)
{
	switch (PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
	case PGRES_TUPLES_OK:
		count_changes(p, result, changed_out);
		return HN_OK;
	case PGRES_SINGLE_TUPLE:
		return HN_OK;
	case PGRES_PIPELINE_ABORTED:
		return p->late_err != HN_OK ? p->late_err : HN_ESTATE;
	default:
		return pg_fail(p, result);
	}
}

/* Reads the answer of one command to its end. */
static int read_command(struct pg_db *p, uint64_t *changed_out)
{
	int err = HN_OK;
	PGresult *result;
	while ((result = PQgetResult(p->conn)) != NULL) {
		int judged = judge(p, result, changed_out);
		PQclear(result);
		if (judged != HN_OK && err == HN_OK)
			err = judged;
		if (judged != HN_OK)
			forget_statements(p);
		if (!alive(p))
			return gone(p);
	}
	return err;
}

/* Reads answers that nobody waited for, all but the last `left`. */
static int read_outstanding(struct pg_db *p, unsigned left)
{
	while (p->outstanding > left) {
		int err = read_command(p, NULL);
		if (p->conn == NULL)
			return HN_EIO;
		p->outstanding--;
		if (err != HN_OK && p->late_err == HN_OK)
			p->late_err = err;
	}
	return HN_OK;
}

static int read_sync(struct pg_db *p)
{
	if (!p->sync_owed)
		return HN_OK;
	PGresult *result = PQgetResult(p->conn);
	bool synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
	PQclear(result);
	if (!synced)
		return gone(p);
	p->sync_owed = false;
	p->pipeline++;
	return HN_OK;
}

static int take_late(struct pg_db *p)
{
	int err = p->late_err;
	p->late_err = HN_OK;
	p->later = false;
	return err;
}

static int put_aside(struct pg_db *p, struct pg_rows *rows);

/* Nothing is outstanding afterwards. @return what the outstanding came to */
static int settle(struct pg_db *p)
{
	if (p->conn == NULL)
		return HN_EIO;
	if (p->many_waits) {
		int err = pg_many_send(p);
		if (err != HN_OK)
			return err;
	}
	if (p->streaming != NULL) {
		int err = put_aside(p, p->streaming);
		if (err != HN_OK)
			return err;
	}
	if (p->outstanding > 0 && !p->sync_owed) {
		if (PQpipelineSync(p->conn) != 1)
			return gone(p);
		p->sync_owed = true;
	}
	int err = read_outstanding(p, 0);
	if (err == HN_OK)
		err = read_sync(p);
	return err != HN_OK ? err : take_late(p);
}

/* ---- sending ---- */

/* What gives no rows and is not waited for. */
static int send_text(struct pg_db *p, const char *sql)
{
	if (PQsendQueryParams(p->conn, sql, 0, NULL, NULL, NULL, NULL, 1) != 1)
		return gone(p);
	p->outstanding++;
	return HN_OK;
}

static int translate(struct pg_db *p, struct pg_statement *st, const char *sql, enum db_sees sees,
		     const struct pg_arguments *a)
{
	struct buf text;
	buf_init(&text, DB_SQL_MAX);
	int err = db_sql(sql, DB_DIALECT_POSTGRES, sees, &text, &st->more);
	if (err != HN_OK) {
		(void)db_fail(&p->db, err, "a statement cannot be translated");
	} else {
		/* A new name each time: what became of one that failed need not be known. */
		(void)snprintf(st->name, sizeof(st->name), "s%llx", (unsigned long long)++p->names);
		st->count = a->count;
		memcpy(st->types, a->types, sizeof(st->types[0]) * (size_t)a->count);
		st->generation = p->generation;
		st->pipeline = p->pipeline;
		if (PQsendPrepare(p->conn, st->name, text.len > 0 ? text.data : "", st->count, st->types) ==
		    1)
			p->outstanding++;
		else
			err = gone(p);
	}
	buf_clear(&text);
	return err;
}

/* Whether it was prepared for values of these types; one that was NULL then may have been taken for another.
 */
static bool fits(const struct pg_statement *st, const struct pg_arguments *a)
{
	for (int i = 0; i < a->count && i < st->count; i++)
		if (a->types[i] != 0 && a->types[i] != st->types[i])
			return false;
	return a->count == st->count;
}

static int statement(struct pg_db *p, const char *sql, enum db_sees sees, const struct pg_arguments *a,
		     struct pg_statement **out)
{
	struct pg_statement *st = (struct pg_statement *)(void *)db_cache_find(&p->cache, sql, sees);
	if (st == NULL) {
		st = calloc(1, sizeof(*st));
		if (st == NULL)
			return HN_ENOMEM;
		int err = db_cache_add(&p->cache, &p->db, &st->cached, sql, sees);
		if (err != HN_OK) {
			free(st);
			return err;
		}
		st->generation = p->generation - 1;
	}
	*out = st;
	return st->generation == p->generation && fits(st, a) ? HN_OK : translate(p, st, sql, sees, a);
}

static int send_statement(struct pg_db *p, const char *sql, const struct pg_arguments *a, enum db_sees sees,
			  struct pg_statement **out)
{
	int err = statement(p, sql, sees, a, out);
	if (err != HN_OK)
		return err;
	if (PQsendQueryPrepared(p->conn, (*out)->name, a->count, a->values, a->lengths, a->formats, 1) != 1)
		return gone(p);
	p->outstanding++;
	return HN_OK;
}

static enum db_sees sees_of(const struct pg_db *p, const char *sql)
{
	return db_sql_sees(sql) ? pg_sees(p->db.view) : DB_SEES_NOTHING;
}

static int make_way(struct pg_db *p);

int pg_send_later(struct pg_db *p, const char *sql, const struct pg_arguments *a)
{
	struct pg_statement *st = NULL;
	int err = make_way(p);
	return err == HN_OK ? send_statement(p, sql, a, DB_SEES_NOTHING, &st) : err;
}

/* Sends it behind what is outstanding. */
static int send_values(struct pg_db *p, const char *sql, const struct db_value *values, size_t count,
		       struct pg_statement **out)
{
	struct pg_arguments a;
	enum db_sees sees = sees_of(p, sql);
	pg_arguments_init(&a);
	int err = pg_arguments_add(&a, values, count);
	if (err == HN_OK && sees != DB_SEES_NOTHING)
		err = pg_arguments_view(&a, p->db.view, sees);
	if (err != HN_OK)
		(void)db_fail(&p->db, err, "the arguments of a statement are too many or too large");
	else
		err = send_statement(p, sql, &a, sees, out);
	pg_arguments_clear(&a);
	return err;
}

/* The way for a statement: no rows wait that were before it, none of another stand in it, and the answers
 * that are outstanding are few. */
static int make_way(struct pg_db *p)
{
	if (!alive(p))
		return gone(p);
	if (p->many_waits) {
		int err = pg_many_send(p);
		if (err != HN_OK)
			return err;
	}
	if (p->streaming != NULL) {
		int err = put_aside(p, p->streaming);
		if (err != HN_OK)
			return err;
	}
	/* A synchronisation that was sent is read first: what is sent now ends with one of its own. */
	if (p->sync_owed || p->outstanding > PG_LATER_MAX)
		return settle(p);
	return HN_OK;
}

static int pg_run(struct db *db, const char *sql, const struct db_value *values, size_t count,
		  uint64_t *changed_out)
{
	struct pg_db *p = PG_DB(db);
	struct pg_statement *st = NULL;
	uint64_t changed = 0;
	int err = make_way(p);
	if (err == HN_OK)
		err = send_values(p, sql, values, count, &st);
	if (err == HN_OK && PQpipelineSync(p->conn) != 1)
		err = gone(p);
	if (err != HN_OK)
		return err;
	p->sync_owed = true;
	err = read_outstanding(p, 1);
	if (err == HN_OK) {
		err = read_command(p, &changed);
		if (p->conn == NULL)
			return HN_EIO;
		p->outstanding = 0;
		int synced = read_sync(p);
		int late = take_late(p);
		if (synced != HN_OK)
			return synced;
		if (late != HN_OK)
			err = late;
	}
	if (err == HN_OK && changed_out != NULL)
		*changed_out = changed;
	return err;
}

int pg_run_later(struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	struct pg_db *p = PG_DB(db);
	struct pg_statement *st = NULL;
	int err = make_way(p);
	if (err == HN_OK)
		err = send_values(p, sql, values, count, &st);
	p->later = true;
	return err;
}

/* ---- rows ---- */

static int pg_query(struct db *db, const char *sql, const struct db_value *values, size_t count,
		    struct db_rows **out)
{
	struct pg_db *p = PG_DB(db);
	struct pg_statement *st = NULL;
	int err = make_way(p);
	struct pg_rows *rows = err == HN_OK ? calloc(1, sizeof(*rows)) : NULL;
	if (err == HN_OK && rows == NULL)
		err = HN_ENOMEM;
	if (err == HN_OK)
		err = send_values(p, sql, values, count, &st);
	if (err == HN_OK && PQpipelineSync(p->conn) != 1)
		err = gone(p);
	if (err == HN_OK) {
		p->sync_owed = true;
		err = read_outstanding(p, 1);
	}
	/* What went before it failed, its preparation perhaps: then it did not run. */
	if (err == HN_OK && p->late_err != HN_OK)
		err = settle(p);
	if (err != HN_OK) {
		free(rows);
		return err;
	}
	p->later = false;
	(void)PQsetSingleRowMode(p->conn);
	rows->rows.db = db;
	p->streaming = rows;
	*out = &rows->rows;
	return HN_OK;
}

/* The next result of who streams. NULL: no more, and nothing is outstanding. */
static int fetch(struct pg_db *p, struct pg_rows *rows, PGresult **out)
{
	*out = NULL;
	PGresult *result = PQgetResult(p->conn);
	if (result != NULL && PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
		*out = result;
		return HN_OK;
	}
	/* What ends the rows: their count, or an error; then the end of the command. */
	int err = result == NULL ? HN_OK : judge(p, result, NULL);
	PQclear(result);
	if (err != HN_OK)
		forget_statements(p);
	if (!alive(p))
		return gone(p);
	if (result != NULL) {
		int rest = read_command(p, NULL);
		if (err == HN_OK)
			err = rest;
		if (p->conn == NULL)
			return HN_EIO;
	}
	p->streaming = NULL;
	p->outstanding = 0;
	rows->ended = true;
	int synced = read_sync(p);
	return err != HN_OK ? err : synced;
}

static int keep_aside(struct pg_rows *rows, PGresult *result)
{
	if (rows->count == rows->room) {
		size_t room = rows->room == 0 ? 16 : rows->room * 2;
		PGresult **more = realloc(rows->aside, room * sizeof(PGresult *));
		if (more == NULL)
			return HN_ENOMEM;
		rows->aside = more;
		rows->room = room;
	}
	rows->aside[rows->count++] = result;
	return HN_OK;
}

static int put_aside(struct pg_db *p, struct pg_rows *rows)
{
	int err = HN_OK;
	while (p->streaming == rows) {
		PGresult *result;
		int fetched = fetch(p, rows, &result);
		if (fetched != HN_OK && rows->err == HN_OK)
			rows->err = fetched;
		if (result == NULL)
			break;
		if (err == HN_OK)
			err = keep_aside(rows, result);
		if (err != HN_OK)
			PQclear(result);
	}
	if (err != HN_OK)
		rows->err = err;
	return p->conn == NULL ? HN_EIO : err;
}

static int pg_next(struct db_rows *base)
{
	struct pg_rows *rows = rows_of(base);
	struct pg_db *p = PG_DB(base->db);
	PQclear(rows->row);
	rows->row = NULL;
	if (rows->first < rows->count) {
		rows->row = rows->aside[rows->first++];
		return 1;
	}
	if (p->streaming == rows) {
		int err = fetch(p, rows, &rows->row);
		if (err != HN_OK)
			rows->err = err;
	}
	return rows->row != NULL ? 1 : rows->err;
}

static bool pg_is_null(const struct db_rows *rows, unsigned column)
{
	return PQgetisnull(rows_of(rows)->row, 0, (int)column) == 1;
}

static int64_t pg_column_number(const struct db_rows *rows, unsigned column)
{
	return pg_number(rows_of(rows)->row, 0, (int)column);
}

static const void *pg_bytes(const struct db_rows *rows, unsigned column, size_t *len_out)
{
	const PGresult *row = rows_of(rows)->row;
	bool null = PQgetisnull(row, 0, (int)column) == 1;
	*len_out = null ? 0 : (size_t)PQgetlength(row, 0, (int)column);
	return null ? NULL : PQgetvalue(row, 0, (int)column);
}

static void pg_rows_end(struct db_rows *base)
{
	struct pg_rows *rows = rows_of(base);
	struct pg_db *p = PG_DB(base->db);
	PQclear(rows->row);
	/* What was not read is read and thrown away: to cancel it would spoil the transaction. */
	while (p->streaming == rows) {
		PGresult *result;
		(void)fetch(p, rows, &result);
		PQclear(result);
	}
	for (size_t i = rows->first; i < rows->count; i++)
		PQclear(rows->aside[i]);
	free(rows->aside);
	free(rows);
}

int pg_quiet(struct pg_db *p)
{
	int err = settle(p);
	if (err != HN_OK)
		return err;
	return PQexitPipelineMode(p->conn) == 1 ? HN_OK : pg_fail(p, NULL);
}

/* ---- transactions ---- */

static void pg_close(struct db *db)
{
	struct pg_db *p = PG_DB(db);
	pg_disconnect(p);
	pg_many_clear(p);
	db_cache_clear(&p->cache, db);
	free(p->conninfo);
	free(p);
}

static int begin_writing(struct pg_db *p)
{
	struct db_rows *rows;
	int err = send_text(p, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
	if (err == HN_OK)
		err = pg_run_later(
			&p->db, "SELECT pg_advisory_xact_lock(" WRITER_LOCK " # hashtext(current_schema()))",
			NULL, 0);
	if (err == HN_OK)
		err = pg_query(&p->db, "SELECT pg_current_xact_id()::text::bigint", NULL, 0, &rows);
	if (err != HN_OK)
		return err;
	err = pg_next(rows);
	if (err == 1)
		p->transaction = pg_column_number(rows, 0);
	pg_rows_end(rows);
	return err < 0 ? err : HN_OK;
}

static int begin_once(struct pg_db *p)
{
	int err = p->conn == NULL || !alive(p) ? pg_connect(p) : settle(p);
	if (err != HN_OK)
		return err;
	if (p->db.access == DB_WRITE)
		err = begin_writing(p);
	else
		err = send_text(p, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	p->in_transaction = err == HN_OK;
	return err;
}

static int pg_begin(struct db *db)
{
	struct pg_db *p = PG_DB(db);
	if (p->in_transaction && p->conn != NULL)
		return db_fail(db, HN_ESTATE, "a transaction is open");
	int err = begin_once(p);
	/* The peer may have gone away since it was last asked; a writer waits a moment for it to come back.
	 */
	unsigned tries = db->access == DB_WRITE ? BEGIN_TRIES : 1;
	for (unsigned i = 0; i < tries && err != HN_OK && p->conn == NULL; i++) {
		pg_pause_ms(i * BEGIN_PAUSE_MS);
		err = begin_once(p);
	}
	if (err != HN_OK)
		db_rollback(db);
	return err;
}

static void pg_rollback(struct db *db)
{
	struct pg_db *p = PG_DB(db);
	bool open = p->in_transaction;
	p->in_transaction = false;
	pg_many_drop(p);
	if (p->conn == NULL)
		return;
	/* An error of what is undone anyway. */
	(void)settle(p);
	if (p->conn == NULL || (!open && PQtransactionStatus(p->conn) == PQTRANS_IDLE))
		return;
	/* Nobody waits for it. */
	if (send_text(p, "ROLLBACK") == HN_OK) {
		if (PQpipelineSync(p->conn) != 1)
			(void)gone(p);
		else
			p->sync_owed = true;
	}
}

/* Whether what stands behind a commit was a rollback: so PostgreSQL ends a transaction that failed. */
static int commit_answer(struct pg_db *p, bool *rolled_back_out)
{
	PGresult *result = PQgetResult(p->conn);
	int err = result == NULL ? HN_EIO : judge(p, result, NULL);
	*rolled_back_out = result != NULL && strcmp(PQcmdStatus(result), "ROLLBACK") == 0;
	PQclear(result);
	if (!alive(p))
		return gone(p);
	int rest = read_command(p, NULL);
	if (p->conn == NULL)
		return HN_EIO;
	p->outstanding = 0;
	int synced = read_sync(p);
	(void)take_late(p);
	if (err == HN_OK)
		err = rest != HN_OK ? rest : synced;
	return err;
}

static int send_commit(struct pg_db *p, bool *rolled_back_out)
{
	int err = send_text(p, "COMMIT");
	if (err == HN_OK && PQpipelineSync(p->conn) != 1)
		err = gone(p);
	if (err != HN_OK)
		return err;
	p->sync_owed = true;
	err = read_outstanding(p, 1);
	return err != HN_OK ? err : commit_answer(p, rolled_back_out);
}

static int pg_commit(struct db *db)
{
	struct pg_db *p = PG_DB(db);
	bool rolled_back = false;
	if (p->conn == NULL || !p->in_transaction)
		return db_fail(db, p->in_transaction ? HN_EIO : HN_ESTATE, "no transaction is open");
	/* An error of what was to be done later must not stand behind a commit. */
	int err = p->later || p->streaming != NULL ? settle(p) : HN_OK;
	if (err != HN_OK) {
		pg_rollback(db);
		return err;
	}
	err = send_commit(p, &rolled_back);
	p->in_transaction = false;
	if (p->conn == NULL && db->access == DB_WRITE)
		return pg_resolve(p, p->transaction);
	if (err == HN_OK && rolled_back)
		err = db_fail(db, HN_ESTATE, "the transaction had failed");
	if (err != HN_OK)
		pg_rollback(db);
	return err;
}

static int pg_savepoint(struct db *db, enum savepoint_act act)
{
	struct pg_db *p = PG_DB(db);
	if (p->conn == NULL || !p->in_transaction)
		return db_fail(db, HN_ESTATE, "no transaction is open");
	/* What was to be done later belongs to the part that ends here, and so does its error. */
	if (act == SAVEPOINT_RELEASE && p->later) {
		int err = settle(p);
		if (err != HN_OK)
			return err;
	}
	if (act == SAVEPOINT_ROLLBACK) {
		pg_many_drop(p);
		(void)settle(p);
		if (p->conn == NULL)
			return HN_EIO;
		int err = send_text(p, "ROLLBACK TO SAVEPOINT part");
		if (err == HN_OK)
			err = send_text(p, "RELEASE SAVEPOINT part");
		return err == HN_OK ? settle(p) : err;
	}
	int err = make_way(p);
	return err != HN_OK
		       ? err
		       : send_text(p, act == SAVEPOINT_SET ? "SAVEPOINT part" : "RELEASE SAVEPOINT part");
}

static bool pg_in_transaction(const struct db *db)
{
	const struct pg_db *p = (const struct pg_db *)(const void *)db;
	return p->conn != NULL && p->in_transaction;
}

static int pg_claim(struct db *db, bool *mine_out)
{
	struct db_rows *rows;
	int64_t mine = 0;
	int err = db_query(db, &rows, "SELECT CASE WHEN " PG_CLAIM " THEN 1 ELSE 0 END");
	err = db_one_number(err, &rows, &mine);
	if (err != HN_OK)
		return err;
	PG_DB(db)->claimed = *mine_out = mine == 1;
	return HN_OK;
}

static uint64_t pg_changes(const struct db *db)
{
	return ((const struct pg_db *)(const void *)db)->changes;
}

static void pg_tend(struct db *db, bool idle)
{
	/* The server tends its own files. */
	(void)db, (void)idle;
}

static uint64_t pg_log_bytes(struct db *db)
{
	(void)db;
	return 0;
}

static void pg_interrupt(struct db *db)
{
	/* The server ends by itself what lasts too long (set_session()). */
	(void)db;
}

static int pg_has_table(struct db *db, const char *name, bool *out)
{
	struct db_rows *rows;
	int err = name == NULL
			  ? db_query(db, &rows, "SELECT 1 FROM pg_tables WHERE schemaname = current_schema()")
			  : db_query(db, &rows,
				     "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND "
				     "tablename = $1",
				     db_string(name, strlen(name)));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	*out = err == 1;
	db_rows_end(rows);
	return err < 0 ? err : HN_OK;
}

const struct db_kind DB_POSTGRES = {
	.scheme = "postgresql://",
	.dialect = DB_DIALECT_POSTGRES,
	.address = pg_address,
	.open = pg_open,
	.close = pg_close,
	.begin = pg_begin,
	.commit = pg_commit,
	.rollback = pg_rollback,
	.savepoint = pg_savepoint,
	.run = pg_run,
	.run_later = pg_run_later,
	.insert_later = pg_insert_later,
	.query = pg_query,
	.next = pg_next,
	.is_null = pg_is_null,
	.number = pg_column_number,
	.bytes = pg_bytes,
	.rows_end = pg_rows_end,
	.in_transaction = pg_in_transaction,
	.changes = pg_changes,
	.claim = pg_claim,
	.tend = pg_tend,
	.log_bytes = pg_log_bytes,
	.interrupt = pg_interrupt,
	.has_table = pg_has_table,
	.backup = pg_backup,
	.restore = pg_restore,
	.examine = pg_examine,
};
