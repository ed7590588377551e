/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/db_row.h"

#include <string.h>

int db_first(int err, struct db_rows **rows)
{
	if (err != HN_OK)
		return err;
	int more = db_next(*rows);
	if (more == 1)
		return HN_OK;
	db_rows_end(*rows);
	*rows = NULL;
	return more < 0 ? more : HN_ENOENT;
}

int db_one(int err, struct db_rows **rows, int (*tell)(const struct db_rows *rows, void *context),
	   void *context)
{
	err = db_first(err, rows);
	if (err != HN_OK)
		return err;
	err = tell(*rows, context);
	db_rows_end(*rows);
	return err;
}

int db_any(int err, struct db_rows **rows, bool *out)
{
	err = db_first(err, rows);
	if (err == HN_OK)
		db_rows_end(*rows);
	if (err != HN_OK && err != HN_ENOENT)
		return err;
	*out = err == HN_OK;
	return HN_OK;
}

int db_one_number(int err, struct db_rows **rows, int64_t *out)
{
	err = db_first(err, rows);
	if (err != HN_OK)
		return err;
	*out = db_int(*rows, 0);
	db_rows_end(*rows);
	return HN_OK;
}

const char *db_text_or_empty(const struct db_rows *rows, unsigned column)
{
	size_t len;
	const char *text = db_text(rows, column, &len);
	return text == NULL ? "" : text;
}

struct db_value db_text_value(const char *text)
{
	if (text == NULL)
		return DB_VALUE_NULL;
	return db_string(text, strlen(text));
}

int db_page(int err, struct db_rows **rows, size_t limit,
	    int (*tell)(const struct db_rows *rows, void *context), void *context, bool *more_out)
{
	int more = 0;
	if (err != HN_OK)
		return err;
	*more_out = false;
	while (err == HN_OK && !*more_out && (more = db_next(*rows)) == 1) {
		if (limit-- == 0)
			*more_out = true;
		else
			err = tell(*rows, context);
	}
	db_rows_end(*rows);
	return err == HN_OK && more < 0 ? more : err;
}
