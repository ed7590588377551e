/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_WIRE_BUILD_H
#define HINOMI_TESTS_UNIT_WIRE_BUILD_H

#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Packets by hand, from the inside out: each call puts a header before what is there, with the lengths right.
 * Fields that a test wants wrong it sets afterwards.
 */

#define BUILD_MAX (2u << 20)

struct build {
	size_t at; /* the packet is room[at..] */
	uint8_t room[BUILD_MAX];
};

static inline void build_init(struct build *b)
{
	b->at = BUILD_MAX;
}

static inline uint8_t *build_bytes(struct build *b)
{
	return b->room + b->at;
}

static inline size_t build_len(const struct build *b)
{
	return BUILD_MAX - b->at;
}

static inline uint8_t *build_push(struct build *b, const void *data, size_t len)
{
	assert(len <= b->at);
	b->at -= len;
	if (data != NULL)
		memcpy(b->room + b->at, data, len);
	else
		memset(b->room + b->at, 0, len);
	return b->room + b->at;
}

static inline void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static inline void build_text(struct build *b, const char *text)
{
	(void)build_push(b, text, strlen(text));
}

static inline uint8_t *build_tcp(struct build *b, uint16_t src, uint16_t dst, uint32_t seq, uint8_t flags)
{
	uint8_t *p = build_push(b, NULL, 20);
	put16(p, src);
	put16(p + 2, dst);
	put32(p + 4, seq);
	p[12] = 5 << 4;
	p[13] = flags;
	return p;
}

static inline uint8_t *build_udp(struct build *b, uint16_t src, uint16_t dst)
{
	size_t len = build_len(b) + 8;
	uint8_t *p = build_push(b, NULL, 8);
	put16(p, src);
	put16(p + 2, dst);
	put16(p + 4, len);
	return p;
}

static inline uint8_t *build_ip4(struct build *b, const char *src, const char *dst, uint8_t protocol)
{
	size_t len = build_len(b) + 20;
	uint8_t *p = build_push(b, NULL, 20);
	p[0] = 0x45;
	put16(p + 2, len);
	p[8] = 64;
	p[9] = protocol;
	(void)inet_pton(AF_INET, src, p + 12);
	(void)inet_pton(AF_INET, dst, p + 16);
	return p;
}

static inline uint8_t *build_ip6(struct build *b, const char *src, const char *dst, uint8_t next)
{
	size_t len = build_len(b);
	uint8_t *p = build_push(b, NULL, 40);
	p[0] = 0x60;
	put16(p + 4, len);
	p[6] = next;
	p[7] = 64;
	(void)inet_pton(AF_INET6, src, p + 8);
	(void)inet_pton(AF_INET6, dst, p + 24);
	return p;
}

/* An IPv6 extension header of 8 bytes. */
static inline uint8_t *build_extension(struct build *b, uint8_t next)
{
	uint8_t *p = build_push(b, NULL, 8);
	p[0] = next;
	return p;
}

static inline uint8_t *build_ethernet(struct build *b, uint16_t type)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint8_t *p = build_push(b, NULL, 14);
	memcpy(p, macs, sizeof(macs));
	put16(p + 12, type);
	return p;
}

/* A 16-bit value, then a 16-bit type: VLAN tags, GRE without options. */
static inline uint8_t *build_pair(struct build *b, uint16_t value, uint16_t type)
{
	uint8_t *p = build_push(b, NULL, 4);
	put16(p, value);
	put16(p + 2, type);
	return p;
}

#endif
