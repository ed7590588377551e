/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/passkeys.h"

#include <string.h>

#include "store/db.h"

int passkeys_add(struct writing *w, const struct asker *actor, struct credential *credential,
		 const struct passkey *passkey, struct fault *fault)
{
	int err = credentials_add(w, actor, credential, fault);
	if (err != HN_OK)
		return err;
	return db_run(writing_db(w),
		      "INSERT INTO passkey (number, id, algorithm, public_key) VALUES ($1, $2, $3, $4)",
		      db_number(credential->number), db_bytes(passkey->id, passkey->id_len),
		      db_number(passkey->algorithm), db_bytes(passkey->key, passkey->key_len));
}

static int of_row(const struct db_rows *rows, struct passkey *out)
{
	size_t id_len = 0, key_len = 0;
	const uint8_t *id = db_blob(rows, 0, &id_len);
	const uint8_t *key = db_blob(rows, 2, &key_len);
	if (id_len == 0 || id_len > PASSKEY_ID_MAX || key_len == 0 || key_len > PASSKEY_KEY_MAX)
		return HN_EFORMAT;
	memset(out, 0, sizeof(*out));
	memcpy(out->id, id, id_len);
	out->id_len = id_len;
	out->algorithm = db_int(rows, 1);
	memcpy(out->key, key, key_len);
	out->key_len = key_len;
	out->counter = (uint32_t)db_int(rows, 3);
	return HN_OK;
}

int passkeys_get(struct writing *w, int64_t number, struct passkey *out)
{
	struct db_rows *rows = NULL;
	int err =
		db_query(writing_db(w), &rows,
			 "SELECT p.id, p.algorithm, p.public_key, c.step FROM passkey p JOIN credential c ON "
			 "c.number = p.number WHERE p.number = $1",
			 db_number(number));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1)
		err = of_row(rows, out);
	else if (err == 0)
		err = HN_ENOENT;
	db_rows_end(rows);
	return err;
}

int passkeys_each(struct reader *reader, int64_t person, size_t limit, passkey_id_fn fn, void *context)
{
	struct db_rows *rows = NULL;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT p.id FROM passkey p JOIN credential c ON c.number = p.number WHERE "
			   "c.person = $1 ORDER BY p.number LIMIT $2",
			   db_number(person), db_number((int64_t)limit));
	if (err != HN_OK)
		return err;
	while ((err = db_next(rows)) == 1) {
		size_t len = 0;
		const uint8_t *id = db_blob(rows, 0, &len);
		err = fn(context, id, len);
		if (err != HN_OK)
			break;
	}
	db_rows_end(rows);
	return err;
}

int passkeys_use(struct writing *w, int64_t number, uint32_t counter)
{
	uint64_t changed = 0;
	const struct db_value values[] = {db_number(number), db_number(counter)};
	int err = db_run_values(
		writing_db(w),
		"UPDATE credential SET step = $2 WHERE number = $1 AND (step < $2 OR (step = 0 AND $2 = 0))",
		values, 2, &changed);
	return err == HN_OK && changed == 0 ? HN_EAUTH : err;
}
