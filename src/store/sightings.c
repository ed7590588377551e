/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/db.h"
#include "store/edge_events.h"
#include "store/edge_inside.h"
#include "store/object_inside.h"

#define DAY_US (INT64_C(24) * 3600 * 1000000)

static const char *const kinds[SIGHTING_KINDS] = {"resolver", "sensor"};

const char *sighting_kind_name(enum sighting_kind kind)
{
	return kinds[kind];
}

int sightings_raise(struct writing *w, const struct sighting_day *d)
{
	struct uuid_halves i = uuid_halves(&d->indicator);
	return db_run_later(writing_db(w),
			    "INSERT INTO sighting_day (number, indicator_a, indicator_b, organisation, day, "
			    "kind, label, times, "
			    "first, last, written, due) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, "
			    "0) ON CONFLICT "
			    "(indicator_a, indicator_b, organisation, day, kind, label) DO UPDATE SET times "
			    "= sighting_day.times + "
			    "excluded.times, first = CASE WHEN excluded.first < sighting_day.first THEN "
			    "excluded.first ELSE "
			    "sighting_day.first END, last = CASE WHEN excluded.last > sighting_day.last THEN "
			    "excluded.last ELSE "
			    "sighting_day.last END",
			    db_number(writing_next_seq(w)), db_number(i.a), db_number(i.b),
			    db_number(d->organisation), db_number(d->first_us - d->first_us % DAY_US),
			    db_number(d->kind), db_number(d->label), db_number(d->times),
			    db_number(d->first_us));
}

#define SELECT                                                                                               \
	"SELECT d.number, d.indicator_a, d.indicator_b, d.organisation, o.uuid_a, o.uuid_b, d.day, d.kind, " \
	"d.times, d.first, d.last, d.label FROM sighting_day d LEFT JOIN organisation o ON o.number = "      \
	"d.organisation "

static int tell(struct db_rows *rows, sighting_day_fn fn, void *context)
{
	const struct sighting_day d = {
		.number = db_int(rows, 0),
		.indicator = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.organisation = db_int(rows, 3),
		.organisation_id = uuid_of_halves(db_int(rows, 4), db_int(rows, 5)),
		.day_us = db_int(rows, 6),
		.kind = (enum sighting_kind)db_int(rows, 7),
		.times = db_int(rows, 8),
		.first_us = db_int(rows, 9),
		.last_us = db_int(rows, 10),
		.label = db_int(rows, 11),
	};
	return fn(context, &d);
}

static int tell_all(struct db_rows *rows, sighting_day_fn fn, void *context)
{
	int err = HN_OK, more = 0;
	while (err == HN_OK && (more = db_next(rows)) == 1)
		err = tell(rows, fn, context);
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

int sightings_due(struct reader *reader, int64_t now_us, size_t limit, sighting_day_fn fn, void *context)
{
	struct db_rows *rows;
	int err = db_query(
		reader_db(reader), &rows,
		SELECT
		"WHERE d.due <= $1 AND d.label = 0 AND d.times > d.written ORDER BY d.due, d.number LIMIT $2",
		db_number(now_us), db_number((int64_t)limit));
	return err == HN_OK ? tell_all(rows, fn, context) : err;
}

int sightings_written(struct writing *w, int64_t number, int64_t times, int64_t due_us)
{
	return db_run_later(writing_db(w), "UPDATE sighting_day SET written = $2, due = $3 WHERE number = $1",
			    db_number(number), db_number(times), db_number(due_us));
}

int sightings_sum(struct reader *reader, const struct uuid *indicator, struct sighting_sum *out)
{
	struct uuid_halves i = uuid_halves(indicator);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT CAST(SUM(times) AS BIGINT), COUNT(DISTINCT organisation), MIN(first), "
			   "MAX(last) FROM sighting_day "
			   "WHERE indicator_a = $1 AND indicator_b = $2 AND label = 0",
			   db_number(i.a), db_number(i.b));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	*out = (struct sighting_sum){.told = false};
	if (more == 1 && db_int(rows, 1) >= SIGHTING_ORGANISATIONS)
		*out = (struct sighting_sum){.times = db_int(rows, 0),
					     .organisations = db_int(rows, 1),
					     .first_us = db_int(rows, 2),
					     .last_us = db_int(rows, 3),
					     .told = true};
	db_rows_end(rows);
	return more < 0 ? more : HN_OK;
}

int sightings_list(struct reader *reader, const struct uuid *indicator, size_t limit, sighting_day_fn fn,
		   void *context)
{
	struct uuid_halves i = uuid_halves(indicator);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   SELECT "WHERE ((d.label = 0 AND ($1 = 0 OR d.organisation = $1)) OR "
				  "SEES(d.label)) AND d.indicator_a = "
				  "$2 AND d.indicator_b = $3 ORDER BY d.day DESC, d.number DESC LIMIT $4",
			   db_number(edge_known_to(reader_asker(reader))), db_number(i.a), db_number(i.b),
			   db_number((int64_t)limit));
	return err == HN_OK ? tell_all(rows, fn, context) : err;
}
