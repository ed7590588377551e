/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_SUFFIXES_H
#define HINOMI_MATCH_SUFFIXES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "match/hash.h"

/* A name cut into labels, and the hashes of all its suffixes in one pass: hash_name() of each. */

#define SUFFIXES_BYTES_MAX  254
#define SUFFIXES_LABELS_MAX 127

struct suffixes {
	const uint8_t *data;
	size_t len;
	unsigned labels;
	bool hashed;
	uint32_t seed;
	uint8_t starts[SUFFIXES_LABELS_MAX];
	uint64_t hashes[SUFFIXES_LABELS_MAX]; /* of the suffix that begins at starts[] */
};

/** @return false when it is not well formed (entry.h): then it equals no entry */
static inline bool suffixes_cut(struct suffixes *n, const uint8_t *data, size_t len)
{
	n->data = data;
	n->len = len;
	n->labels = 0;
	n->hashed = false;
	if (len == 0 || len > SUFFIXES_BYTES_MAX)
		return false;
	for (size_t at = 0; at < len; at += 1u + data[at]) {
		if (data[at] == 0 || data[at] > 63 || data[at] >= len - at)
			return false;
		n->starts[n->labels++] = (uint8_t)at;
	}
	return true;
}

/** Fills hashes for a seed, if they are not that seed's. */
static inline void suffixes_hash(struct suffixes *n, uint32_t seed)
{
	uint8_t padded[16];
	const uint8_t *floor = n->data;
	if (n->hashed && n->seed == seed)
		return;
	if (n->len < 8) {
		memset(padded, 0, sizeof(padded));
		memcpy(padded, n->data, n->len);
		floor = padded;
	}
	uint64_t h = hash_name_begin(seed);
	const uint8_t *end = floor + n->len;
	for (unsigned i = n->labels; i-- > 0;) {
		const uint8_t *start = floor + n->starts[i];
		h = hash_label(h, floor, end, (size_t)(end - start));
		n->hashes[i] = h;
		end = start;
	}
	n->seed = seed;
	n->hashed = true;
}

#endif
