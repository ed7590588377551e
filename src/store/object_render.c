/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "stix/mask.h"
#include "store/db.h"
#include "store/object_inside.h"
#include "store/objects.h"
#include "store/view.h"

enum { HIDDEN_MAX = 256 }; /* parts of one object that have markings of their own */

struct hidden {
	struct stix_selector parts[HIDDEN_MAX];
	size_t count;
	struct buf texts;
};

/* Texts are kept one behind the other; their places are set once all are there. */
static int take_hidden(struct reader *reader, int64_t seq, struct hidden *h)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT selector, label FROM part WHERE seq = $1 ORDER BY place", db_number(seq));
	if (err != HN_OK)
		return err;
	int more = 0;
	while (err == HN_OK && (more = db_next(rows)) == 1) {
		if (view_sees(reader_view(reader), db_int(rows, 1)))
			continue;
		if (h->count == HIDDEN_MAX) {
			err = HN_ENOENT; /* more than anybody may send: nothing of it is shown */
			break;
		}
		const char *text = db_text(rows, 0, &h->parts[h->count].len);
		buf_add(&h->texts, text, h->parts[h->count++].len);
	}
	db_rows_end(rows);
	size_t at = 0;
	for (size_t i = 0; i < h->count; i++) {
		h->parts[i].text = h->texts.data + at;
		at += h->parts[i].len;
	}
	return err != HN_OK ? err : more < 0 ? more : buf_err(&h->texts);
}

static int find_twin(struct reader *reader, int64_t seq, struct uuid *out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT w.uuid_a, w.uuid_b FROM version v JOIN twin w ON w.object = v.object "
			   "WHERE v.seq = $1",
			   db_number(seq));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		*out = uuid_of_halves(db_int(rows, 0), db_int(rows, 1));
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_ENOENT;
}

/* Of rows that were asked for without their bytes too it must be known whether anything is left to be seen.
 */
static int read_whole(struct reader *reader, const struct object_row *row, const struct hidden *h,
		      const struct uuid *twin, struct buf *out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows, "SELECT bytes FROM content WHERE seq = $1",
			   db_number(row->seq));
	if (err != HN_OK)
		return err;
	struct stix_object o;
	stix_object_init(&o);
	int more = db_next(rows);
	err = more == 1 ? HN_OK : more < 0 ? more : HN_ENOENT;
	if (err == HN_OK) {
		size_t len;
		const uint8_t *bytes = db_blob(rows, 0, &len);
		err = stix_object_read(&o, cur_of(bytes, len), row->spec, &STIX_DEFAULTS, NULL);
	}
	if (err == HN_OK)
		err = stix_mask(&o, h->parts, h->count, twin, out);
	stix_object_clear(&o);
	db_rows_end(rows);
	/* What cannot be cut out safely is not shown. */
	return err == HN_ENOMEM || err == HN_EIO || err == HN_OK ? err : HN_ENOENT;
}

int object_render(struct reader *reader, struct object_row *row, struct buf *out)
{
	struct hidden *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return HN_ENOMEM;
	struct uuid twin;
	buf_init(&h->texts, 1u << 20);
	buf_reset(out);
	int err = take_hidden(reader, row->seq, h);
	bool masked = err == HN_OK && h->count > 0;
	if (masked)
		err = find_twin(reader, row->seq, &twin);
	if (err == HN_OK && masked)
		err = read_whole(reader, row, h, &twin, out);
	if (err == HN_OK && masked) {
		row->masked = true;
		row->id.uuid = twin;
		if (row->bytes != NULL) {
			row->bytes = (const uint8_t *)out->data;
			row->len = out->len;
		}
	}
	buf_clear(&h->texts);
	free(h);
	return err;
}
