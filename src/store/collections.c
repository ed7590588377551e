/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/collections.h"

#include <string.h>

#include "stix/object.h"
#include "store/db_row.h"
#include "store/labels.h"
#include "store/object_inside.h"
#include "store/types.h"

#define COLUMNS                                                                                              \
	"number, uuid_a, uuid_b, kind, alias, title, description, "                                          \
	"CASE WHEN SEES(read_label) THEN 1 ELSE 0 END, CASE WHEN SEES(write_label) THEN 1 ELSE 0 END, "      \
	"read_label, write_label"
#define COLUMNS_ALONE "number, uuid_a, uuid_b, kind, alias, title, description, 0, 0, read_label, write_label"
#define SEEN          "(SEES(read_label) OR SEES(write_label))"

static void copy_text(const struct db_rows *rows, unsigned column, char *out, size_t size)
{
	size_t len;
	const char *text = db_text(rows, column, &len);
	if (len >= size)
		len = size - 1;
	if (len > 0)
		memcpy(out, text, len);
	out[len] = '\0';
}

static void read_row(const struct db_rows *rows, struct collection *out)
{
	out->number = db_int(rows, 0);
	out->uuid = uuid_of_halves(db_int(rows, 1), db_int(rows, 2));
	out->kind = db_int(rows, 3) == COLLECTION_ALL ? COLLECTION_ALL : COLLECTION_STORED;
	copy_text(rows, 4, out->alias, sizeof(out->alias));
	copy_text(rows, 5, out->title, sizeof(out->title));
	copy_text(rows, 6, out->description, sizeof(out->description));
	out->can_read = db_int(rows, 7) != 0;
	out->can_write = db_int(rows, 8) != 0;
	out->read_label = db_int(rows, 9);
	out->write_label = db_int(rows, 10);
}

int collections_list(struct reader *reader, collection_fn fn, void *context)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT " COLUMNS " FROM collection WHERE " SEEN " ORDER BY number");
	if (err != HN_OK)
		return err;
	int more;
	while (err == HN_OK && (more = db_next(rows)) != 0) {
		struct collection c;
		if (more > 0) {
			read_row(rows, &c);
			err = fn(context, &c);
		} else {
			err = more;
		}
	}
	db_rows_end(rows);
	return err;
}

int collections_find(struct reader *reader, const char *name, size_t len, struct collection *out)
{
	struct db *db = reader_db(reader);
	struct db_rows *rows;
	struct uuid uuid;
	int err;
	if (uuid_parse(name, len, &uuid) == HN_OK) {
		struct uuid_halves h = uuid_halves(&uuid);
		err = db_query(db, &rows,
			       "SELECT " COLUMNS
			       " FROM collection WHERE uuid_a = $1 AND uuid_b = $2 AND " SEEN,
			       db_number(h.a), db_number(h.b));
	} else {
		err = db_query(db, &rows, "SELECT " COLUMNS " FROM collection WHERE alias = $1 AND " SEEN,
			       db_string(name, len));
	}
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	read_row(rows, out);
	db_rows_end(rows);
	return HN_OK;
}

static bool alias_ok(const char *alias)
{
	size_t len = strlen(alias);
	return len > 0 && len <= COLLECTION_ALIAS_MAX &&
	       strspn(alias, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static int check_texts(const struct collection_new *c)
{
	if (c->alias != NULL && !alias_ok(c->alias))
		return HN_EFORMAT;
	if (strlen(c->title) > COLLECTION_TEXT_MAX ||
	    (c->description != NULL && strlen(c->description) > COLLECTION_TEXT_MAX))
		return HN_ELIMIT;
	return HN_OK;
}

int collections_add(struct writing *w, const struct collection_new *c, int64_t *number_out)
{
	int err = check_texts(c);
	if (err != HN_OK)
		return err;
	struct uuid_halves h = uuid_halves(&c->uuid);
	struct db_rows *rows;
	err = db_query(writing_db(w), &rows,
		       "INSERT INTO collection (number, uuid_a, uuid_b, kind, alias, title, description, "
		       "read_label, "
		       "write_label) SELECT coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8 "
		       "FROM collection WHERE true RETURNING number",
		       db_number(h.a), db_number(h.b), db_number(c->kind), db_text_value(c->alias),
		       db_text_value(c->title), db_text_value(c->description), db_number(c->read_label),
		       db_number(c->write_label));
	return db_one_number(err, &rows, number_out);
}

int collections_read(struct writing *w, const struct uuid *uuid, struct collection *out)
{
	struct uuid_halves h = uuid_halves(uuid);
	struct db_rows *rows;
	int err = db_query(writing_db(w), &rows,
			   "SELECT " COLUMNS_ALONE " FROM collection WHERE uuid_a = $1 AND uuid_b = $2",
			   db_number(h.a), db_number(h.b));
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	read_row(rows, out);
	db_rows_end(rows);
	return HN_OK;
}

int collections_change(struct writing *w, int64_t number, const struct collection_new *c)
{
	int err = check_texts(c);
	if (err != HN_OK)
		return err;
	return db_run(writing_db(w),
		      "UPDATE collection SET alias = $2, title = $3, description = $4, read_label = $5, "
		      "write_label = $6 WHERE number = $1",
		      db_number(number), db_text_value(c->alias), db_text_value(c->title),
		      db_text_value(c->description), db_number(c->read_label), db_number(c->write_label));
}

static int is_there(struct writing *w, const char *alias, bool *out)
{
	struct db_rows *rows;
	int err = db_query(writing_db(w), &rows, "SELECT number FROM collection WHERE alias = $1",
			   db_string(alias, strlen(alias)));
	return db_any(err, &rows, out);
}

int collections_add_first(struct writing *w, int64_t centre)
{
	static const struct {
		const char *alias, *title, *description;
		enum collection_kind kind;
		enum tlp read;
		bool read_by_all, written;
	} first[] = {
		{"all", "Everything you may see", "All objects of this hub that the asker may see.",
		 COLLECTION_ALL, TLP_CLEAR, true, false},
		{"inbox", "Inbox", "Objects that members hand in. Write-only.", COLLECTION_STORED, TLP_CLEAR,
		 false, true},
	};
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		bool there;
		int err = is_there(w, first[i].alias, &there);
		if (err != HN_OK)
			return err;
		if (there)
			continue;
		struct label open;
		label_init(&open, centre);
		struct collection_new c = {.uuid = uuid_v4(),
					   .kind = first[i].kind,
					   .alias = first[i].alias,
					   .title = first[i].title,
					   .description = first[i].description};
		open.tlp = TLP_CLEAR;
		if (first[i].read_by_all)
			err = labels_number(w, &open, &c.read_label);
		open.tlp = TLP_GREEN;
		if (err == HN_OK && first[i].written)
			err = labels_number(w, &open, &c.write_label);
		int64_t number;
		if (err == HN_OK)
			err = collections_add(w, &c, &number);
		if (err != HN_OK)
			return err;
	}
	return HN_OK;
}

int collections_remove(struct writing *w, int64_t collection, const struct stix_id *id, int64_t owner,
		       int64_t version)
{
	int64_t type;
	int err = types_number(writing_types(w), w, id->type, id->type_len, &type);
	if (err != HN_OK)
		return err;
	struct uuid_halves h = uuid_halves(&id->uuid);
	const struct db_value values[] = {db_number(collection),
					  db_number(h.a),
					  db_number(h.b),
					  db_number(type),
					  db_number(owner),
					  db_number(version),
					  db_number(version != STIX_NO_TIME)};
	uint64_t changed = 0;
	err = db_run_values(
		writing_db(w),
		"DELETE FROM collected WHERE collection = $1 AND seq IN (SELECT v.seq FROM object o "
		"JOIN version v ON v.object = o.number WHERE o.uuid_a = $2 AND o.uuid_b = $3 AND o.type = $4 "
		"AND o.owner = $5 AND ($7 = 0 OR v.modified = $6))",
		values, sizeof(values) / sizeof(values[0]), &changed);
	return err != HN_OK ? err : changed == 0 ? HN_ENOENT : HN_OK;
}
