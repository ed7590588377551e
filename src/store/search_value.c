/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/search_value.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/lang.h"
#include "match/canonical.h"
#include "match/stix_pattern.h"
#include "stix/spell.h"
#include "store/db.h"
#include "store/words.h"

/* ---- what is asked ---- */

static int add_key(struct value_asked *a, const struct value_key *key)
{
	if (a->key_count == a->key_room) {
		size_t room = a->key_room == 0 ? 16 : a->key_room * 2;
		struct value_key *more = realloc(a->keys, room * sizeof(*more));
		if (more == NULL)
			return HN_ENOMEM;
		a->keys = more;
		a->key_room = room;
	}
	a->keys[a->key_count++] = *key;
	return HN_OK;
}

/* Of all lengths of prefixes that the index has, the prefixes that hold this address. */
static int add_prefixes(struct reader *reader, const struct value_key *key, unsigned family,
			struct value_asked *out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows, "SELECT length FROM prefix_length WHERE family = $1",
			   db_number(family));
	if (err != HN_OK)
		return err;
	int more = 0;
	while (err == HN_OK && (more = db_next(rows)) == 1) {
		struct value_key around;
		unsigned length = (unsigned)db_int(rows, 0);
		if (value_key_around(key, length, &around) &&
		    around.bytes[around.len - 1] != key->bytes[key->len - 1])
			err = add_key(out, &around);
	}
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

int value_asked_key(struct reader *reader, const struct value_key *key, struct value_asked *out)
{
	unsigned family, length, labels = 0;
	int err = add_key(out, key);
	if (err == HN_OK && value_key_is_address(key, &family, &length))
		return add_prefixes(reader, key, family, out);
	struct value_key above;
	while (err == HN_OK && value_key_above(key, &labels, &above))
		err = add_key(out, &above);
	return err;
}

/* A text as every kind that it may be: an address is nothing else, but "evil.exe" is a name and a file's
 * name. */
static int read_value(struct reader *reader, const struct search *what, struct value_asked *out)
{
	struct canonical c;
	struct value_key key;
	if (what->len == 0 || what->len > ENTRY_KEY_MAX)
		return HN_ENOENT;
	int err = canonical_value(what->text, what->len, &c);
	if (err == HN_OK) {
		value_key_of_entry(&c.key, &key);
		err = value_asked_key(reader, &key, out);
	} else {
		err = HN_OK;
	}
	for (int kind = STIX_VALUE_EMAIL; err == HN_OK && kind <= STIX_VALUE_DIGEST; kind++) {
		char spelt[STIX_SPELL_MAX];
		size_t len;
		if (stix_spell((enum stix_value_kind)kind, what->text, what->len, spelt, &len) != HN_OK)
			continue;
		value_key_of_text((enum stix_value_kind)kind, spelt, len, &key);
		err = add_key(out, &key);
	}
	return err;
}

static int read_inside(const struct search *what, struct value_asked *out)
{
	struct canonical c;
	if (canonical_value(what->text, what->len, &c) != HN_OK || !value_range_inside(&c.key, &out->range))
		return HN_ENOENT;
	out->has_range = true;
	return HN_OK;
}

static int read_pattern(struct reader *reader, const struct search *what, struct value_asked *out,
			struct fault *fault)
{
	struct stix_pattern p;
	stix_pattern_init(&p);
	int err = stix_pattern_read(&p, what->text, what->len, fault);
	for (size_t i = 0; err == HN_OK && i < p.count; i++) {
		const struct search one = {
			.by = SEARCH_VALUE, .text = p.terms[i].value, .len = p.terms[i].value_len};
		if (one.text == NULL || one.len == 0)
			continue;
		err = read_value(reader, &one, out);
		if (err == HN_ENOENT)
			err = HN_OK;
		if (err == HN_OK && out->key_count > SEARCH_KEYS_MAX * 16)
			err = fault_set(fault, HN_ELIMIT, "pattern",
					tr("names too many values", "値が多すぎる"));
	}
	if (err == HN_OK && out->key_count == 0)
		err = fault_set(fault, HN_EFORMAT, "pattern", tr("names no value", "値が含まれていない"));
	stix_pattern_clear(&p);
	return err;
}

int value_asked_read(struct reader *reader, const struct search *what, struct value_asked *out,
		     struct fault *fault)
{
	*out = (struct value_asked){0};
	switch (what->by) {
	case SEARCH_INSIDE:
		return read_inside(what, out);
	case SEARCH_PATTERN:
		return read_pattern(reader, what, out, fault);
	default:
		return read_value(reader, what, out);
	}
}

void value_asked_clear(struct value_asked *a)
{
	free(a->keys);
	*a = (struct value_asked){0};
}

/* ---- whether an object is meant ---- */

static int compare_keys(const struct value_key *a, const struct value_key *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->bytes, b->bytes, len);
	return order != 0 ? order : (int)a->len - (int)b->len;
}

/* Of an address range the first key has length 0; wider prefixes that begin there are not inside. */
static bool in_range(const struct value_range *range, const struct value_key *key)
{
	unsigned family, length, first_length;
	if (compare_keys(key, &range->first) < 0 || compare_keys(key, &range->behind) >= 0)
		return false;
	if (!value_key_is_address(key, &family, &length) ||
	    !value_key_is_address(&range->first, &family, &first_length))
		return true;
	struct value_key around;
	return value_key_around(key, range->length, &around) &&
	       memcmp(around.bytes, range->first.bytes, range->first.len - 1u) == 0;
}

static bool key_asked(const struct value_asked *a, const struct value_key *key)
{
	for (size_t i = 0; i < a->key_count; i++)
		if (compare_keys(&a->keys[i], key) == 0)
			return true;
	return a->has_range && in_range(&a->range, key);
}

bool value_asked_in(const struct value_asked *a, const struct object_row *row)
{
	struct stix_object o;
	stix_object_init(&o);
	bool found = false;
	if (stix_object_read(&o, cur_of(row->bytes, row->len), row->spec, &STIX_DEFAULTS, NULL) == HN_OK)
		for (size_t i = 0; !found && i < o.value_count; i++) {
			struct value_key key;
			value_key_of(&o.values[i], &key);
			found = key_asked(a, &key);
		}
	stix_object_clear(&o);
	return found;
}

/* Asked words, and which of them were met. */
struct met {
	char words[SEARCH_WORDS_MAX][WORD_MAX + 1];
	bool met[SEARCH_WORDS_MAX];
	size_t count;
};

static int take_asked(void *context, const char *word, size_t len, size_t start, size_t end)
{
	(void)start;
	(void)end;
	struct met *m = context;
	if (m->count == SEARCH_WORDS_MAX)
		return HN_ELIMIT;
	memcpy(m->words[m->count], word, len);
	m->words[m->count++][len] = '\0';
	return HN_OK;
}

static int meet(void *context, const char *word, size_t len, size_t start, size_t end)
{
	(void)start;
	(void)end;
	struct met *m = context;
	for (size_t i = 0; i < m->count; i++)
		m->met[i] |= strlen(m->words[i]) == len && memcmp(m->words[i], word, len) == 0;
	return HN_OK;
}

static bool meet_texts(const struct stix_object *o, struct met *m)
{
	struct buf scratch;
	buf_init(&scratch, 16u << 20);
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < o->text_count; i++) {
		const struct json_string s = {
			.text = o->texts[i].text, .len = o->texts[i].len, .escaped = o->texts[i].escaped};
		const char *text;
		size_t len;
		err = json_text(&s, &scratch, &text, &len);
		if (err == HN_OK)
			err = words_of(text, len, WORDS_INDEX, meet, m);
	}
	buf_clear(&scratch);
	bool all = err == HN_OK;
	for (size_t i = 0; i < m->count; i++)
		all &= m->met[i];
	return all;
}

bool words_asked_in(const struct search *what, const struct object_row *row)
{
	struct met m = {.count = 0};
	struct stix_object o;
	if (words_of(what->text, what->len, WORDS_ASKED, take_asked, &m) != HN_OK)
		return false;
	stix_object_init(&o);
	bool found = stix_object_read(&o, cur_of(row->bytes, row->len), row->spec, &STIX_DEFAULTS, NULL) ==
			     HN_OK &&
		     meet_texts(&o, &m);
	stix_object_clear(&o);
	return found;
}

/* ---- what is found ---- */

static int add_seq(struct value_hits *h, int64_t seq)
{
	if (h->count == h->room) {
		size_t room = h->room == 0 ? 64 : h->room * 2;
		int64_t *more = realloc(h->seqs, room * sizeof(*more));
		if (more == NULL)
			return HN_ENOMEM;
		h->seqs = more;
		h->room = room;
	}
	h->seqs[h->count++] = seq;
	return HN_OK;
}

static int take_hits(struct value_hits *h, struct db_rows *rows, const struct value_range *range)
{
	int err = HN_OK;
	int more = 0;
	size_t looked_at = 0;
	while (err == HN_OK && (more = db_next(rows)) == 1) {
		if (++looked_at > SEARCH_RANGE_MAX) {
			h->cut = true;
			break;
		}
		if (range != NULL) {
			struct value_key key;
			size_t len;
			const uint8_t *bytes = db_blob(rows, 1, &len);
			key.len = (uint16_t)(len < VALUE_KEY_MAX ? len : VALUE_KEY_MAX);
			memcpy(key.bytes, bytes, key.len);
			if (!in_range(range, &key))
				continue;
		}
		err = add_seq(h, db_int(rows, 0));
	}
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

static int later_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x > y ? -1 : x < y;
}

static void in_order(struct value_hits *h)
{
	if (h->count == 0)
		return;
	qsort(h->seqs, h->count, sizeof(h->seqs[0]), later_first);
	size_t kept = 1;
	for (size_t i = 1; i < h->count; i++)
		if (h->seqs[i] != h->seqs[kept - 1])
			h->seqs[kept++] = h->seqs[i];
	h->count = kept;
}

int value_hits_find(struct reader *reader, const struct value_asked *a, int64_t before_seq,
		    struct value_hits *out)
{
	struct db *db = reader_db(reader);
	struct db_rows *rows;
	*out = (struct value_hits){0};
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < a->key_count; i++) {
		err = db_query(db, &rows,
			       "SELECT x.seq FROM value x JOIN version v ON v.seq = x.seq WHERE x.key = $1 "
			       "AND x.seq < $2 "
			       "AND v.newest = 1 AND SEES(v.label) ORDER BY x.seq DESC LIMIT $3",
			       db_bytes(a->keys[i].bytes, a->keys[i].len), db_number(before_seq),
			       db_number(SEARCH_RANGE_MAX + 1));
		if (err == HN_OK)
			err = take_hits(out, rows, NULL);
	}
	if (err == HN_OK && a->has_range) {
		const struct value_range *r = &a->range;
		err = db_query(db, &rows,
			       "SELECT x.seq, x.key FROM value x JOIN version v ON v.seq = x.seq WHERE x.key "
			       ">= $1 AND "
			       "x.key < $2 AND x.seq < $3 AND v.newest = 1 AND SEES(v.label) ORDER BY x.key "
			       "LIMIT $4",
			       db_bytes(r->first.bytes, r->first.len),
			       db_bytes(r->behind.bytes, r->behind.len), db_number(before_seq),
			       db_number(SEARCH_RANGE_MAX + 1));
		if (err == HN_OK)
			err = take_hits(out, rows, r);
	}
	in_order(out);
	return err;
}

void value_hits_clear(struct value_hits *hits)
{
	free(hits->seqs);
	*hits = (struct value_hits){0};
}
