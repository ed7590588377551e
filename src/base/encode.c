/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/encode.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void hex_encode(const void *data, size_t len, char *out)
{
	sodium_bin2hex(out, 2 * len + 1, data, len);
}

int hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len)
{
	if (text_len / 2 != len || text_len % 2 != 0)
		return HN_EFORMAT;
	for (size_t i = 0; i < text_len; i++)
		if (strchr("0123456789abcdefABCDEF", text[i]) == NULL || text[i] == '\0')
			return HN_EFORMAT;
	size_t got;
	if (sodium_hex2bin(out, len, text, text_len, NULL, &got, NULL) != 0 || got != len)
		return HN_EFORMAT;
	return HN_OK;
}

static void encode(struct buf *b, const void *data, size_t len, int variant)
{
	size_t size = sodium_base64_encoded_len(len, variant);
	char *text = malloc(size);
	if (text == NULL) {
		b->err = HN_ENOMEM;
		return;
	}
	sodium_bin2base64(text, size, data, len, variant);
	buf_adds(b, text);
	free(text);
}

static int decode(const char *text, size_t len, int variant, struct buf *out)
{
	if (len == 0)
		return buf_err(out);
	/* libsodium 1.0.18 takes some bytes over 0x7f for letters. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return HN_EFORMAT;
	uint8_t *data = malloc(len);
	if (data == NULL)
		return HN_ENOMEM;
	size_t got = 0;
	const char *end = text;
	int rc = HN_OK;
	if (sodium_base642bin(data, len, text, len, NULL, &got, &end, variant) != 0 || end != text + len)
		rc = HN_EFORMAT;
	if (rc == HN_OK) {
		buf_add(out, data, got);
		rc = buf_err(out);
	}
	sodium_memzero(data, len);
	free(data);
	return rc;
}

void base64url_add(struct buf *b, const void *data, size_t len)
{
	encode(b, data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void base64_add(struct buf *b, const void *data, size_t len)
{
	encode(b, data, len, sodium_base64_VARIANT_ORIGINAL);
}

int base64url_decode(const char *text, size_t len, struct buf *out)
{
	return decode(text, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out);
}

int base64_decode(const char *text, size_t len, struct buf *out)
{
	return decode(text, len, sodium_base64_VARIANT_ORIGINAL, out);
}
