/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The full walk: whatever the compiler decides by the format's rules is worked out again and compared. */
#include <string.h>

#include "base/cur.h"
#include "base/digest.h"
#include "base/lang.h"
#include "base/utf8.h"
#include "match/canonical.h"
#include "match/him_each.h"
#include "match/table.h"

/* What the walk over one table has seen. */
struct walk {
	const struct him *h;
	unsigned table;
	struct fault *fault;
	uint64_t position;  /* where the next entry stands, unless its home lies behind */
	uint64_t blob_used; /* records lie behind one another */
	uint64_t entries, tombstones, allows;
	uint64_t hash;       /* of the entry before */
	const uint8_t *kept; /* its key; NULL before the first */
	size_t kept_len;
	struct him_bits lengths, lengths_live, other; /* other: IPv6 of the holdings */
	uint32_t row_next; /* rows are numbered in the order in which entries name them */
	bool shares;       /* a name shares its wildcard's record */
};

static int wrong(const struct walk *w, uint64_t slot, const char *why)
{
	return fault_set(w->fault, HN_EFORMAT, him_table_name(w->table), tr("slot %llu: %s", "枠%llu: %s"),
			 (unsigned long long)slot, why);
}

static int check_order(struct walk *w, uint64_t slot, uint64_t hash, const struct him_entry *e)
{
	const struct him_table *t = &w->h->tables[w->table];
	bool same =
		w->kept != NULL && w->kept_len == e->kept_len && memcmp(w->kept, e->kept, e->kept_len) == 0;
	if (w->kept != NULL && (hash < w->hash || same))
		return wrong(w, slot, tr("the entry is out of order", "項目の順序が正しくない"));
	uint32_t home = hash_bucket((uint32_t)(hash >> 32), t->home);
	uint64_t first = (uint64_t)home * table_width(t->shape);
	uint64_t expected = w->position > first ? w->position : first;
	if (slot != expected || slot / table_width(t->shape) - home >= HIM_PROBE_MAX)
		return wrong(w, slot, tr("the entry stands in a wrong place", "項目の位置が正しくない"));
	w->position = slot + 1;
	w->hash = hash;
	w->kept = e->kept;
	w->kept_len = e->kept_len;
	return HN_OK;
}

static bool overflow_bit(const struct him_table *t, uint32_t bucket, unsigned bit)
{
	const uint8_t *at = table_bucket(t, bucket);
	switch (t->shape) {
	case HIM_WORD:
		return load_le32(at + WORD_HANDLES + 4 * bit) >> 31;
	case HIM_QUAD:
		return load_le32(at + QUAD_OVERFLOW) >> bit & 1;
	default:
		return load_le32(at + 4 * bit) >> 31;
	}
}

static int check_overflow(const struct walk *w, uint64_t slot, uint64_t hash)
{
	const struct him_table *t = &w->h->tables[w->table];
	uint32_t bucket = hash_bucket((uint32_t)(hash >> 32), t->home);
	for (; bucket < slot / table_width(t->shape); bucket++)
		if (!overflow_bit(t, bucket, table_overflow_bit(t->shape, hash)))
			return wrong(w, slot, tr("an overflow bit is missing", "あふれの印がない"));
	return HN_OK;
}

static int check_handle(struct walk *w, uint64_t slot, const struct him_entry *e)
{
	const struct him *h = w->h;
	uint32_t row = e->entry & HIM_ROW_MASK;
	if (w->table == HIM_TABLE_HOLDINGS) {
		struct ip_prefix prefix;
		const char *holder;
		if ((e->entry & ~HIM_ROW_MASK) != 0 || him_holding(h, e, &prefix, &holder) != HN_OK ||
		    holder[0] == '\0' || holder[-1] != '\0')
			return wrong(w, slot, tr("the holding is damaged", "保有情報が壊れている"));
		struct ip masked = ip_mask(&prefix.addr, prefix.len);
		if (memcmp(masked.bytes, prefix.addr.bytes, sizeof(masked.bytes)) != 0)
			return wrong(w, slot, tr("the holding is damaged", "保有情報が壊れている"));
		bits_set(prefix.addr.version == 4 ? &w->lengths : &w->other, prefix.len);
		return HN_OK;
	}
	if (e->entry & HIM_TOMBSTONE) {
		if ((h->flags & HIM_OVERLAY) == 0 || e->entry != (HIM_TOMBSTONE | 1))
			return wrong(w, slot,
				     tr("a tombstone is not allowed here", "ここに取消しの印は置けない"));
		w->tombstones++;
		return HN_OK;
	}
	if (row > w->row_next + 1 || ((h->flags & HIM_STRIPPED) == 0 && row > h->row_count))
		return wrong(w, slot, tr("the metadata's number is wrong", "付加情報の番号が正しくない"));
	w->row_next = row > w->row_next ? row : w->row_next;
	return HN_OK;
}

static int check_key(struct walk *w, uint64_t slot, const struct him_entry *e)
{
	if (w->table == HIM_TABLE_HOLDINGS)
		return HN_OK;
	if (!canonical_check(&e->key))
		return wrong(w, slot, tr("the key is not in canonical form", "キーが正規の形ではない"));
	unsigned bit = 0;
	if (w->table == ENTRY_PREFIX4 || w->table == ENTRY_PREFIX6)
		bit = e->key.data[e->key.len - 1];
	else if (w->table == ENTRY_NAME || w->table == ENTRY_WILDCARD)
		bit = canonical_labels(e->key.data, e->key.len);
	bits_set(&w->lengths, bit);
	if ((e->entry & HIM_TOMBSTONE) == 0)
		bits_set(&w->lengths_live, bit);
	return HN_OK;
}

/* The filters say that a prefix may be here. */
static int check_near(const struct walk *w, uint64_t slot, const struct him_entry *e)
{
	const struct him *h = w->h;
	bool there = true;
	if (w->table == ENTRY_PREFIX4) {
		uint32_t first = load_be32(e->key.data);
		unsigned len = e->key.data[4];
		uint32_t count = len >= 16 ? 1 : 1u << (16 - len);
		for (uint32_t k = 0; k < count && there; k++)
			there = h->near4 != NULL &&
				(load_le32(h->near4 +
					   NEAR4_ROW * (size_t)near4_row(first + (k << 16), h->near4_bits)) >>
					 len &
				 1) != 0;
	} else if (w->table == ENTRY_PREFIX6 && e->key.data[16] >= NEAR6_SHORTEST) {
		unsigned len = e->key.data[16];
		there = h->near6 != NULL &&
			(h->near6[NEAR6_ROW * (size_t)near6_row(load_be32(e->key.data), h->near6_bits) +
				  len / 8] >>
				 len % 8 &
			 1) != 0;
	}
	return there ? HN_OK
		     : wrong(w, slot,
			     tr("the filter hides the prefix", "ふるいがプレフィックスを隠している"));
}

/* Where the record of the same key and handle lies among the wildcards; NULL: a name has one of its own. */
static const uint8_t *shared_record(const struct walk *w, const struct him_entry *e)
{
	const struct him_table *t = &w->h->tables[ENTRY_WILDCARD];
	uint32_t entry, offset;
	if (w->table != ENTRY_NAME || load_le32(w->h->data + AT_VERSION) != HIM_VERSION_2 ||
	    !bytes_find(t, table_hash(ENTRY_WILDCARD, e->kept, e->kept_len, t->seed), e->kept, e->kept_len,
			&entry, &offset) ||
	    entry != e->entry)
		return NULL;
	return t->blob + offset;
}

static int check_record(struct walk *w, uint64_t slot, const struct him_entry *e)
{
	const uint8_t *shared = shared_record(w, e);
	const uint8_t *own = w->h->tables[w->table].blob + w->blob_used;
	if (e->kept - RECORD_HEAD != (shared != NULL ? shared : own))
		return wrong(w, slot, tr("the key lies in a wrong place", "キーの位置が正しくない"));
	if (shared != NULL)
		w->shares = true;
	else
		w->blob_used += RECORD_HEAD + e->kept_len;
	return HN_OK;
}

static int check_entry(struct walk *w, uint64_t slot, const struct him_entry *e)
{
	const struct him_table *t = &w->h->tables[w->table];
	int rc = HN_OK;
	uint64_t hash = table_hash(w->table, e->kept, e->kept_len, t->seed);
	if (t->shape == HIM_BYTES) {
		const uint8_t *bucket = table_bucket(t, (uint32_t)(slot / WORDS_PER_BUCKET));
		if ((load_le32(bucket + 4 * (slot % WORDS_PER_BUCKET)) & TAG_MASK) !=
		    ((uint32_t)hash & TAG_MASK))
			return wrong(w, slot, tr("the tag is wrong", "タグが正しくない"));
		rc = check_record(w, slot, e);
	}
	if (rc == HN_OK)
		rc = check_key(w, slot, e);
	if (rc == HN_OK)
		rc = check_order(w, slot, hash, e);
	if (rc == HN_OK)
		rc = check_overflow(w, slot, hash);
	if (rc == HN_OK)
		rc = check_handle(w, slot, e);
	if (rc == HN_OK)
		rc = check_near(w, slot, e);
	if (rc != HN_OK)
		return rc;
	w->entries += (e->entry & HIM_TOMBSTONE) == 0;
	w->allows += (e->entry & HIM_ALLOW) != 0;
	return HN_OK;
}

/* An empty slot is zero but for the overflow bit. */
static bool slot_empty(const struct him_table *t, const uint8_t *bucket, unsigned i)
{
	static const uint8_t zero[16];
	switch (t->shape) {
	case HIM_WORD:
		return load_le32(bucket + 4 * i) == 0 &&
		       (load_le32(bucket + WORD_HANDLES + 4 * i) & ~HIM_OVERFLOW) == 0;
	case HIM_QUAD:
		return memcmp(bucket + 16 * i, zero, 16) == 0 &&
		       load_le32(bucket + QUAD_HANDLES + 4 * i) == 0;
	default:
		return (load_le32(bucket + 4 * i) & TAG_MASK) == 0 &&
		       load_le32(bucket + BYTES_OFFSETS + 4 * i) == 0;
	}
}

static bool bits_equal(const struct him_bits *a, const struct him_bits *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool bits_right(const struct walk *w)
{
	const struct him *h = w->h;
	switch (w->table) {
	case ENTRY_PREFIX4:
		return bits_equal(&w->lengths, &h->lengths4) &&
		       bits_equal(&w->lengths_live, &h->lengths4_live);
	case ENTRY_PREFIX6:
		return bits_equal(&w->lengths, &h->lengths6) &&
		       bits_equal(&w->lengths_live, &h->lengths6_live);
	case ENTRY_NAME:
		return bits_equal(&w->lengths, &h->depths_name);
	case ENTRY_WILDCARD:
		return bits_equal(&w->lengths, &h->depths_wildcard);
	case HIM_TABLE_HOLDINGS:
		return bits_equal(&w->lengths, &h->held4) && bits_equal(&w->other, &h->held6);
	default:
		return true;
	}
}

static int check_sums(const struct walk *w)
{
	const struct him_table *t = &w->h->tables[w->table];
	const char *place = him_table_name(w->table);
	if (w->entries != t->entries || w->tombstones != t->tombstones || w->allows != t->allows)
		return fault_set(w->fault, HN_EFORMAT, place, "%s",
				 tr("the header's counts are wrong", "ヘッダの件数が正しくない"));
	if (t->shape == HIM_BYTES && t->blob_own != (t->total == 0 ? 0 : w->blob_used))
		return fault_set(w->fault, HN_EFORMAT, place, "%s",
				 tr("bytes stand behind the last key", "最後のキーの後に余分なバイトがある"));
	if (w->table == ENTRY_NAME && w->shares != (load_le32(w->h->data + AT_VERSION) == HIM_VERSION_2))
		return fault_set(w->fault, HN_EFORMAT, place, "%s",
				 tr("the version does not say whether names share records",
				    "名前がレコードを共用するかどうかが版と合わない"));
	if (!bits_right(w))
		return fault_set(w->fault, HN_EFORMAT, place, "%s",
				 tr("the header's filter bits are wrong", "ヘッダのふるいの印が正しくない"));
	return HN_OK;
}

static int walk_slot(struct walk *w, uint32_t bucket, unsigned i)
{
	const struct him_table *t = &w->h->tables[w->table];
	const uint8_t *at = table_bucket(t, bucket);
	uint64_t slot = (uint64_t)bucket * table_width(t->shape) + i;
	uint8_t scratch[32];
	struct him_entry e = {.table = w->table};

	if (slot_empty(t, at, i))
		return HN_OK;
	if (!him_slot(t, at, i, &e))
		return wrong(w, slot,
			     tr("the entry points outside the file or is damaged",
				"項目が壊れているか、ファイルの外を指している"));
	if (w->table < ENTRY_KIND_COUNT &&
	    him_kept_key(w->table, e.kept, e.kept_len, &e.key, scratch) != HN_OK)
		return wrong(w, slot, tr("the key is not in canonical form", "キーが正規の形ではない"));
	return check_entry(w, slot, &e);
}

static int walk_table(const struct him *h, unsigned table, uint32_t *row_next_io, struct fault *fault)
{
	const struct him_table *t = &h->tables[table];
	struct walk w = {
		.h = h, .table = table, .fault = fault, .blob_used = BLOB_FIRST, .row_next = *row_next_io};
	for (uint32_t b = 0; b < t->total; b++) {
		for (unsigned i = 0; i < table_width(t->shape); i++) {
			int rc = walk_slot(&w, b, i);
			if (rc != HN_OK)
				return rc;
		}
	}
	*row_next_io = w.row_next;
	return check_sums(&w);
}

static bool text_right(const struct him *h, uint32_t offset)
{
	if (offset == 0)
		return true;
	return offset < h->strings_size && h->strings[offset] != '\0' && h->strings[offset - 1] == '\0' &&
	       utf8_valid(h->strings + offset, strlen(h->strings + offset));
}

static int check_rows(const struct him *h, uint32_t used, struct fault *fault)
{
	static const uint8_t zero[HIM_ROW_SIZE];
	if ((h->flags & HIM_STRIPPED) == 0 && used != h->row_count)
		return fault_set(fault, HN_EFORMAT, tr("metadata", "付加情報"), "%s",
				 tr("the number of rows is wrong", "行の数が正しくない"));
	for (uint32_t i = 0; i < h->row_count; i++) {
		const uint8_t *at = h->rows + (size_t)i * HIM_ROW_SIZE;
		bool right = memcmp(at + ROW_CONFIDENCE + 1, zero, HIM_ROW_SIZE - ROW_CONFIDENCE - 1) == 0 &&
			     (at[ROW_CONFIDENCE] <= 100 || at[ROW_CONFIDENCE] == 255);
		for (unsigned k = 0; k < 4; k++)
			right = right && text_right(h, load_le32(at + 4 * k));
		if (!right)
			return fault_set(fault, HN_EFORMAT, tr("metadata", "付加情報"),
					 tr("row %u is damaged", "%u行目が壊れている"), i);
	}
	return HN_OK;
}

static bool all_zero(const uint8_t *data, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		if (data[i] != 0)
			return false;
	return true;
}

/* Sections lie behind one another, with nothing between them. */
static int check_layout(const struct him *h, struct fault *fault)
{
	uint64_t at = HIM_HEADER_SIZE;
	bool right = all_zero(h->data + AT_RESERVED, HIM_HEADER_SIZE - AT_RESERVED);
	for (unsigned i = 0; right && i < HIM_SECTION_COUNT; i++) {
		const uint8_t *entry = h->data + AT_SECTIONS + 16 * (size_t)him_section_at(i);
		uint64_t size = load_le64(entry + 8), room = him_section_room(size);
		right = load_le64(entry) == at && room <= h->size - at &&
			all_zero(h->data + at + size, room - size);
		at += room;
	}
	if (right && at == h->size)
		return HN_OK;
	return fault_set(fault, HN_EFORMAT, tr("sections", "区画"), "%s",
			 tr("they do not follow one another without gaps", "すき間なく並んでいない"));
}

int him_check_digest(const struct him *h, struct fault *fault)
{
	uint8_t digest[SHA256_SIZE];
	sha256_parts(h->data, AT_DIGEST, h->data + AT_BASE, h->size - AT_BASE, NULL, 0, digest);
	if (memcmp(digest, h->digest, sizeof(digest)) != 0)
		return fault_set(fault, HN_EAUTH, "SHA-256", "%s",
				 tr("the file is not what it states; fetch it again",
				    "ファイルの内容が記載のダイジェストと一致しない。取得し直すこと"));
	return HN_OK;
}

int him_verify(const void *data, size_t size, struct fault *fault)
{
	struct him h;
	uint32_t rows = 0;
	int rc = him_open(data, size, &h, fault);
	if (rc == HN_OK)
		rc = him_check_digest(&h, fault);
	if (rc == HN_OK)
		rc = check_layout(&h, fault);
	for (unsigned i = 0; rc == HN_OK && i < HIM_TABLE_COUNT; i++)
		rc = walk_table(&h, i, &rows, fault);
	return rc == HN_OK ? check_rows(&h, rows, fault) : rc;
}
