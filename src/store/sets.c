/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/sets.h"

#include <string.h>

#include "store/db_row.h"
#include "store/object_inside.h"

static const struct {
	const char *name;
	unsigned persons;
} actions[] = {[SET_WATCH] = {"watch", 1}, [SET_BLOCK] = {"block", 2}, [SET_SELECT] = {"select", 2}};

unsigned set_persons_least(enum set_action action)
{
	return actions[action].persons;
}

const char *set_action_name(enum set_action action)
{
	return actions[action].name;
}

int set_action_value(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strlen(actions[i].name) == len && memcmp(actions[i].name, word, len) == 0)
			return (int)i;
	return -1;
}

static int read_persons(enum set_action action, unsigned asked, unsigned *out)
{
	*out = asked == 0 ? set_persons_least(action) : asked;
	return *out < set_persons_least(action) || *out > SET_PERSONS_MAX ? HN_EFORMAT : HN_OK;
}

int sets_add(struct writing *w, const struct set_new *s)
{
	struct uuid_halves id = uuid_halves(&s->id);
	unsigned persons;
	int err = read_persons(s->action, s->persons, &persons);
	if (err != HN_OK)
		return err;
	return db_run(
		writing_db(w),
		"INSERT INTO feed_set (number, uuid_a, uuid_b, revision, organisation, name_en, "
		"name_ja, action, persons, label, made, change, entries, version, head_change, expires, "
		"head) VALUES ($1, $2, $3, $1, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, 0, 0, '')",
		db_number(writing_next_seq(w)), db_number(id.a), db_number(id.b), db_number(s->organisation),
		db_text_value(s->name_en), db_text_value(s->name_ja), db_number(s->action),
		db_number(persons), db_number(s->label), db_number(writing_now_us(w)));
}

int sets_change(struct writing *w, const struct set_new *s, int64_t revision)
{
	struct uuid_halves id = uuid_halves(&s->id);
	struct db_rows *rows;
	int err = db_query(writing_db(w), &rows,
			   "SELECT number, revision, action FROM feed_set WHERE uuid_a = $1 AND uuid_b = $2 "
			   "AND organisation = $3",
			   db_number(id.a), db_number(id.b), db_number(s->organisation));
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	int64_t number = db_int(rows, 0);
	bool changed = revision >= 0 && db_int(rows, 1) != revision;
	enum set_action action = (enum set_action)db_int(rows, 2);
	db_rows_end(rows);
	if (changed)
		return HN_ESTATE;
	unsigned persons;
	err = read_persons(action, s->persons, &persons);
	if (err != HN_OK)
		return err;
	return db_run(writing_db(w),
		      "UPDATE feed_set SET revision = $2, name_en = $3, name_ja = $4, persons = $5, label = "
		      "CASE WHEN $6 > 0 THEN $6 ELSE label END WHERE number = $1",
		      db_number(number), db_number(writing_next_seq(w)), db_text_value(s->name_en),
		      db_text_value(s->name_ja), db_number(persons), db_number(s->label));
}

/* ---- reading ---- */

int sets_read(struct store *store, const struct asker *asker, struct reader **out)
{
	struct asker own = *asker;
	own.sets_only = false;
	return store_read(store, &own, out);
}

#define COLUMNS                                                                                              \
	"s.number, s.uuid_a, s.uuid_b, s.revision, s.organisation, o.uuid_a, o.uuid_b, s.name_en, "          \
	"s.name_ja, s.action, s.persons, s.label, s.made, s.change, s.entries, s.version, s.head_change, "   \
	"s.expires, s.head"
#define FROM " FROM feed_set s LEFT JOIN organisation o ON o.number = s.organisation "

struct telling {
	set_fn fn;
	void *context;
};

static int tell(const struct db_rows *rows, void *context)
{
	const struct telling *t = context;
	const struct set_row s = {
		.number = db_int(rows, 0),
		.id = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.revision = db_int(rows, 3),
		.organisation = db_int(rows, 4),
		.organisation_id = uuid_of_halves(db_int(rows, 5), db_int(rows, 6)),
		.name_en = db_text_or_empty(rows, 7),
		.name_ja = db_text_or_empty(rows, 8),
		.action = (enum set_action)db_int(rows, 9),
		.persons = (unsigned)db_int(rows, 10),
		.label = db_int(rows, 11),
		.made_us = db_int(rows, 12),
		.change = db_int(rows, 13),
		.entries = db_int(rows, 14),
		.version = db_int(rows, 15),
		.head_change = db_int(rows, 16),
		.expires_us = db_int(rows, 17),
		.head = db_text_or_empty(rows, 18),
	};
	return t->fn(t->context, &s);
}

int sets_get(struct reader *reader, const struct uuid *id, set_fn fn, void *context)
{
	struct uuid_halves u = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT " COLUMNS FROM "WHERE s.uuid_a = $1 AND s.uuid_b = $2 AND SEES(s.label)",
			   db_number(u.a), db_number(u.b));
	return db_one(err, &rows, tell, &(struct telling){fn, context});
}

int sets_list(struct reader *reader, int64_t after, size_t limit, set_fn fn, void *context, bool *more_out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT " COLUMNS FROM
			   "WHERE s.number > $1 AND SEES(s.label) ORDER BY s.number LIMIT $2",
			   db_number(after), db_number((int64_t)limit + 1));
	return db_page(err, &rows, limit, tell, &(struct telling){fn, context}, more_out);
}
