/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_OWNERS_IMAGE_H
#define HINOMI_STORE_OWNERS_IMAGE_H

#include "base/cur.h"
#include "store/owners.h"

/* The image behind store/owners.h: all holdings sorted, ranges of addresses, one hash table for the rest. */

#define OWNED_KEY_MAX 254
#define OWNED_NONE    UINT32_MAX

enum owned_kind { OWNED_PREFIX4, OWNED_PREFIX6, OWNED_NAME, OWNED_ASN, OWNED_CERTIFICATE };

struct owned {
	int64_t organisation;
	enum owned_kind kind;
	enum holding_state state;
	uint8_t len;
	uint8_t key[OWNED_KEY_MAX]; /* of a prefix: address, then its length */
};

struct address {
	uint64_t high, low; /* IPv4 in the low 32 bits */
};

static inline struct address address_of(const uint8_t bytes[16], bool v4)
{
	if (v4)
		return (struct address){0, load_be32(bytes)};
	return (struct address){load_be64(bytes), load_be64(bytes + 8)};
}

static inline bool address_below(struct address a, struct address b)
{
	return a.high < b.high || (a.high == b.high && a.low < b.low);
}

struct range {
	struct address from; /* to the next one's */
	uint32_t owned;      /* the first of its key, or OWNED_NONE */
};

struct ranges {
	struct range *ranges;
	size_t count;
};

struct table_slot {
	uint32_t tag; /* the hash's upper half */
	uint32_t owned;
};

struct owners {
	_Atomic unsigned refs;
	int64_t revision;          /* of the organisations */
	int64_t from_us, until_us; /* holds in this time; until 0: no end */
	struct owned *owned;
	size_t count;
	struct ranges v4, v6;
	struct table_slot *table;
	size_t mask;
	uint32_t seed;
};

/** Makes one. The caller has its only reference. */
HN_MUST_USE int owners_build(struct directory *d, int64_t now_us, struct owners **out);

/** The order of the image: by kind, then by key. */
int owned_key_compare(const struct owned *a, const struct owned *b);

/** How many ranges begin at the address or before it: the last of them holds it. */
size_t owners_range_behind(const struct ranges *r, struct address at);

#endif
