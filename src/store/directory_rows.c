/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/directory_rows.h"

#include <string.h>

#include "base/lang.h"
#include "store/db_row.h"
#include "store/object_inside.h"
#include "store/organisation.h"

/* The statements by thing: literals, since a connection finds prepared ones by their address. */
static int query_row(struct db *db, enum directory_thing thing, const struct uuid *id, struct db_rows **out)
{
	struct uuid_halves h = uuid_halves(id);
	if (thing == DIRECTORY_ORGANISATION)
		return db_query(db, out,
				"SELECT number, revision, body FROM organisation WHERE uuid_a = $1 AND "
				"uuid_b = $2",
				db_number(h.a), db_number(h.b));
	if (thing == DIRECTORY_GROUP)
		return db_query(db, out,
				"SELECT number, revision, body FROM sharing_group WHERE uuid_a = $1 AND "
				"uuid_b = $2",
				db_number(h.a), db_number(h.b));
	return db_query(db, out,
			"SELECT number, revision, body FROM person WHERE uuid_a = $1 AND uuid_b = $2",
			db_number(h.a), db_number(h.b));
}

int directory_row_take(int err, struct db_rows **rows, size_t text_max, struct directory_row *out,
		       int64_t *fourth_out)
{
	size_t len = 0;
	out->number = 0;
	out->revision = 0;
	buf_init(&out->text, text_max);
	err = db_first(err, rows);
	if (err != HN_OK)
		return err == HN_ENOENT ? HN_OK : err;
	const char *text = db_text(*rows, 2, &len);
	out->number = db_int(*rows, 0);
	out->revision = db_int(*rows, 1);
	if (fourth_out != NULL)
		*fourth_out = db_int(*rows, 3);
	buf_add(&out->text, text, len);
	db_rows_end(*rows);
	return buf_err(&out->text);
}

int directory_row_get(struct db *db, enum directory_thing thing, const struct uuid *id,
		      struct directory_row *out)
{
	struct db_rows *rows = NULL;
	int err = query_row(db, thing, id, &rows);
	return directory_row_take(err, &rows, ORGANISATION_TEXT_MAX, out, NULL);
}

int directory_row_note(struct db *db, enum directory_thing thing, int64_t number, int64_t *revision_out)
{
	struct db_rows *rows = NULL;
	int64_t revision = 0;
	int err = db_query(db, &rows, "SELECT COALESCE(MAX(revision), 0) FROM directory_change");
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1)
		revision = db_int(rows, 0) + 1;
	db_rows_end(rows);
	if (err != 1)
		return err == 0 ? HN_EFORMAT : err;
	err = db_run(db, "INSERT INTO directory_change (revision, thing, number) VALUES ($1, $2, $3)",
		     db_number(revision), db_number(thing), db_number(number == 0 ? revision : number));
	if (err == HN_OK)
		*revision_out = revision;
	return err;
}

static int insert(struct db *db, enum directory_thing thing, const struct uuid *id, int64_t number,
		  const char *text, size_t len)
{
	struct uuid_halves h = uuid_halves(id);
	if (thing == DIRECTORY_ORGANISATION)
		return db_run(db,
			      "INSERT INTO organisation (number, uuid_a, uuid_b, revision, body) VALUES ($1, "
			      "$2, $3, $1, $4)",
			      db_number(number), db_number(h.a), db_number(h.b), db_string(text, len));
	return db_run(
		db,
		"INSERT INTO sharing_group (number, uuid_a, uuid_b, revision, body) VALUES ($1, $2, $3, "
		"$1, $4)",
		db_number(number), db_number(h.a), db_number(h.b), db_string(text, len));
}

static int update(struct db *db, enum directory_thing thing, int64_t number, int64_t revision,
		  const char *text, size_t len)
{
	if (thing == DIRECTORY_ORGANISATION)
		return db_run(db, "UPDATE organisation SET revision = $2, body = $3 WHERE number = $1",
			      db_number(number), db_number(revision), db_string(text, len));
	return db_run(db, "UPDATE sharing_group SET revision = $2, body = $3 WHERE number = $1",
		      db_number(number), db_number(revision), db_string(text, len));
}

int directory_row_put(struct db *db, enum directory_thing thing, const struct uuid *id,
		      struct directory_row *row, const char *text, size_t len)
{
	int64_t revision = 0;
	if (row->number != 0 && row->text.len == len && memcmp(row->text.data, text, len) == 0)
		return HN_OK;
	int err = directory_row_note(db, thing, row->number, &revision);
	if (err != HN_OK)
		return err;
	err = row->number == 0 ? insert(db, thing, id, revision, text, len)
			       : update(db, thing, row->number, revision, text, len);
	if (err != HN_OK)
		return err;
	if (row->number == 0)
		row->number = revision;
	row->revision = revision;
	return HN_OK;
}

int directory_row_number(struct db *db, enum directory_thing thing, const struct uuid *id, const char *place,
			 int64_t *out, struct fault *fault)
{
	struct directory_row row;
	char text[UUID_TEXT_SIZE];
	int err = directory_row_get(db, thing, id, &row);
	int64_t number = row.number;
	buf_clear(&row.text);
	if (err != HN_OK)
		return err;
	if (number == 0) {
		uuid_format(id, text);
		return fault_set(fault, HN_ENOENT, place,
				 tr("names %s, which is not there", "にある%sは登録されていない"), text);
	}
	if (out != NULL)
		*out = number;
	return HN_OK;
}

int directory_row_is(const struct directory_row *row, int64_t revision, struct fault *fault)
{
	if (revision < 0 || (revision == 0 && row->number == 0) ||
	    (revision > 0 && row->number != 0 && row->revision == revision))
		return HN_OK;
	if (revision == 0)
		return fault_set(fault, HN_EEXIST, "", tr("is there already", "は既に登録されている"));
	return fault_set(
		fault, HN_ESTATE, "",
		tr("was changed by somebody since; read it again", "はその後変更されている。読み直すこと"));
}

bool same_member(const json_t *a, const json_t *b, const char *name)
{
	const json_t *x = json_object_get(a, name);
	const json_t *y = json_object_get(b, name);
	return x == y || (x != NULL && y != NULL && json_equal(x, y) != 0);
}

int not_allowed(struct fault *fault, const char *place, const char *en, const char *ja)
{
	return fault_set(fault, HN_EAUTH, place, "%s", lang_get() == LANG_JA ? ja : en);
}

bool administers_centre(const struct asker *actor)
{
	return actor->hub || (actor->organisation != 0 && actor->kind == ORG_CENTRE &&
			      (actor->roles & ROLE_ADMINISTRATOR) != 0);
}

bool administers(const struct asker *actor, int64_t organisation)
{
	return administers_centre(actor) ||
	       (actor->organisation != 0 && actor->organisation == organisation &&
		(actor->roles & ROLE_ADMINISTRATOR) != 0);
}

int credential_of_row(const struct db_rows *rows, struct credential *out)
{
	size_t title = 0;
	size_t prefix = 0;
	size_t secret = 0;
	const char *title_text = db_text(rows, 15, &title);
	const char *prefix_text = db_text(rows, 16, &prefix);
	const uint8_t *secret_bytes = db_blob(rows, 17, &secret);
	if (title > CREDENTIAL_TITLE_MAX || prefix > CREDENTIAL_PREFIX_MAX || secret > CREDENTIAL_SECRET_MAX)
		return HN_EFORMAT;
	*out = (struct credential){
		.number = db_int(rows, 0),
		.id = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.kind = (enum credential_kind)db_int(rows, 3),
		.person = db_int(rows, 4),
		.organisation = db_int(rows, 5),
		.scopes = (unsigned)db_int(rows, 6),
		.use = (enum credential_use)db_int(rows, 7),
		.purposes = (unsigned)db_int(rows, 8),
		.tlp_max = (enum tlp)db_int(rows, 9),
		.session = db_int(rows, 10) != 0,
		.created_us = db_int(rows, 11),
		.expires_us = db_int(rows, 12),
		.step = db_int(rows, 13),
		.revision = db_int(rows, 14),
		.secret_len = secret,
	};
	if (title > 0)
		memcpy(out->title, title_text, title);
	if (prefix > 0)
		memcpy(out->prefix, prefix_text, prefix);
	if (secret > 0)
		memcpy(out->secret, secret_bytes, secret);
	return HN_OK;
}
