/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_LEDGER_NAIVE_H
#define HINOMI_TESTS_UNIT_LEDGER_NAIVE_H

/* Trees straight from the recursive definitions of RFC 6962, 2.1, for comparison. */
#include <stdint.h>

#include "ledger/merkle.h"

static inline uint64_t naive_split(uint64_t n)
{
	uint64_t k = 1;
	while (2 * k < n)
		k *= 2;
	return k;
}

static inline struct merkle_hash naive_root(const struct merkle_hash *leaves, uint64_t n)
{
	struct merkle_hash out;
	if (n == 0) {
		merkle_empty(&out);
		return out;
	}
	if (n == 1)
		return leaves[0];
	uint64_t k = naive_split(n);
	struct merkle_hash left = naive_root(leaves, k);
	struct merkle_hash right = naive_root(leaves + k, n - k);
	merkle_node(&left, &right, &out);
	return out;
}

static inline size_t naive_path(const struct merkle_hash *leaves, uint64_t m, uint64_t n,
				struct merkle_hash *path)
{
	if (n == 1)
		return 0;
	uint64_t k = naive_split(n);
	size_t len;
	if (m < k) {
		len = naive_path(leaves, m, k, path);
		path[len] = naive_root(leaves + k, n - k);
	} else {
		len = naive_path(leaves + k, m - k, n - k, path);
		path[len] = naive_root(leaves, k);
	}
	return len + 1;
}

static inline size_t naive_subproof(const struct merkle_hash *leaves, uint64_t m, uint64_t n, int whole,
				    struct merkle_hash *path)
{
	if (m == n) {
		if (whole)
			return 0;
		path[0] = naive_root(leaves, m);
		return 1;
	}
	uint64_t k = naive_split(n);
	size_t len;
	if (m <= k) {
		len = naive_subproof(leaves, m, k, whole, path);
		path[len] = naive_root(leaves + k, n - k);
	} else {
		len = naive_subproof(leaves + k, m - k, n - k, 0, path);
		path[len] = naive_root(leaves, k);
	}
	return len + 1;
}

/* Leaves 0..count-1: the hash of the number. */
static inline void naive_leaves(struct merkle_hash *leaves, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		merkle_leaf(&i, sizeof(i), &leaves[i]);
}

#endif
