/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/source_runs.h"

#include <stdio.h>
#include <string.h>

#include "store/db.h"
#include "store/source_read.h"

/* ---- the clock ---- */

/* Milliseconds are what SQLite's gives. */
int source_clock(struct db *db, int64_t *out)
{
	struct db_rows *rows;
	int err =
		db_dialect(db) == DB_DIALECT_SQLITE
			? db_query(db, &rows,
				   "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000")
			: db_query(db, &rows,
				   "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) * "
				   "1000");
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		*out = db_int(rows, 0);
	db_rows_end(rows);
	return more == 1 ? HN_OK : more == 0 ? HN_EFORMAT : more;
}

/* ---- due ---- */

static int read_first(struct db *db, struct db_rows *rows, struct source *out)
{
	int more = db_next(rows);
	int err = more == 1 ? source_of_row(db, rows, out) : more == 0 ? HN_ENOENT : more;
	db_rows_end(rows);
	return err;
}

#define DUE                                                                                                  \
	"SELECT " SOURCE_COLUMNS                                                                             \
	" FROM source s JOIN source_state t ON t.number = s.number JOIN source_run "                         \
	"r ON r.number = s.number WHERE s.enabled = 1 AND r.until <= $1 AND s.number > $2 "

int sources_due(struct reader *reader, enum source_kind kind, int64_t after, struct source *out)
{
	struct db *db = reader_db(reader);
	struct db_rows *rows;
	int64_t now = 0;
	int err = source_clock(db, &now);
	if (err != HN_OK)
		return err;
	err = kind == SOURCE_DROP
		      ? db_query(db, &rows,
				 DUE "AND r.looks = 1 AND t.next_run <= $1 ORDER BY s.number LIMIT 1",
				 db_number(now), db_number(after))
		      : db_query(db, &rows,
				 DUE "AND r.looks = 0 AND t.next_run > 0 AND t.next_run <= $1 "
				     "ORDER BY t.next_run, s.number LIMIT 1",
				 db_number(now), db_number(after));
	return err == HN_OK ? read_first(db, rows, out) : err;
}

/* ---- leases ---- */

static int count_changed(struct db *db, const char *sql, const struct db_value *values, size_t count,
			 int otherwise)
{
	uint64_t changed = 0;
	int err = db_run_values(db, sql, values, count, &changed);
	return err != HN_OK ? err : changed == 0 ? otherwise : HN_OK;
}

static int revision_of(struct db *db, int64_t number, int64_t now, int64_t *revision_out)
{
	struct db_rows *rows;
	int err = db_query(db, &rows,
			   "SELECT s.revision FROM source s JOIN source_state t ON t.number = s.number "
			   "WHERE s.number = $1 AND s.enabled = 1 AND t.next_run <= $2",
			   db_number(number), db_number(now));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		*revision_out = db_int(rows, 0);
	db_rows_end(rows);
	return more == 1 ? HN_OK : more == 0 ? HN_ENOENT : more;
}

int sources_take(struct writing *w, struct source_lease *lease, int64_t lease_us)
{
	struct db *db = writing_db(w);
	int64_t now = 0;
	int64_t revision = 0;
	int64_t holding = writing_next_seq(w);
	int err = source_clock(db, &now);
	if (err == HN_OK)
		err = revision_of(db, lease->number, now, &revision);
	const struct db_value values[] = {db_number(lease->number), db_number(now), db_number(lease->hub),
					  db_number(holding), db_number(now + lease_us)};
	if (err == HN_OK)
		err = count_changed(db,
				    "UPDATE source_run SET hub = $3, holding = $4, until = $5, asked = 0 "
				    "WHERE number = $1 AND until <= $2",
				    values, sizeof(values) / sizeof(values[0]), HN_EEXIST);
	if (err != HN_OK)
		return err;
	lease->revision = revision;
	lease->holding = holding;
	return HN_OK;
}

/* The lease is ours, whether or not its time has passed, as long as nobody else took it. */
static int renew(struct db *db, const struct source_lease *lease, int64_t until)
{
	const struct db_value values[] = {db_number(lease->number), db_number(lease->hub),
					  db_number(lease->holding), db_number(until),
					  db_number(lease->revision)};
	return count_changed(
		db,
		"UPDATE source_run SET until = $4 WHERE number = $1 AND hub = $2 AND holding = $3 "
		"AND EXISTS (SELECT 1 FROM source s WHERE s.number = $1 AND s.revision = $5)",
		values, sizeof(values) / sizeof(values[0]), HN_ESTATE);
}

static struct db_value text_value(const char *text)
{
	return db_string(text, strlen(text));
}

static int put_places(struct db *db, int64_t number, const struct source_state *s)
{
	int err = db_run(db,
			 "UPDATE source_state SET added_after = $2, next = $3, etag = $4, modified = $5 "
			 "WHERE number = $1",
			 db_number(number), text_value(s->added_after), text_value(s->next),
			 text_value(s->etag), text_value(s->modified));
	return err == HN_OK ? db_run(db, "UPDATE source_run SET place = $2 WHERE number = $1",
				     db_number(number), text_value(s->place))
			    : err;
}

int sources_keep(struct writing *w, const struct source_lease *lease, const struct source_state *state,
		 int64_t lease_us)
{
	struct db *db = writing_db(w);
	int64_t now = 0;
	int err = source_clock(db, &now);
	if (err == HN_OK)
		err = renew(db, lease, now + lease_us);
	return err == HN_OK && state != NULL ? put_places(db, lease->number, state) : err;
}

static int was_asked(struct db *db, int64_t number, bool *out)
{
	struct db_rows *rows;
	int err = db_query(db, &rows, "SELECT asked FROM source_run WHERE number = $1", db_number(number));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	*out = more == 1 && db_int(rows, 0) != 0;
	db_rows_end(rows);
	return more < 0 ? more : HN_OK;
}

int sources_end(struct writing *w, const struct source_lease *lease, const struct source_state *state,
		int64_t wait_us, const struct source_use *use)
{
	struct db *db = writing_db(w);
	bool asked = false;
	int64_t now = 0;
	int err = source_clock(db, &now);
	if (err == HN_OK)
		err = renew(db, lease, 0);
	if (err == HN_OK)
		err = put_places(db, lease->number, state);
	if (err == HN_OK)
		err = was_asked(db, lease->number, &asked);
	if (err == HN_OK)
		err = db_run(db,
			     "UPDATE source_state SET last_run = $2, last_good = $3, next_run = $4, failures "
			     "= $5, "
			     "error = $6 WHERE number = $1",
			     db_number(lease->number), db_number(now),
			     db_number(state->failures == 0 ? now : state->last_good_us),
			     db_number(asked         ? 1
				       : wait_us > 0 ? now + wait_us
						     : 0),
			     db_number(state->failures), text_value(state->error));
	return err == HN_OK ? sources_count(w, lease->number, use) : err;
}

int sources_leave(struct writing *w, const struct source_lease *lease)
{
	return db_run(writing_db(w),
		      "UPDATE source_run SET until = 0 WHERE number = $1 AND hub = $2 AND holding = $3",
		      db_number(lease->number), db_number(lease->hub), db_number(lease->holding));
}

int sources_leave_all(struct writing *w, int64_t hub)
{
	return db_run(writing_db(w), "UPDATE source_run SET until = 0 WHERE hub = $1 AND until > 0",
		      db_number(hub));
}

/* ---- state ---- */

static void copy_text(const struct db_rows *rows, unsigned column, char *out, size_t size)
{
	size_t len;
	const char *text = db_text(rows, column, &len);
	(void)snprintf(out, size, "%.*s", (int)(len < size ? len : size - 1), text != NULL ? text : "");
}

int sources_state(struct reader *reader, int64_t number, struct source_state *out)
{
	struct db_rows *rows;
	int err = db_query(
		reader_db(reader), &rows,
		"SELECT t.last_run, t.last_good, t.next_run, t.failures, t.error, t.added_after, "
		"t.next, t.etag, t.modified, r.place FROM source_state t JOIN source_run r ON r.number "
		"= t.number WHERE t.number = $1",
		db_number(number));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		out->last_run_us = db_int(rows, 0);
		out->last_good_us = db_int(rows, 1);
		out->next_us = db_int(rows, 2);
		out->failures = (unsigned)db_int(rows, 3);
		copy_text(rows, 4, out->error, sizeof(out->error));
		copy_text(rows, 5, out->added_after, sizeof(out->added_after));
		copy_text(rows, 6, out->next, sizeof(out->next));
		copy_text(rows, 7, out->etag, sizeof(out->etag));
		copy_text(rows, 8, out->modified, sizeof(out->modified));
		copy_text(rows, 9, out->place, sizeof(out->place));
	}
	db_rows_end(rows);
	return more == 1 ? HN_OK : more == 0 ? HN_ENOENT : more;
}
