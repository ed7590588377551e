/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_TILE_H
#define HINOMI_LEDGER_TILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TILE_WIDTH      256u /* hashes of a full tile; height 8 (C2SP tlog-tiles, "Merkle Tree") */
#define TILE_BYTES      8192u
#define TILE_LEVELS     8u                           /* 256^8 = 2^64 leaves */
#define TILE_ENTRIES    64u                          /* as level: an entry bundle, "tile/entries/..." */
#define TILE_PATH_SIZE  64                           /* longest path with its NUL */
#define TILE_BUNDLE_MAX (TILE_WIDTH * (2u + 65535u)) /* bytes of an entry bundle of any log */

/** Which tile, or entry bundle, of how many hashes or entries. */
struct tile {
	unsigned level; /* 0..63, or TILE_ENTRIES */
	unsigned width; /* 1..256; below 256 partial */
	uint64_t index;
};

/** Tiles at this level and their last one's width in a tree of size leaves: floor(size / 256^level). */
uint64_t tile_hashes(uint64_t size, unsigned level);

/** "tile/<L>/<N>[.p/<W>]", relative to the log's prefix. */
void tile_path(const struct tile *tile, char out[TILE_PATH_SIZE]);

/**
 * Reads a path as tile_path() writes it; no other spelling (leading zeroes, needless "x000"
 * elements) is taken.
 *
 * @return HN_OK or HN_EFORMAT
 */
HN_MUST_USE int tile_path_parse(const char *text, size_t len, struct tile *out);

#endif
