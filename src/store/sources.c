/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/sources.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "store/db_row.h"
#include "store/directory_rows.h"
#include "store/object_inside.h"
#include "store/source_read.h"

#define DAY_US (INT64_C(86400) * 1000000)

/* ---- who ---- */

static bool manages(const struct asker *actor, int64_t organisation)
{
	return actor->hub || (actor->organisation != 0 &&
			      (actor->organisation == organisation || actor->kind == ORG_CENTRE) &&
			      (actor->roles & (ROLE_ADMINISTRATOR | ROLE_ANALYST)) != 0);
}

/* To whom it is not theirs it is not there. */
static int absent(struct fault *fault)
{
	return fault_set(fault, HN_ENOENT, "", tr("no such source", "その情報源はない"));
}

/* ---- rows ---- */

static int find_row(struct db *db, const struct uuid *id, struct directory_row *row,
		    int64_t *organisation_out)
{
	struct uuid_halves h = uuid_halves(id);
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows,
			   "SELECT number, revision, body, organisation FROM source WHERE uuid_a = $1 AND "
			   "uuid_b = $2",
			   db_number(h.a), db_number(h.b));
	return directory_row_take(err, &rows, SOURCE_TEXT_MAX * (size_t)2, row, organisation_out);
}

static int number_of(struct db *db, const char *sql, int64_t argument, int64_t *out)
{
	const struct db_value value = db_number(argument);
	struct db_rows *rows;
	int err = db_query_values(db, sql, &value, 1, &rows);
	err = db_one_number(err, &rows, out);
	return err == HN_ENOENT ? HN_OK : err;
}

/* An organisation has one default. */
static int default_ok(struct db *db, const struct source *s, int64_t number, struct fault *fault)
{
	int64_t other = 0;
	if (!s->by_default)
		return HN_OK;
	int err = number_of(db, "SELECT number FROM source WHERE organisation = $1 AND by_default = 1",
			    s->organisation, &other);
	if (err == HN_OK && other != 0 && other != number)
		return fault_set(fault, HN_EEXIST, "/default",
				 tr("another source is the organisation's default",
				    "この組織には既定の情報源が既にある"));
	return err;
}

static int insert(struct db *db, const struct source *s, const struct buf *label, const struct buf *body)
{
	struct uuid_halves h = uuid_halves(&s->id);
	int err = db_run(db,
			 "INSERT INTO source (number, uuid_a, uuid_b, organisation, revision, made, enabled, "
			 "by_default, label, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
			 db_number(s->number), db_number(h.a), db_number(h.b), db_number(s->organisation),
			 db_number(s->revision), db_number(s->made_us), db_number(s->enabled),
			 db_number(s->by_default), db_bytes(label->data, label->len),
			 db_string(body->data, body->len));
	if (err == HN_OK)
		err = db_run(db,
			     "INSERT INTO source_state (number, last_run, last_good, next_run, failures, "
			     "error, added_after, next, etag, modified) VALUES ($1, 0, 0, 0, 0, '', '', '', "
			     "'', '')",
			     db_number(s->number));
	if (err == HN_OK)
		err = db_run(
			db,
			"INSERT INTO source_run (number, looks, hub, holding, until, asked, place) VALUES "
			"($1, $2, 0, 0, 0, 0, '')",
			db_number(s->number), db_number(s->kind == SOURCE_DROP));
	if (err == HN_OK)
		err = db_run(db,
			     "INSERT INTO source_use (number, runs, bytes, added, newer, older, same, "
			     "clashed, refused, sightings, hits, day, today) VALUES ($1, 0, 0, 0, 0, 0, 0, "
			     "0, 0, 0, 0, 0, 0)",
			     db_number(s->number));
	return err;
}

static int update(struct db *db, const struct source *s, const struct buf *label, const struct buf *body)
{
	return db_run(db,
		      "UPDATE source SET revision = $2, enabled = $3, by_default = $4, label = $5, body = $6 "
		      "WHERE number = $1",
		      db_number(s->number), db_number(s->revision), db_number(s->enabled),
		      db_number(s->by_default), db_bytes(label->data, label->len),
		      db_string(body->data, body->len));
}

/* Another place has other pages: where the last run stopped says nothing about it. */
static int begin_anew(struct db *db, const struct directory_row *row, const struct buf *body)
{
	json_t *old = NULL;
	json_t *new = NULL;
	int err = json_object_read(row->text.data, row->text.len, &old, NULL);
	if (err == HN_OK)
		err = json_object_read(body->data, body->len, &new, NULL);
	if (err == HN_OK && !(same_member(old, new, "where") && same_member(old, new, "kind") &&
			      same_member(old, new, "collection"))) {
		err = db_run(db,
			     "UPDATE source_state SET added_after = '', next = '', etag = '', modified = '', "
			     "failures = 0 WHERE number = $1",
			     db_number(row->number));
		if (err == HN_OK)
			err = db_run(db, "UPDATE source_run SET place = '' WHERE number = $1",
				     db_number(row->number));
	}
	json_decref(old);
	json_decref(new);
	return err;
}

static int write_row(struct writing *w, struct source *s, const struct directory_row *row,
		     const struct buf *body)
{
	struct db *db = writing_db(w);
	struct buf label;
	buf_init(&label, LABEL_TEXT_MAX);
	label_write(&s->label, &label);
	s->number = row->number;
	s->revision = row->revision + 1;
	s->made_us = writing_now_us(w);
	int err = buf_err(&label);
	if (err == HN_OK && row->number == 0)
		err = number_of(db, "SELECT coalesce(max(number), 0) + $1 FROM source", 1, &s->number);
	if (err == HN_OK)
		err = row->number == 0 ? insert(db, s, &label, body) : update(db, s, &label, body);
	if (err == HN_OK && row->number != 0)
		err = begin_anew(db, row, body);
	if (err == HN_OK && row->number != 0)
		err = db_run(db, "UPDATE source_run SET looks = $2 WHERE number = $1", db_number(s->number),
			     db_number(s->kind == SOURCE_DROP));
	/* One with a schedule begins at once. */
	if (err == HN_OK && s->every_us != 0)
		err = db_run(db, "UPDATE source_state SET next_run = 1 WHERE number = $1 AND next_run = 0",
			     db_number(s->number));
	buf_clear(&label);
	return err;
}

static int put_ok(struct db *db, const struct asker *actor, const struct source *s,
		  const struct directory_row *row, int64_t organisation, int64_t revision,
		  struct fault *fault)
{
	if (row->number != 0 && !manages(actor, organisation))
		return absent(fault);
	if (!manages(actor, s->organisation))
		return not_allowed(fault, "/organisation",
				   "administrators and analysts make sources for their own organisation",
				   "情報源は自組織のものを管理者又は分析担当者が登録する");
	if (row->number != 0 && organisation != s->organisation)
		return fault_set(fault, HN_ESTATE, "/organisation",
				 tr("a source stays with its organisation; make a new one",
				    "情報源の組織は変更できない。新たに登録すること"));
	int err = directory_row_is(row, revision, fault);
	return err == HN_OK ? default_ok(db, s, row->number, fault) : err;
}

int sources_put(struct writing *w, const struct asker *actor, const struct uuid *id, int64_t revision,
		const char *text, size_t len, int64_t *number_out, int64_t *revision_out, struct fault *fault)
{
	struct db *db = writing_db(w);
	struct directory_row row;
	struct source s = {0};
	struct buf body;
	int64_t organisation = 0;
	buf_init(&body, SOURCE_TEXT_MAX);
	int err = find_row(db, id, &row, &organisation);
	if (err == HN_OK)
		err = source_read(db, text, len, id, &s, &body, fault);
	if (err == HN_OK)
		err = put_ok(db, actor, &s, &row, organisation, revision, fault);
	s.number = row.number;
	s.revision = row.revision;
	bool same = err == HN_OK && row.number != 0 && row.text.len == body.len &&
		    memcmp(row.text.data, body.data, body.len) == 0;
	if (err == HN_OK && !same)
		err = write_row(w, &s, &row, &body);
	if (err == HN_OK) {
		if (number_out != NULL)
			*number_out = s.number;
		*revision_out = s.revision;
	}
	buf_clear(&body);
	buf_clear(&row.text);
	return err;
}

static bool fetches(const json_t *body)
{
	const char *kind = json_string_value(json_object_get(body, "kind"));
	bool comes = json_object_get(body, "where") != NULL || (kind != NULL && strcmp(kind, "drop") == 0);
	return comes && !json_is_false(json_object_get(body, "enabled"));
}

/* One that the actor may change. @param fetches_out  whether it is enabled and has a place to fetch from */
static int own_row(struct writing *w, const struct asker *actor, const struct uuid *id, int64_t *number_out,
		   bool *fetches_out, struct fault *fault)
{
	struct directory_row row;
	int64_t organisation = 0;
	json_t *body = NULL;
	int err = find_row(writing_db(w), id, &row, &organisation);
	if (err == HN_OK && (row.number == 0 || !manages(actor, organisation)))
		err = absent(fault);
	if (err == HN_OK)
		err = json_object_read(row.text.data, row.text.len, &body, fault);
	if (err == HN_OK) {
		*number_out = row.number;
		*fetches_out = fetches(body);
	}
	json_decref(body);
	buf_clear(&row.text);
	return err;
}

int sources_put_secret(struct writing *w, const struct asker *actor, const struct uuid *id,
		       const uint8_t *sealed, size_t len, struct fault *fault)
{
	struct db *db = writing_db(w);
	int64_t number = 0;
	bool may_run = false;
	int err = own_row(w, actor, id, &number, &may_run, fault);
	if (err == HN_OK)
		err = db_run(db, "DELETE FROM source_secret WHERE number = $1", db_number(number));
	if (err == HN_OK && len > 0)
		err = db_run(db, "INSERT INTO source_secret (number, sealed) VALUES ($1, $2)",
			     db_number(number), db_bytes(sealed, len));
	return err;
}

int sources_disable(struct writing *w, const struct asker *actor, const struct uuid *id,
		    int64_t *revision_out, struct fault *fault)
{
	struct directory_row row;
	int64_t organisation = 0;
	json_t *body = NULL;
	struct buf text;
	buf_init(&text, SOURCE_TEXT_MAX);
	int err = find_row(writing_db(w), id, &row, &organisation);
	if (err == HN_OK && (row.number == 0 || !manages(actor, organisation)))
		err = absent(fault);
	if (err == HN_OK)
		err = json_object_read(row.text.data, row.text.len, &body, fault);
	if (err == HN_OK && json_object_set_new(body, "enabled", json_false()) != 0)
		err = HN_ENOMEM;
	if (err == HN_OK) {
		json_add(&text, body);
		err = buf_err(&text);
	}
	if (err == HN_OK)
		err = sources_put(w, actor, id, -1, text.data, text.len, NULL, revision_out, fault);
	json_decref(body);
	buf_clear(&row.text);
	buf_clear(&text);
	return err;
}

int sources_run_now(struct writing *w, const struct asker *actor, const struct uuid *id, struct fault *fault)
{
	struct db *db = writing_db(w);
	int64_t number = 0;
	bool may_run = false;
	int err = own_row(w, actor, id, &number, &may_run, fault);
	if (err == HN_OK && !may_run)
		return fault_set(fault, HN_ESTATE, "",
				 tr("the source is disabled, or fetches nothing",
				    "この情報源は停止中であるか、取得を行わない種別である"));
	if (err == HN_OK)
		err = db_run(db, "UPDATE source_state SET next_run = 1 WHERE number = $1", db_number(number));
	return err == HN_OK
		       ? db_run(db, "UPDATE source_run SET asked = 1 WHERE number = $1", db_number(number))
		       : err;
}

/* ---- reading ---- */

/* @param err  of the question, as of db_first() */
static int read_one(struct reader *reader, int err, struct db_rows **rows, struct source *out)
{
	struct source s = {0};
	err = db_first(err, rows);
	if (err != HN_OK)
		return err;
	err = source_of_row(reader_db(reader), *rows, &s);
	if (err == HN_OK)
		*out = s;
	db_rows_end(*rows);
	return err;
}

int sources_find(struct reader *reader, const struct uuid *id, struct source *out)
{
	struct uuid_halves h = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT " SOURCE_COLUMNS " FROM source s WHERE s.uuid_a = $1 AND s.uuid_b = $2",
			   db_number(h.a), db_number(h.b));
	const struct asker *asker = reader_asker(reader);
	err = read_one(reader, err, &rows, out);
	/* Machines and people without such a role hand in by the sources of their own organisation. */
	if (err == HN_OK && !manages(asker, out->organisation) &&
	    (asker->organisation == 0 || asker->organisation != out->organisation))
		err = HN_ENOENT;
	return err;
}

int sources_default(struct reader *reader, struct source *out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT " SOURCE_COLUMNS
			   " FROM source s WHERE s.organisation = $1 AND s.by_default = 1 AND "
			   "s.enabled = 1",
			   db_number(reader_asker(reader)->organisation));
	return read_one(reader, err, &rows, out);
}

int sources_secret(struct reader *reader, int64_t number, struct buf *out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows, "SELECT sealed FROM source_secret WHERE number = $1",
			   db_number(number));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		size_t len;
		const uint8_t *sealed = db_blob(rows, 0, &len);
		buf_add(out, sealed, len);
		more = buf_err(out);
	}
	db_rows_end(rows);
	return more;
}

/* ---- JSON ---- */

static void write_time(struct buf *b, const char *name, int64_t us)
{
	char text[UTC_SIZE];
	if (us <= 1)
		return;
	utc_format(us * 1000, text);
	buf_addf(b, "\"%s\":\"%s\",", name, text);
}

static void write_text(struct buf *b, const char *name, const struct db_rows *rows, unsigned column)
{
	size_t len;
	const char *text = db_text(rows, column, &len);
	if (len == 0)
		return;
	buf_addf(b, "\"%s\":", name);
	buf_json_string(b, text, len);
	buf_addc(b, ',');
}

#define STATE_COLUMNS                                                                                        \
	"s.number, s.revision, s.organisation, s.body, t.last_run, t.last_good, t.next_run, t.failures, "    \
	"t.error, t.added_after, u.runs, u.bytes, u.added, u.newer, u.older, u.same, u.clashed, u.refused, " \
	"u.sightings, u.hits, coalesce((SELECT 1 FROM source_secret c WHERE c.number = s.number), 0), "      \
	"r.until, r.asked, r.place"
#define STATE_TABLES                                                                                         \
	" FROM source s JOIN source_state t ON t.number = s.number JOIN source_use u ON u.number = "         \
	"s.number "                                                                                          \
	"JOIN source_run r ON r.number = s.number "

static void write_use(struct buf *b, const struct db_rows *rows)
{
	static const char *const names[] = {"runs", "bytes",    "new",     "newer",     "older",
					    "same", "conflict", "refused", "sightings", "hits"};
	buf_adds(b, "\"use\":{");
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		buf_addf(b, "%s\"%s\":%" PRId64, i == 0 ? "" : ",", names[i], db_int(rows, 10 + i));
	buf_adds(b, "}}");
}

/* The body without its last bracket, then what the hub knows of it. */
static void write_row_json(struct buf *b, const struct db_rows *rows, int64_t now_us)
{
	size_t len;
	const char *body = db_text(rows, 3, &len);
	buf_add(b, body, len > 0 ? len - 1 : 0);
	buf_addf(b, ",\"has_credential\":%s,\"state\":{", db_int(rows, 20) != 0 ? "true" : "false");
	write_time(b, "last_run", db_int(rows, 4));
	write_time(b, "last_success", db_int(rows, 5));
	write_time(b, "next_run", db_int(rows, 6));
	write_text(b, "error", rows, 8);
	write_text(b, "added_after", rows, 9);
	write_text(b, "collection_url", rows, 23);
	buf_addf(b, "\"running\":%s,\"asked\":%s,", db_int(rows, 21) > now_us ? "true" : "false",
		 db_int(rows, 22) != 0 ? "true" : "false");
	buf_addf(b, "\"failures\":%" PRId64 "},", db_int(rows, 7));
	write_use(b, rows);
}

int sources_get(struct reader *reader, const struct uuid *id, struct buf *out, int64_t *revision_out)
{
	struct uuid_halves h = uuid_halves(id);
	struct db_rows *rows;
	int64_t now_us = 0;
	int err = source_clock(reader_db(reader), &now_us);
	if (err != HN_OK)
		return err;
	err = db_query(reader_db(reader), &rows,
		       "SELECT " STATE_COLUMNS STATE_TABLES "WHERE s.uuid_a = $1 AND s.uuid_b = $2",
		       db_number(h.a), db_number(h.b));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	err = more < 0                                                       ? more
	      : more == 0 || !manages(reader_asker(reader), db_int(rows, 2)) ? HN_ENOENT
									     : HN_OK;
	if (err == HN_OK) {
		write_row_json(out, rows, now_us);
		*revision_out = db_int(rows, 1);
		err = buf_err(out);
	}
	db_rows_end(rows);
	return err;
}

int sources_list(struct reader *reader, int64_t after, size_t limit, struct buf *out, int64_t *last_out,
		 bool *more_out)
{
	const struct asker *asker = reader_asker(reader);
	bool all = manages(asker, 0) || (asker->kind == ORG_CENTRE && manages(asker, asker->organisation));
	struct db_rows *rows;
	*more_out = false;
	if (!all && !manages(asker, asker->organisation))
		return HN_OK;
	int64_t now_us = 0;
	int err = source_clock(reader_db(reader), &now_us);
	if (err == HN_OK)
		err = db_query(
			reader_db(reader), &rows,
			"SELECT " STATE_COLUMNS STATE_TABLES
			"WHERE s.number > $1 AND (s.organisation = $2 OR $3 = 1) ORDER BY s.number LIMIT $4",
			db_number(after), db_number(asker->organisation), db_number(all),
			db_number((int64_t)limit + 1));
	if (err != HN_OK)
		return err;
	int more = 0;
	for (size_t n = 0; (more = db_next(rows)) == 1; n++) {
		if (n == limit) {
			*more_out = true;
			break;
		}
		if (n > 0)
			buf_addc(out, ',');
		write_row_json(out, rows, now_us);
		*last_out = db_int(rows, 0);
	}
	db_rows_end(rows);
	return more < 0 ? more : buf_err(out);
}

/* ---- use ---- */

/* The quota of a day, and what is used of it. */
static int quota_ok(struct writing *w, int64_t number, uint64_t objects)
{
	struct db *db = writing_db(w);
	struct db_rows *rows;
	int64_t day = writing_now_us(w) / DAY_US;
	uint64_t used = 0;
	struct source s = {0};
	int err = db_query(db, &rows,
			   "SELECT " SOURCE_COLUMNS
			   ", u.day, u.today FROM source s JOIN source_use u ON u.number = s.number "
			   "WHERE s.number = $1",
			   db_number(number));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	err = more == 1 ? source_of_row(db, rows, &s) : more == 0 ? HN_ENOENT : more;
	if (err == HN_OK && db_int(rows, 8) == day)
		used = (uint64_t)db_int(rows, 9);
	db_rows_end(rows);
	if (err != HN_OK)
		return err;
	if (s.objects_day != 0 && (used > s.objects_day || objects > s.objects_day - used))
		return HN_ELIMIT;
	return db_run(db, "UPDATE source_use SET day = $2, today = $3 WHERE number = $1", db_number(number),
		      db_number(day), db_number((int64_t)(used + objects)));
}

int sources_count(struct writing *w, int64_t number, const struct source_use *add)
{
	uint64_t objects = 0;
	for (size_t i = 0; i < OBJECT_OUTCOMES; i++)
		objects += add->outcomes[i];
	int err = objects > 0 ? quota_ok(w, number, objects) : HN_OK;
	if (err != HN_OK)
		return err;
	return db_run(writing_db(w),
		      "UPDATE source_use SET runs = runs + $2, bytes = bytes + $3, added = added + $4, "
		      "newer = newer + $5, older = older + $6, same = same + $7, clashed = clashed + $8, "
		      "refused = refused + $9, sightings = sightings + $10, hits = hits + $11 "
		      "WHERE number = $1",
		      db_number(number), db_number((int64_t)add->runs), db_number((int64_t)add->bytes),
		      db_number((int64_t)add->outcomes[OBJECT_NEW]),
		      db_number((int64_t)add->outcomes[OBJECT_NEWER]),
		      db_number((int64_t)add->outcomes[OBJECT_OLDER]),
		      db_number((int64_t)add->outcomes[OBJECT_SAME]),
		      db_number((int64_t)add->outcomes[OBJECT_CONFLICT]), db_number((int64_t)add->refused),
		      db_number((int64_t)add->sightings), db_number((int64_t)add->hits));
}
