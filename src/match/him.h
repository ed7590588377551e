/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_HIM_H
#define HINOMI_MATCH_HIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "match/entry.h"

/*
 * One `.him` file: a base or an overlay of an indicator set (docs/indicators.md has the format byte by byte).
 *
 *   header    2048 bytes: magic, version, flags, size, digests, set id, tables, filters, sections
 *   tables    one for each kind of entry, of 64-byte buckets; a bucket is one cache line
 *   blobs     keys of the kinds whose length varies, in full
 *   filters   which prefix lengths occur near an address
 *   rows, strings                metadata; a set for another body leaves them out
 *   holdings, their names        who holds which addresses
 *
 * Everything is little-endian. A table has `home` buckets that a hash chooses and a few more behind them;
 * what finds no room in its bucket lies in one of the next HIM_PROBE_MAX - 1, and the full bucket's overflow
 * bits say so.
 *
 * Lists mostly name both a host and what lies below it. Such a name has no record of its own where the
 * wildcard of the same key has the same handle: its slot leads into the wildcards' blob, which lies behind
 * that of the names.
 */

#define HIM_MAGIC       "HINOMI\x1a\n" /* 8 bytes */
#define HIM_VERSION     1u
#define HIM_VERSION_2   2u /* some names share the records of their wildcards; else as version 1 */
#define HIM_HEADER_SIZE 2048u
#define HIM_BUCKET_SIZE 64u
#define HIM_PROBE_MAX   32u /* buckets that one look-up reads at most */
#define HIM_ROW_SIZE    40u
#define HIM_SET_ID_MAX  127u
#define HIM_DIGEST_SIZE 32u

/* Flags of the header. */
#define HIM_OVERLAY  1u /* has tombstones, belongs to the base whose digest it names */
#define HIM_STRIPPED 2u /* the metadata was left out; `origin` is the digest of the file that has it */

/* The 32 bits that an entry carries: overflow bit of the bucket (not the entry's), flags, metadata row plus
 * one. */
#define HIM_OVERFLOW  0x80000000u
#define HIM_ALLOW     0x40000000u
#define HIM_TOMBSTONE 0x20000000u
#define HIM_ROW_MASK  0x1fffffffu /* 0: the slot is empty */

/** The table of a kind is table [kind]; the holdings follow. */
enum { HIM_TABLE_HOLDINGS = ENTRY_KIND_COUNT, HIM_TABLE_COUNT };

/** How the entries of a table are kept. */
enum him_shape {
	HIM_WORD,  /* 8 x 32-bit key, 8 x 32-bit handle */
	HIM_QUAD,  /* 3 x 128-bit key, 3 x 32-bit handle, 32 overflow bits */
	HIM_BYTES, /* 8 x (overflow bit, 31-bit tag), 8 x 32-bit offset into the blob: handle, length (16
		      bits), bytes */
};

enum him_section {
	HIM_SECTION_TABLES,                                       /* [table]: buckets */
	HIM_SECTION_BLOBS = HIM_SECTION_TABLES + HIM_TABLE_COUNT, /* [table]: bytes; empty for other shapes */
	HIM_SECTION_NEAR4 = HIM_SECTION_BLOBS + HIM_TABLE_COUNT,
	HIM_SECTION_NEAR6,
	HIM_SECTION_ROWS,
	HIM_SECTION_STRINGS,
	HIM_SECTION_HOLDERS,
	HIM_SECTION_COUNT,
};

/** Bits 0..127 or 0..128. */
struct him_bits {
	uint64_t words[3];
};

struct him_table {
	enum him_shape shape;
	const uint8_t *buckets;
	const uint8_t *blob;
	size_t blob_size; /* as far as offsets may reach: of names that share records, to the wildcards' end
			   */
	size_t blob_own;  /* of these, the table's own */
	uint32_t home;    /* buckets that the hash chooses from; 0: the table is empty */
	uint32_t total;   /* buckets */
	uint32_t seed;
	uint64_t entries; /* tombstones not counted */
	uint64_t tombstones;
	uint64_t allows; /* of the entries */
};

/** A file that is open. All pointers lie in the caller's bytes. */
struct him {
	const uint8_t *data;
	size_t size;
	uint32_t flags;
	uint8_t digest[HIM_DIGEST_SIZE]; /* stated, not checked */
	uint8_t base[HIM_DIGEST_SIZE];   /* of an overlay */
	uint8_t origin[HIM_DIGEST_SIZE]; /* of a stripped file */
	char id[HIM_SET_ID_MAX + 1];
	struct him_table tables[HIM_TABLE_COUNT];
	struct him_bits lengths4,
		lengths4_live; /* prefix lengths, with and without those that only tombstones have */
	struct him_bits lengths6, lengths6_live;
	struct him_bits depths_name, depths_wildcard; /* bit n: an entry or tombstone of n labels */
	struct him_bits held4, held6;                 /* prefix lengths in the holdings */
	const uint8_t *near4, *near6;
	uint32_t near4_bits, near6_bits; /* log2 of their rows; meaningless where NULL */
	const uint8_t *rows;
	uint32_t row_count;
	const char *strings; /* ends with a NUL */
	size_t strings_size;
	const char *holders;
	size_t holders_size;
};

/** A file's bytes in memory, to be read only. */
struct him_file {
	const void *data;
	size_t size;
};

/** Maps a file; says nothing of what it holds. @return HN_ENOENT, HN_EIO; HN_EFORMAT for an empty or special
 * file */
HN_MUST_USE int him_map(const char *path, struct him_file *out, struct fault *fault);
/** Reads the bytes from skip on into memory now; those before are not needed any more. */
void him_populate(const struct him_file *file, size_t skip);
/** NULL data is allowed. */
void him_unmap(struct him_file *file);

/**
 * Checks header, version and section bounds in constant time and fills out. Whatever else the bytes hold,
 * questions to the file stay inside data[0, size) and end; they may give wrong answers until him_verify() has
 * passed.
 *
 * @return HN_EFORMAT, HN_EUNSUPPORTED (version); HN_ETRUNC when the file is shorter than it says
 */
HN_MUST_USE int him_open(const void *data, size_t size, struct him *out, struct fault *fault);

/** The SHA-256 alone. @return HN_EAUTH when it is not what the file states */
HN_MUST_USE int him_check_digest(const struct him *h, struct fault *fault);

/**
 * The SHA-256 and a full walk: every offset, order, count, padding. What passes is answered from exactly.
 *
 * @return what him_open() says; HN_EAUTH when the digest differs; HN_EFORMAT with the fault naming the place
 */
HN_MUST_USE int him_verify(const void *data, size_t size, struct fault *fault);

#endif
