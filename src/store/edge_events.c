/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/edge_events.h"

#include "store/db_row.h"
#include "store/edge_inside.h"
#include "store/object_inside.h"

#define HOUR_US (INT64_C(3600) * 1000000)

static int raise_hour(struct writing *w, const struct edge_event *e)
{
	return db_run_later(
		writing_db(w),
		"INSERT INTO event_hour (hour, organisation, kind, times) VALUES ($1, $2, 0, $3) ON "
		"CONFLICT (hour, organisation, kind) DO UPDATE SET times = event_hour.times + "
		"excluded.times",
		db_number(e->time_us - e->time_us % HOUR_US), db_number(e->organisation),
		db_number(e->times));
}

int edge_events_add(struct writing *w, const struct edge_event *e, bool *new_out)
{
	struct uuid_halves uid = uuid_halves(&e->uid), indicator = uuid_halves(&e->indicator);
	uint64_t changed = 0;
	const struct db_value values[] = {db_number(writing_next_seq(w)),
					  db_number(uid.a),
					  db_number(uid.b),
					  db_number(e->edge),
					  db_number(e->organisation),
					  db_number(e->time_us),
					  db_number(e->times),
					  db_number(indicator.a),
					  db_number(indicator.b),
					  db_text_value(e->set),
					  db_text_value(e->action),
					  db_text_value(e->value),
					  db_string(e->body, e->body_len)};
	int err = db_run_values(writing_db(w),
				"INSERT INTO edge_event (number, uid_a, uid_b, edge, organisation, kind, "
				"time, times, indicator_a, "
				"indicator_b, feed_set, action, value, body) VALUES ($1, $2, $3, $4, $5, 0, "
				"$6, $7, $8, $9, $10, "
				"$11, $12, $13) ON CONFLICT (edge, uid_a, uid_b) DO NOTHING",
				values, sizeof(values) / sizeof(values[0]), &changed);
	*new_out = changed > 0;
	return err == HN_OK && changed > 0 ? raise_hour(w, e) : err;
}

/* ---- reading ---- */

#define SELECT                                                                                               \
	"SELECT v.number, v.uid_a, v.uid_b, e.uuid_a, e.uuid_b, v.organisation, o.uuid_a, o.uuid_b, "        \
	"v.time, v.times, v.indicator_a, v.indicator_b, v.feed_set, v.action, v.value, v.body FROM "         \
	"edge_event v LEFT JOIN edge e ON e.number = v.edge LEFT JOIN organisation o ON o.number = "         \
	"v.organisation "
#define KNOWN "WHERE ($1 = 0 OR v.organisation = $1) "

struct telling {
	edge_event_fn fn;
	void *context;
};

static int tell(const struct db_rows *rows, void *context)
{
	const struct telling *t = context;
	struct edge_event v = {
		.number = db_int(rows, 0),
		.uid = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.edge_id = uuid_of_halves(db_int(rows, 3), db_int(rows, 4)),
		.organisation = db_int(rows, 5),
		.organisation_id = uuid_of_halves(db_int(rows, 6), db_int(rows, 7)),
		.time_us = db_int(rows, 8),
		.times = db_int(rows, 9),
		.indicator = uuid_of_halves(db_int(rows, 10), db_int(rows, 11)),
		.set = db_text_or_empty(rows, 12),
		.action = db_text_or_empty(rows, 13),
		.value = db_text_or_empty(rows, 14),
	};
	v.body = db_text_or_empty(rows, 15);
	v.body_len = strlen(v.body);
	return t->fn(t->context, &v);
}

static struct uuid_halves halves_or_zero(const struct uuid *id)
{
	return id == NULL ? (struct uuid_halves){0, 0} : uuid_halves(id);
}

int edge_events_list(struct reader *reader, const struct edge_event_filter *f, size_t limit, edge_event_fn fn,
		     void *context, bool *more_out)
{
	struct uuid_halves edge = halves_or_zero(f->edge), org = halves_or_zero(f->organisation),
			   indicator = halves_or_zero(f->indicator);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   SELECT KNOWN
			   "AND ($2 = 0 OR (e.uuid_a = $3 AND e.uuid_b = $4)) AND ($5 = 0 OR (o.uuid_a = $6 "
			   "AND o.uuid_b = $7)) "
			   "AND ($8 = 0 OR (v.indicator_a = $9 AND v.indicator_b = $10)) AND v.time >= $11 "
			   "AND ($12 = 0 OR "
			   "v.time < $12) AND ($13 = 0 OR v.number < $13) ORDER BY v.number DESC LIMIT $14",
			   db_number(edge_known_to(reader_asker(reader))), db_number(f->edge != NULL),
			   db_number(edge.a), db_number(edge.b), db_number(f->organisation != NULL),
			   db_number(org.a), db_number(org.b), db_number(f->indicator != NULL),
			   db_number(indicator.a), db_number(indicator.b), db_number(f->from_us),
			   db_number(f->until_us), db_number(f->before), db_number((int64_t)limit + 1));
	return db_page(err, &rows, limit, tell, &(struct telling){fn, context}, more_out);
}

int edge_events_expire(struct writing *w, int64_t before_us, size_t limit, uint64_t *count_out)
{
	const struct db_value values[] = {db_number(before_us), db_number((int64_t)limit)};
	return db_run_values(
		writing_db(w),
		"DELETE FROM edge_event WHERE number IN (SELECT number FROM edge_event WHERE time < $1 "
		"ORDER BY time LIMIT $2)",
		values, 2, count_out);
}

int edge_events_hours(struct reader *reader, int64_t from_us,
		      int (*fn)(void *context, const struct event_hour *hour), void *context)
{
	struct db_rows *rows;
	int more = 0;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT v.hour, CAST(SUM(v.times) AS BIGINT) FROM event_hour v " KNOWN
			   "AND v.hour >= $2 GROUP BY v.hour ORDER BY v.hour",
			   db_number(edge_known_to(reader_asker(reader))), db_number(from_us));
	if (err != HN_OK)
		return err;
	while (err == HN_OK && (more = db_next(rows)) == 1) {
		const struct event_hour h = {.hour_us = db_int(rows, 0), .times = db_int(rows, 1)};
		err = fn(context, &h);
	}
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

int edge_events_top(struct reader *reader, int64_t from_us, size_t limit,
		    int (*fn)(void *context, const struct event_top *top), void *context)
{
	struct db_rows *rows;
	int more = 0;
	int err = db_query(
		reader_db(reader), &rows,
		"SELECT v.indicator_a, v.indicator_b, MIN(v.value), CAST(SUM(v.times) AS BIGINT) AS total "
		"FROM edge_event "
		"v " KNOWN
		"AND v.time >= $2 GROUP BY v.indicator_a, v.indicator_b, CASE WHEN v.indicator_a = 0 "
		"THEN v.value ELSE '' END ORDER BY total DESC, 3 LIMIT $3",
		db_number(edge_known_to(reader_asker(reader))), db_number(from_us),
		db_number((int64_t)limit));
	if (err != HN_OK)
		return err;
	while (err == HN_OK && (more = db_next(rows)) == 1) {
		const struct event_top t = {.indicator = uuid_of_halves(db_int(rows, 0), db_int(rows, 1)),
					    .value = db_text_or_empty(rows, 2),
					    .times = db_int(rows, 3)};
		err = fn(context, &t);
	}
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}
