/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/uuid.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/encode.h"

static void mark(struct uuid *u, unsigned version)
{
	u->bytes[6] = (uint8_t)((u->bytes[6] & 0x0f) | version << 4);
	u->bytes[8] = (uint8_t)((u->bytes[8] & 0x3f) | 0x80);
}

struct uuid uuid_v4(void)
{
	struct uuid u;
	randombytes_buf(u.bytes, sizeof(u.bytes));
	mark(&u, 4);
	return u;
}

#define UUID_NAME_MAX 4096 /* bytes; the names we hash are short keys */

struct uuid uuid_v5(const struct uuid *space, const void *name, size_t len)
{
	uint8_t input[sizeof(space->bytes) + UUID_NAME_MAX];
	uint8_t digest[20];
	struct uuid u;

	assert(len <= UUID_NAME_MAX);
	memcpy(input, space->bytes, sizeof(space->bytes));
	memcpy(input + sizeof(space->bytes), name, len);
	sha1(input, sizeof(space->bytes) + len, digest);
	memcpy(u.bytes, digest, sizeof(u.bytes));
	mark(&u, 5);
	return u;
}

struct uuid uuid_v7(int64_t time_ns)
{
	struct uuid u = uuid_v4();
	uint64_t ms = (uint64_t)(time_ns / 1000000);
	for (int i = 0; i < 6; i++)
		u.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
	mark(&u, 7);
	return u;
}

void uuid_format(const struct uuid *u, char out[UUID_TEXT_SIZE])
{
	static const uint8_t parts[] = {4, 2, 2, 2, 6};
	const uint8_t *at = u->bytes;
	for (size_t i = 0; i < sizeof(parts); i++) {
		if (i > 0)
			*out++ = '-';
		hex_encode(at, parts[i], out);
		out += (size_t)2 * parts[i];
		at += parts[i];
	}
}

/* 16: no digit. An UUID is no secret, so that time may tell of it. */
static unsigned digit_of(char c)
{
	unsigned digit = (unsigned)(unsigned char)c - '0';
	unsigned letter = ((unsigned)(unsigned char)c | 0x20) - 'a';
	unsigned value = letter < 6 ? letter + 10 : 16;
	return digit < 10 ? digit : value;
}

int uuid_parse(const char *text, size_t len, struct uuid *out)
{
	static const uint8_t places[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
	struct uuid u;
	unsigned wrong = 0;
	if (len != UUID_TEXT_SIZE - 1 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
	    text[23] != '-')
		return HN_EFORMAT;
	for (size_t i = 0; i < sizeof(u.bytes); i++) {
		unsigned high = digit_of(text[places[i]]), low = digit_of(text[places[i] + 1]);
		wrong |= high | low;
		u.bytes[i] = (uint8_t)(high << 4 | low);
	}
	if ((wrong & 16) != 0)
		return HN_EFORMAT;
	*out = u;
	return HN_OK;
}

int uuid_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}
