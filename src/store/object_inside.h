/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_OBJECT_INSIDE_H
#define HINOMI_STORE_OBJECT_INSIDE_H

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/uuid.h"

/* What the files behind store/objects.h share: how a version stands in its row. */

/** Bits of version.flags. */
enum {
	VERSION_REVOKED = 1,
	VERSION_SHARED = 2,   /* other organisations have sent the same identifier */
	VERSION_GRANULAR = 4, /* parts of it have markings of their own */
};

#define OBJECT_RENDITION_MAX (16u << 20)

struct reader;
struct object_row;

/**
 * Makes of a row with parts that have labels of their own what the reader may see of it: nothing to do where
 * he sees all of them, else a rendition under an identifier of its own.
 *
 * @param out  holds the rendition, to which row->bytes and row->len then lead, until the next call
 * @return HN_ENOENT where what is left would be no object of its type: it is not shown at all
 */
HN_MUST_USE int object_render(struct reader *reader, struct object_row *row, struct buf *out);

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

struct writing;

/** Puts the older versions of an object under their own marking and the newest's. */
HN_MUST_USE int object_cover_older(struct writing *w, int64_t object, int64_t newest_label);

#endif
