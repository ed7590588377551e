/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_BUILD_PRIVATE_H
#define HINOMI_MATCH_BUILD_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "match/build.h"
#include "match/him.h"
#include "match/intern.h"

/* The inside of the compiler, shared by its sources only. */

/** One addition to a table. */
struct build_item {
	uint64_t hash;  /* of the key with the table's seed */
	uint32_t at;    /* HIM_WORD: the key itself; else where the key lies in the table's keys */
	uint32_t entry; /* HIM_ALLOW, HIM_TOMBSTONE, and the number of the metadata plus one */
};

/** A table that grows: items, and keys behind one another (HIM_BYTES: with two bytes of length before). */
struct build_table {
	unsigned table;
	enum him_shape shape;
	struct build_item *items;
	size_t count, cap;
	uint8_t *keys;
	size_t keys_used, keys_cap;
	/* What preparing finds out. */
	uint32_t seed, home, total;
	uint64_t blob_size;
	uint64_t entries, tombstones, allows, duplicates;
	/* Of names, for each item: where in the wildcards' blob its record is; 0: it has one of its own.
	 * NULL: no name shares one. */
	uint32_t *shared;
};

/** A row of metadata while it is collected: numbers of texts, 0 for none. */
struct build_row {
	uint32_t object, act, marking, phase;
	int64_t from, until;
	uint64_t confidence;
};

#define BUILD_TEXT_MAX 1023 /* bytes of each text of the metadata */

struct him_build {
	char id[HIM_SET_ID_MAX + 1];
	struct him_build_limits limits;
	uint8_t base[HIM_DIGEST_SIZE];
	bool overlay, strip, failed;
	uint64_t added;
	struct build_table tables[HIM_TABLE_COUNT];
	struct intern texts; /* number 0 is the empty text, which stands for none */
	struct intern rows;
	struct intern holders;
	struct build_row last_row; /* lists give the same metadata again and again */
	uint32_t last_row_number;
	bool has_last_row;
	uint8_t *file;
	size_t file_size, file_mapped;
};

/** The key of an item as the table keeps it. scratch holds four bytes for a word. */
const uint8_t *build_item_key(const struct build_table *t, const struct build_item *item, uint8_t scratch[4],
			      size_t *len_out);

/** Compares two numbers of metadata as him_build_add() says. @return < 0 when a stays */
int build_row_order(const struct him_build *b, uint32_t a, uint32_t other);

/**
 * Sorts, drops duplicates, and chooses the number of buckets and a seed with which nothing lies too far from
 * home.
 *
 * @return HN_ELIMIT, HN_ENOMEM
 */
HN_MUST_USE int build_prepare(const struct him_build *b, struct build_table *t);

/**
 * Finds the names whose wildcards have the same handle, and takes their records out of the names' blob. Both
 * tables are prepared.
 *
 * @return HN_ELIMIT, HN_ENOMEM
 */
HN_MUST_USE int build_share(struct build_table *names, const struct build_table *wildcards);

/** Which bucket holds the next item of a prepared table; *position_io begins at 0. */
uint32_t build_place(const struct build_table *t, const struct build_item *item, uint64_t *position_io);

/** Writes a prepared table's buckets and blob, which are zero before. numbers: new number plus one by old
 * number. */
void build_fill(const struct build_table *t, const uint32_t numbers[], uint8_t *buckets, uint8_t *blob);

#endif
