/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_DOMESTIC_H
#define HINOMI_AUTHORITY_DOMESTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"

/*
 * The table of domestic addresses: which end of a packet lies in the nation. A text file with one
 * prefix a line and comments after '#'. Addresses that are not global (base/ip.h) count as
 * domestic; that is folded in when the table is made, so a question is one probe.
 * Immutable; any number of threads may ask.
 */

#define DOMESTIC_FILE_MAX     ((size_t)64 << 20) /* bytes */
#define DOMESTIC_PREFIXES_MAX 2000000

struct domestic_range4 {
	uint32_t first, last; /* host byte order, both inclusive */
};

struct domestic_range6 {
	uint64_t first_high, first_low, last_high, last_low;
};

/** Members are for the inline look-ups only. */
struct domestic {
	uint64_t *blocks;                /* 2 bits for each /24: 0 foreign, 1 domestic, 2 mixed */
	struct domestic_range4 *ranges4; /* sorted, disjoint, not adjacent */
	size_t count4;
	struct domestic_range6 *ranges6;
	size_t count6;
	uint32_t *index6; /* of the first 16 bits: first range that ends there or later; 65,537 of them */
	size_t prefixes;  /* in the file */
	uint8_t digest[SHA256_SIZE];
};

/**
 * Makes the table of a file's text.
 *
 * @return HN_EFORMAT (the fault's place is the line), HN_ELIMIT, HN_ENOMEM. A file without prefixes
 *         gives a table with `prefixes` 0, which verification refuses.
 */
HN_MUST_USE int domestic_parse(const char *text, size_t len, struct domestic **out, struct fault *fault);

/** Reads the file. @return as above, HN_ENOENT, HN_EIO */
HN_MUST_USE int domestic_read(const char *path, struct domestic **out, struct fault *fault);
void domestic_free(struct domestic *d);

/**
 * The digest of what the table means: SHA-256 over the file's prefixes merged and sorted as
 * ranges (IPv4 first, each "first-last" in text and a line feed). Comments, order and ways of
 * splitting do not change it. domestic->digest is the same value.
 */
const uint8_t *domestic_digest(const struct domestic *d);

/* The slow paths of the inline look-ups. */
bool domestic_search4(const struct domestic *d, uint32_t addr);

/** Whether an IPv4 address in host byte order is domestic. */
static inline bool domestic_has4(const struct domestic *d, uint32_t addr)
{
	uint32_t block = addr >> 8;
	uint64_t state = d->blocks[block >> 5] >> ((block & 31) * 2) & 3;
	if (__builtin_expect(state == 2, 0))
		return domestic_search4(d, addr);
	return state != 0;
}

/** Whether an IPv6 address in network byte order is domestic. */
static inline bool domestic_has6(const struct domestic *d, const uint8_t addr[16])
{
	uint64_t high, low;
	__builtin_memcpy(&high, addr, 8);
	__builtin_memcpy(&low, addr + 8, 8);
	high = __builtin_bswap64(high);
	low = __builtin_bswap64(low);
	size_t begin = d->index6[high >> 48];
	size_t end = d->index6[(high >> 48) + 1];
	/* Ranges begin..end may touch these 16 bits; find the first that ends at the address or later. */
	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		const struct domestic_range6 *r = &d->ranges6[middle];
		if (r->last_high < high || (r->last_high == high && r->last_low < low))
			begin = middle + 1;
		else
			end = middle;
	}
	if (begin == d->count6)
		return false;
	const struct domestic_range6 *r = &d->ranges6[begin];
	return r->first_high < high || (r->first_high == high && r->first_low <= low);
}

static inline bool domestic_has(const struct domestic *d, const struct ip *ip)
{
	if (ip->version == 6)
		return domestic_has6(d, ip->bytes);
	return domestic_has4(d, (uint32_t)ip->bytes[0] << 24 | (uint32_t)ip->bytes[1] << 16 |
					(uint32_t)ip->bytes[2] << 8 | ip->bytes[3]);
}

#endif
