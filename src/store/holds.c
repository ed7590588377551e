/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/holds.h"

#include "store/asker.h"
#include "store/db_row.h"
#include "store/hold_inside.h"
#include "store/object_inside.h"

#define COLUMNS                                                                                              \
	"h.number, h.uuid_a, h.uuid_b, h.revision, h.organisation, o.uuid_a, o.uuid_b, h.person_a, "         \
	"h.person_b, h.value, h.reason, h.contact, h.made, h.until, h.released, h.label"
#define FROM " FROM hold h LEFT JOIN organisation o ON o.number = h.organisation "

struct telling {
	hold_fn fn;
	void *context;
};

static int tell(const struct db_rows *rows, void *context)
{
	const struct telling *t = context;
	const struct hold h = {
		.number = db_int(rows, 0),
		.id = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.revision = db_int(rows, 3),
		.organisation = db_int(rows, 4),
		.organisation_id = uuid_of_halves(db_int(rows, 5), db_int(rows, 6)),
		.person = uuid_of_halves(db_int(rows, 7), db_int(rows, 8)),
		.value = db_text_or_empty(rows, 9),
		.reason = db_text_or_empty(rows, 10),
		.contact = db_text_or_empty(rows, 11),
		.made_us = db_int(rows, 12),
		.until_us = db_int(rows, 13),
		.released_us = db_int(rows, 14),
		.label = db_int(rows, 15),
	};
	return t->fn(t->context, &h);
}

int holds_get(struct reader *reader, const struct uuid *id, hold_fn fn, void *context)
{
	struct uuid_halves u = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT " COLUMNS FROM "WHERE h.uuid_a = $1 AND h.uuid_b = $2 AND SEES(h.label)",
			   db_number(u.a), db_number(u.b));
	return db_one(err, &rows, tell, &(struct telling){fn, context});
}

int holds_list(struct reader *reader, int64_t after, bool all, int64_t now_us, size_t limit, hold_fn fn,
	       void *context, bool *more_out)
{
	struct db_rows *rows;
	int err =
		db_query(reader_db(reader), &rows,
			 "SELECT " COLUMNS FROM
			 "WHERE h.number > $1 AND SEES(h.label) AND ($2 = 1 OR (h.released = 0 AND h.until "
			 "> $3)) ORDER BY h.number LIMIT $4",
			 db_number(after), db_number(all), db_number(now_us), db_number((int64_t)limit + 1));
	return db_page(err, &rows, limit, tell, &(struct telling){fn, context}, more_out);
}

/* ---- changes ---- */

static int add_key(struct db *db, int64_t hold, const struct value_key *key, bool host)
{
	unsigned family = 0, length = 0;
	(void)value_key_is_address(key, &family, &length);
	return db_run(db,
		      "INSERT INTO hold_key (key, hold, host, family, length) VALUES ($1, $2, $3, $4, $5)",
		      db_bytes(key->bytes, key->len), db_number(hold), db_number(host), db_number(family),
		      db_number(length));
}

static int add_keys(struct db *db, int64_t hold, const struct entry_key *key)
{
	struct value_key k;
	struct canonical host;
	value_key_of_entry(key, &k);
	int err = add_key(db, hold, &k, false);
	if (err == HN_OK && hold_host(key, &host)) {
		value_key_of_entry(&host.key, &k);
		err = add_key(db, hold, &k, true);
	}
	return err;
}

int holds_add(struct writing *w, const struct hold_new *h)
{
	int64_t number = writing_next_seq(w);
	struct uuid_halves id = uuid_halves(&h->id), person = uuid_halves(&h->person);
	struct buf value;
	buf_init(&value, HOLD_VALUE_MAX);
	canonical_format(h->key, &value);
	int err = buf_err(&value);
	if (err == HN_OK)
		err = db_run(
			writing_db(w),
			"INSERT INTO hold (number, uuid_a, uuid_b, revision, organisation, person_a, "
			"person_b, value, reason, contact, made, until, released, label) VALUES ($1, $2, "
			"$3, $1, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12)",
			db_number(number), db_number(id.a), db_number(id.b), db_number(h->organisation),
			db_number(person.a), db_number(person.b), db_string(value.data, value.len),
			db_text_value(h->reason), db_text_value(h->contact), db_number(writing_now_us(w)),
			db_number(h->until_us), db_number(h->label));
	if (err == HN_OK)
		err = add_keys(writing_db(w), number, h->key);
	buf_clear(&value);
	return err;
}

/* The hold that its holder would change. */
static int find_own(struct writing *w, int64_t organisation, const struct uuid *id, int64_t revision,
		    int64_t *number_out)
{
	struct uuid_halves u = uuid_halves(id);
	struct db_rows *rows;
	int err =
		db_query(writing_db(w), &rows,
			 "SELECT number, revision, released FROM hold WHERE uuid_a = $1 AND uuid_b = $2 AND "
			 "organisation = $3",
			 db_number(u.a), db_number(u.b), db_number(organisation));
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	*number_out = db_int(rows, 0);
	if (db_int(rows, 2) != 0 || (revision >= 0 && revision != db_int(rows, 1)))
		err = HN_ESTATE;
	db_rows_end(rows);
	return err;
}

int holds_change(struct writing *w, const struct hold_new *h, int64_t revision)
{
	int64_t number;
	int err = find_own(w, h->organisation, &h->id, revision, &number);
	if (err != HN_OK)
		return err;
	return db_run(
		writing_db(w),
		"UPDATE hold SET revision = $2, reason = $3, contact = $4, until = $5, label = $6 WHERE "
		"number = $1",
		db_number(number), db_number(writing_next_seq(w)), db_text_value(h->reason),
		db_text_value(h->contact), db_number(h->until_us), db_number(h->label));
}

int holds_release(struct writing *w, int64_t organisation, const struct uuid *id, int64_t revision)
{
	int64_t number;
	int err = find_own(w, organisation, id, revision, &number);
	if (err == HN_OK)
		err = db_run(writing_db(w), "UPDATE hold SET revision = $2, released = $3 WHERE number = $1",
			     db_number(number), db_number(writing_next_seq(w)), db_number(writing_now_us(w)));
	if (err == HN_OK)
		err = db_run(writing_db(w), "DELETE FROM hold_key WHERE hold = $1", db_number(number));
	return err;
}

/* ---- questions ---- */

struct asking {
	hold_question_fn fn;
	void *context;
};

static int tell_question(const struct db_rows *rows, void *context)
{
	const struct asking *a = context;
	const struct hold_question q = {
		.number = db_int(rows, 0),
		.made_us = db_int(rows, 1),
		.organisation = uuid_of_halves(db_int(rows, 2), db_int(rows, 3)),
		.approval = db_int(rows, 4) != 0,
	};
	return a->fn(a->context, &q);
}

int holds_questions(struct reader *reader, const struct uuid *id, int64_t before, size_t limit,
		    hold_question_fn fn, void *context, bool *more_out)
{
	struct uuid_halves u = uuid_halves(id);
	const int64_t own = reader_asker(reader)->organisation;
	struct db *db = reader_db(reader);
	struct db_rows *rows;
	int err = db_query(db, &rows,
			   "SELECT number FROM hold WHERE uuid_a = $1 AND uuid_b = $2 AND organisation = $3",
			   db_number(u.a), db_number(u.b), db_number(own));
	int64_t hold = 0;
	err = db_one_number(err, &rows, &hold);
	if (err != HN_OK || own == 0)
		return err == HN_OK ? HN_ENOENT : err;
	err = db_query(
		db, &rows,
		"SELECT q.number, q.made, o.uuid_a, o.uuid_b, q.approval FROM hold_question q LEFT JOIN "
		"organisation o ON o.number = q.organisation WHERE q.hold = $1 AND ($2 = 0 OR q.number "
		"< $2) ORDER BY q.number DESC LIMIT $3",
		db_number(hold), db_number(before), db_number((int64_t)limit + 1));
	return db_page(err, &rows, limit, tell_question, &(struct asking){fn, context}, more_out);
}
