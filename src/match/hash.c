/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/hash.h"

uint64_t hash_bytes(const uint8_t *data, size_t len, uint32_t seed)
{
	uint64_t h = HASH_B ^ seed * HASH_A ^ len;
	uint8_t last[8] = {0};

	for (; len >= 8; len -= 8, data += 8)
		h = hash_mix(h ^ load_le64(data), HASH_A);
	if (len > 0)
		memcpy(last, data, len);
	return hash_mix(hash_mix(h ^ load_le64(last), HASH_A), HASH_B);
}

uint64_t hash_name(const uint8_t *name, size_t len, uint32_t seed)
{
	uint8_t padded[8 + 256] = {0};
	uint8_t starts[128];
	size_t labels = 0;

	/* Of a damaged file; no such name is ever asked for. */
	if (len > 254)
		return 0;
	/* Eight bytes before the name stand in for what a look-up reads of the labels further left. */
	memcpy(padded + 8, name, len);
	for (size_t at = 0; at < len && labels < sizeof(starts); at += 1u + name[at])
		starts[labels++] = (uint8_t)at;
	uint64_t h = hash_name_begin(seed);
	size_t end = len;
	while (labels > 0) {
		size_t start = starts[--labels];
		h = hash_label(h, padded, padded + 8 + end, end - start);
		end = start;
	}
	return h;
}
