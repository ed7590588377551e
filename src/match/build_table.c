/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* One table of the compiler: sorting, duplicates, placing, writing. */
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "match/build_private.h"
#include "match/table.h"

/*
 * Items for each home slot, in hundredths: 11.4 bytes an IPv4 entry, 26.7 an IPv6 entry, 13.3 of buckets a
 * name. Two overflows in a hundred look-ups that miss read a second line.
 */
static const unsigned load_percent[] = {[HIM_WORD] = 70, [HIM_QUAD] = 80, [HIM_BYTES] = 60};

#define SEEDS_MAX  16u
#define RADIX_BITS 11u

static void store_le16(uint8_t *at, uint16_t v)
{
	memcpy(at, &v, sizeof(v));
}

static void store_le32(uint8_t *at, uint32_t v)
{
	memcpy(at, &v, sizeof(v));
}

const uint8_t *build_item_key(const struct build_table *t, const struct build_item *item, uint8_t scratch[4],
			      size_t *len_out)
{
	switch (t->shape) {
	case HIM_WORD:
		store_le32(scratch, item->at);
		*len_out = 4;
		return scratch;
	case HIM_QUAD:
		*len_out = 16;
		return t->keys + item->at;
	default:
		*len_out = load_le16(t->keys + item->at);
		return t->keys + item->at + 2;
	}
}

static int key_order(const struct build_table *t, const struct build_item *a, const struct build_item *b)
{
	uint8_t scratch_a[4], scratch_b[4];
	size_t len_a, len_b;
	const uint8_t *key_a = build_item_key(t, a, scratch_a, &len_a);
	const uint8_t *key_b = build_item_key(t, b, scratch_b, &len_b);
	int order = memcmp(key_a, key_b, len_a < len_b ? len_a : len_b);
	if (order != 0 || len_a == len_b)
		return order;
	return len_a < len_b ? -1 : 1;
}

struct order_context {
	const struct him_build *b;
	const struct build_table *t;
};

/* Which of two entries of one key stays; the number of a holder is ordered by its text. */
static int entry_order(const struct order_context *c, uint32_t a, uint32_t b)
{
	if (a == b)
		return 0;
	if ((a ^ b) & HIM_TOMBSTONE)
		return a & HIM_TOMBSTONE ? -1 : 1;
	if ((a ^ b) & HIM_ALLOW)
		return a & HIM_ALLOW ? -1 : 1;
	uint32_t number_a = (a & HIM_ROW_MASK) - 1, number_b = (b & HIM_ROW_MASK) - 1;
	if (c->t->table != HIM_TABLE_HOLDINGS)
		return build_row_order(c->b, number_a, number_b);
	size_t len_a, len_b;
	const uint8_t *text_a = intern_get(&c->b->holders, number_a, &len_a);
	const uint8_t *text_b = intern_get(&c->b->holders, number_b, &len_b);
	int order = memcmp(text_a, text_b, len_a < len_b ? len_a : len_b);
	return order != 0 ? order : len_a < len_b ? -1 : 1;
}

static int item_order(const void *a, const void *b, void *context)
{
	const struct order_context *c = context;
	const struct build_item *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	int order = key_order(c->t, x, y);
	return order != 0 ? order : entry_order(c, x->entry, y->entry);
}

static void radix_pass(const struct build_item *from, struct build_item *to, size_t count, unsigned shift)
{
	size_t starts[1u << RADIX_BITS] = {0};
	size_t sum = 0;
	for (size_t i = 0; i < count; i++)
		starts[from[i].hash >> shift & ((1u << RADIX_BITS) - 1)]++;
	for (size_t i = 0; i < 1u << RADIX_BITS; i++) {
		size_t n = starts[i];
		starts[i] = sum;
		sum += n;
	}
	for (size_t i = 0; i < count; i++)
		to[starts[from[i].hash >> shift & ((1u << RADIX_BITS) - 1)]++] = from[i];
}

/* By the upper half of the hash in three passes; runs of equal ones, which are short, by comparison. */
static int sort_items(const struct him_build *b, struct build_table *t)
{
	struct order_context context = {b, t};
	if (t->count < 256) {
		qsort_r(t->items, t->count, sizeof(*t->items), item_order, &context);
		return HN_OK;
	}
	struct build_item *other = malloc(t->count * sizeof(*other));
	if (other == NULL)
		return HN_ENOMEM;
	radix_pass(t->items, other, t->count, 32);
	radix_pass(other, t->items, t->count, 32 + RADIX_BITS);
	radix_pass(t->items, other, t->count, 32 + 2 * RADIX_BITS - 1);
	free(t->items);
	t->items = other;
	t->cap = t->count;
	for (size_t i = 0, end; i < t->count; i = end) {
		for (end = i + 1; end < t->count && other[end].hash >> 32 == other[i].hash >> 32; end++)
			;
		if (end - i > 1)
			qsort_r(other + i, end - i, sizeof(*other), item_order, &context);
	}
	return HN_OK;
}

/* Sorted: the first of each key is the one that stays. */
static void drop_duplicates(struct build_table *t)
{
	size_t kept = 0;
	for (size_t i = 0; i < t->count; i++) {
		const struct build_item *item = &t->items[i];
		if (kept > 0 && t->items[kept - 1].hash == item->hash &&
		    key_order(t, &t->items[kept - 1], item) == 0) {
			t->duplicates++;
			continue;
		}
		t->items[kept++] = *item;
	}
	t->count = kept;
}

static void hash_items(struct build_table *t)
{
	uint8_t scratch[4];
	for (size_t i = 0; i < t->count; i++) {
		size_t len;
		const uint8_t *key = build_item_key(t, &t->items[i], scratch, &len);
		t->items[i].hash = table_hash(t->table, key, len, t->seed);
	}
}

static uint32_t home_of(const struct build_table *t, const struct build_item *item)
{
	return hash_bucket((uint32_t)(item->hash >> 32), t->home);
}

uint32_t build_place(const struct build_table *t, const struct build_item *item, uint64_t *position_io)
{
	uint64_t home = (uint64_t)home_of(t, item) * table_width(t->shape);
	uint64_t position = *position_io > home ? *position_io : home;
	*position_io = position + 1;
	return (uint32_t)(position / table_width(t->shape));
}

/* @return whether every item lies near enough to its home */
static bool place_all(struct build_table *t)
{
	uint64_t position = 0;
	uint32_t last = 0;
	for (size_t i = 0; i < t->count; i++) {
		last = build_place(t, &t->items[i], &position);
		if (last - home_of(t, &t->items[i]) >= HIM_PROBE_MAX)
			return false;
	}
	t->total = last + 1 > t->home ? last + 1 : t->home;
	return true;
}

static int count_items(struct build_table *t)
{
	uint64_t blob = BLOB_FIRST;
	for (size_t i = 0; i < t->count; i++) {
		const struct build_item *item = &t->items[i];
		if (item->entry & HIM_TOMBSTONE)
			t->tombstones++;
		else
			t->entries++;
		if (item->entry & HIM_ALLOW)
			t->allows++;
		if (t->shape == HIM_BYTES)
			blob += RECORD_HEAD + load_le16(t->keys + item->at);
	}
	t->blob_size = t->shape == HIM_BYTES ? blob : 0;
	return blob > UINT32_MAX ? HN_ELIMIT : HN_OK;
}

int build_prepare(const struct him_build *b, struct build_table *t)
{
	if (t->count == 0)
		return HN_OK;

	for (t->seed = 0; t->seed < SEEDS_MAX; t->seed++) {
		hash_items(t);
		int rc = sort_items(b, t);
		if (rc != HN_OK)
			return rc;
		drop_duplicates(t);
		uint64_t slots =
			((uint64_t)t->count * 100 + load_percent[t->shape] - 1) / load_percent[t->shape];
		uint64_t home = (slots + table_width(t->shape) - 1) / table_width(t->shape);
		if (home > UINT32_MAX / WORDS_PER_BUCKET - HIM_PROBE_MAX)
			return HN_ELIMIT;
		t->home = (uint32_t)home;
		if (place_all(t))
			return count_items(t);
	}
	return HN_ELIMIT;
}

/* The wildcard of a name's key and handle. *from_io: none before it has this hash or a higher one. */
static size_t find_twin(const struct build_table *names, const struct build_item *name, uint64_t hash,
			const struct build_table *wildcards, size_t *from_io)
{
	size_t len, other_len, i = *from_io;
	uint8_t scratch[4];
	const uint8_t *key = build_item_key(names, name, scratch, &len);
	while (i < wildcards->count && wildcards->items[i].hash < hash)
		i++;
	*from_io = i;
	for (; i < wildcards->count && wildcards->items[i].hash == hash; i++) {
		const struct build_item *item = &wildcards->items[i];
		const uint8_t *other = build_item_key(wildcards, item, scratch, &other_len);
		if (item->entry == name->entry && other_len == len && memcmp(other, key, len) == 0)
			return i;
	}
	return SIZE_MAX;
}

static size_t lower_bound(const struct build_table *t, uint64_t hash)
{
	size_t low = 0, high = t->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (t->items[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t *record_offsets(const struct build_table *t)
{
	uint32_t *offsets = calloc(t->count + 1, sizeof(*offsets));
	uint32_t at = BLOB_FIRST;
	for (size_t i = 0; offsets != NULL && i < t->count; i++) {
		offsets[i] = at;
		at += RECORD_HEAD + load_le16(t->keys + t->items[i].at);
	}
	return offsets;
}

/* Both tables lie in the order of their hashes, which are the same where their seeds are. */
static uint64_t find_twins(const struct build_table *names, const struct build_table *wildcards,
			   const uint32_t offsets[], uint32_t shared[])
{
	uint64_t saved = 0;
	size_t from = 0;
	for (size_t i = 0; i < names->count; i++) {
		const struct build_item *item = &names->items[i];
		size_t len = load_le16(names->keys + item->at);
		uint64_t hash = item->hash;
		if (names->seed != wildcards->seed) {
			hash = table_hash(names->table, names->keys + item->at + 2, len, wildcards->seed);
			from = lower_bound(wildcards, hash);
		}
		size_t twin = find_twin(names, item, hash, wildcards, &from);
		if (twin == SIZE_MAX)
			continue;
		shared[i] = offsets[twin];
		saved += RECORD_HEAD + len;
	}
	return saved;
}

int build_share(struct build_table *names, const struct build_table *wildcards)
{
	if (names->count == 0 || wildcards->count == 0)
		return HN_OK;
	uint32_t *offsets = record_offsets(wildcards);
	uint32_t *shared = calloc(names->count, sizeof(*shared));
	if (offsets == NULL || shared == NULL) {
		free(offsets);
		free(shared);
		return HN_ENOMEM;
	}
	uint64_t saved = find_twins(names, wildcards, offsets, shared);
	free(offsets);
	if (saved == 0) {
		free(shared);
		return HN_OK;
	}
	free(names->shared);
	names->shared = shared;
	names->blob_size -= saved;
	return him_section_room(names->blob_size) + wildcards->blob_size > UINT32_MAX ? HN_ELIMIT : HN_OK;
}

static void fill_overflow(const struct build_table *t, uint8_t *buckets, const struct build_item *item,
			  uint32_t bucket)
{
	unsigned bit = table_overflow_bit(t->shape, item->hash);
	for (uint32_t full = home_of(t, item); full < bucket; full++) {
		uint8_t *at = buckets + (size_t)full * HIM_BUCKET_SIZE;
		uint32_t mark = HIM_OVERFLOW;
		if (t->shape == HIM_QUAD) {
			at += QUAD_OVERFLOW;
			mark = 1u << bit;
		} else {
			at += (t->shape == HIM_WORD ? WORD_HANDLES : 0) + 4 * (size_t)bit;
		}
		store_le32(at, load_le32(at) | mark);
	}
}

/* Overflow bits stand in words that are written later or before: they are kept. */
static void store_word(uint8_t *at, uint32_t v)
{
	store_le32(at, (load_le32(at) & HIM_OVERFLOW) | v);
}

static void fill_bytes(const struct build_table *t, const struct build_item *item, uint32_t entry,
		       uint8_t *bucket, unsigned slot, uint8_t *blob, uint64_t *blob_used)
{
	uint16_t len = load_le16(t->keys + item->at);
	uint8_t *record = blob + *blob_used;
	uint32_t shared = t->shared == NULL ? 0 : t->shared[item - t->items];
	store_word(bucket + 4 * (size_t)slot, (uint32_t)item->hash & TAG_MASK);
	if (shared != 0) {
		store_le32(bucket + BYTES_OFFSETS + 4 * (size_t)slot,
			   (uint32_t)him_section_room(t->blob_size) + shared);
		return;
	}
	store_le32(bucket + BYTES_OFFSETS + 4 * (size_t)slot, (uint32_t)*blob_used);
	store_le32(record, entry);
	store_le16(record + 4, len);
	memcpy(record + RECORD_HEAD, t->keys + item->at + 2, len);
	*blob_used += RECORD_HEAD + len;
}

void build_fill(const struct build_table *t, const uint32_t numbers[], uint8_t *buckets, uint8_t *blob)
{
	uint64_t position = 0, blob_used = BLOB_FIRST;
	unsigned width = table_width(t->shape);

	for (size_t i = 0; i < t->count; i++) {
		const struct build_item *item = &t->items[i];
		uint32_t bucket = build_place(t, item, &position);
		unsigned slot = (unsigned)((position - 1) % width);
		uint8_t *at = buckets + (size_t)bucket * HIM_BUCKET_SIZE;
		uint32_t entry = item->entry;
		if ((entry & HIM_TOMBSTONE) == 0)
			entry = (entry & HIM_ALLOW) | numbers[(entry & HIM_ROW_MASK) - 1];
		switch (t->shape) {
		case HIM_WORD:
			store_le32(at + 4 * (size_t)slot, item->at);
			store_word(at + WORD_HANDLES + 4 * (size_t)slot, entry);
			break;
		case HIM_QUAD:
			memcpy(at + 16 * (size_t)slot, t->keys + item->at, 16);
			store_le32(at + QUAD_HANDLES + 4 * (size_t)slot, entry);
			break;
		case HIM_BYTES:
			fill_bytes(t, item, entry, at, slot, blob, &blob_used);
			break;
		}
		fill_overflow(t, buckets, item, bucket);
	}
}
