/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_HASH_H
#define HINOMI_MATCH_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/cur.h"
#include "match/him.h"

/*
 * The hashes of the file format, and comparisons of eight words at once. No secret is in the hashes: who
 * makes keys collide makes the compiler take another seed (HIM_PROBE_MAX), never a look-up long.
 */

#define HASH_A UINT64_C(0x9e3779b97f4a7c15)
#define HASH_B UINT64_C(0xd6e8feb86659fd93)

/** Both halves of the 128-bit product, folded. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/** Of a 32-bit key; one to one, so equal hashes are equal keys. The upper bits choose the bucket. */
static inline uint32_t hash_word(uint32_t key, uint32_t seed)
{
	uint32_t h = (key ^ seed * 0x85ebca6bu) * 0x9e3779b1u;
	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	h ^= h >> 13;
	return h;
}

/** Of a 128-bit key; the upper 32 bits choose the bucket. */
static inline uint64_t hash_quad(const uint8_t key[16], uint32_t seed)
{
	return hash_mix(hash_mix(load_le64(key) ^ HASH_A, HASH_B ^ seed) ^ load_le64(key + 8), HASH_A);
}

/* The n bytes (1..8) before end, in the upper bytes of a word. floor..end are at least 8 readable bytes. */
static inline uint64_t hash_tail(const uint8_t *floor, const uint8_t *end, size_t n)
{
	size_t offset = (size_t)(end - floor);
	uint64_t word;
	if (offset >= 8)
		word = load_le64(end - 8);
	else
		word = load_le64(floor) << (8 * (8 - offset));
	return word >> (64 - 8 * n);
}

/**
 * One step of the hash of a name, which runs from its last label to its first, so that one pass gives the
 * hash of every suffix. The label, its length byte included, is [end - n, end); floor as above.
 */
static inline uint64_t hash_label(uint64_t h, const uint8_t *floor, const uint8_t *end, size_t n)
{
	for (; n > 8; n -= 8, end -= 8)
		h = hash_mix(h ^ load_le64(end - 8), HASH_A);
	return hash_mix(h ^ hash_tail(floor, end, n) ^ n << 56, HASH_A);
}

static inline uint64_t hash_name_begin(uint32_t seed)
{
	return HASH_B ^ seed * HASH_A;
}

/** Of other bytes: digests, fingerprints, URLs, holdings. */
uint64_t hash_bytes(const uint8_t *data, size_t len, uint32_t seed);
/** Of a whole name; harmless for one that is not well formed. */
uint64_t hash_name(const uint8_t *name, size_t len, uint32_t seed);

/**
 * Of bytes that a stranger chose, under a key of this process: nobody outside can make them collide.
 *
 * @param more  what else is part of the value; the length too, where that varies
 */
static inline uint64_t hash_keyed(const uint64_t key[2], uint64_t more, const uint8_t *data, size_t len)
{
	uint64_t h = key[0] ^ more, tail = 0;
	size_t rest = len % 8;
	const uint8_t *end = data + len;
	for (; end - data >= 8; data += 8)
		h = hash_mix(h ^ load_le64(data), key[1]);
	if (rest > 0 && len > 8)
		tail = load_le64(end - 8) >> (64 - 8 * rest);
	else
		for (size_t i = 0; i < rest; i++)
			tail |= (uint64_t)data[i] << (8 * i);
	h = hash_mix(h ^ tail, key[1]);
	return hash_mix(h ^ HASH_A, key[1] ^ HASH_B);
}

/** The bucket among `home` ones. */
static inline uint32_t hash_bucket(uint32_t upper, uint32_t home)
{
	return (uint32_t)((uint64_t)upper * home >> 32);
}

/** Bit i: word i of the eight, taken with mask, equals value. */
static inline unsigned lanes_equal(const uint8_t *words, uint32_t value, uint32_t mask)
{
#ifdef __SSE2__
	const __m128i m = _mm_set1_epi32((int)mask);
	const __m128i v = _mm_set1_epi32((int)value);
	__m128i low, high;
	memcpy(&low, words, sizeof(low));
	memcpy(&high, words + 16, sizeof(high));
	low = _mm_cmpeq_epi32(_mm_and_si128(low, m), v);
	high = _mm_cmpeq_epi32(_mm_and_si128(high, m), v);
	return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(low)) |
	       (unsigned)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
#else
	unsigned found = 0;
	for (unsigned i = 0; i < 8; i++)
		found |= (unsigned)((load_le32(words + 4 * i) & mask) == value) << i;
	return found;
#endif
}

/** Bit i: the uppermost bit of word i of the eight. */
static inline unsigned lanes_top(const uint8_t *words)
{
#ifdef __SSE2__
	__m128 low, high;
	memcpy(&low, words, sizeof(low));
	memcpy(&high, words + 16, sizeof(high));
	return (unsigned)_mm_movemask_ps(low) | (unsigned)_mm_movemask_ps(high) << 4;
#else
	unsigned found = 0;
	for (unsigned i = 0; i < 8; i++)
		found |= (load_le32(words + 4 * i) >> 31) << i;
	return found;
#endif
}

#endif
