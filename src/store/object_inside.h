/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_OBJECT_INSIDE_H
#define HINOMI_STORE_OBJECT_INSIDE_H

#include <stdint.h>
#include <string.h>

#include "base/cur.h"
#include "base/uuid.h"

/* What the files behind store/objects.h share: how a version stands in its row. */

/** Bits of version.flags. */
enum {
	VERSION_REVOKED = 1,
	VERSION_SHARED = 2,   /* other organisations have sent the same identifier */
	VERSION_GRANULAR = 4, /* parts of it have markings of their own */
};

/** A UUID as the two numbers of a row: its bytes 0..7 and 8..15, big-endian. */
struct uuid_halves {
	int64_t a, b;
};

static inline struct uuid_halves uuid_halves(const struct uuid *u)
{
	return (struct uuid_halves){(int64_t)load_be64(u->bytes), (int64_t)load_be64(u->bytes + 8)};
}

static inline struct uuid uuid_of_halves(int64_t a, int64_t b)
{
	uint64_t halves[2] = {__builtin_bswap64((uint64_t)a), __builtin_bswap64((uint64_t)b)};
	struct uuid u;
	memcpy(u.bytes, halves, sizeof(u.bytes));
	return u;
}

#endif
