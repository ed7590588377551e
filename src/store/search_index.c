/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "store/db.h"
#include "store/search.h"
#include "store/value_key.h"
#include "store/words.h"

/*
 * Keys of many versions are put in order before they are inserted: the index is as large as the store, and
 * neighbours share pages.
 */
#define WORDS_TEXT_MAX (256u << 10) /* bytes of words of one object; what is more is not found */

struct pair {
	int64_t seq;
	struct value_key key;
};

struct indexing {
	struct db *db;
	struct stix_object object;
	struct buf pairs; /* struct pair */
	struct buf words, scratch;
	int64_t last;
	size_t taken;
};

static int add_word(void *context, const char *word, size_t len, size_t start, size_t end)
{
	(void)start;
	(void)end;
	struct buf *b = context;
	if (b->len + len + 1 > WORDS_TEXT_MAX)
		return HN_ELIMIT;
	if (b->len > 0)
		buf_addc(b, ' ');
	buf_add(b, word, len);
	return buf_err(b);
}

static int add_words(struct indexing *x, int64_t seq)
{
	buf_reset(&x->words);
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < x->object.text_count; i++) {
		const struct stix_text *t = &x->object.texts[i];
		const struct json_string s = {.text = t->text, .len = t->len, .escaped = t->escaped};
		const char *text;
		size_t len;
		err = json_text(&s, &x->scratch, &text, &len);
		if (err == HN_OK)
			err = words_of(text, len, WORDS_INDEX, add_word, &x->words);
	}
	if (err != HN_OK && err != HN_ELIMIT)
		return err;
	if (x->words.len == 0)
		return HN_OK;
	const struct db_value values[] = {db_number(seq), db_string(x->words.data, x->words.len)};
	if (db_dialect(x->db) == DB_DIALECT_SQLITE)
		return db_run_later_values(x->db, "INSERT INTO words (rowid, text) VALUES ($1, $2)", values,
					   2);
	return db_run_later_values(
		x->db, "INSERT INTO words (seq, words) VALUES ($1, string_to_array($2, ' '))", values, 2);
}

static int note_length(struct indexing *x, const struct value_key *key)
{
	unsigned family, length;
	if (!value_key_is_address(key, &family, &length) || length == (family == 4 ? 32 : 128))
		return HN_OK;
	return db_run_later(
		x->db, "INSERT INTO prefix_length (family, length) VALUES ($1, $2) ON CONFLICT DO NOTHING",
		db_number(family), db_number(length));
}

static int add_pairs(struct indexing *x, int64_t seq)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < x->object.value_count; i++) {
		struct pair pair = {.seq = seq};
		value_key_of(&x->object.values[i], &pair.key);
		buf_add(&x->pairs, &pair, sizeof(pair));
		err = note_length(x, &pair.key);
	}
	return err != HN_OK ? err : buf_err(&x->pairs);
}

static int index_row(struct indexing *x, const struct db_rows *rows)
{
	size_t len;
	const uint8_t *bytes = db_blob(rows, 1, &len);
	x->last = db_int(rows, 0);
	x->taken++;
	int err = stix_object_read(&x->object, cur_of(bytes, len),
				   db_int(rows, 2) == STIX_2_0 ? STIX_2_0 : STIX_2_1, &STIX_DEFAULTS, NULL);
	if (err == HN_ENOMEM)
		return err;
	if (err != HN_OK)
		return HN_OK; /* what an older program took and this one would not: it stays, unfound */
	err = add_words(x, x->last);
	return err == HN_OK ? add_pairs(x, x->last) : err;
}

static int compare(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;
	size_t len = p->key.len < q->key.len ? p->key.len : q->key.len;
	int order = memcmp(p->key.bytes, q->key.bytes, len);
	if (order == 0 && p->key.len != q->key.len)
		order = p->key.len < q->key.len ? -1 : 1;
	return order != 0 ? order : p->seq < q->seq ? -1 : p->seq > q->seq;
}

static int insert_pairs(struct indexing *x)
{
	struct pair *pairs = (struct pair *)(void *)x->pairs.data;
	size_t count = x->pairs.len / sizeof(*pairs);
	if (count > 0)
		qsort(pairs, count, sizeof(*pairs), compare);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && compare(&pairs[i - 1], &pairs[i]) == 0)
			continue;
		int err = db_run_later(
			x->db, "INSERT INTO value (key, seq) VALUES ($1, $2) ON CONFLICT DO NOTHING",
			db_bytes(pairs[i].key.bytes, pairs[i].key.len), db_number(pairs[i].seq));
		if (err != HN_OK)
			return err;
	}
	return HN_OK;
}

static int take_rows(struct indexing *x, size_t limit)
{
	struct db_rows *rows;
	int err = db_query(x->db, &rows,
			   "SELECT c.seq, c.bytes, v.spec FROM content c JOIN version v ON v.seq = c.seq "
			   "WHERE c.seq > (SELECT seq FROM indexed WHERE number = 1) ORDER BY c.seq LIMIT $1",
			   db_number((int64_t)limit));
	if (err != HN_OK)
		return err;
	int more = 0;
	while (err == HN_OK && (more = db_next(rows)) == 1)
		err = index_row(x, rows);
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

int search_index(struct writing *w, size_t limit, bool *more_out)
{
	struct indexing x = {.db = writing_db(w)};
	stix_object_init(&x.object);
	buf_init(&x.pairs, 256u << 20);
	buf_init(&x.words, WORDS_TEXT_MAX + WORD_MAX + 1);
	buf_init(&x.scratch, 16u << 20);
	int err = take_rows(&x, limit);
	if (err == HN_OK)
		err = insert_pairs(&x);
	if (err == HN_OK && x.taken > 0)
		err = db_run_later(x.db, "UPDATE indexed SET seq = $1 WHERE number = 1", db_number(x.last));
	if (err == HN_OK)
		*more_out = x.taken == limit;
	buf_clear(&x.pairs);
	buf_clear(&x.words);
	buf_clear(&x.scratch);
	stix_object_clear(&x.object);
	return err;
}
