/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/table.h"

uint64_t table_hash(unsigned table, const uint8_t *key, size_t len, uint32_t seed)
{
	switch (him_table_shape(table)) {
	case HIM_WORD:
		return (uint64_t)hash_word(load_le32(key), seed) << 32;
	case HIM_QUAD:
		return hash_quad(key, seed);
	default:
		if (table == ENTRY_NAME || table == ENTRY_WILDCARD)
			return hash_name(key, len, seed);
		return hash_bytes(key, len, seed);
	}
}
