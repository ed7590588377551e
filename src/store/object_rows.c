/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/object_rows.h"

#include "store/labels.h"
#include "store/object_inside.h"
#include "store/types.h"

static int read_row(const struct telling *t, const struct db_rows *rows, struct buf *rendition,
		    struct object_row *row)
{
	struct reader *reader = t->reader;
	int err = types_name(reader_types(reader), reader_db(reader), db_int(rows, 3), &row->id.type,
			     &row->id.type_len);
	if (err != HN_OK)
		return err;
	int64_t flags = db_int(rows, 6);
	row->seq = db_int(rows, 0);
	row->added = t->last_seq;
	row->id.uuid = uuid_of_halves(db_int(rows, 1), db_int(rows, 2));
	row->spec = db_int(rows, 4) == STIX_2_0 ? STIX_2_0 : STIX_2_1;
	row->label = db_int(rows, 5);
	row->revoked = (flags & VERSION_REVOKED) != 0;
	if (!t->brief) {
		row->modified_ns = db_int(rows, 7);
		row->owner = labels_owner(reader_labels(reader), db_int(rows, 8));
		row->source = db_int(rows, 9);
		row->newest = db_int(rows, 10) != 0;
	}
	if (t->content)
		row->bytes = db_blob(rows, t->brief ? OBJECT_BRIEF_COUNT : OBJECT_COLUMN_COUNT, &row->len);
	return (flags & VERSION_GRANULAR) != 0 ? object_render(reader, row, rendition) : HN_OK;
}

int object_rows_tell(struct telling *t, struct db_rows *rows)
{
	struct buf rendition;
	buf_init(&rendition, OBJECT_RENDITION_MAX);
	t->rows = 0;
	int next = 0;
	int err = HN_OK;
	while (err == HN_OK && !t->beyond && (next = db_next(rows)) == 1) {
		struct object_row row = {0};
		t->rows++;
		t->last_seq = db_int(rows, t->added_column);
		err = read_row(t, rows, &rendition, &row);
		if (err == HN_ENOENT ||
		    (err == HN_OK && t->wanted != NULL && !t->wanted(t->wanted_context, &row))) {
			err = HN_OK; /* nothing of it is to be seen, or it is not what was asked */
			continue;
		}
		t->beyond = err == HN_OK && t->told == t->limit;
		if (err == HN_OK && !t->beyond) {
			t->told++;
			err = t->fn(t->context, &row);
		}
	}
	buf_clear(&rendition);
	db_rows_end(rows);
	return err == HN_OK && next < 0 ? next : err;
}
