/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What our statements ask SQLite for: hn_sees(label) and the table hn_ints(list). */
#include <stdlib.h>
#include <string.h>

#include "store/db_sqlite.h"
#include "store/view.h"

static void sees(sqlite3_context *ctx, int count, sqlite3_value **values)
{
	(void)count;
	const struct sqlite_db *s = sqlite3_user_data(ctx);
	bool yes = sqlite3_value_type(values[0]) == SQLITE_INTEGER &&
		   view_sees(s->db.view, sqlite3_value_int64(values[0]));
	sqlite3_result_int(ctx, yes);
}

/* A list of integers as a table with one column. */
struct ints {
	size_t count;
	int64_t numbers[];
};

#define INTS_TYPE "hn_ints"

enum { COLUMN_VALUE, COLUMN_LIST };

struct ints_cursor {
	sqlite3_vtab_cursor base;
	const struct ints *list;
	size_t at;
};

int sqlite_bind_ints(sqlite3_stmt *stmt, int argument, const int64_t *numbers, size_t count)
{
	struct ints *list = malloc(sizeof(*list) + count * sizeof(numbers[0]));
	if (list == NULL)
		return SQLITE_NOMEM;
	list->count = count;
	if (count > 0)
		memcpy(list->numbers, numbers, count * sizeof(numbers[0]));
	return sqlite3_bind_pointer(stmt, argument, list, INTS_TYPE, free);
}

static int ints_connect(sqlite3 *handle, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
			char **error)
{
	(void)aux, (void)argc, (void)argv, (void)error;
	int code = sqlite3_declare_vtab(handle, "CREATE TABLE x(value INTEGER, list HIDDEN)");
	if (code != SQLITE_OK)
		return code;
	*out = sqlite3_malloc(sizeof(**out));
	if (*out == NULL)
		return SQLITE_NOMEM;
	memset(*out, 0, sizeof(**out));
	return sqlite3_vtab_config(handle, SQLITE_VTAB_DIRECTONLY);
}

static int ints_disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

static int ints_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	for (int i = 0; i < info->nConstraint; i++) {
		if (info->aConstraint[i].iColumn != COLUMN_LIST ||
		    info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		if (!info->aConstraint[i].usable)
			return SQLITE_CONSTRAINT;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		/* Lists are short; so the index of what is compared with it leads. */
		info->estimatedCost = 10;
		info->estimatedRows = 10;
		return SQLITE_OK;
	}
	return SQLITE_CONSTRAINT;
}

static int ints_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	(void)table;
	struct ints_cursor *c = sqlite3_malloc(sizeof(*c));
	if (c == NULL)
		return SQLITE_NOMEM;
	memset(c, 0, sizeof(*c));
	*out = &c->base;
	return SQLITE_OK;
}

static struct ints_cursor *cursor_of(sqlite3_vtab_cursor *base)
{
	return (struct ints_cursor *)(void *)base;
}

static int ints_close(sqlite3_vtab_cursor *base)
{
	sqlite3_free(cursor_of(base));
	return SQLITE_OK;
}

static int ints_filter(sqlite3_vtab_cursor *base, int index, const char *text, int argc,
		       sqlite3_value **values)
{
	(void)index, (void)text;
	struct ints_cursor *c = cursor_of(base);
	c->list = argc == 1 ? sqlite3_value_pointer(values[0], INTS_TYPE) : NULL;
	c->at = 0;
	return SQLITE_OK;
}

static int ints_next(sqlite3_vtab_cursor *base)
{
	cursor_of(base)->at++;
	return SQLITE_OK;
}

static int ints_eof(sqlite3_vtab_cursor *base)
{
	const struct ints_cursor *c = cursor_of(base);
	return c->list == NULL || c->at >= c->list->count;
}

static int ints_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx, int column)
{
	const struct ints_cursor *c = cursor_of(base);
	if (column == COLUMN_VALUE)
		sqlite3_result_int64(ctx, c->list->numbers[c->at]);
	return SQLITE_OK;
}

static int ints_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)cursor_of(base)->at;
	return SQLITE_OK;
}

static const sqlite3_module INTS = {
	.xConnect = ints_connect, /* and no xCreate: it is there without being made */
	.xBestIndex = ints_best_index,
	.xDisconnect = ints_disconnect,
	.xOpen = ints_open,
	.xClose = ints_close,
	.xFilter = ints_filter,
	.xNext = ints_next,
	.xEof = ints_eof,
	.xColumn = ints_column,
	.xRowid = ints_rowid,
};

int sqlite_add_functions(struct sqlite_db *s)
{
	/* The view does not change while a statement runs, hence deterministic. */
	int code = sqlite3_create_function_v2(s->handle, "hn_sees", 1,
					      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, s, sees,
					      NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return code;
	return sqlite3_create_module_v2(s->handle, "hn_ints", &INTS, NULL, NULL);
}
