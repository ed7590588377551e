/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DB_SQL_H
#define HINOMI_STORE_DB_SQL_H

#include "base/buf.h"
#include "store/db.h"

/** How SEES(x) is asked; the text of a statement has one translation for each. */
enum db_sees {
	DB_SEES_NOTHING, /* no view: false */
	DB_SEES_CALL,    /* SQLite: a function of ours that tests the bit */
	DB_SEES_FEW,     /* PostgreSQL: x is one of the numbers of one more argument */
	DB_SEES_BITS,    /* PostgreSQL: bit x of one more argument; the last label is another more */
};

#define DB_SQL_MAX (64 * 1024) /* bytes of a translated statement */

/**
 * Puts a statement in the words of store/db.h into those of a database.
 *
 * @param more_out  the first argument behind those of the statement, for what SEES() asks; 0: it asks nothing
 * @return HN_EFORMAT: an open quote or bracket, or an argument's number that is none; HN_ELIMIT; HN_ENOMEM
 */
HN_MUST_USE int db_sql(const char *sql, enum db_dialect dialect, enum db_sees sees, struct buf *out,
		       unsigned *more_out);

/**
 * Makes of "INSERT INTO t (...) VALUES (...)" one that takes many rows, in PostgreSQL's words: argument n is
 * the list of what argument n was for each row.
 *
 * @return HN_EFORMAT: it is no such statement, or asks for an argument elsewhere; HN_ELIMIT; HN_ENOMEM
 */
HN_MUST_USE int db_sql_many(const char *sql, unsigned arguments, struct buf *out);

/** Whether a statement asks SEES(). */
bool db_sql_sees(const char *sql);

#endif
