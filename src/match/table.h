/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_TABLE_H
#define HINOMI_MATCH_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "match/fetches.h"
#include "match/hash.h"
#include "match/layout.h"

/*
 * One question to one table. *entry_out is the entry's 32 bits (flags and row plus one, HIM_OVERFLOW
 * cleared); *slot_out says where it lies: the slot's number, for HIM_BYTES the offset in the blob. A question
 * reads at most HIM_PROBE_MAX buckets, whatever the bytes say. The overflow bits of a full bucket are chosen
 * by the hash, so that seven of eight keys that are not there stop at it too.
 */

static inline const uint8_t *table_bucket(const struct him_table *t, uint32_t bucket)
{
	return t->buckets + (size_t)bucket * HIM_BUCKET_SIZE;
}

/** Fetches the home bucket of a hash ahead; upper: the upper 32 bits. */
static inline void table_prefetch(const struct him_table *t, uint32_t upper)
{
	__builtin_prefetch(table_bucket(t, hash_bucket(upper, t->home)));
	/* As in fetches_go(). */
	__asm__ volatile("");
}

static inline uint32_t table_end(const struct him_table *t, uint32_t bucket)
{
	return t->total - bucket < HIM_PROBE_MAX ? t->total : bucket + HIM_PROBE_MAX;
}

static inline bool word_find(const struct him_table *t, uint32_t key, uint32_t *entry_out, uint32_t *slot_out)
{
	uint32_t h = hash_word(key, t->seed);
	uint32_t bucket = hash_bucket(h, t->home);
	if (t->home == 0)
		return false;
	for (uint32_t end = table_end(t, bucket); bucket < end; bucket++) {
		const uint8_t *at = table_bucket(t, bucket);
		for (unsigned m = lanes_equal(at, key, ~0u); m != 0; m &= m - 1) {
			unsigned i = (unsigned)__builtin_ctz(m);
			uint32_t entry = load_le32(at + WORD_HANDLES + 4 * i) & ~HIM_OVERFLOW;
			if ((entry & HIM_ROW_MASK) == 0)
				continue;
			*entry_out = entry;
			*slot_out = bucket * WORDS_PER_BUCKET + i;
			return true;
		}
		if ((lanes_top(at + WORD_HANDLES) >> (h & 7) & 1) == 0)
			break;
	}
	return false;
}

static inline bool quad_find(const struct him_table *t, const uint8_t key[16], uint32_t *entry_out,
			     uint32_t *slot_out)
{
	uint64_t h = hash_quad(key, t->seed);
	uint64_t a = load_le64(key), b = load_le64(key + 8);
	uint32_t bucket = hash_bucket((uint32_t)(h >> 32), t->home);
	if (t->home == 0)
		return false;
	for (uint32_t end = table_end(t, bucket); bucket < end; bucket++) {
		const uint8_t *at = table_bucket(t, bucket);
		for (unsigned i = 0; i < QUADS_PER_BUCKET; i++) {
			uint32_t entry = load_le32(at + QUAD_HANDLES + 4 * i);
			if (load_le64(at + 16 * i) != a || load_le64(at + 16 * i + 8) != b ||
			    (entry & HIM_ROW_MASK) == 0)
				continue;
			*entry_out = entry & ~HIM_OVERFLOW;
			*slot_out = bucket * QUADS_PER_BUCKET + i;
			return true;
		}
		if ((load_le32(at + QUAD_OVERFLOW) >> (h & 31) & 1) == 0)
			break;
	}
	return false;
}

/** The record at an offset of the blob. @return false when it runs out of the blob */
static inline bool bytes_record(const struct him_table *t, uint32_t offset, const uint8_t **key_out,
				size_t *len_out, uint32_t *entry_out)
{
	if (offset < BLOB_FIRST || t->blob_size < RECORD_HEAD || offset > t->blob_size - RECORD_HEAD)
		return false;
	const uint8_t *at = t->blob + offset;
	size_t len = load_le16(at + 4);
	if (len > t->blob_size - RECORD_HEAD - offset)
		return false;
	*entry_out = load_le32(at) & ~HIM_OVERFLOW;
	*key_out = at + RECORD_HEAD;
	*len_out = len;
	return (*entry_out & HIM_ROW_MASK) != 0;
}

/** h: hash_name() or hash_bytes() of the key with the table's seed. */
static inline bool bytes_find(const struct him_table *t, uint64_t h, const uint8_t *key, size_t len,
			      uint32_t *entry_out, uint32_t *slot_out)
{
	uint32_t bucket = hash_bucket((uint32_t)(h >> 32), t->home);
	uint32_t tag = (uint32_t)h & TAG_MASK;
	if (t->home == 0)
		return false;
	for (uint32_t end = table_end(t, bucket); bucket < end; bucket++) {
		const uint8_t *at = table_bucket(t, bucket);
		for (unsigned m = lanes_equal(at, tag, TAG_MASK); m != 0; m &= m - 1) {
			uint32_t offset = load_le32(at + BYTES_OFFSETS + 4 * (unsigned)__builtin_ctz(m));
			const uint8_t *found;
			size_t found_len;
			uint32_t entry;
			if (!bytes_record(t, offset, &found, &found_len, &entry) || found_len != len ||
			    memcmp(found, key, len) != 0)
				continue;
			*entry_out = entry;
			*slot_out = offset;
			return true;
		}
		if ((lanes_top(at) >> (h >> 28 & 7) & 1) == 0)
			break;
	}
	return false;
}

/** The home bucket of a hash, among what will be read. */
static inline void bytes_fetch_bucket(const struct him_table *t, uint64_t h, struct fetches *f)
{
	fetches_add(f, table_bucket(t, hash_bucket((uint32_t)(h >> 32), t->home)));
}

/** The records that bytes_find() will compare with in the home bucket, which should be at hand: both lines of
 * one that lies in two. len: the key's. */
static inline void bytes_fetch_records(const struct him_table *t, uint64_t h, size_t len, struct fetches *f)
{
	const uint8_t *at = table_bucket(t, hash_bucket((uint32_t)(h >> 32), t->home));
	for (unsigned m = lanes_equal(at, (uint32_t)h & TAG_MASK, TAG_MASK); m != 0; m &= m - 1) {
		uint32_t offset = load_le32(at + BYTES_OFFSETS + 4 * (unsigned)__builtin_ctz(m));
		uintptr_t first = (uintptr_t)t->blob + offset, last = first + RECORD_HEAD + len - 1;
		if (offset < BLOB_FIRST)
			continue;
		fetches_add(f, (const void *)first);
		if ((first ^ last) >= FETCHES_LINE)
			fetches_add(f, (const void *)last);
	}
}

/** Bit of the overflow mark that a key looks at; for the compiler and the verifier. */
static inline unsigned table_overflow_bit(enum him_shape shape, uint64_t hash)
{
	return shape == HIM_WORD ? hash >> 32 & 7 : shape == HIM_QUAD ? hash & 31 : hash >> 28 & 7;
}

static inline unsigned table_width(enum him_shape shape)
{
	return shape == HIM_QUAD ? QUADS_PER_BUCKET : WORDS_PER_BUCKET;
}

/** The hash of a key as it is kept in the table; that of a word stands in the upper half. */
uint64_t table_hash(unsigned table, const uint8_t *key, size_t len, uint32_t seed);

#endif
