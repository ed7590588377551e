/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A PostgreSQL schema as a whole: an export of its tables out of one snapshot (store/dump.h), and back. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "store/db_postgres.h"
#include "store/dump.h"
#include "store/durable.h"
#include "store/store_private.h"

#define PATH_ROOM 4096

static int said(struct pg_db *p, int err, struct fault *fault)
{
	return fault_set(fault, err, p->place, tr("did not answer: %s", "応答に失敗した: %s"), p->db.error);
}

static int unwritten(struct fault *fault, int err, const char *path)
{
	return fault_set(fault, err, path, tr("cannot be written: %s", "書き込めない: %s"), hn_strerror(err));
}

/* A statement whose answer is one text a row, or none; COPY only begins. */
static PGresult *ask(struct pg_db *p, const char *sql, ExecStatusType expected)
{
	PGresult *result = PQexec(p->conn, sql);
	if (PQresultStatus(result) == expected)
		return result;
	(void)pg_fail(p, result);
	PQclear(result);
	return NULL;
}

/* ---- backup ---- */

/* Rows as PostgreSQL sends them, gathered into larger pieces. */
static int copy_rows(struct pg_db *p, struct dump_writer *w, const char *path, struct fault *fault)
{
	struct buf piece;
	char *row;
	int len, err = HN_OK;
	buf_init(&piece, SIZE_MAX / 2);
	while ((len = PQgetCopyData(p->conn, &row, 0)) > 0) {
		buf_add(&piece, row, (size_t)len);
		PQfreemem(row);
		if (err == HN_OK)
			err = buf_err(&piece);
		if (err == HN_OK && piece.len >= DUMP_PIECE_MAX / 2) {
			err = dump_add(w, DUMP_DATA, piece.data, piece.len);
			buf_reset(&piece);
		}
		if (err != HN_OK)
			break;
	}
	if (err == HN_OK && len == -1 && piece.len > 0)
		err = dump_add(w, DUMP_DATA, piece.data, piece.len);
	buf_clear(&piece);
	if (err != HN_OK)
		return unwritten(fault, err, path);
	return len == -1 ? HN_OK : said(p, pg_fail(p, NULL), fault);
}

/* What stands behind the rows of a COPY: how many there were. */
static int copy_count(struct pg_db *p, uint64_t *count_out)
{
	PGresult *result = PQgetResult(p->conn);
	int err = PQresultStatus(result) == PGRES_COMMAND_OK ? HN_OK : pg_fail(p, result);
	if (err == HN_OK)
		*count_out = strtoull(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	while ((result = PQgetResult(p->conn)) != NULL)
		PQclear(result);
	return err;
}

static int backup_table(struct pg_db *p, struct dump_writer *w, const char *table, const char *columns,
			const char *path, struct fault *fault)
{
	struct buf sql, name;
	uint64_t rows = 0;
	buf_init(&sql, DB_SQL_MAX);
	buf_init(&name, DB_SQL_MAX);
	buf_adds(&name, table);
	buf_add(&name, "", 1);
	buf_adds(&name, columns);
	buf_addf(&sql, "COPY %s (%s) TO STDOUT (FORMAT binary)", table, columns);
	int err = buf_err(&sql) != HN_OK ? buf_err(&sql) : buf_err(&name);
	if (err == HN_OK)
		err = dump_add(w, DUMP_TABLE, name.data, name.len);
	if (err != HN_OK) {
		(void)unwritten(fault, err, path);
	} else {
		PGresult *begun = ask(p, sql.data, PGRES_COPY_OUT);
		err = begun == NULL ? said(p, HN_EIO, fault) : copy_rows(p, w, path, fault);
		PQclear(begun);
	}
	if (err == HN_OK) {
		err = copy_count(p, &rows);
		if (err != HN_OK)
			(void)said(p, err, fault);
	}
	uint64_t number = htobe64(rows);
	if (err == HN_OK && (err = dump_add(w, DUMP_ROWS, &number, sizeof(number))) != HN_OK)
		(void)unwritten(fault, err, path);
	buf_clear(&sql);
	buf_clear(&name);
	return err;
}

static const char TABLES[] =
	"SELECT quote_ident(c.relname), string_agg(quote_ident(a.attname), ',' ORDER BY a.attnum) "
	"FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
	"WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0 "
	"AND NOT a.attisdropped AND a.attgenerated = '' GROUP BY c.relname ORDER BY c.relname";

static int backup_step(struct pg_db *p, struct dump_writer *w, const char *path, struct fault *fault)
{
	PGresult *result = ask(p, "SELECT max(number) FROM schema_step", PGRES_TUPLES_OK);
	if (result == NULL)
		return said(p, HN_EIO, fault);
	uint64_t step = htobe64(strtoull(PQgetvalue(result, 0, 0), NULL, 10));
	PQclear(result);
	int err = dump_add(w, DUMP_STEP, &step, sizeof(step));
	return err == HN_OK ? HN_OK : unwritten(fault, err, path);
}

static int backup_all(struct pg_db *p, struct dump_writer *w, const char *path, struct fault *fault)
{
	int err = backup_step(p, w, path, fault);
	if (err != HN_OK)
		return err;
	PGresult *tables = ask(p, TABLES, PGRES_TUPLES_OK);
	if (tables == NULL)
		return said(p, HN_EIO, fault);
	for (int i = 0; i < PQntuples(tables) && err == HN_OK; i++)
		err = backup_table(p, w, PQgetvalue(tables, i, 0), PQgetvalue(tables, i, 1), path, fault);
	PQclear(tables);
	if (err == HN_OK && (err = dump_finish(w)) != HN_OK)
		(void)unwritten(fault, err, path);
	return err;
}

/* Read again as it stands on the disk; only then it gets its name, which nothing else had. */
static int prove(const char *part, const char *path, struct fault *fault)
{
	int err = dump_read(part, NULL, NULL);
	if (err != HN_OK)
		return fault_set(fault, err, path,
				 tr("does not verify after writing; check the disk",
				    "書き込み後の検証に失敗した。ディスクを確認すること"));
	err = durable_publish(part, path);
	return err == HN_OK ? HN_OK : unwritten(fault, err, path);
}

static int backup_to(struct pg_db *p, const char *path, struct fault *fault)
{
	char part[PATH_ROOM];
	struct dump_writer *w;
	if ((size_t)snprintf(part, sizeof(part), "%s.part", path) >= sizeof(part))
		return unwritten(fault, HN_ELIMIT, path);
	(void)unlink(part);
	int err = dump_create(part, &w);
	if (err != HN_OK)
		return unwritten(fault, err, part);
	err = backup_all(p, w, path, fault);
	dump_writer_free(w);
	if (err == HN_OK)
		err = prove(part, path, fault);
	(void)unlink(part);
	return err;
}

int pg_backup(struct db *db, const char *path, struct fault *fault)
{
	struct pg_db *p = PG_DB(db);
	int err = pg_quiet(p);
	PGresult *begun = NULL;
	if (err == HN_OK) {
		begun = ask(
			p,
			"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout TO 0",
			PGRES_COMMAND_OK);
		err = begun == NULL ? HN_EIO : HN_OK;
	}
	PQclear(begun);
	if (err != HN_OK)
		(void)said(p, err, fault);
	else
		err = backup_to(p, path, fault);
	/* A connection that stopped in the middle of rows is of no more use. */
	pg_disconnect(p);
	return err;
}

/* ---- restore ---- */

struct restoring {
	struct pg_db *p;
	bool made;    /* the tables are there */
	bool copying; /* rows of a table are being sent */
	struct fault *fault;
};

static uint64_t number_of(const uint8_t *data, size_t len)
{
	uint64_t number = 0;
	if (len == sizeof(number))
		memcpy(&number, data, sizeof(number));
	return be64toh(number);
}

static int make_tables(struct restoring *r, const uint8_t *data, size_t len)
{
	uint64_t step = number_of(data, len);
	if (r->made || step == 0 || step > INT16_MAX)
		return HN_EFORMAT;
	int err = schema_make(&r->p->db, SCHEMA_STEPS, (int)step, store_system_now_us(NULL), r->fault);
	if (err == HN_OK)
		err = pg_quiet(r->p);
	r->made = err == HN_OK;
	return err;
}

/* Only names as quote_ident() gives them for ours: the file may come from anywhere. */
static bool plain_names(const char *text, size_t len, bool list)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '"';
		if (!word && !(list && c == ','))
			return false;
	}
	return len > 0;
}

static int begin_table(struct restoring *r, const uint8_t *data, size_t len)
{
	struct buf sql;
	const char *table = (const char *)data;
	size_t table_len = strnlen(table, len);
	if (!r->made || r->copying || table_len == len || !plain_names(table, table_len, false) ||
	    !plain_names(table + table_len + 1, len - table_len - 1, true))
		return HN_EFORMAT;
	const char *columns = table + table_len + 1;
	int columns_len = (int)(len - table_len - 1);
	buf_init(&sql, DB_SQL_MAX);
	/* Steps put rows into tables of their own; those of the backup stand for them. */
	buf_addf(&sql, "DELETE FROM %.*s", (int)table_len, table);
	PGresult *emptied = buf_err(&sql) == HN_OK ? ask(r->p, sql.data, PGRES_COMMAND_OK) : NULL;
	buf_reset(&sql);
	buf_addf(&sql, "COPY %.*s (%.*s) FROM STDIN (FORMAT binary)", (int)table_len, table, columns_len,
		 columns);
	PGresult *begun =
		emptied != NULL && buf_err(&sql) == HN_OK ? ask(r->p, sql.data, PGRES_COPY_IN) : NULL;
	r->copying = begun != NULL;
	PQclear(emptied);
	PQclear(begun);
	buf_clear(&sql);
	return r->copying ? HN_OK : said(r->p, HN_EIO, r->fault);
}

static int send_rows(struct restoring *r, const uint8_t *data, size_t len)
{
	if (!r->copying)
		return HN_EFORMAT;
	if (PQputCopyData(r->p->conn, (const char *)data, (int)len) == 1)
		return HN_OK;
	return said(r->p, pg_fail(r->p, NULL), r->fault);
}

static int end_table(struct restoring *r, const uint8_t *data, size_t len)
{
	uint64_t rows = 0;
	if (!r->copying)
		return HN_EFORMAT;
	r->copying = false;
	int err = PQputCopyEnd(r->p->conn, NULL) == 1 ? copy_count(r->p, &rows) : pg_fail(r->p, NULL);
	if (err != HN_OK)
		return said(r->p, err, r->fault);
	return rows == number_of(data, len) ? HN_OK : HN_EFORMAT;
}

static int restore_piece(void *context, enum dump_kind kind, const uint8_t *data, size_t len)
{
	struct restoring *r = context;
	switch (kind) {
	case DUMP_STEP:
		return make_tables(r, data, len);
	case DUMP_TABLE:
		return begin_table(r, data, len);
	case DUMP_DATA:
		return send_rows(r, data, len);
	case DUMP_ROWS:
		return end_table(r, data, len);
	case DUMP_END:
		break;
	}
	return HN_EFORMAT;
}

static int restore_all(struct restoring *r, const char *path)
{
	struct pg_db *p = r->p;
	bool any;
	int err = DB_POSTGRES.has_table(&p->db, NULL, &any);
	if (err == HN_OK && any)
		return fault_set(r->fault, HN_EEXIST, p->place,
				 tr("holds tables already; name an empty database or another schema",
				    "既に表がある。空のデータベースか別のスキーマを指定すること"));
	if (err == HN_OK)
		err = db_begin(&p->db);
	if (err != HN_OK)
		return said(p, err, r->fault);
	err = dump_read(path, restore_piece, r);
	if (err == HN_EFORMAT || err == HN_ETRUNC)
		(void)fault_set(r->fault, err, path, tr("is no whole backup", "完全なバックアップではない"));
	if (err != HN_OK)
		return err;
	PGresult *done = r->made ? ask(p, "COMMIT", PGRES_COMMAND_OK) : NULL;
	err = done != NULL ? HN_OK : said(p, HN_EIO, r->fault);
	PQclear(done);
	return err;
}

int pg_restore(const char *path, const char *url, struct fault *fault)
{
	struct db *db;
	/* All of it is proven before the first table is made. */
	int err = dump_read(path, NULL, NULL);
	if (err != HN_OK)
		return fault_set(fault, err, path,
				 tr("is no whole backup of a store on PostgreSQL (%s)",
				    "PostgreSQL を使うストアの完全なバックアップではない (%s)"),
				 hn_strerror(err));
	err = db_open(url, DB_WRITE, &db, fault);
	if (err != HN_OK)
		return err;
	struct restoring r = {.p = PG_DB(db), .fault = fault};
	err = restore_all(&r, path);
	pg_disconnect(r.p);
	db_close(db);
	return err;
}

/* A savepoint each: one table that cannot be read says nothing of the next. */
static int examine_table(struct db *db, const char *table, size_t len, db_finding_fn finding, void *context,
			 uint64_t *wrong_out)
{
	char sql[256];
	(void)snprintf(sql, sizeof(sql), "SELECT bit_xor(hash_record_extended(t, 0)) FROM %.*s t", (int)len,
		       table);
	int err = db_savepoint(db);
	if (err != HN_OK)
		return err;
	err = db_run_values(db, sql, NULL, 0, NULL);
	if (err == HN_OK)
		return db_release(db);
	(*wrong_out)++;
	finding(context, db_error(db));
	return db_rollback_to(db);
}

/* The server's own tools (pg_amcheck, checksums of pages) look at its files; here every byte of every row is
 * read once. */
int pg_examine(struct db *db, db_finding_fn finding, void *context, uint64_t *wrong_out)
{
	struct db_rows *rows;
	int err = db_query_values(db, TABLES, NULL, 0, &rows);
	if (err != HN_OK)
		return err;
	while ((err = db_next(rows)) == 1) {
		size_t len;
		const char *table = db_text(rows, 0, &len);
		err = examine_table(db, table, len, finding, context, wrong_out);
		if (err != HN_OK)
			break;
	}
	db_rows_end(rows);
	return err;
}
