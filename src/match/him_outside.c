/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/him_outside.h"

#include <stdlib.h>

#include "base/cur.h"
#include "match/table.h"

struct walk {
	const struct him *h;
	const struct entry_pass *pass;
	uint64_t *rows; /* bit n: row n has an act that passes */
	int (*each)(void *context, const struct him_entry *entry);
	void *context;
};

/* Judges each row of the metadata once; rows that follow one another mostly name the same act. */
static int judge_rows(struct walk *w)
{
	const struct him *h = w->h;
	uint32_t act = 0;
	bool good = false;

	w->rows = calloc(h->row_count / 64 + 1, sizeof(*w->rows));
	if (w->rows == NULL)
		return HN_ENOMEM;
	for (uint32_t row = 0; row < h->row_count; row++) {
		uint32_t offset = load_le32(h->rows + (size_t)row * HIM_ROW_SIZE + ROW_ACT);
		if (offset != act) {
			struct entry_meta meta;
			him_meta(h, row + 1, &meta);
			good = meta.act != NULL && w->pass->act(w->pass->context, meta.act);
			act = offset;
		}
		if (good)
			w->rows[row / 64] |= UINT64_C(1) << row % 64;
	}
	return HN_OK;
}

/* By the entry's 32 bits alone; true of a slot that is empty, too. */
static inline bool entry_passes(const struct walk *w, uint32_t entry)
{
	uint32_t row = (entry & HIM_ROW_MASK) - 1;
	if (row == UINT32_MAX || (entry & (HIM_ALLOW | HIM_TOMBSTONE)) != 0)
		return true;
	return row < w->h->row_count && (w->rows[row / 64] >> row % 64 & 1) != 0;
}

static bool prefix_passes(const struct walk *w, const struct entry_key *key)
{
	if (key->kind == ENTRY_PREFIX4)
		return key->data[4] >= w->pass->prefix4;
	return key->kind != ENTRY_PREFIX6 || key->data[16] >= w->pass->prefix6;
}

/* One slot, looked at whole. */
static int look(const struct walk *w, unsigned table, const uint8_t *bucket, unsigned slot)
{
	const struct him_table *t = &w->h->tables[table];
	uint8_t scratch[32];
	struct him_entry e = {.table = table};

	if (!him_slot(t, bucket, slot, &e) || (e.entry & HIM_TOMBSTONE) != 0 ||
	    him_kept_key(table, e.kept, e.kept_len, &e.key, scratch) != HN_OK)
		return HN_OK;
	if ((w->pass->kinds >> table & 1) != 0 && entry_passes(w, e.entry) && prefix_passes(w, &e.key))
		return HN_OK;
	return (e.entry & HIM_ALLOW) != 0 ? HN_OK : w->each(w->context, &e);
}

/* The shape is a constant wherever this is put in. */
static inline __attribute__((always_inline)) int walk_shape(const struct walk *w, unsigned table,
							    enum him_shape shape)
{
	const struct him_table *t = &w->h->tables[table];
	bool by_entry =
		(w->pass->kinds >> table & 1) != 0 && table != ENTRY_PREFIX4 && table != ENTRY_PREFIX6;
	for (uint32_t b = 0; b < t->total; b++) {
		const uint8_t *bucket = table_bucket(t, b);
		for (unsigned slot = 0; slot < table_width(shape); slot++) {
			uint32_t entry;
			const uint8_t *key;
			size_t len;
			if (shape == HIM_WORD)
				entry = load_le32(bucket + WORD_HANDLES + 4 * slot);
			else if (shape == HIM_QUAD)
				entry = load_le32(bucket + QUAD_HANDLES + 4 * slot);
			else if (!bytes_record(t, load_le32(bucket + BYTES_OFFSETS + 4 * slot), &key, &len,
					       &entry))
				continue;
			if (by_entry && entry_passes(w, entry))
				continue;
			int rc = look(w, table, bucket, slot);
			if (rc != HN_OK)
				return rc;
		}
	}
	return HN_OK;
}

static int walk_table(const struct walk *w, unsigned table)
{
	switch (w->h->tables[table].shape) {
	case HIM_WORD:
		return walk_shape(w, table, HIM_WORD);
	case HIM_QUAD:
		return walk_shape(w, table, HIM_QUAD);
	default:
		return walk_shape(w, table, HIM_BYTES);
	}
}

int him_each_outside(const struct him *h, const struct entry_pass *pass,
		     int (*each)(void *context, const struct him_entry *entry), void *context)
{
	struct walk w = {h, pass, NULL, each, context};
	int rc = judge_rows(&w);
	for (unsigned table = 0; rc == HN_OK && table < ENTRY_KIND_COUNT; table++)
		rc = walk_table(&w, table);
	free(w.rows);
	return rc;
}
