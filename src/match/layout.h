/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_LAYOUT_H
#define HINOMI_MATCH_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cur.h"
#include "match/him.h"

/* Where things stand in the header and in a row; shared by the reader, the compiler and the verifier. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 8,
	AT_FLAGS = 12,
	AT_SIZE = 16,
	AT_DIGEST = 24, /* SHA-256 over all bytes but these 32 */
	AT_BASE = 56,
	AT_ORIGIN = 88,
	AT_TABLE_COUNT = 120,
	AT_SECTION_COUNT = 124,
	AT_SET_ID = 128,
	AT_TABLES = 256,
	AT_BITS = AT_TABLES + 40 * HIM_TABLE_COUNT,
	AT_ROW_COUNT = AT_BITS + 24 * 8,
	AT_SECTIONS = 1024,
	AT_RESERVED = AT_SECTIONS + 16 * HIM_SECTION_COUNT, /* zero to the end of the header */
};

/* In a table's 40 bytes: home (32), seed (32), entries (64), tombstones (64), allows (64), zero (64). */
#define TABLE_SIZE 40u

/* In a row: four offsets into the strings (32; 0: none), valid from, until (64), confidence (8), zero (56).
 */
enum {
	ROW_OBJECT = 0,
	ROW_ACT = 4,
	ROW_MARKING = 8,
	ROW_PHASE = 12,
	ROW_FROM = 16,
	ROW_UNTIL = 24,
	ROW_CONFIDENCE = 32
};

/* In a blob: the handle (32), the length (16), the bytes. */
#define RECORD_HEAD 6u
#define BLOB_FIRST  4u /* offset of the first record; offset 0 says that a slot is empty */

#define WORDS_PER_BUCKET 8u
#define QUADS_PER_BUCKET 3u
#define QUAD_HANDLES     48u /* offset in the bucket */
#define QUAD_OVERFLOW    60u
#define WORD_HANDLES     32u
#define BYTES_OFFSETS    32u
#define TAG_MASK         0x7fffffffu

/* log2 of the rows of the filters. */
#define NEAR4_ROW      4u
#define NEAR4_BITS_MIN 6u
#define NEAR4_BITS_MAX 16u
#define NEAR6_ROW      16u
#define NEAR6_BITS_MIN 4u
#define NEAR6_BITS_MAX 16u
#define NEAR6_SHORTEST 32u /* shorter prefixes stand in no row: they are looked for always */

static inline uint32_t near4_row(uint32_t addr, uint32_t bits)
{
	return ((addr >> 16) * 40503u & 0xffffu) >> (16 - bits);
}

static inline uint32_t near6_row(uint32_t upper, uint32_t bits)
{
	return upper * 0x9e3779b1u >> (32 - bits);
}

/** The key of a prefix is its address with one bit set behind the prefix, so that it tells the length too. */
static inline uint32_t prefix4_key(uint32_t addr, unsigned len)
{
	uint32_t marker = 0x80000000u >> len; /* len 0..31 */
	return (addr & ~(marker - 1)) | marker;
}

static inline void prefix6_key(const uint8_t addr[16], unsigned len, uint8_t out[16])
{
	uint64_t half[2] = {load_be64(addr), load_be64(addr + 8)}; /* len 0..127 */
	uint64_t marker = UINT64_C(1) << 63 >> len % 64;
	half[len / 64] = (half[len / 64] & ~(marker - 1)) | marker;
	if (len < 64)
		half[1] = 0;
	for (unsigned i = 0; i < 2; i++) {
		half[i] = __builtin_bswap64(half[i]);
		memcpy(out + 8 * i, &half[i], 8);
	}
}

/** How a kind's table keeps its entries. */
enum him_shape him_table_shape(unsigned table);
/** What stands in a fault for a table: the kind's name, or "holdings". */
const char *him_table_name(unsigned table);

/** The section that lies at place i of the file; metadata is last, so that it can be cut off. */
static inline unsigned him_section_at(unsigned i)
{
	static const uint8_t last[] = {HIM_SECTION_NEAR4, HIM_SECTION_NEAR6, HIM_SECTION_HOLDERS,
				       HIM_SECTION_ROWS, HIM_SECTION_STRINGS};
	return i < HIM_SECTION_NEAR4 ? i : last[i - HIM_SECTION_NEAR4];
}

/** Bytes that a section takes with what follows it, up to the next one. */
static inline uint64_t him_section_room(uint64_t size)
{
	return (size + HIM_BUCKET_SIZE - 1) / HIM_BUCKET_SIZE * HIM_BUCKET_SIZE;
}

static inline bool bits_has(const struct him_bits *b, unsigned n)
{
	return b->words[n / 64] >> n % 64 & 1;
}

static inline void bits_set(struct him_bits *b, unsigned n)
{
	b->words[n / 64] |= UINT64_C(1) << n % 64;
}

#endif
