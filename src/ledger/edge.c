/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/edge.h"

#include <stdbool.h>

void edge_init(struct edge *e)
{
	e->size = 0;
	for (unsigned level = 0; level < TILE_LEVELS; level++)
		e->levels[level].count = 0;
}

int edge_push(struct edge *e, const struct merkle_hash *leaf, edge_full_fn full, void *ctx)
{
	struct merkle_hash hash = *leaf;

	if (e->size == UINT64_MAX)
		return HN_ELIMIT;
	e->size++;
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		struct edge_level *row = &e->levels[level];
		row->hashes[row->count++] = hash;
		if (row->count < TILE_WIDTH)
			return HN_OK;
		struct tile tile = {level, TILE_WIDTH, tile_hashes(e->size, level) / TILE_WIDTH - 1};
		merkle_subtree(row->hashes, TILE_WIDTH, &hash);
		row->count = 0;
		int rc = full == NULL ? HN_OK : full(ctx, &tile, row->hashes);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

void edge_root(const struct edge *e, struct merkle_hash *out)
{
	bool any = false;

	merkle_empty(out);
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		const struct edge_level *row = &e->levels[level];
		/* The complete subtrees of this row, from the right: one for each bit of its count. */
		unsigned end = row->count;
		for (unsigned width = 1; width < TILE_WIDTH; width *= 2) {
			struct merkle_hash peak;
			if ((row->count & width) == 0)
				continue;
			end -= width;
			merkle_subtree(&row->hashes[end], width, &peak);
			if (any)
				merkle_node(&peak, out, out);
			else
				*out = peak;
			any = true;
		}
	}
}
