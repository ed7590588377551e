/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_EDGE_H
#define HINOMI_LEDGER_EDGE_H

#include <stdint.h>

#include "ledger/merkle.h"
#include "ledger/tile.h"

/**
 * The right edge of a growing tree: at each tile level the hashes of the tile that is not full
 * yet. It is all one needs to append and to know the root. 64 KB; put it on the heap.
 */
struct edge {
	uint64_t size; /* leaves */
	struct edge_level {
		unsigned count; /* 0..255 */
		struct merkle_hash hashes[TILE_WIDTH];
	} levels[TILE_LEVELS];
};

/** Told when a tile becomes full. Another value than HN_OK ends the push with that value. */
typedef int (*edge_full_fn)(void *ctx, const struct tile *tile, const struct merkle_hash hashes[TILE_WIDTH]);

/** The edge of the empty tree. */
void edge_init(struct edge *e);

/**
 * Adds a leaf's hash.
 *
 * @param full  called for each tile that the leaf completes, lowest level first; may be NULL
 * @return HN_OK, HN_ELIMIT at 2^64 - 1 leaves, or what full returned
 */
HN_MUST_USE int edge_push(struct edge *e, const struct merkle_hash *leaf, edge_full_fn full, void *ctx);

/** Root of the tree (RFC 6962, 2.1). */
void edge_root(const struct edge *e, struct merkle_hash *out);

#endif
