/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The compiler's last step: numbers, filters, layout, header, digest. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cur.h"
#include "base/digest.h"
#include "match/build_private.h"
#include "match/canonical.h"
#include "match/layout.h"

/*
 * What is found out before the file's size is known. Metadata and texts are numbered in the order in which
 * the tables, from first to last slot, name them first; so the numbers, too, depend on the entries only.
 */
struct plan {
	uint32_t *row_numbers; /* new number plus one by old number; 0: unused */
	uint32_t *row_olds;    /* old number by new number */
	uint32_t row_count;
	uint32_t *text_offsets; /* in the strings, by old number; 0: unused */
	uint32_t *text_olds;    /* old numbers in new order */
	uint32_t text_count;
	uint64_t strings_size;
	uint32_t *holder_offsets;
	uint32_t *holder_olds;
	uint32_t holder_count;
	uint64_t holders_size;
	struct him_bits bits[8];         /* in the header's order */
	unsigned near4_bits, near6_bits; /* 0: no filter */
	uint64_t offsets[HIM_SECTION_COUNT], sizes[HIM_SECTION_COUNT];
};

enum { BITS_4, BITS_4_LIVE, BITS_6, BITS_6_LIVE, BITS_NAME, BITS_WILDCARD, BITS_HELD4, BITS_HELD6 };

static void put32(uint8_t *at, uint32_t v)
{
	memcpy(at, &v, sizeof(v));
}

static void put64(uint8_t *at, uint64_t v)
{
	memcpy(at, &v, sizeof(v));
}

static int order_text(const struct intern *t, uint32_t a, uint32_t b)
{
	size_t len_a, len_b;
	const uint8_t *text_a = intern_get(t, a, &len_a);
	const uint8_t *text_b = intern_get(t, b, &len_b);
	int order = a == b ? 0 : memcmp(text_a, text_b, len_a < len_b ? len_a : len_b);
	if (order != 0 || len_a == len_b)
		return order;
	return len_a < len_b ? -1 : 1;
}

static struct build_row row_get(const struct him_build *b, uint32_t number)
{
	struct build_row row;
	size_t len;
	memcpy(&row, intern_get(&b->rows, number, &len), sizeof(row));
	return row;
}

int build_row_order(const struct him_build *b, uint32_t a, uint32_t other)
{
	struct build_row x = row_get(b, a), y = row_get(b, other);
	int64_t until_x = x.until == 0 ? INT64_MAX : x.until, until_y = y.until == 0 ? INT64_MAX : y.until;
	uint64_t sure_x = x.confidence > 100 ? 0 : x.confidence + 1;
	uint64_t sure_y = y.confidence > 100 ? 0 : y.confidence + 1;

	if (until_x != until_y)
		return until_x > until_y ? -1 : 1;
	if (x.from != y.from)
		return x.from < y.from ? -1 : 1;
	if (sure_x != sure_y)
		return sure_x > sure_y ? -1 : 1;
	int order = order_text(&b->texts, x.object, y.object);
	if (order == 0)
		order = order_text(&b->texts, x.act, y.act);
	if (order == 0)
		order = order_text(&b->texts, x.marking, y.marking);
	return order != 0 ? order : order_text(&b->texts, x.phase, y.phase);
}

static void plan_clear(struct plan *p)
{
	free(p->row_numbers);
	free(p->row_olds);
	free(p->text_offsets);
	free(p->text_olds);
	free(p->holder_offsets);
	free(p->holder_olds);
}

static uint32_t *numbers_new(uint32_t count)
{
	return calloc((size_t)count + 1, sizeof(uint32_t));
}

static int plan_init(const struct him_build *b, struct plan *p)
{
	*p = (struct plan){.row_numbers = numbers_new(b->rows.count),
			   .row_olds = numbers_new(b->rows.count),
			   .text_offsets = numbers_new(b->texts.count),
			   .text_olds = numbers_new(b->texts.count),
			   .holder_offsets = numbers_new(b->holders.count),
			   .holder_olds = numbers_new(b->holders.count)};
	if (p->row_numbers == NULL || p->row_olds == NULL || p->text_offsets == NULL ||
	    p->text_olds == NULL || p->holder_offsets == NULL || p->holder_olds == NULL)
		return HN_ENOMEM;
	return HN_OK;
}

/* Gives a text its place behind those before; the first byte of the section is a NUL of its own. */
static void plan_text(const struct intern *texts, uint32_t number, uint32_t offsets[], uint32_t olds[],
		      uint32_t *count_io, uint64_t *size_io)
{
	size_t len;
	if (offsets[number] != 0)
		return;
	(void)intern_get(texts, number, &len);
	if (*size_io == 0)
		*size_io = 1;
	offsets[number] = (uint32_t)*size_io;
	olds[(*count_io)++] = number;
	*size_io += len + 1;
}

static void plan_row(const struct him_build *b, uint32_t number, struct plan *p)
{
	if (p->row_numbers[number] != 0)
		return;
	struct build_row row = row_get(b, number);
	const uint32_t texts[] = {row.object, row.act, row.marking, row.phase};
	p->row_olds[p->row_count] = number;
	p->row_numbers[number] = ++p->row_count;
	for (size_t i = 0; i < 4; i++)
		if (texts[i] != 0)
			plan_text(&b->texts, texts[i], p->text_offsets, p->text_olds, &p->text_count,
				  &p->strings_size);
}

static int plan_numbers(const struct him_build *b, struct plan *p)
{
	for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++)
		for (size_t k = 0; k < b->tables[i].count; k++)
			if ((b->tables[i].items[k].entry & HIM_TOMBSTONE) == 0)
				plan_row(b, (b->tables[i].items[k].entry & HIM_ROW_MASK) - 1, p);
	const struct build_table *holdings = &b->tables[HIM_TABLE_HOLDINGS];
	for (size_t k = 0; k < holdings->count; k++)
		plan_text(&b->holders, (holdings->items[k].entry & HIM_ROW_MASK) - 1, p->holder_offsets,
			  p->holder_olds, &p->holder_count, &p->holders_size);
	return p->strings_size > UINT32_MAX || p->holders_size > HIM_ROW_MASK ? HN_ELIMIT : HN_OK;
}

static unsigned prefix_len(const struct build_table *t, const struct build_item *item)
{
	uint8_t scratch[4];
	size_t len;
	if (t->shape == HIM_WORD)
		return 31u - (unsigned)__builtin_ctz(item->at);
	const uint8_t *key = build_item_key(t, item, scratch, &len);
	uint64_t upper = load_be64(key), lower = load_be64(key + 8);
	if (lower != 0)
		return 127u - (unsigned)__builtin_ctzll(lower);
	return 63u - (unsigned)__builtin_ctzll(upper);
}

static void plan_lengths(const struct build_table *t, struct him_bits *all, struct him_bits *live)
{
	for (size_t i = 0; i < t->count; i++) {
		unsigned len = prefix_len(t, &t->items[i]);
		bits_set(all, len);
		if ((t->items[i].entry & HIM_TOMBSTONE) == 0)
			bits_set(live, len);
	}
}

static void plan_depths(const struct build_table *t, struct him_bits *out)
{
	for (size_t i = 0; i < t->count; i++) {
		const uint8_t *key = t->keys + t->items[i].at;
		bits_set(out, canonical_labels(key + 2, load_le16(key)));
	}
}

static void plan_held(const struct build_table *t, struct him_bits *held4, struct him_bits *held6)
{
	for (size_t i = 0; i < t->count; i++) {
		const uint8_t *key = t->keys + t->items[i].at + 2;
		bits_set(key[0] == 4 ? held4 : held6, key[1]);
	}
}

static unsigned near_bits(size_t rows, unsigned min, unsigned max)
{
	unsigned bits = min;
	if (rows == 0)
		return 0;
	while (bits < max && (size_t)1 << bits < rows)
		bits++;
	return bits;
}

static void plan_filters(const struct him_build *b, struct plan *p)
{
	plan_lengths(&b->tables[ENTRY_PREFIX4], &p->bits[BITS_4], &p->bits[BITS_4_LIVE]);
	plan_lengths(&b->tables[ENTRY_PREFIX6], &p->bits[BITS_6], &p->bits[BITS_6_LIVE]);
	plan_depths(&b->tables[ENTRY_NAME], &p->bits[BITS_NAME]);
	plan_depths(&b->tables[ENTRY_WILDCARD], &p->bits[BITS_WILDCARD]);
	plan_held(&b->tables[HIM_TABLE_HOLDINGS], &p->bits[BITS_HELD4], &p->bits[BITS_HELD6]);
	p->near4_bits = near_bits(4 * b->tables[ENTRY_PREFIX4].count, NEAR4_BITS_MIN, NEAR4_BITS_MAX);
	p->near6_bits = near_bits(2 * b->tables[ENTRY_PREFIX6].count, NEAR6_BITS_MIN, NEAR6_BITS_MAX);
}

static uint64_t plan_layout(const struct him_build *b, struct plan *p)
{
	uint64_t at = HIM_HEADER_SIZE;

	for (unsigned i = 0; i < HIM_TABLE_COUNT; i++) {
		p->sizes[HIM_SECTION_TABLES + i] = (uint64_t)b->tables[i].total * HIM_BUCKET_SIZE;
		p->sizes[HIM_SECTION_BLOBS + i] = b->tables[i].blob_size;
	}
	p->sizes[HIM_SECTION_NEAR4] = p->near4_bits == 0 ? 0 : (uint64_t)NEAR4_ROW << p->near4_bits;
	p->sizes[HIM_SECTION_NEAR6] = p->near6_bits == 0 ? 0 : (uint64_t)NEAR6_ROW << p->near6_bits;
	p->sizes[HIM_SECTION_HOLDERS] = p->holders_size;
	p->sizes[HIM_SECTION_ROWS] = (uint64_t)p->row_count * HIM_ROW_SIZE;
	p->sizes[HIM_SECTION_STRINGS] = p->strings_size;
	for (unsigned i = 0; i < HIM_SECTION_COUNT; i++) {
		unsigned s = him_section_at(i);
		p->offsets[s] = at;
		at += him_section_room(p->sizes[s]);
	}
	return at;
}

static void fill_near4(const struct build_table *t, unsigned bits, uint8_t *rows)
{
	for (size_t i = 0; i < t->count; i++) {
		unsigned len = prefix_len(t, &t->items[i]);
		uint32_t first = t->items[i].at & ~(0x80000000u >> len);
		uint32_t count = len >= 16 ? 1 : 1u << (16 - len);
		for (uint32_t k = 0; k < count; k++) {
			uint8_t *row = rows + NEAR4_ROW * (size_t)near4_row(first + (k << 16), bits);
			put32(row, load_le32(row) | 1u << len);
		}
	}
}

static void fill_near6(const struct build_table *t, unsigned bits, uint8_t *rows)
{
	for (size_t i = 0; i < t->count; i++) {
		unsigned len = prefix_len(t, &t->items[i]);
		if (len < NEAR6_SHORTEST)
			continue;
		uint32_t upper = load_be32(t->keys + t->items[i].at);
		uint8_t *row = rows + NEAR6_ROW * (size_t)near6_row(upper, bits);
		row[len / 8] = (uint8_t)(row[len / 8] | 1u << len % 8);
	}
}

static void fill_texts(const struct intern *texts, const uint32_t offsets[], const uint32_t olds[],
		       uint32_t count, uint8_t *out)
{
	for (uint32_t i = 0; i < count; i++) {
		size_t len;
		const uint8_t *text = intern_get(texts, olds[i], &len);
		memcpy(out + offsets[olds[i]], text, len);
	}
}

static void fill_rows(const struct him_build *b, const struct plan *p, uint8_t *out)
{
	for (uint32_t i = 0; i < p->row_count; i++, out += HIM_ROW_SIZE) {
		struct build_row row = row_get(b, p->row_olds[i]);
		put32(out + ROW_OBJECT, p->text_offsets[row.object]);
		put32(out + ROW_ACT, p->text_offsets[row.act]);
		put32(out + ROW_MARKING, p->text_offsets[row.marking]);
		put32(out + ROW_PHASE, p->text_offsets[row.phase]);
		put64(out + ROW_FROM, (uint64_t)row.from);
		put64(out + ROW_UNTIL, (uint64_t)row.until);
		out[ROW_CONFIDENCE] = (uint8_t)row.confidence;
	}
}

static void fill_header(const struct him_build *b, const struct plan *p, uint64_t size, uint8_t *out)
{
	memcpy(out + AT_MAGIC, HIM_MAGIC, sizeof(HIM_MAGIC) - 1);
	put32(out + AT_VERSION, b->tables[ENTRY_NAME].shared != NULL ? HIM_VERSION_2 : HIM_VERSION);
	put32(out + AT_FLAGS, b->overlay ? HIM_OVERLAY : 0);
	put64(out + AT_SIZE, size);
	if (b->overlay)
		memcpy(out + AT_BASE, b->base, sizeof(b->base));
	put32(out + AT_TABLE_COUNT, HIM_TABLE_COUNT);
	put32(out + AT_SECTION_COUNT, HIM_SECTION_COUNT);
	memcpy(out + AT_SET_ID, b->id, sizeof(b->id));
	for (unsigned i = 0; i < HIM_TABLE_COUNT; i++) {
		const struct build_table *t = &b->tables[i];
		uint8_t *at = out + AT_TABLES + TABLE_SIZE * i;
		put32(at, t->home);
		put32(at + 4, t->seed);
		put64(at + 8, t->entries);
		put64(at + 16, t->tombstones);
		put64(at + 24, t->allows);
	}
	for (unsigned i = 0; i < 8; i++)
		for (unsigned k = 0; k < 3; k++)
			put64(out + AT_BITS + 24 * i + 8 * k, p->bits[i].words[k]);
	put64(out + AT_ROW_COUNT, p->row_count);
	for (unsigned i = 0; i < HIM_SECTION_COUNT; i++) {
		put64(out + AT_SECTIONS + 16 * i, p->offsets[i]);
		put64(out + AT_SECTIONS + 16 * i + 8, p->sizes[i]);
	}
}

/* The digest stands between the two pieces that it covers. */
static void seal(uint8_t *file, uint64_t size)
{
	sha256_parts(file, AT_DIGEST, file + AT_BASE, size - AT_BASE, NULL, 0, file + AT_DIGEST);
}

/* Cuts the metadata off a sealed file; what is left names it. @return the new size */
static uint64_t strip(uint8_t *file, const struct plan *p)
{
	uint64_t size = p->offsets[HIM_SECTION_ROWS];
	memcpy(file + AT_ORIGIN, file + AT_DIGEST, HIM_DIGEST_SIZE);
	put32(file + AT_FLAGS, load_le32(file + AT_FLAGS) | HIM_STRIPPED);
	put64(file + AT_SIZE, size);
	put64(file + AT_ROW_COUNT, 0);
	for (unsigned i = HIM_SECTION_ROWS; i <= HIM_SECTION_STRINGS; i++) {
		put64(file + AT_SECTIONS + 16 * i, size);
		put64(file + AT_SECTIONS + 16 * i + 8, 0);
	}
	seal(file, size);
	return size;
}

/* Frees what a table was made of as soon as it stands in the file. */
static void release(struct build_table *t)
{
	free(t->items);
	free(t->keys);
	t->items = NULL;
	t->keys = NULL;
	t->count = 0;
}

static int fill(struct him_build *b, const struct plan *p, uint64_t size)
{
	uint8_t *file = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file == MAP_FAILED)
		return HN_ENOMEM;
	(void)madvise(file, size, MADV_HUGEPAGE);
	b->file = file;
	b->file_mapped = size;
	if (p->near4_bits > 0)
		fill_near4(&b->tables[ENTRY_PREFIX4], p->near4_bits, file + p->offsets[HIM_SECTION_NEAR4]);
	if (p->near6_bits > 0)
		fill_near6(&b->tables[ENTRY_PREFIX6], p->near6_bits, file + p->offsets[HIM_SECTION_NEAR6]);
	for (unsigned i = 0; i < HIM_TABLE_COUNT; i++) {
		build_fill(&b->tables[i], i == HIM_TABLE_HOLDINGS ? p->holder_offsets : p->row_numbers,
			   file + p->offsets[HIM_SECTION_TABLES + i],
			   file + p->offsets[HIM_SECTION_BLOBS + i]);
		release(&b->tables[i]);
	}
	fill_rows(b, p, file + p->offsets[HIM_SECTION_ROWS]);
	fill_texts(&b->texts, p->text_offsets, p->text_olds, p->text_count,
		   file + p->offsets[HIM_SECTION_STRINGS]);
	fill_texts(&b->holders, p->holder_offsets, p->holder_olds, p->holder_count,
		   file + p->offsets[HIM_SECTION_HOLDERS]);
	fill_header(b, p, size, file);
	free(b->tables[ENTRY_NAME].shared);
	b->tables[ENTRY_NAME].shared = NULL;
	seal(file, size);
	b->file_size = b->strip ? strip(file, p) : size;
	return HN_OK;
}

int him_build_finish(struct him_build *b, const uint8_t **data_out, size_t *size_out, uint8_t digest_out[32])
{
	struct plan p = {0};
	if (b->file != NULL || b->failed)
		return HN_ESTATE;
	int rc = HN_OK;
	for (unsigned i = 0; rc == HN_OK && i < HIM_TABLE_COUNT; i++)
		rc = build_prepare(b, &b->tables[i]);
	if (rc == HN_OK)
		rc = build_share(&b->tables[ENTRY_NAME], &b->tables[ENTRY_WILDCARD]);
	if (rc == HN_OK)
		rc = plan_init(b, &p);
	if (rc == HN_OK)
		rc = plan_numbers(b, &p);
	if (rc == HN_OK) {
		plan_filters(b, &p);
		rc = fill(b, &p, plan_layout(b, &p));
	}
	plan_clear(&p);
	if (rc != HN_OK) {
		b->failed = true;
		return rc;
	}
	*data_out = b->file;
	*size_out = b->file_size;
	memcpy(digest_out, b->file + AT_DIGEST, HIM_DIGEST_SIZE);
	return HN_OK;
}
