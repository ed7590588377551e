/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/disguise.h"

#define ROUNDS 4u

static uint32_t mix(const uint8_t key[SIPHASH_KEY], unsigned round, uint32_t half)
{
	const uint8_t data[] = {(uint8_t)round, (uint8_t)(half >> 24), (uint8_t)(half >> 16),
				(uint8_t)(half >> 8), (uint8_t)half};
	return (uint32_t)siphash24(key, data, sizeof(data));
}

uint64_t disguise(const uint8_t key[SIPHASH_KEY], uint64_t number)
{
	uint32_t left = (uint32_t)(number >> 32), right = (uint32_t)number;
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t next = left ^ mix(key, round, right);
		left = right;
		right = next;
	}
	return (uint64_t)left << 32 | right;
}

uint64_t disguise_undo(const uint8_t key[SIPHASH_KEY], uint64_t disguised)
{
	uint32_t left = (uint32_t)(disguised >> 32), right = (uint32_t)disguised;
	for (unsigned round = ROUNDS; round-- > 0;) {
		uint32_t before = right ^ mix(key, round, left);
		right = left;
		left = before;
	}
	return (uint64_t)left << 32 | right;
}
