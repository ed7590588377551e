/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "base/json_reader.h"
#include "store/db.h"
#include "store/search.h"
#include "store/value_key.h"
#include "store/words.h"

#define WORDS_TEXT_MAX (256u << 10) /* bytes of words of one object; what is more is not found */
#define READY_BYTES    (8u << 20)   /* of keys and words; then no more versions are taken */
#define READ_BYTES     (16u << 20)  /* of objects; the same */
#define READY_MAX      (512u << 20) /* with those of the last one */
#define READ_AT_ONCE   256          /* versions of one question */

/*
 * A key and a version that speaks of it. Keys of many versions are put in order before they are inserted: the
 * index is as large as the store, and neighbours share pages.
 */
struct pair {
	uint64_t head; /* the key's first bytes, so that few comparisons look further */
	const uint8_t *key;
	size_t at; /* where the key stands, until all keys stand where they stay */
	int64_t seq;
	uint16_t len;
};

/* The words of a version, with spaces between them. */
struct text {
	size_t at, len;
	int64_t seq;
};

struct search_ready {
	struct stix_object object;
	struct buf pairs, keys;  /* struct pair; the bytes */
	struct buf texts, words; /* struct text; the bytes */
	struct buf scratch;
	size_t text_start; /* of the version that is being read */
	int64_t from, last;
	size_t taken, read;   /* versions, and their bytes */
	bool lengths[2][129]; /* of prefixes, IPv4 and IPv6 */
};

/* ---- working rows out ---- */

int search_ready_new(struct search_ready **out)
{
	struct search_ready *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return HN_ENOMEM;
	stix_object_init(&r->object);
	buf_init(&r->pairs, READY_MAX);
	buf_init(&r->keys, READY_MAX);
	buf_init(&r->texts, READY_MAX);
	buf_init(&r->words, READY_MAX);
	buf_init(&r->scratch, 16u << 20);
	*out = r;
	return HN_OK;
}

void search_ready_free(struct search_ready *r)
{
	if (r == NULL)
		return;
	stix_object_clear(&r->object);
	buf_clear(&r->pairs);
	buf_clear(&r->keys);
	buf_clear(&r->texts);
	buf_clear(&r->words);
	buf_clear(&r->scratch);
	free(r);
}

static void empty(struct search_ready *r)
{
	buf_reset(&r->pairs);
	buf_reset(&r->keys);
	buf_reset(&r->texts);
	buf_reset(&r->words);
	memset(r->lengths, 0, sizeof(r->lengths));
	r->taken = r->read = 0;
}

static bool is_full(const struct search_ready *r)
{
	return r->keys.len + r->words.len >= READY_BYTES || r->read >= READ_BYTES;
}

static int add_word(void *context, const char *word, size_t len, size_t start, size_t end)
{
	(void)start;
	(void)end;
	struct search_ready *r = context;
	if (r->words.len - r->text_start + len + 1 > WORDS_TEXT_MAX)
		return HN_ELIMIT;
	if (r->words.len > r->text_start)
		buf_addc(&r->words, ' ');
	buf_add(&r->words, word, len);
	return buf_err(&r->words);
}

static int add_words(struct search_ready *r, int64_t seq)
{
	int err = HN_OK;
	r->text_start = r->words.len;
	for (size_t i = 0; err == HN_OK && i < r->object.text_count; i++) {
		const struct stix_text *t = &r->object.texts[i];
		const struct json_string s = {.text = t->text, .len = t->len, .escaped = t->escaped};
		const char *text;
		size_t len;
		err = json_text(&s, &r->scratch, &text, &len);
		if (err == HN_OK)
			err = words_of(text, len, WORDS_INDEX, add_word, r);
	}
	if (err != HN_OK && (err != HN_ELIMIT || buf_err(&r->words) != HN_OK))
		return err;
	const struct text text = {r->text_start, r->words.len - r->text_start, seq};
	if (text.len > 0)
		buf_add(&r->texts, &text, sizeof(text));
	return buf_err(&r->texts);
}

static void note_length(struct search_ready *r, const struct value_key *key)
{
	unsigned family, length;
	if (value_key_is_address(key, &family, &length) && length < (family == 4 ? 32 : 128))
		r->lengths[family == 6][length] = true;
}

static uint64_t head_of(const struct value_key *key)
{
	uint8_t head[8] = {0};
	memcpy(head, key->bytes, key->len < sizeof(head) ? key->len : sizeof(head));
	return load_be64(head);
}

static int add_pairs(struct search_ready *r, int64_t seq)
{
	for (size_t i = 0; i < r->object.value_count; i++) {
		struct value_key key;
		value_key_of(&r->object.values[i], &key);
		const struct pair pair = {
			.head = head_of(&key), .at = r->keys.len, .seq = seq, .len = key.len};
		buf_add(&r->keys, key.bytes, key.len);
		buf_add(&r->pairs, &pair, sizeof(pair));
		note_length(r, &key);
	}
	int err = buf_err(&r->keys);
	return err != HN_OK ? err : buf_err(&r->pairs);
}

static int take_row(struct search_ready *r, const struct db_rows *rows)
{
	size_t len;
	const uint8_t *bytes = db_blob(rows, 1, &len);
	r->last = db_int(rows, 0);
	r->taken++;
	r->read += len;
	int err = stix_object_read(&r->object, cur_of(bytes, len),
				   db_int(rows, 2) == STIX_2_0 ? STIX_2_0 : STIX_2_1, &STIX_DEFAULTS, NULL);
	if (err == HN_ENOMEM)
		return err;
	if (err != HN_OK)
		return HN_OK; /* what an older program took and this one would not: it stays, unfound */
	err = add_words(r, r->last);
	return err == HN_OK ? add_pairs(r, r->last) : err;
}

/* @param more_out  whether there may be more behind them */
static int take_rows(struct search_ready *r, struct db *db, size_t limit, bool *more_out)
{
	struct db_rows *rows;
	size_t before = r->taken;
	/* No join: PostgreSQL, before it has looked at a table that grew fast, would read all of both. */
	int err = db_query(db, &rows,
			   "SELECT c.seq, c.bytes, (SELECT v.spec FROM version v WHERE v.seq = c.seq) FROM "
			   "content c WHERE c.seq > $1 ORDER BY c.seq LIMIT $2",
			   db_number(r->last), db_number((int64_t)limit));
	if (err != HN_OK)
		return err;
	int more = 0;
	while (err == HN_OK && !is_full(r) && (more = db_next(rows)) == 1)
		err = take_row(r, rows);
	db_rows_end(rows);
	*more_out = is_full(r) || r->taken - before == limit;
	return err == HN_OK && more < 0 ? more : err;
}

static int find_start(struct db *db, int64_t *out)
{
	struct db_rows *rows;
	int err = db_query(db, &rows, "SELECT seq FROM indexed WHERE number = 1");
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		*out = db_int(rows, 0);
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_EIO;
}

static int compare(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;
	if (p->head != q->head)
		return p->head < q->head ? -1 : 1;
	size_t len = p->len < q->len ? p->len : q->len;
	int order = memcmp(p->key, q->key, len);
	if (order == 0 && p->len != q->len)
		order = p->len < q->len ? -1 : 1;
	return order != 0 ? order : p->seq < q->seq ? -1 : p->seq > q->seq;
}

static struct pair *pairs_of(const struct search_ready *r, size_t *count_out)
{
	*count_out = r->pairs.len / sizeof(struct pair);
	return (struct pair *)(void *)r->pairs.data;
}

static void put_in_order(struct search_ready *r)
{
	size_t count;
	struct pair *pairs = pairs_of(r, &count);
	for (size_t i = 0; i < count; i++)
		pairs[i].key = (const uint8_t *)r->keys.data + pairs[i].at;
	if (count > 0)
		qsort(pairs, count, sizeof(*pairs), compare);
}

static int work(struct search_ready *r, struct db *db, size_t limit, bool *more_out)
{
	empty(r);
	int err = find_start(db, &r->from);
	r->last = r->from;
	*more_out = true;
	while (err == HN_OK && *more_out && r->taken < limit && !is_full(r)) {
		size_t left = limit - r->taken;
		err = take_rows(r, db, left < READ_AT_ONCE ? left : READ_AT_ONCE, more_out);
	}
	if (err == HN_OK)
		put_in_order(r);
	return err;
}

int search_ready_work(struct reader *reader, size_t limit, struct search_ready *r, size_t *taken_out,
		      bool *more_out)
{
	int err = work(r, reader_db(reader), limit, more_out);
	*taken_out = r->taken;
	return err;
}

/* ---- putting them in ---- */

static int put_lengths(const struct search_ready *r, struct db *db)
{
	int err = HN_OK;
	for (int v6 = 0; v6 <= 1; v6++)
		for (int64_t length = 0; err == HN_OK && length <= 128; length++)
			if (r->lengths[v6][length])
				err = db_insert_later(
					db,
					"INSERT INTO prefix_length (family, length) VALUES ($1, $2) "
					"ON CONFLICT DO NOTHING",
					db_number(v6 == 0 ? 4 : 6), db_number(length));
	return err;
}

static int put_pairs(const struct search_ready *r, struct db *db)
{
	size_t count;
	const struct pair *pairs = pairs_of(r, &count);
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < count; i++) {
		if (i > 0 && compare(&pairs[i - 1], &pairs[i]) == 0)
			continue;
		err = db_insert_later(db,
				      "INSERT INTO value (key, seq) VALUES ($1, $2) ON CONFLICT DO NOTHING",
				      db_bytes(pairs[i].key, pairs[i].len), db_number(pairs[i].seq));
	}
	return err;
}

static int put_texts(const struct search_ready *r, struct db *db)
{
	static const char *const insert[] = {
		[DB_DIALECT_SQLITE] = "INSERT INTO words (rowid, text) VALUES ($1, $2)",
		[DB_DIALECT_POSTGRES] =
			"INSERT INTO words (seq, words) VALUES ($1, string_to_array($2, ' '))",
	};
	const struct text *texts = (const struct text *)(const void *)r->texts.data;
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < r->texts.len / sizeof(*texts); i++) {
		const struct db_value values[] = {db_number(texts[i].seq),
						  db_string(r->words.data + texts[i].at, texts[i].len)};
		err = db_insert_later_values(db, insert[db_dialect(db)], values, 2);
	}
	return err;
}

int search_ready_put(struct writing *w, struct search_ready *r)
{
	struct db *db = writing_db(w);
	int64_t start = 0;
	if (r->taken == 0)
		return HN_OK;
	int err = find_start(db, &start);
	if (err != HN_OK || start != r->from)
		return err;
	err = put_lengths(r, db);
	if (err == HN_OK)
		err = put_pairs(r, db);
	if (err == HN_OK)
		err = put_texts(r, db);
	return err == HN_OK
		       ? db_run_later(db, "UPDATE indexed SET seq = $1 WHERE number = 1", db_number(r->last))
		       : err;
}

int search_index(struct writing *w, size_t limit, bool *more_out)
{
	struct search_ready *r;
	int err = search_ready_new(&r);
	if (err != HN_OK)
		return err;
	bool more = false;
	err = work(r, writing_db(w), limit, &more);
	if (err == HN_OK)
		err = search_ready_put(w, r);
	if (err == HN_OK)
		*more_out = more;
	search_ready_free(r);
	return err;
}
