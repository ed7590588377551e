/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/him_each.h"

#include <string.h>

#include "base/cur.h"
#include "match/canonical.h"
#include "match/table.h"

static void put_be32(uint8_t *at, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(at, &v, sizeof(v));
}

/* The address and length of a key that carries its length as a marker. @return false for a key without marker
 */
static bool unmark4(uint32_t key, uint8_t out[5])
{
	if (key == 0)
		return false;
	out[4] = (uint8_t)(31 - __builtin_ctz(key));
	put_be32(out, key & (key - 1));
	return true;
}

static bool unmark6(const uint8_t key[16], uint8_t out[17])
{
	unsigned byte = 16;
	while (byte > 0 && key[byte - 1] == 0)
		byte--;
	if (byte == 0)
		return false;
	byte--;
	memcpy(out, key, 16);
	out[byte] = (uint8_t)(key[byte] & (key[byte] - 1));
	out[16] = (uint8_t)(8 * byte + 7 - (unsigned)__builtin_ctz(key[byte]));
	return true;
}

int him_kept_key(unsigned table, const uint8_t *kept, size_t len, struct entry_key *out, uint8_t scratch[32])
{
	*out = (struct entry_key){(enum entry_kind)table, (uint16_t)len, kept};
	switch (table) {
	case ENTRY_IP4:
		put_be32(scratch, load_le32(kept));
		out->data = scratch;
		return HN_OK;
	case ENTRY_PREFIX4:
		*out = (struct entry_key){ENTRY_PREFIX4, 5, scratch};
		return unmark4(load_le32(kept), scratch) ? HN_OK : HN_ENOENT;
	case ENTRY_PREFIX6:
		*out = (struct entry_key){ENTRY_PREFIX6, 17, scratch};
		return unmark6(kept, scratch) ? HN_OK : HN_ENOENT;
	default:
		return canonical_check(out) ? HN_OK : HN_ENOENT;
	}
}

bool him_slot(const struct him_table *t, const uint8_t *bucket, unsigned i, struct him_entry *out)
{
	switch (t->shape) {
	case HIM_WORD:
		out->kept = bucket + 4 * i;
		out->kept_len = 4;
		out->entry = load_le32(bucket + WORD_HANDLES + 4 * i) & ~HIM_OVERFLOW;
		return (out->entry & HIM_ROW_MASK) != 0;
	case HIM_QUAD:
		out->kept = bucket + 16 * i;
		out->kept_len = 16;
		out->entry = load_le32(bucket + QUAD_HANDLES + 4 * i) & ~HIM_OVERFLOW;
		return (out->entry & HIM_ROW_MASK) != 0;
	default:
		return bytes_record(t, load_le32(bucket + BYTES_OFFSETS + 4 * i), &out->kept, &out->kept_len,
				    &out->entry);
	}
}

static int each_of_bucket(const struct him_table *t, unsigned table, uint32_t b,
			  int (*each)(void *context, const struct him_entry *entry), void *context)
{
	for (unsigned i = 0; i < table_width(t->shape); i++) {
		uint8_t scratch[32];
		struct him_entry e = {.table = table};
		if (!him_slot(t, table_bucket(t, b), i, &e))
			continue;
		if (table < ENTRY_KIND_COUNT &&
		    him_kept_key(table, e.kept, e.kept_len, &e.key, scratch) != HN_OK)
			continue;
		int rc = each(context, &e);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

int him_each(const struct him *h, int (*each)(void *context, const struct him_entry *entry), void *context)
{
	for (unsigned table = 0; table < HIM_TABLE_COUNT; table++) {
		const struct him_table *t = &h->tables[table];
		for (uint32_t b = 0; b < t->total; b++) {
			int rc = each_of_bucket(t, table, b, each, context);
			if (rc != HN_OK)
				return rc;
		}
	}
	return HN_OK;
}

int him_each_from(const struct him *h, struct him_place *place, uint32_t *buckets,
		  int (*each)(void *context, const struct him_entry *entry), void *context)
{
	for (; place->table < HIM_TABLE_COUNT; place->table++, place->bucket = 0) {
		const struct him_table *t = &h->tables[place->table];
		while (place->bucket < t->total) {
			if (*buckets == 0)
				return HN_OK;
			--*buckets;
			int rc = each_of_bucket(t, place->table, place->bucket++, each, context);
			if (rc != HN_OK)
				return rc;
		}
	}
	return HN_OK;
}

void him_keep(const struct entry_key *key, struct him_kept *out)
{
	uint32_t word;
	*out = (struct him_kept){.table = key->kind, .len = key->len, .data = key->data};
	switch (key->kind) {
	case ENTRY_IP4:
	case ENTRY_PREFIX4:
		word = load_be32(key->data);
		if (key->kind == ENTRY_PREFIX4 && key->data[4] < 32)
			word = prefix4_key(word, key->data[4]);
		else
			out->table = ENTRY_IP4;
		memcpy(out->own, &word, sizeof(word));
		out->data = out->own;
		out->len = sizeof(word);
		break;
	case ENTRY_PREFIX6:
		out->len = 16;
		out->table = key->data[16] < 128 ? ENTRY_PREFIX6 : ENTRY_IP6;
		memcpy(out->own, key->data, 16);
		if (key->data[16] < 128)
			prefix6_key(key->data, key->data[16], out->own);
		out->data = out->own;
		break;
	default:
		break;
	}
}

static const char *string_at(const struct him *h, uint32_t offset)
{
	return offset == 0 || offset >= h->strings_size ? NULL : h->strings + offset;
}

void him_meta(const struct him *h, uint32_t entry, struct entry_meta *out)
{
	uint32_t row = (entry & HIM_ROW_MASK) - 1;
	*out = (struct entry_meta){.confidence = 255, .allow = (entry & HIM_ALLOW) != 0};
	if ((entry & HIM_TOMBSTONE) != 0 || row >= h->row_count)
		return;
	const uint8_t *at = h->rows + (size_t)row * HIM_ROW_SIZE;
	out->object = string_at(h, load_le32(at + ROW_OBJECT));
	out->act = string_at(h, load_le32(at + ROW_ACT));
	out->marking = string_at(h, load_le32(at + ROW_MARKING));
	out->phase = string_at(h, load_le32(at + ROW_PHASE));
	out->valid_from_ns = (int64_t)load_le64(at + ROW_FROM);
	out->valid_until_ns = (int64_t)load_le64(at + ROW_UNTIL);
	out->confidence = at[ROW_CONFIDENCE];
}

int him_key(const struct him *h, unsigned table, uint32_t slot, struct entry_key *out, uint8_t scratch[32])
{
	const struct him_table *t;
	struct him_entry e;
	if (table >= ENTRY_KIND_COUNT)
		return HN_ENOENT;
	t = &h->tables[table];
	unsigned width = table_width(t->shape);
	if (t->shape == HIM_BYTES) {
		if (!bytes_record(t, slot, &e.kept, &e.kept_len, &e.entry))
			return HN_ENOENT;
	} else if (slot / width >= t->total ||
		   !him_slot(t, table_bucket(t, slot / width), slot % width, &e)) {
		return HN_ENOENT;
	}
	return him_kept_key(table, e.kept, e.kept_len, out, scratch);
}

int him_holding(const struct him *h, const struct him_entry *entry, struct ip_prefix *prefix_out,
		const char **holder_out)
{
	uint32_t name = entry->entry & HIM_ROW_MASK;
	const uint8_t *kept = entry->kept;
	struct ip_prefix p = {0};
	if (name >= h->holders_size || entry->kept_len < 2)
		return HN_EFORMAT;
	size_t size = kept[0] == 4 ? 4 : 16;
	if ((kept[0] != 4 && kept[0] != 6) || entry->kept_len != 2 + size || kept[1] > 8 * size)
		return HN_EFORMAT;
	p.addr.version = kept[0];
	p.len = kept[1];
	memcpy(p.addr.bytes, kept + 2, size);
	*prefix_out = p;
	*holder_out = h->holders + name;
	return HN_OK;
}
