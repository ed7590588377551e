/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/statuses.h"

#include "store/asker.h"
#include "store/db_row.h"
#include "store/object_inside.h"

int statuses_put(struct writing *w, const struct uuid *id, int64_t owner, const char *text, size_t len)
{
	if (len > STATUS_MAX)
		return HN_ELIMIT;
	struct uuid_halves h = uuid_halves(id);
	int64_t now = writing_now_us(w);
	int err =
		db_run(writing_db(w), "DELETE FROM status WHERE made < $1", db_number(now - STATUS_KEPT_US));
	if (err != HN_OK)
		return err;
	return db_run(writing_db(w),
		      "INSERT INTO status (uuid_a, uuid_b, owner, made, text) VALUES ($1, $2, $3, $4, $5)",
		      db_number(h.a), db_number(h.b), db_number(owner), db_number(now), db_string(text, len));
}

int statuses_get(struct reader *reader, const struct uuid *id, int64_t now_us, struct buf *out)
{
	struct uuid_halves h = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT text FROM status WHERE uuid_a = $1 AND uuid_b = $2 AND owner = "
			   "$3 AND made >= $4",
			   db_number(h.a), db_number(h.b), db_number(reader_asker(reader)->organisation),
			   db_number(now_us - STATUS_KEPT_US));
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	size_t len;
	const char *text = db_text(rows, 0, &len);
	buf_add(out, text, len);
	db_rows_end(rows);
	return buf_err(out);
}
