/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/view_tag.h"

#include <string.h>

#include "base/cur.h"
#include "store/db.h"

/*
 * What comes under a label has the highest number there. What goes away because of a newer version lowers the
 * count, and the newer one either comes under a label that is seen, or does not. What is moved from label to
 * label (store/marking_wait.c) leaves its mark, since counts and numbers might come out the same.
 */
#define STANDING                                                                                             \
	"SELECT t.label, t.type, t.objects, "                                                                \
	"COALESCE((SELECT MAX(v.seq) FROM version v WHERE v.label = t.label), 0), "                          \
	"COALESCE((SELECT m.seq FROM label_moved m WHERE m.label = t.label), 0) "                            \
	"FROM tally t WHERE SEES(t.label) ORDER BY t.label, t.type"

int view_tag(struct reader *reader, uint8_t out[SHA256_SIZE])
{
	enum { COLUMNS = 5 };
	struct db_rows *rows;
	uint8_t digest[SHA256_SIZE] = {0};
	int err = db_query(reader_db(reader), &rows, STANDING);
	if (err != HN_OK)
		return err;
	int more;
	while ((more = db_next(rows)) == 1) {
		uint8_t row[8 * COLUMNS];
		for (unsigned i = 0; i < COLUMNS; i++)
			store_be64(row + (size_t)8 * i, (uint64_t)db_int(rows, i));
		sha256_parts(digest, sizeof(digest), row, sizeof(row), NULL, 0, digest);
	}
	db_rows_end(rows);
	if (more < 0)
		return more;
	memcpy(out, digest, sizeof(digest));
	return HN_OK;
}

int view_tag_moved(struct writing *w, int64_t label)
{
	return db_run(
		writing_db(w),
		"INSERT INTO label_moved (label, seq) VALUES ($1, $2) ON CONFLICT (label) DO UPDATE SET "
		"seq = excluded.seq",
		db_number(label), db_number(writing_next_seq(w)));
}
