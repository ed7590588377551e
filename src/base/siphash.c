/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/siphash.h"

#include <sodium.h>

#include "base/cur.h"

_Static_assert(crypto_shorthash_KEYBYTES == SIPHASH_KEY && crypto_shorthash_BYTES == 8,
	       "SipHash-2-4 of 64 bits");

uint64_t siphash24(const uint8_t key[SIPHASH_KEY], const void *data, size_t len)
{
	uint8_t hash[crypto_shorthash_BYTES];
	(void)crypto_shorthash(hash, data, len, key);
	return load_le64(hash);
}
