/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/merkle.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/digest.h"

void merkle_empty(struct merkle_hash *out)
{
	sha256(NULL, 0, out->bytes);
}

void merkle_leaf(const void *data, size_t len, struct merkle_hash *out)
{
	static const uint8_t prefix = 0x00;
	sha256_parts(&prefix, 1, data, len, NULL, 0, out->bytes);
}

void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right, struct merkle_hash *out)
{
	uint8_t data[1 + 2 * MERKLE_HASH_SIZE] = {0x01};
	memcpy(data + 1, left->bytes, MERKLE_HASH_SIZE);
	memcpy(data + 1 + MERKLE_HASH_SIZE, right->bytes, MERKLE_HASH_SIZE);
	sha256(data, sizeof(data), out->bytes);
}

void merkle_subtree(const struct merkle_hash *hashes, size_t count, struct merkle_hash *out)
{
	struct merkle_hash row[128];

	assert(count >= 1 && count <= 256 && (count & (count - 1)) == 0);
	if (count == 1) {
		*out = hashes[0];
		return;
	}
	for (size_t i = 0; i < count / 2; i++)
		merkle_node(&hashes[2 * i], &hashes[2 * i + 1], &row[i]);
	for (size_t n = count / 2; n > 1; n /= 2)
		for (size_t i = 0; i < n / 2; i++)
			merkle_node(&row[2 * i], &row[2 * i + 1], &row[i]);
	*out = row[0];
}

static bool same(const struct merkle_hash *a, const struct merkle_hash *b)
{
	return memcmp(a->bytes, b->bytes, MERKLE_HASH_SIZE) == 0;
}

int merkle_verify_inclusion(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
			    const struct merkle_hash *path, size_t path_len, const struct merkle_hash *root)
{
	if (index >= size)
		return HN_EAUTH;
	/* The names of RFC 9162, 2.1.3.2: fn and sn walk from leaf and last leaf up to the root. */
	uint64_t fn = index;
	uint64_t sn = size - 1;
	struct merkle_hash r = *leaf;
	for (size_t i = 0; i < path_len; i++) {
		if (sn == 0)
			return HN_EAUTH;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(&path[i], &r, &r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(&r, &path[i], &r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same(&r, root) ? HN_OK : HN_EAUTH;
}

int merkle_verify_consistency(uint64_t old_size, const struct merkle_hash *old_root, uint64_t new_size,
			      const struct merkle_hash *new_root, const struct merkle_hash *path,
			      size_t path_len)
{
	struct merkle_hash empty;

	merkle_empty(&empty);
	if (old_size > new_size || (old_size == 0 && !same(old_root, &empty)))
		return HN_EAUTH;
	if (old_size == new_size)
		return path_len == 0 && same(old_root, new_root) ? HN_OK : HN_EAUTH;
	if (old_size == 0)
		return path_len == 0 ? HN_OK : HN_EAUTH;

	/* RFC 9162, 2.1.4.2. Where the old tree is complete its root begins the path and is left out. */
	bool complete = (old_size & (old_size - 1)) == 0;
	size_t at = 0;
	if (!complete && path_len == 0)
		return HN_EAUTH;
	struct merkle_hash fr = complete ? *old_root : path[at++];
	struct merkle_hash sr = fr;
	uint64_t fn = old_size - 1;
	uint64_t sn = new_size - 1;
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	for (; at < path_len; at++) {
		if (sn == 0)
			return HN_EAUTH;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(&path[at], &fr, &fr);
			merkle_node(&path[at], &sr, &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(&sr, &path[at], &sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same(&fr, old_root) && same(&sr, new_root) ? HN_OK : HN_EAUTH;
}
