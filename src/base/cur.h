/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_CUR_H
#define HINOMI_BASE_CUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * A bounded reading cursor: the only way to outside bytes.
 *
 * A read past the end gives zero (or NULL), moves nothing and sets `bad` for good; so a
 * decoder may read a run of fields and look at cur_ok() once, before it uses them. A nested
 * field is a window of its own (cur_sub), so a child cannot read its parent's bytes.
 */
struct cur {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline struct cur cur_of(const void *data, size_t len)
{
	const uint8_t *at = (const uint8_t *)data;
	return (struct cur){at, at == NULL ? at : at + len, false};
}

static inline bool cur_ok(const struct cur *c)
{
	return !c->bad;
}

/** Bytes not read yet. */
static inline size_t cur_left(const struct cur *c)
{
	return (size_t)(c->end - c->at);
}

/** Takes len bytes as one piece. @return NULL (and bad) when fewer are left. */
static inline const uint8_t *cur_take(struct cur *c, size_t len)
{
	if (__builtin_expect(c->bad || len > cur_left(c), 0)) {
		c->bad = true;
		return NULL;
	}
	const uint8_t *p = c->at;
	c->at += len;
	return p;
}

/** Looks at the next len bytes without moving. @return NULL when fewer are left; sets nothing. */
static inline const uint8_t *cur_peek(const struct cur *c, size_t len)
{
	return c->bad || len > cur_left(c) ? NULL : c->at;
}

static inline void cur_skip(struct cur *c, size_t len)
{
	(void)cur_take(c, len);
}

/** A window over the next len bytes, which the parent has then read. Bad when fewer are left. */
static inline struct cur cur_sub(struct cur *c, size_t len)
{
	const uint8_t *p = cur_take(c, len);
	if (p == NULL)
		return (struct cur){c->end, c->end, true};
	return (struct cur){p, p + len, false};
}

/* Unaligned loads from bytes that cur_take() gave. */
static inline uint16_t load_be16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

static inline void store_be16(uint8_t *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void store_be32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void store_be64(uint8_t *at, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(at, &v, sizeof(v));
}

static inline uint64_t load_be64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

static inline uint16_t load_le16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t load_le32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "files and wire are read on little-endian machines");

static inline uint8_t cur_u8(struct cur *c)
{
	const uint8_t *p = cur_take(c, 1);
	return p == NULL ? 0 : p[0];
}

static inline uint16_t cur_be16(struct cur *c)
{
	const uint8_t *p = cur_take(c, 2);
	if (p == NULL)
		return 0;
	return load_be16(p);
}

static inline uint32_t cur_be24(struct cur *c)
{
	const uint8_t *p = cur_take(c, 3);
	if (p == NULL)
		return 0;
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t cur_be32(struct cur *c)
{
	const uint8_t *p = cur_take(c, 4);
	return p == NULL ? 0 : load_be32(p);
}

static inline uint64_t cur_be64(struct cur *c)
{
	const uint8_t *p = cur_take(c, 8);
	return p == NULL ? 0 : load_be64(p);
}

static inline uint16_t cur_le16(struct cur *c)
{
	const uint8_t *p = cur_take(c, 2);
	if (p == NULL)
		return 0;
	return load_le16(p);
}

static inline uint32_t cur_le32(struct cur *c)
{
	const uint8_t *p = cur_take(c, 4);
	return p == NULL ? 0 : load_le32(p);
}

static inline uint64_t cur_le64(struct cur *c)
{
	const uint8_t *p = cur_take(c, 8);
	return p == NULL ? 0 : load_le64(p);
}

#endif
