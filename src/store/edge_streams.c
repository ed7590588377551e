/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/edge_streams.h"

#include "store/db.h"
#include "store/object_inside.h"

static void read_place(const struct db_rows *rows, unsigned column, struct edge_place *out)
{
	*out = (struct edge_place){
		.epoch = uuid_of_halves(db_int(rows, column), db_int(rows, column + 1)),
		.through = db_int(rows, column + 2),
		.gave_way = db_int(rows, column + 3),
		.made_us = db_int(rows, column + 4),
	};
}

int edge_streams_get(struct writing *w, int64_t edge, unsigned stream, struct edge_place *out)
{
	struct db_rows *rows;
	int err = db_query(
		writing_db(w), &rows,
		"SELECT epoch_a, epoch_b, through, gave_way, made FROM edge_stream WHERE edge = $1 AND "
		"stream = $2",
		db_number(edge), db_number(stream));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	*out = (struct edge_place){.through = 0};
	if (more == 1)
		read_place(rows, 0, out);
	db_rows_end(rows);
	return more < 0 ? more : HN_OK;
}

int edge_streams_all(struct reader *reader, int64_t edge, struct edge_place out[EDGE_STREAMS])
{
	struct db_rows *rows;
	int more;
	int err = db_query(
		reader_db(reader), &rows,
		"SELECT stream, epoch_a, epoch_b, through, gave_way, made FROM edge_stream WHERE edge = $1",
		db_number(edge));
	if (err != HN_OK)
		return err;
	for (unsigned i = 0; i < EDGE_STREAMS; i++)
		out[i] = (struct edge_place){.through = 0};
	while ((more = db_next(rows)) == 1) {
		uint64_t stream = (uint64_t)db_int(rows, 0);
		if (stream < EDGE_STREAMS)
			read_place(rows, 1, &out[stream]);
	}
	db_rows_end(rows);
	return more;
}

int edge_streams_put(struct writing *w, int64_t edge, unsigned stream, const struct edge_place *to)
{
	struct uuid_halves epoch = uuid_halves(&to->epoch);
	return db_run(
		writing_db(w),
		"INSERT INTO edge_stream (edge, stream, epoch_a, epoch_b, through, gave_way, made) VALUES "
		"($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (edge, stream) DO UPDATE SET epoch_a = "
		"excluded.epoch_a, epoch_b = excluded.epoch_b, through = excluded.through, gave_way = "
		"excluded.gave_way, made = excluded.made",
		db_number(edge), db_number(stream), db_number(epoch.a), db_number(epoch.b),
		db_number(to->through), db_number(to->gave_way), db_number(writing_now_us(w)));
}
