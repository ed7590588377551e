/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DB_ROW_H
#define HINOMI_STORE_DB_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/db.h"

/* What most questions to the database are: one row or none, or a page of them. */

/**
 * The first row of a question, to be read and ended by db_rows_end().
 *
 * @param err   of db_query(), which is passed on; then, and on every other error, the rows have ended
 * @param rows  that db_query() gave: db_first(db_query(db, &rows, ...), &rows)
 * @return HN_ENOENT: there is none
 */
HN_MUST_USE int db_first(int err, struct db_rows **rows);

/** Tells the first row, and ends the rows. @return HN_ENOENT; what `tell` returned */
HN_MUST_USE int db_one(int err, struct db_rows **rows, int (*tell)(const struct db_rows *rows, void *context),
		       void *context);

/** Whether a question has a row. @param err  as of db_first() */
HN_MUST_USE int db_any(int err, struct db_rows **rows, bool *out);

/** The number in the first column of the first row. @return HN_ENOENT, and then out is as it was */
HN_MUST_USE int db_one_number(int err, struct db_rows **rows, int64_t *out);

/** A text that is never NULL; it lives as db_text()'s does. */
const char *db_text_or_empty(const struct db_rows *rows, unsigned column);

/** A NUL-terminated text as an argument; NULL is null. */
struct db_value db_text_value(const char *text);

/**
 * Tells the rows of a page, as a question with LIMIT limit + 1 gives them, and ends them.
 *
 * @param tell      of one row; what it returns if not HN_OK ends the page
 * @param more_out  whether there are rows beyond the limit
 */
HN_MUST_USE int db_page(int err, struct db_rows **rows, size_t limit,
			int (*tell)(const struct db_rows *rows, void *context), void *context,
			bool *more_out);

#endif
