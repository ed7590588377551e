/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/build.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cur.h"
#include "base/file.h"
#include "base/utf8.h"
#include "match/build_private.h"
#include "match/canonical.h"
#include "match/him_each.h"
#include "match/layout.h"

const struct him_build_limits HIM_BUILD_DEFAULTS = {UINT64_C(500000000), UINT64_C(64) << 30};

/* UTF-8 of 1..max bytes without control characters. */
static bool text_valid(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);
	if (len == 0 || len > max || !utf8_valid(text, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

int him_build_new(const char *set_id, const struct him_build_limits *limits, struct him_build **out)
{
	if (!text_valid(set_id, HIM_SET_ID_MAX))
		return HN_EFORMAT;
	struct him_build *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return HN_ENOMEM;
	memcpy(b->id, set_id, strlen(set_id));
	b->limits = limits == NULL ? HIM_BUILD_DEFAULTS : *limits;
	for (unsigned i = 0; i < HIM_TABLE_COUNT; i++) {
		b->tables[i].table = i;
		b->tables[i].shape = him_table_shape(i);
	}
	intern_init(&b->texts, b->limits.bytes_max);
	intern_init(&b->rows, b->limits.bytes_max);
	intern_init(&b->holders, b->limits.bytes_max);
	uint32_t none;
	int rc = intern_add(&b->texts, "", 0, &none);
	if (rc != HN_OK) {
		him_build_free(b);
		return rc;
	}
	*out = b;
	return HN_OK;
}

void him_build_free(struct him_build *b)
{
	if (b == NULL)
		return;
	for (unsigned i = 0; i < HIM_TABLE_COUNT; i++) {
		free(b->tables[i].items);
		free(b->tables[i].keys);
		free(b->tables[i].shared);
	}
	intern_clear(&b->texts);
	intern_clear(&b->rows);
	intern_clear(&b->holders);
	if (b->file != NULL)
		(void)munmap(b->file, b->file_mapped);
	free(b);
}

void him_build_base(struct him_build *b, const uint8_t base_digest[32])
{
	memcpy(b->base, base_digest, sizeof(b->base));
	b->overlay = true;
}

void him_build_strip(struct him_build *b)
{
	b->strip = true;
}

/* Bytes of memory for keys; UINT32_MAX because offsets in a file have 32 bits. */
static int reserve_keys(const struct him_build *b, struct build_table *t, size_t len)
{
	if (t->keys_used + len > UINT32_MAX || t->keys_used + len > b->limits.bytes_max)
		return HN_ELIMIT;
	if (t->keys_used + len <= t->keys_cap)
		return HN_OK;
	size_t cap = t->keys_cap == 0 ? 4096 : t->keys_cap * 2;
	while (cap < t->keys_used + len)
		cap *= 2;
	uint8_t *keys = realloc(t->keys, cap);
	if (keys == NULL)
		return HN_ENOMEM;
	t->keys = keys;
	t->keys_cap = cap;
	return HN_OK;
}

static int reserve_item(struct build_table *t)
{
	if (t->count < t->cap)
		return HN_OK;
	size_t cap = t->cap == 0 ? 64 : t->cap * 2;
	struct build_item *items = realloc(t->items, cap * sizeof(*items));
	if (items == NULL)
		return HN_ENOMEM;
	t->items = items;
	t->cap = cap;
	return HN_OK;
}

/* key as the table keeps it: of a word its four bytes, least first. */
static int add_item(struct him_build *b, unsigned table, const uint8_t *key, size_t len, uint32_t entry)
{
	struct build_table *t = &b->tables[table];
	if (b->added >= b->limits.entries_max || b->added >= HIM_ROW_MASK - 1)
		return HN_ELIMIT;
	int rc = reserve_item(t);
	if (rc == HN_OK && t->shape != HIM_WORD)
		rc = reserve_keys(b, t, len + 2);
	if (rc != HN_OK)
		return rc;
	struct build_item *item = &t->items[t->count];
	*item = (struct build_item){.entry = entry};
	if (t->shape == HIM_WORD) {
		item->at = load_le32(key);
	} else {
		uint16_t len16 = (uint16_t)len;
		item->at = (uint32_t)t->keys_used;
		if (t->shape == HIM_BYTES) {
			memcpy(t->keys + t->keys_used, &len16, sizeof(len16));
			t->keys_used += sizeof(len16);
		}
		memcpy(t->keys + t->keys_used, key, len);
		t->keys_used += len;
	}
	t->count++;
	b->added++;
	return HN_OK;
}

static int add_key(struct him_build *b, const struct entry_key *key, uint32_t entry)
{
	struct him_kept kept;
	him_keep(key, &kept);
	return add_item(b, kept.table, kept.data, kept.len, entry);
}

/* The number of a text; the one before is tried first, since lists repeat themselves. */
static int text_number(struct him_build *b, const char *text, uint32_t last, uint32_t *out)
{
	if (text == NULL || text[0] == '\0') {
		*out = 0;
		return HN_OK;
	}
	size_t len = strlen(text), last_len;
	const uint8_t *data = intern_get(&b->texts, last, &last_len);
	if (len == last_len && memcmp(data, text, len) == 0) {
		*out = last;
		return HN_OK;
	}
	if (!text_valid(text, BUILD_TEXT_MAX))
		return HN_EFORMAT;
	return intern_add(&b->texts, text, len, out);
}

static int row_number(struct him_build *b, const struct entry_meta *meta, uint32_t *out)
{
	struct build_row row = {.from = meta->valid_from_ns,
				.until = meta->valid_until_ns,
				.confidence = meta->confidence > 100 ? 255 : meta->confidence};
	int rc = text_number(b, meta->object, b->last_row.object, &row.object);
	if (rc == HN_OK)
		rc = text_number(b, meta->act, b->last_row.act, &row.act);
	if (rc == HN_OK)
		rc = text_number(b, meta->marking, b->last_row.marking, &row.marking);
	if (rc == HN_OK)
		rc = text_number(b, meta->phase, b->last_row.phase, &row.phase);
	if (rc != HN_OK)
		return rc;
	if (!b->has_last_row || memcmp(&row, &b->last_row, sizeof(row)) != 0) {
		rc = intern_add(&b->rows, &row, sizeof(row), &b->last_row_number);
		if (rc != HN_OK)
			return rc;
		b->last_row = row;
		b->has_last_row = true;
	}
	*out = b->last_row_number;
	return HN_OK;
}

/* A prefix of full length is let through; add_key() makes it an address. */
static bool key_valid(const struct entry_key *key)
{
	struct entry_key address = *key;
	if (key->kind == ENTRY_PREFIX4 && key->len == 5 && key->data[4] == 32)
		return true;
	if (key->kind == ENTRY_PREFIX6 && key->len == 17 && key->data[16] == 128)
		return true;
	return canonical_check(&address);
}

int him_build_add(struct him_build *b, const struct entry_key *key, const struct entry_meta *meta)
{
	uint32_t row;
	if (b->file != NULL)
		return HN_ESTATE;
	if (!key_valid(key))
		return HN_EFORMAT;
	int rc = row_number(b, meta, &row);
	if (rc != HN_OK)
		return rc;
	return add_key(b, key, (row + 1) | (meta->allow ? HIM_ALLOW : 0));
}

int him_build_remove(struct him_build *b, const struct entry_key *key)
{
	if (!b->overlay || b->file != NULL)
		return HN_ESTATE;
	if (!key_valid(key))
		return HN_EFORMAT;
	return add_key(b, key, HIM_TOMBSTONE | 1);
}

int him_build_holdings(struct him_build *b, const struct ip_prefix *prefix, const char *organisation)
{
	uint32_t number;
	uint8_t key[2 + 16];
	if (b->file != NULL)
		return HN_ESTATE;
	if ((prefix->addr.version != 4 && prefix->addr.version != 6) ||
	    prefix->len > (prefix->addr.version == 4 ? 32 : 128) || !text_valid(organisation, BUILD_TEXT_MAX))
		return HN_EFORMAT;
	int rc = intern_add(&b->holders, organisation, strlen(organisation), &number);
	if (rc != HN_OK)
		return rc;
	struct ip masked = ip_mask(&prefix->addr, prefix->len);
	size_t len = masked.version == 4 ? 4 : 16;
	key[0] = masked.version;
	key[1] = prefix->len;
	memcpy(key + 2, masked.bytes, len);
	return add_item(b, HIM_TABLE_HOLDINGS, key, 2 + len, number + 1);
}

void him_build_counts(const struct him_build *b, struct him_build_counts *out)
{
	*out = (struct him_build_counts){.holdings = b->tables[HIM_TABLE_HOLDINGS].entries};
	for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++) {
		const struct build_table *t = &b->tables[i];
		out->by_kind[i] = t->entries;
		out->entries += t->entries;
		out->tombstones += t->tombstones;
		out->allows += t->allows;
		out->duplicates += t->duplicates;
	}
}

int him_build_write(struct him_build *b, const char *path)
{
	if (b->file == NULL)
		return HN_ESTATE;
	return file_write_whole(path, b->file, b->file_size, 0644, true);
}
