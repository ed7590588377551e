/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/value_key.h"

#include <string.h>

#include "base/digest.h"

enum { ADDRESS = 'A', NAME = 'N', URL = 'U', DIGEST = 'H', FINGERPRINT = 'J', OTHER = 'a' };

/* Cuts what is too long, so that different values stay different. */
static void put(struct value_key *out, const uint8_t *head, size_t head_len, const uint8_t *body, size_t len)
{
	memcpy(out->bytes, head, head_len);
	if (head_len + len <= VALUE_KEY_MAX) {
		if (len > 0)
			memcpy(out->bytes + head_len, body, len);
		out->len = (uint16_t)(head_len + len);
		return;
	}
	size_t kept = VALUE_KEY_MAX - SHA256_SIZE - head_len;
	memcpy(out->bytes + head_len, body, kept);
	sha256(body, len, out->bytes + head_len + kept);
	out->len = VALUE_KEY_MAX;
}

static void put_address(struct value_key *out, unsigned family, const uint8_t *address, size_t size,
			unsigned length)
{
	out->bytes[0] = ADDRESS;
	out->bytes[1] = (uint8_t)family;
	memcpy(out->bytes + 2, address, size);
	out->bytes[2 + size] = (uint8_t)length;
	out->len = (uint16_t)(3 + size);
}

/* Labels of a name in wire form, the last first; a NUL in a label, which no honest name has, becomes 0x01. */
static void put_name(struct value_key *out, const uint8_t *wire, size_t len, bool wildcard)
{
	const uint8_t *labels[128] = {NULL};
	size_t count = 0;
	for (size_t at = 0; at < len && count < 128; at += 1u + wire[at])
		labels[count++] = wire + at;
	uint8_t text[256 + 3];
	size_t text_len = 0;
	while (count-- > 0) {
		const uint8_t *label = labels[count];
		for (size_t i = 1; i <= label[0] && text_len < sizeof(text) - 3; i++)
			text[text_len++] = label[i] == 0 ? 1 : label[i];
		text[text_len++] = 0;
	}
	if (wildcard) {
		text[text_len++] = '*';
		text[text_len++] = 0;
	}
	const uint8_t head = NAME;
	put(out, &head, 1, text, text_len);
}

void value_key_of_entry(const struct entry_key *e, struct value_key *out)
{
	const uint8_t digest[] = {DIGEST, (uint8_t)e->kind};
	const uint8_t url = URL, fingerprint = FINGERPRINT;
	switch (e->kind) {
	case ENTRY_IP4:
		put_address(out, 4, e->data, 4, 32);
		break;
	case ENTRY_IP6:
		put_address(out, 6, e->data, 16, 128);
		break;
	case ENTRY_PREFIX4:
		put_address(out, 4, e->data, 4, e->data[4]);
		break;
	case ENTRY_PREFIX6:
		put_address(out, 6, e->data, 16, e->data[16]);
		break;
	case ENTRY_NAME:
	case ENTRY_WILDCARD:
		put_name(out, e->data, e->len, e->kind == ENTRY_WILDCARD);
		break;
	case ENTRY_URL:
		put(out, &url, 1, e->data, e->len);
		break;
	case ENTRY_JA4:
		put(out, &fingerprint, 1, e->data, e->len);
		break;
	default:
		put(out, digest, sizeof(digest), e->data, e->len);
		break;
	}
}

void value_key_of_text(enum stix_value_kind kind, const void *text, size_t len, struct value_key *out)
{
	const uint8_t head = (uint8_t)(OTHER + kind);
	put(out, &head, 1, text, len);
}

void value_key_of(const struct stix_value *v, struct value_key *out)
{
	if (v->kind != STIX_VALUE_ENTRY) {
		value_key_of_text(v->kind, v->key, v->key_len, out);
		return;
	}
	const struct entry_key e = {
		.kind = (enum entry_kind)v->entry_kind, .len = (uint16_t)v->key_len, .data = v->key};
	value_key_of_entry(&e, out);
}

bool value_key_is_address(const struct value_key *key, unsigned *family_out, unsigned *length_out)
{
	if (key->len < 3 || key->bytes[0] != ADDRESS)
		return false;
	*family_out = key->bytes[1];
	*length_out = key->bytes[key->len - 1];
	return true;
}

/* The address with all bits behind `length` as `ones` says. */
static void set_host_bits(uint8_t *address, size_t size, unsigned length, bool ones)
{
	for (size_t i = 0; i < size; i++) {
		unsigned kept = length > i * 8 ? length - (unsigned)i * 8 : 0;
		if (kept >= 8)
			continue;
		uint8_t host = (uint8_t)(0xff >> kept);
		address[i] = (uint8_t)(ones ? address[i] | host : address[i] & ~host);
	}
}

bool value_key_around(const struct value_key *address, unsigned length, struct value_key *out)
{
	unsigned family, own;
	if (!value_key_is_address(address, &family, &own) || length > own)
		return false;
	*out = *address;
	set_host_bits(out->bytes + 2, address->len - 3u, length, false);
	out->bytes[out->len - 1] = (uint8_t)length;
	return true;
}

bool value_key_above(const struct value_key *name, unsigned *labels, struct value_key *out)
{
	if (name->len == 0 || name->bytes[0] != NAME || name->len == VALUE_KEY_MAX)
		return false;
	/* Label ends from the back: the wildcard above loses one more label each time. */
	unsigned skip = ++*labels + 1;
	size_t at = name->len;
	while (skip > 0 && at > 1) {
		at--;
		if (name->bytes[at] == 0)
			skip--;
	}
	if (skip > 0)
		return false;
	memcpy(out->bytes, name->bytes, at + 1);
	out->bytes[at + 1] = '*';
	out->bytes[at + 2] = 0;
	out->len = (uint16_t)(at + 3);
	return true;
}

/* The first key that does not begin with this one. */
static void behind(struct value_key *key)
{
	while (key->len > 0 && key->bytes[key->len - 1] == 0xff)
		key->len--;
	if (key->len > 0)
		key->bytes[key->len - 1]++;
}

bool value_range_inside(const struct entry_key *e, struct value_range *out)
{
	unsigned family, length;
	value_key_of_entry(e, &out->first);
	out->behind = out->first;
	if (value_key_is_address(&out->first, &family, &length)) {
		out->length = length;
		/* From the prefix with its own length to the last address in it with the longest. */
		set_host_bits(out->behind.bytes + 2, out->behind.len - 3u, length, true);
		out->behind.bytes[out->behind.len - 1] = 0xff;
		out->first.bytes[out->first.len - 1] =
			0; /* wider ones with the same bits are left out by who reads */
		return true;
	}
	if (e->kind != ENTRY_NAME && e->kind != ENTRY_WILDCARD)
		return false;
	if (e->kind == ENTRY_WILDCARD && out->first.len >= 3)
		out->first.len = out->behind.len = (uint16_t)(out->first.len - 2);
	behind(&out->behind);
	return true;
}
