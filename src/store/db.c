/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "store/db_kind.h"

static const struct db_kind *const KINDS[] = {&DB_SQLITE, &DB_POSTGRES};

const struct db_kind *db_kind_of(const char *url)
{
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
		if (strncmp(url, KINDS[i]->scheme, strlen(KINDS[i]->scheme)) == 0)
			return KINDS[i];
	return NULL;
}

const struct db_kind *db_kind(const struct db *db)
{
	return db->kind;
}

/* The text is not repeated: who mistypes the scheme may have typed a password behind it. */
static int unknown_kind(int err, struct fault *fault)
{
	return fault_set(fault, err, "database",
			 tr("takes sqlite:PATH or postgresql://HOST/NAME, no other kind of database",
			    "sqlite:パス か postgresql://ホスト/名前 を指定すること。"
			    "ほかのデータベースは使えない"));
}

int db_open(const char *url, enum db_access access, struct db **out, struct fault *fault)
{
	const struct db_kind *kind = db_kind_of(url);
	return kind == NULL ? unknown_kind(HN_EUNSUPPORTED, fault) : kind->open(url, access, out, fault);
}

int db_address(const char *url, struct fault *fault)
{
	const struct db_kind *kind = db_kind_of(url);
	return kind == NULL ? unknown_kind(HN_EFORMAT, fault) : kind->address(url, fault);
}

void db_close(struct db *db)
{
	if (db != NULL)
		db->kind->close(db);
}

void db_set_view(struct db *db, const struct view *view)
{
	db->view = view;
}

int db_begin(struct db *db)
{
	return db->kind->begin(db);
}

int db_commit(struct db *db)
{
	return db->kind->commit(db);
}

void db_rollback(struct db *db)
{
	db->kind->rollback(db);
}

int db_savepoint(struct db *db)
{
	return db->kind->savepoint(db, SAVEPOINT_SET);
}

int db_release(struct db *db)
{
	return db->kind->savepoint(db, SAVEPOINT_RELEASE);
}

int db_rollback_to(struct db *db)
{
	return db->kind->savepoint(db, SAVEPOINT_ROLLBACK);
}

int db_run_values(struct db *db, const char *sql, const struct db_value *values, size_t count,
		  uint64_t *changed_out)
{
	return db->kind->run(db, sql, values, count, changed_out);
}

int db_run_later_values(struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	return db->kind->run_later(db, sql, values, count);
}

int db_insert_later_values(struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	return db->kind->insert_later(db, sql, values, count);
}

int db_query_values(struct db *db, const char *sql, const struct db_value *values, size_t count,
		    struct db_rows **out)
{
	return db->kind->query(db, sql, values, count, out);
}

int db_next(struct db_rows *rows)
{
	return rows->db->kind->next(rows);
}

bool db_is_null(const struct db_rows *rows, unsigned column)
{
	return rows->db->kind->is_null(rows, column);
}

int64_t db_int(const struct db_rows *rows, unsigned column)
{
	return rows->db->kind->number(rows, column);
}

const char *db_text(const struct db_rows *rows, unsigned column, size_t *len_out)
{
	return rows->db->kind->bytes(rows, column, len_out);
}

const uint8_t *db_blob(const struct db_rows *rows, unsigned column, size_t *len_out)
{
	return rows->db->kind->bytes(rows, column, len_out);
}

void db_rows_end(struct db_rows *rows)
{
	if (rows != NULL)
		rows->db->kind->rows_end(rows);
}

enum db_dialect db_dialect(const struct db *db)
{
	return db->kind->dialect;
}

const char *db_error(const struct db *db)
{
	return db->error;
}

int db_fail(struct db *db, int err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(db->error, sizeof(db->error), format, args);
	va_end(args);
	/* What databases say ends with a line's end, and may have several lines. */
	size_t len = strlen(db->error);
	while (len > 0 && db->error[len - 1] == '\n')
		db->error[--len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (db->error[i] == '\n')
			db->error[i] = ' ';
	return err;
}
