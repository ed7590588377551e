/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "store/asker.h"
#include "store/db.h"

int outbox_put(struct writing *w, const char *origin, int64_t number, const char *kind, const void *record,
	       size_t len)
{
	return db_run(writing_db(w),
		      "INSERT INTO outbox (number, origin, kind, record) VALUES ($1, $2, $3, $4)",
		      db_number(number), db_string(origin, strlen(origin)), db_string(kind, strlen(kind)),
		      db_bytes(record, len));
}

int outbox_each(struct store *store, const char *origin, int64_t after, outbox_fn fn, void *context)
{
	struct asker hub;
	struct reader *reader;
	struct db_rows *rows;
	asker_hub(&hub);
	int rc = store_read(store, &hub, &reader);
	if (rc != HN_OK)
		return rc;
	rc = db_query(reader_db(reader), &rows,
		      "SELECT number, kind, record FROM outbox WHERE origin = $1 AND number > $2 "
		      "ORDER BY number LIMIT $3",
		      db_string(origin, strlen(origin)), db_number(after), db_number(OUTBOX_READ_MAX));
	if (rc == HN_OK) {
		while ((rc = db_next(rows)) == 1) {
			size_t len, kind_len;
			const char *kind = db_text(rows, 1, &kind_len);
			const uint8_t *record = db_blob(rows, 2, &len);
			rc = fn(context, db_int(rows, 0), kind, record, len);
			if (rc != HN_OK)
				break;
		}
		db_rows_end(rows);
	}
	reader_end(reader);
	return rc;
}

struct drop {
	int64_t upto;
	char origin[];
};

static int drop(struct writing *w, void *context)
{
	const struct drop *d = context;
	return db_run(writing_db(w), "DELETE FROM outbox WHERE origin = $1 AND number <= $2",
		      db_string(d->origin, strlen(d->origin)), db_number(d->upto));
}

/* What could not be taken away now is with the next. */
static void dropped(void *context, int err)
{
	(void)err;
	free(context);
}

int outbox_drop(struct store *store, const char *origin, int64_t upto)
{
	size_t len = strlen(origin);
	struct drop *d = malloc(sizeof(*d) + len + 1);
	if (!d)
		return HN_ENOMEM;
	d->upto = upto;
	memcpy(d->origin, origin, len + 1);
	int rc = store_submit(store, drop, dropped, d);
	if (rc != HN_OK)
		free(d);
	return rc;
}
