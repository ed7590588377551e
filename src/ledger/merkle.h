/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_MERKLE_H
#define HINOMI_LEDGER_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MERKLE_HASH_SIZE 32
#define MERKLE_PROOF_MAX 64 /* hashes; more never fit a tree of 2^64 leaves */

struct merkle_hash {
	uint8_t bytes[MERKLE_HASH_SIZE];
};

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962, 2.1). */
void merkle_empty(struct merkle_hash *out);

/** SHA-256(0x00 || data) (RFC 6962, 2.1). */
void merkle_leaf(const void *data, size_t len, struct merkle_hash *out);

/** SHA-256(0x01 || left || right) (RFC 6962, 2.1); out may be left or right. */
void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right, struct merkle_hash *out);

/** Root over count hashes that stand for subtrees of one height; count is a power of two up to 256. */
void merkle_subtree(const struct merkle_hash *hashes, size_t count, struct merkle_hash *out);

/**
 * Whether the leaf stands at index in the tree of that size and root (RFC 9162, 2.1.3.2). Pure.
 *
 * @return HN_OK; HN_EAUTH when the path does not lead to the root, is too long or too short, or
 *         the index lies outside the tree
 */
HN_MUST_USE int merkle_verify_inclusion(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
					const struct merkle_hash *path, size_t path_len,
					const struct merkle_hash *root);

/**
 * Whether the tree of new_size continues the tree of old_size (RFC 9162, 2.1.4.2). The empty
 * tree is continued by every tree with an empty path; equal sizes need equal roots and an empty
 * path. Pure.
 *
 * @return HN_OK; HN_EAUTH when it does not, or when new_size is smaller
 */
HN_MUST_USE int merkle_verify_consistency(uint64_t old_size, const struct merkle_hash *old_root,
					  uint64_t new_size, const struct merkle_hash *new_root,
					  const struct merkle_hash *path, size_t path_len);

#endif
