/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_STATE_H
#define HINOMI_WITNESS_STATE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * What the witness keeps, in one SQLite file of its own below its data folder: edges, receipts and
 * checkpoints as they came, applications, alarms, and what shall still go to the ledger. One connection; a
 * transaction is one thread's at a time, and what it did is durable when state_end() returns.
 */
struct state;

/** Opens, or makes. @return HN_EIO, HN_ENOSPC, HN_ENOMEM, HN_EFORMAT (no database of ours) */
HN_MUST_USE int state_open(const char *dir, struct state **out, struct fault *fault);
/** NULL is allowed. */
void state_close(struct state *s);

/** Begins a transaction; waits for the one of another thread or process. On an error none has begun. */
HN_MUST_USE int state_begin(struct state *s);

/** Ends it: err HN_OK commits, anything else undoes all of it. @return err, or why it could not be committed
 */
HN_MUST_USE int state_end(struct state *s, int err);

/*
 * Statements, within a transaction. `form` has a letter for each parameter: t text (NULL: NULL), i int64_t,
 * b bytes (const void *, size_t), d a digest of 32 bytes (const uint8_t *).
 */

/** Runs one that gives no rows. @return HN_EIO, HN_ENOSPC, HN_ENOMEM */
HN_MUST_USE int state_run(struct state *s, const char *sql, const char *form, ...);

/** The first row. @param out  at the row, to be given to state_done(); NULL on an error. @return HN_ENOENT */
HN_MUST_USE int state_one(struct state *s, sqlite3_stmt **out, const char *sql, const char *form, ...);
void state_done(sqlite3_stmt *row);

/** All rows, one after the other, until `row` returns something else than HN_OK, which is handed on. */
typedef int state_row_fn(void *context, sqlite3_stmt *row);
HN_MUST_USE int state_each(struct state *s, state_row_fn *row, void *context, const char *sql,
			   const char *form, ...);

/** How many rows the last state_run() changed. */
int64_t state_changed(const struct state *s);

/** A column's text; "" for NULL. It lives until the next row. */
const char *state_text(sqlite3_stmt *row, int column);

/** A number that is kept by name; 0: none. */
HN_MUST_USE int state_number(struct state *s, const char *name, int64_t *out);
HN_MUST_USE int state_number_put(struct state *s, const char *name, int64_t value);

#endif
