/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/sketches.h"

#include <string.h>

#include "store/db.h"
#include "store/object_inside.h"
#include "store/value_key.h"

static const char *const levels[ASKED_LEVELS] = {"none", "under 10", "tens", "hundreds", "thousands"};

const char *asked_level_name(enum asked_level level)
{
	return levels[level];
}

int asked_level_value(const char *word, size_t len)
{
	for (int i = 0; i < ASKED_LEVELS; i++)
		if (strlen(levels[i]) == len && memcmp(levels[i], word, len) == 0)
			return i;
	return -1;
}

int sketches_put(struct writing *w, const struct uuid *edge, const struct entry_key *name,
		 enum asked_level level)
{
	struct uuid_halves u = uuid_halves(edge);
	struct value_key key;
	value_key_of_entry(name, &key);
	return db_run(writing_db(w),
		      "INSERT INTO asked (key, edge_a, edge_b, level, made) VALUES ($1, $2, $3, $4, $5) ON "
		      "CONFLICT (key, edge_a, edge_b) DO UPDATE SET level = $4, made = $5",
		      db_bytes(key.bytes, key.len), db_number(u.a), db_number(u.b), db_number(level),
		      db_number(writing_now_us(w)));
}

static int get_one(struct db *db, const struct entry_key *name, int64_t since_us, struct asked *out)
{
	struct value_key key;
	struct db_rows *rows;
	value_key_of_entry(name, &key);
	int err = db_query(db, &rows,
			   "SELECT max(level), count(*), min(made) FROM asked WHERE key = $1 AND made >= $2",
			   db_bytes(key.bytes, key.len), db_number(since_us));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	bool known = more == 1 && !db_is_null(rows, 0);
	if (known) {
		out->level = (enum asked_level)db_int(rows, 0);
		out->resolvers = db_int(rows, 1);
		out->oldest_us = db_int(rows, 2);
	}
	db_rows_end(rows);
	return known ? HN_OK : more < 0 ? more : HN_ENOENT;
}

int sketches_get(struct reader *reader, const struct entry_key *name, int64_t since_us, struct asked *out)
{
	struct entry_key at = {.kind = ENTRY_NAME, .len = name->len, .data = name->data};
	int err = HN_ENOENT;
	if (name->kind != ENTRY_NAME && name->kind != ENTRY_WILDCARD)
		return HN_ENOENT;
	for (unsigned up = 0; err == HN_ENOENT; up++) {
		err = get_one(reader_db(reader), &at, since_us, out);
		if (err == HN_OK)
			out->labels_up = up;
		uint8_t label = at.len > 0 ? at.data[0] : 0;
		if (err != HN_ENOENT || at.len <= label + 1u)
			break;
		at.data += label + 1u;
		at.len = (uint16_t)(at.len - label - 1u);
		/* One label is a top level: its number says nothing of a name in it. */
		if (at.len == at.data[0] + 1u)
			break;
	}
	return err;
}
