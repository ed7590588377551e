/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/kept.h"

#include <stdio.h>
#include <string.h>

#include "store/db.h"

/* The account and the key as one value: the key of the row. */
static void row_key(const struct uuid *account, const char *key, size_t key_len, uint8_t out[SHA256_SIZE])
{
	sha256_parts(account->bytes, sizeof(account->bytes), key, key_len, NULL, 0, out);
}

static void copy(char *out, size_t size, const char *text, size_t len)
{
	(void)snprintf(out, size, "%.*s", (int)len, text ? text : "");
}

static int read_row(struct db_rows *rows, struct kept *kept)
{
	size_t len;
	const uint8_t *digest = db_blob(rows, 0, &len);
	if (len != SHA256_SIZE || memcmp(digest, kept->digest, SHA256_SIZE) != 0)
		return HN_EEXIST;
	kept->status = (unsigned)db_int(rows, 1);
	const char *text = db_text(rows, 2, &len);
	copy(kept->media, sizeof(kept->media), text, len);
	text = db_text(rows, 3, &len);
	copy(kept->etag, sizeof(kept->etag), text, len);
	text = db_text(rows, 4, &len);
	buf_add(&kept->fields, text, len);
	const uint8_t *body = db_blob(rows, 5, &len);
	buf_add(&kept->body, body, len);
	int rc = buf_err(&kept->fields);
	return rc != HN_OK ? rc : buf_err(&kept->body);
}

int kept_find(struct writing *w, const struct uuid *account, const char *key, size_t key_len,
	      struct kept *kept)
{
	uint8_t row[SHA256_SIZE];
	struct db_rows *rows;
	row_key(account, key, key_len, row);
	int rc = db_query(
		writing_db(w), &rows,
		"SELECT digest, status, media, etag, fields, body FROM kept WHERE key = $1 AND made >= $2",
		db_bytes(row, sizeof(row)), db_number(writing_now_us(w) - KEPT_US));
	if (rc != HN_OK)
		return rc;
	rc = db_next(rows);
	rc = rc == 1 ? read_row(rows, kept) : rc == 0 ? HN_ENOENT : rc;
	db_rows_end(rows);
	return rc;
}

int kept_put(struct writing *w, const struct uuid *account, const char *key, size_t key_len,
	     const struct kept *kept)
{
	uint8_t row[SHA256_SIZE];
	int64_t now_us = writing_now_us(w);
	if (kept->body.len > KEPT_BODY_MAX)
		return HN_ELIMIT;
	row_key(account, key, key_len, row);
	int rc = db_run(writing_db(w), "DELETE FROM kept WHERE made < $1", db_number(now_us - KEPT_US));
	if (rc != HN_OK)
		return rc;
	return db_run(writing_db(w),
		      "INSERT INTO kept (key, digest, made, status, media, etag, fields, body) "
		      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		      db_bytes(row, sizeof(row)), db_bytes(kept->digest, SHA256_SIZE), db_number(now_us),
		      db_number(kept->status), db_string(kept->media, strlen(kept->media)),
		      db_string(kept->etag, strlen(kept->etag)),
		      db_string(kept->fields.data ? kept->fields.data : "", kept->fields.len),
		      db_bytes(kept->body.data ? kept->body.data : "", kept->body.len));
}
