/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/set_files.h"

#include <string.h>

#include "store/approvals.h"
#include "store/db.h"
#include "store/object_inside.h"

#define FORMER_PLACE 64 /* files from this place on are those of the former base */

#define STANDING "number, uuid_a, uuid_b, change, head_change, version, expires, action"

static void read_standing(const struct db_rows *rows, struct set_standing *s)
{
	*s = (struct set_standing){
		.number = db_int(rows, 0),
		.id = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.change = db_int(rows, 3),
		.head_change = db_int(rows, 4),
		.version = db_int(rows, 5),
		.expires_us = db_int(rows, 6),
		.action = (enum set_action)db_int(rows, 7),
	};
}

static int read_files(struct db *db, struct set_standing *s)
{
	struct db_rows *rows;
	int more = 0;
	int err = db_query(db, &rows,
			   "SELECT digest, size, change, place FROM set_file WHERE feed_set = $1 AND "
			   "dropped = 0 ORDER BY place",
			   db_number(s->number));
	if (err != HN_OK)
		return err;
	while ((more = db_next(rows)) == 1) {
		size_t len;
		const uint8_t *digest = db_blob(rows, 0, &len);
		bool former = db_int(rows, 3) >= FORMER_PLACE;
		size_t *count = former ? &s->former_count : &s->file_count;
		struct set_file *f = former ? &s->former[*count] : &s->files[*count];
		if (len != sizeof(f->digest) || *count == SET_FILES_MAX)
			continue;
		memcpy(f->digest, digest, len);
		f->size = db_int(rows, 1);
		f->change = db_int(rows, 2);
		(*count)++;
	}
	db_rows_end(rows);
	return more < 0 ? more : HN_OK;
}

int set_files_standing(struct reader *reader, int64_t expires_before_us, bool all,
		       int (*fn)(void *context, const struct set_standing *s), void *context)
{
	struct db *db = reader_db(reader);
	struct db_rows *rows;
	int more = 0;
	int err = db_query(db, &rows,
			   "SELECT " STANDING " FROM feed_set WHERE $2 = 1 OR version = 0 OR change > "
			   "head_change OR expires < $1 ORDER BY number",
			   db_number(expires_before_us), db_number(all));
	if (err != HN_OK)
		return err;
	while (err == HN_OK && (more = db_next(rows)) == 1) {
		struct set_standing s;
		read_standing(rows, &s);
		err = read_files(db, &s);
		if (err == HN_OK)
			err = fn(context, &s);
	}
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

int set_files_get(struct db *db, int64_t set, struct set_standing *out)
{
	struct db_rows *rows;
	int err = db_query(db, &rows, "SELECT " STANDING " FROM feed_set WHERE number = $1", db_number(set));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		read_standing(rows, out);
	db_rows_end(rows);
	return more == 1 ? read_files(db, out) : more < 0 ? more : HN_ENOENT;
}

/* ---- entries ---- */

static const char *text_or_null(const struct db_rows *rows, unsigned column)
{
	size_t len;
	return db_is_null(rows, column) ? NULL : db_text(rows, column, &len);
}

#define ENTRY "e.object, e.act, e.marking, e.phase, e.valid_from, e.valid_until, e.confidence"

static int tell_entries(struct db_rows *rows, bool gone_too, size_t limit, set_change_fn fn, void *context)
{
	int more = 0, err = HN_OK;
	while (err == HN_OK && limit-- > 0 && (more = db_next(rows)) == 1) {
		size_t len;
		const uint8_t *data = db_blob(rows, 1, &len);
		const struct entry_key key = {(enum entry_kind)db_int(rows, 0), (uint16_t)len, data};
		const struct entry_meta meta = {
			.object = text_or_null(rows, 2),
			.act = text_or_null(rows, 3),
			.marking = text_or_null(rows, 4),
			.phase = text_or_null(rows, 5),
			.valid_from_ns = db_int(rows, 6),
			.valid_until_ns = db_int(rows, 7),
			.confidence = (uint8_t)db_int(rows, 8),
		};
		err = fn(context, &key, gone_too && meta.object == NULL ? NULL : &meta);
	}
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

int set_files_changes(struct reader *reader, int64_t set, int64_t after, int64_t upto, set_change_fn fn,
		      void *context)
{
	struct db_rows *rows;
	int err =
		db_query(reader_db(reader), &rows,
			 "SELECT c.kind, c.key, " ENTRY
			 " FROM (SELECT DISTINCT kind, key FROM set_change WHERE feed_set = $1 AND change > "
			 "$2 AND change <= $3) c LEFT JOIN set_entry e ON e.feed_set = $1 AND e.key = c.key "
			 "AND e.kind = c.kind AND e.live = 1",
			 db_number(set), db_number(after), db_number(upto));
	return err == HN_OK ? tell_entries(rows, true, SIZE_MAX, fn, context) : err;
}

int set_files_entries(struct reader *reader, int64_t set, set_change_fn fn, void *context)
{
	struct db_rows *rows;
	int err =
		db_query(reader_db(reader), &rows,
			 "SELECT e.kind, e.key, " ENTRY " FROM set_entry e WHERE e.feed_set = $1 AND e.live "
			 "= 1",
			 db_number(set));
	return err == HN_OK ? tell_entries(rows, false, SIZE_MAX, fn, context) : err;
}

int approvals_entries(struct db *db, int64_t approval, size_t limit, approval_entry_fn fn, void *context)
{
	struct db_rows *rows;
	int err = db_query(db, &rows,
			   "SELECT e.kind, e.key, " ENTRY " FROM set_entry e WHERE e.approval = $1 ORDER BY "
			   "e.place",
			   db_number(approval));
	return err == HN_OK ? tell_entries(rows, false, limit, fn, context) : err;
}

/* ---- heads ---- */

static int put_file(struct writing *w, int64_t set, int64_t place, const struct set_file *f)
{
	return db_run(writing_db(w),
		      "INSERT INTO set_file (feed_set, digest, place, size, change, dropped) VALUES ($1, $2, "
		      "$3, $4, $5, 0) ON CONFLICT (feed_set, digest) DO UPDATE SET place = $3, change = $5, "
		      "dropped = 0",
		      db_number(set), db_bytes(f->digest, sizeof(f->digest)), db_number(place),
		      db_number(f->size), db_number(f->change));
}

int set_files_publish(struct writing *w, const struct set_standing *s, int64_t was, const char *head,
		      size_t head_len)
{
	struct db *db = writing_db(w);
	uint64_t changed = 0;
	const struct db_value values[] = {db_number(s->number),     db_number(was),
					  db_number(s->version),    db_number(s->head_change),
					  db_number(s->expires_us), db_string(head, head_len)};
	int err = db_run_values(db,
				"UPDATE feed_set SET version = $3, head_change = $4, expires = $5, head = $6 "
				"WHERE number = $1 AND version = $2",
				values, sizeof(values) / sizeof(values[0]), &changed);
	if (err != HN_OK || changed == 0)
		return err != HN_OK ? err : HN_ESTATE;
	err = db_run(db, "UPDATE set_file SET dropped = $2 WHERE feed_set = $1 AND dropped = 0",
		     db_number(s->number), db_number(writing_now_us(w)));
	for (size_t i = 0; err == HN_OK && i < s->file_count; i++)
		err = put_file(w, s->number, (int64_t)i, &s->files[i]);
	for (size_t i = 0; err == HN_OK && i < s->former_count; i++)
		err = put_file(w, s->number, (int64_t)i + FORMER_PLACE, &s->former[i]);
	/* What every base holds needs no telling any more. */
	if (err == HN_OK && s->file_count > 0)
		err = db_run(db, "DELETE FROM set_change WHERE feed_set = $1 AND change <= $2",
			     db_number(s->number),
			     db_number(s->former_count > 0 ? s->former[0].change : s->files[0].change));
	return err;
}

int set_files_find(struct reader *reader, const struct uuid *set, unsigned actions, const uint8_t digest[32],
		   int64_t *size_out, int64_t *label_out)
{
	struct uuid_halves u = {0, 0};
	struct db_rows *rows;
	int64_t wanted[SET_SELECT + 1];
	size_t count = 0;
	if (set != NULL)
		u = uuid_halves(set);
	for (int i = 0; i <= SET_SELECT; i++)
		if (actions == 0 || (actions >> i & 1) != 0)
			wanted[count++] = i;
	int err = db_query(
		reader_db(reader), &rows,
		"SELECT x.size, s.label FROM set_file x JOIN feed_set s ON s.number = x.feed_set WHERE "
		"x.digest = $1 AND ($2 = 0 OR (s.uuid_a = $3 AND s.uuid_b = $4)) AND s.action ANY_OF($5) AND "
		"SEES(s.label) LIMIT 1",
		db_bytes(digest, 32), db_number(set != NULL), db_number(u.a), db_number(u.b),
		db_ints(wanted, count));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		*size_out = db_int(rows, 0);
		*label_out = db_int(rows, 1);
	}
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_ENOENT;
}

int set_files_forget(struct writing *w, int64_t before_us, int (*fn)(void *context, const uint8_t digest[32]),
		     void *context)
{
	struct db_rows *rows;
	int more = 0;
	int err = db_query(writing_db(w), &rows,
			   "DELETE FROM set_file WHERE dropped > 0 AND dropped < $1 RETURNING digest",
			   db_number(before_us));
	if (err != HN_OK)
		return err;
	while (err == HN_OK && (more = db_next(rows)) == 1) {
		size_t len;
		const uint8_t *digest = db_blob(rows, 0, &len);
		if (len == 32)
			err = fn(context, digest);
	}
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

int set_files_known(struct reader *reader, const uint8_t digest[32], bool *out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows, "SELECT size FROM set_file WHERE digest = $1",
			   db_bytes(digest, 32));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	db_rows_end(rows);
	*out = more == 1;
	return more < 0 ? more : HN_OK;
}
