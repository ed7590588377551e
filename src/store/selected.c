/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/selected.h"

#include "store/db_row.h"
#include "store/object_inside.h"

#define DAY_US (INT64_C(24) * 3600 * 1000000)

int selected_add(struct writing *w, const struct selected_record *s, bool *new_out)
{
	struct uuid_halves uid = uuid_halves(&s->uid), a = uuid_halves(&s->authorization);
	uint64_t changed = 0;
	const struct db_value values[] = {db_number(writing_next_seq(w)),
					  db_number(uid.a),
					  db_number(uid.b),
					  db_number(s->edge),
					  db_number(s->receipt),
					  db_number(a.a),
					  db_number(a.b),
					  db_number(s->organisation),
					  db_number(s->time_us),
					  db_number(s->erase_by_us),
					  db_number(s->label),
					  db_string(s->body, s->body_len)};
	int err = db_run_values(writing_db(w),
				"INSERT INTO selected_record (number, uid_a, uid_b, edge, receipt, "
				"authorization_a, authorization_b, "
				"organisation, time, erase_by, label, body) VALUES ($1, $2, $3, $4, $5, $6, "
				"$7, $8, $9, $10, $11, "
				"$12) ON CONFLICT (edge, uid_a, uid_b) DO NOTHING",
				values, sizeof(values) / sizeof(values[0]), &changed);
	*new_out = changed > 0;
	return err;
}

struct telling {
	selected_fn fn;
	void *context;
};

static int tell(const struct db_rows *rows, void *context)
{
	const struct telling *t = context;
	struct selected_record s = {
		.number = db_int(rows, 0),
		.uid = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.edge = db_int(rows, 3),
		.edge_id = uuid_of_halves(db_int(rows, 4), db_int(rows, 5)),
		.receipt = db_int(rows, 6),
		.authorization = uuid_of_halves(db_int(rows, 7), db_int(rows, 8)),
		.organisation = db_int(rows, 9),
		.time_us = db_int(rows, 10),
		.erase_by_us = db_int(rows, 11),
		.label = db_int(rows, 12),
		.body = db_text_or_empty(rows, 13),
	};
	s.body_len = strlen(s.body);
	return t->fn(t->context, &s);
}

#define SELECT                                                                                               \
	"SELECT s.number, s.uid_a, s.uid_b, s.edge, e.uuid_a, e.uuid_b, s.receipt, s.authorization_a, "      \
	"s.authorization_b, s.organisation, s.time, s.erase_by, s.label, s.body FROM selected_record s "     \
	"LEFT "                                                                                              \
	"JOIN edge e ON e.number = s.edge "

int selected_list(struct reader *reader, const struct uuid *authorization, int64_t before, size_t limit,
		  selected_fn fn, void *context, bool *more_out)
{
	struct uuid_halves a = {0, 0};
	struct db_rows *rows;
	if (authorization != NULL)
		a = uuid_halves(authorization);
	int err = db_query(
		reader_db(reader), &rows,
		SELECT
		"WHERE SEES(s.label) AND ($1 = 0 OR (s.authorization_a = $2 "
		"AND "
		"s.authorization_b = $3)) AND ($4 = 0 OR s.number < $4) ORDER BY s.number DESC LIMIT $5",
		db_number(authorization != NULL), db_number(a.a), db_number(a.b), db_number(before),
		db_number((int64_t)limit + 1));
	return db_page(err, &rows, limit, tell, &(struct telling){fn, context}, more_out);
}

int selected_of_receipt(struct writing *w, int64_t edge, int64_t receipt, selected_fn fn, void *context)
{
	struct db_rows *rows;
	int more = 0;
	int err = db_query(writing_db(w), &rows,
			   SELECT "WHERE s.edge = $1 AND s.receipt = $2 ORDER BY s.number", db_number(edge),
			   db_number(receipt));
	if (err != HN_OK)
		return err;
	while (err == HN_OK && (more = db_next(rows)) == 1)
		err = tell(rows, &(struct telling){fn, context});
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

/* A day's count of what was selected ends with the last record of it. */
static int erase_counts(struct writing *w)
{
	return db_run(writing_db(w),
		      "DELETE FROM sighting_day WHERE label > 0 AND NOT EXISTS (SELECT 1 FROM "
		      "selected_record s WHERE "
		      "s.label = sighting_day.label AND s.time >= sighting_day.day AND s.time < "
		      "sighting_day.day + $1)",
		      db_number(DAY_US));
}

int selected_erase(struct writing *w, int64_t now_us, size_t limit, uint64_t *count_out)
{
	const struct db_value values[] = {db_number(now_us), db_number((int64_t)limit)};
	int err = db_run_values(
		writing_db(w),
		"DELETE FROM selected_record WHERE number IN (SELECT number FROM selected_record "
		"WHERE erase_by <= $1 ORDER BY erase_by LIMIT $2)",
		values, 2, count_out);
	return err == HN_OK && *count_out > 0 ? erase_counts(w) : err;
}
