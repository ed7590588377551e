/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/edge.h"

#include "../check.h"
#include "naive.h"

#define LEAVES 70000u

static unsigned full_tiles[TILE_LEVELS];

static int count_full(void *ctx, const struct tile *tile, const struct merkle_hash hashes[TILE_WIDTH])
{
	(void)hashes;
	assert_ptr_equal(ctx, full_tiles);
	assert_int_equal(tile->index, full_tiles[tile->level]);
	assert_int_equal(tile->width, TILE_WIDTH);
	full_tiles[tile->level]++;
	return HN_OK;
}

/* 70,000 leaves are the specification's own example of which tiles a tree has. */
static void roots_are_those_of_the_definition(void **state)
{
	(void)state;
	struct merkle_hash *leaves = malloc(LEAVES * sizeof(*leaves));
	struct edge *e = malloc(sizeof(*e));
	struct merkle_hash root, want;
	assert_non_null(leaves);
	assert_non_null(e);
	naive_leaves(leaves, LEAVES);
	edge_init(e);
	for (unsigned n = 0; n < LEAVES; n++) {
		if (n < 600 || n == 65535 || n == 65536 || n == 65537) {
			edge_root(e, &root);
			want = naive_root(leaves, n);
			assert_memory_equal(&root, &want, sizeof(want));
		}
		assert_int_equal(edge_push(e, &leaves[n], count_full, full_tiles), HN_OK);
	}
	edge_root(e, &root);
	want = naive_root(leaves, LEAVES);
	assert_memory_equal(&root, &want, sizeof(want));
	assert_int_equal(full_tiles[0], 273);
	assert_int_equal(full_tiles[1], 1);
	assert_int_equal(full_tiles[2], 0);
	assert_int_equal(e->levels[0].count, 112);
	assert_int_equal(e->levels[1].count, 17);
	assert_int_equal(e->levels[2].count, 1);
	free(leaves);
	free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(roots_are_those_of_the_definition)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
