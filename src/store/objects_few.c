/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/objects_few.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/db.h"
#include "store/labels.h"
#include "store/view.h"

static int64_t seconds(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (int64_t)t.tv_sec;
}

int few_find(struct reader *reader, int64_t owner, struct few *out)
{
	/* A view is immutable but for this note of what was found. */
	struct view *view = (struct view *)(uintptr_t)reader_view(reader);
	out->few = false;
	out->count = 0;
	if (owner == 0 && atomic_load_explicit(&view->many_since, memory_order_relaxed) == seconds())
		return HN_OK;
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT label, CAST(sum(objects) AS BIGINT) FROM tally GROUP BY label HAVING "
			   "sum(objects) > 0");
	if (err != HN_OK)
		return err;
	int64_t all = 0, seen = 0;
	int more;
	bool merged = true;
	while ((more = db_next(rows)) == 1) {
		all += db_int(rows, 1);
		if (!view_sees(view, db_int(rows, 0)) ||
		    (owner != 0 && labels_owner(reader_labels(reader), db_int(rows, 0)) != owner))
			continue;
		seen += db_int(rows, 1);
		merged = merged && out->count < FEW_LABELS_MAX;
		if (merged)
			out->labels[out->count++] = db_int(rows, 0);
	}
	db_rows_end(rows);
	out->few = merged && (owner != 0 || seen < all / FEW_SHARE);
	if (owner == 0 && !out->few)
		atomic_store_explicit(&view->many_since, seconds(), memory_order_relaxed);
	return more < 0 ? more : HN_OK;
}

static int rising(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* The first `max` of one label. */
static int take_label(struct reader *reader, int64_t label, int64_t after, int64_t until, size_t max,
		      int64_t *out, size_t *count)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT v.seq FROM version v WHERE v.label = $1 AND v.seq > $2 AND v.seq <= $3 "
			   "AND v.newest = 1 "
			   "AND SEES(v.label) ORDER BY v.seq LIMIT $4",
			   db_number(label), db_number(after), db_number(until), db_number((int64_t)max));
	if (err != HN_OK)
		return err;
	int more;
	while ((more = db_next(rows)) == 1)
		out[(*count)++] = db_int(rows, 0);
	db_rows_end(rows);
	return more < 0 ? more : HN_OK;
}

int few_next(struct reader *reader, const struct few *few, int64_t after, int64_t until, size_t max,
	     int64_t *out, size_t *count_out)
{
	int64_t *all = malloc((few->count * max + 1) * sizeof(*all));
	if (all == NULL)
		return HN_ENOMEM;
	size_t count = 0;
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < few->count; i++)
		err = take_label(reader, few->labels[i], after, until, max, all, &count);
	if (err == HN_OK) {
		qsort(all, count, sizeof(*all), rising);
		*count_out = count < max ? count : max;
		memcpy(out, all, *count_out * sizeof(*all));
	}
	free(all);
	return err;
}
