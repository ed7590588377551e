/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/name.h"

#include <string.h>

#include "base/ip.h"

#define EVERY_BYTE 0x0101010101010101u

/* Adds 0x20 to those of eight bytes that are 'A'..'Z'. Sums of seven-bit values cannot carry into the next
 * byte. */
static uint64_t lower8(uint64_t v)
{
	uint64_t low7 = v & 0x7f * EVERY_BYTE;
	uint64_t from_a = low7 + (0x80 - 'A') * EVERY_BYTE;
	uint64_t past_z = low7 + (0x80 - 'Z' - 1) * EVERY_BYTE;
	uint64_t upper = from_a & ~past_z & ~v & 0x80 * EVERY_BYTE;
	return v | upper >> 2;
}

void name_lower(uint8_t *to, const uint8_t *from, size_t len)
{
	uint64_t v;
	size_t i = 0;
	for (; i + 8 <= len; i += 8) {
		memcpy(&v, from + i, 8);
		v = lower8(v);
		memcpy(to + i, &v, 8);
	}
	if (i > 0 && i < len) { /* what is left with some of what is done: what is lower stays so */
		memcpy(&v, from + len - 8, 8);
		v = lower8(v);
		memcpy(to + len - 8, &v, 8);
		return;
	}
	for (; i < len; i++) {
		uint8_t c = from[i];
		to[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
	}
}

static bool is_host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

int name_from_text(const uint8_t *text, size_t len, uint8_t out[NAME_MAX_WIRE], size_t *len_out)
{
	uint8_t wire[NAME_MAX_WIRE];

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0)
		return HN_EFORMAT;
	if (len > NAME_MAX_TEXT)
		return HN_ELIMIT;
	/* Every dot becomes the length of the label behind it; the first length stands before the text. */
	name_lower(wire + 1, text, len);
	size_t label = 0;
	for (size_t i = 1; i <= len + 1; i++) {
		if (i <= len && wire[i] != '.') {
			if (!is_host_char(wire[i]))
				return HN_EFORMAT;
			continue;
		}
		size_t label_len = i - label - 1;
		if (label_len == 0)
			return HN_EFORMAT;
		if (label_len > NAME_MAX_LABEL)
			return HN_ELIMIT;
		wire[label] = (uint8_t)label_len;
		label = i;
	}
	memcpy(out, wire, len + 1);
	*len_out = len + 1;
	return HN_OK;
}

bool name_is_wire(const uint8_t *data, size_t len)
{
	if (len == 0 || len > NAME_MAX_WIRE)
		return false;
	for (size_t at = 0; at < len;) {
		size_t label_len = data[at];
		if (label_len == 0 || label_len > NAME_MAX_LABEL || label_len >= len - at)
			return false;
		at += 1 + label_len;
	}
	for (size_t i = 0; i < len; i++)
		if (data[i] >= 'A' && data[i] <= 'Z')
			return false;
	return true;
}

/* Whether it can only be an address: a colon, or nothing but digits and dots. */
static bool looks_like_address(const uint8_t *text, size_t len)
{
	bool numeric = true;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == ':')
			return true;
		numeric = numeric && (text[i] == '.' || (text[i] >= '0' && text[i] <= '9'));
	}
	return numeric;
}

static void add_address(struct extract *x, enum field field, const uint8_t *text, size_t len)
{
	struct ip ip;
	if (ip_parse((const char *)text, len, &ip) != HN_OK)
		return;
	size_t size = ip.version == 4 ? 4 : 16;
	uint8_t *room = extract_alloc(x, size);
	if (room == NULL)
		return;
	memcpy(room, ip.bytes, size);
	extract_add(x, field, ip.version == 4 ? VALUE_IP4 : VALUE_IP6, room, size);
}

void host_add(struct extract *x, enum field field, const uint8_t *text, size_t len)
{
	uint8_t wire[NAME_MAX_WIRE];
	size_t wire_len;

	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		add_address(x, field, text + 1, len - 2);
		return;
	}
	if (looks_like_address(text, len)) {
		add_address(x, field, text, len);
		return;
	}
	int rc = name_from_text(text, len, wire, &wire_len);
	if (rc == HN_ELIMIT)
		x->dropped++;
	if (rc != HN_OK)
		return;
	uint8_t *room = extract_alloc(x, wire_len);
	if (room == NULL)
		return;
	memcpy(room, wire, wire_len);
	extract_add(x, field, VALUE_NAME, room, wire_len);
}
