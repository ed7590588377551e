/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/ja4.h"

#include <string.h>

#include "base/digest.h"

#define EXT_SERVER_NAME 0
#define EXT_ALPN        16
#define COUNT_MAX       99 /* two digits */
#define DIGEST_DIGITS   12
#define VALUE_TEXT      5 /* four digits and a comma */
#define SORT_BY_RADIX   48

struct list {
	uint16_t values[JA4_LIST_MAX];
	size_t count;
};

static const char digits[] = "0123456789abcdef";

static int list_add(struct list *l, uint16_t v)
{
	if (ja4_is_grease(v))
		return HN_OK;
	if (l->count == JA4_LIST_MAX)
		return HN_ELIMIT;
	l->values[l->count++] = v;
	return HN_OK;
}

static int list_read(struct cur values, struct list *out)
{
	out->count = 0;
	while (cur_left(&values) >= 2) {
		int rc = list_add(out, cur_be16(&values));
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

/* One pass of a radix sort, by the byte at shift. */
static void radix_pass(const uint16_t *from, uint16_t *to, size_t count, unsigned shift)
{
	uint16_t first[257] = {0};
	for (size_t i = 0; i < count; i++)
		first[(from[i] >> shift & 255) + 1]++;
	for (size_t i = 1; i < 257; i++)
		first[i] = (uint16_t)(first[i] + first[i - 1]);
	for (size_t i = 0; i < count; i++)
		to[first[from[i] >> shift & 255]++] = from[i];
}

/* Usual lists are short; a long one was made to hurt and must not cost its square. */
static void list_sort(struct list *l)
{
	if (l->count > SORT_BY_RADIX) {
		uint16_t other[JA4_LIST_MAX];
		radix_pass(l->values, other, l->count, 0);
		radix_pass(other, l->values, l->count, 8);
		return;
	}
	for (size_t i = 1; i < l->count; i++) {
		uint16_t v = l->values[i];
		size_t k = i;
		for (; k > 0 && l->values[k - 1] > v; k--)
			l->values[k] = l->values[k - 1];
		l->values[k] = v;
	}
}

/* Appends "0005,000a"; returns where it ends. */
static char *list_text(char *at, const struct list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		uint16_t v = l->values[i];
		if (i > 0)
			*at++ = ',';
		*at++ = digits[v >> 12];
		*at++ = digits[v >> 8 & 15];
		*at++ = digits[v >> 4 & 15];
		*at++ = digits[v & 15];
	}
	return at;
}

static void digest_text(const char *text, size_t len, char out[DIGEST_DIGITS])
{
	uint8_t digest[SHA256_SIZE];
	if (len == 0) {
		memset(out, '0', DIGEST_DIGITS);
		return;
	}
	sha256(text, len, digest);
	for (size_t i = 0; i < DIGEST_DIGITS / 2; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
}

static const char *version_text(const struct client_hello *hello)
{
	uint16_t version = hello->version;
	struct cur c = hello->versions;
	if (cur_left(&c) >= 2)
		version = 0;
	while (cur_left(&c) >= 2) {
		uint16_t v = cur_be16(&c);
		if (!ja4_is_grease(v) && v > version)
			version = v;
	}
	switch (version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	default:
		return "00";
	}
}

static bool is_alphanumeric(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character of the first protocol, or of its hex form when one of them is no letter or digit.
 */
static void alpn_text(struct cur alpn, char out[2])
{
	size_t len = cur_left(&alpn);
	const uint8_t *p = cur_take(&alpn, len);
	out[0] = '0';
	out[1] = '0';
	if (len == 0)
		return;
	if (is_alphanumeric(p[0]) && is_alphanumeric(p[len - 1])) {
		out[0] = (char)p[0];
		out[1] = (char)p[len - 1];
		return;
	}
	out[0] = digits[p[0] >> 4];
	out[1] = digits[p[len - 1] & 15];
}

static void count_text(size_t count, char out[2])
{
	if (count > COUNT_MAX)
		count = COUNT_MAX;
	out[0] = (char)('0' + count / 10);
	out[1] = (char)('0' + count % 10);
}

/* @param count_out  all that count, with those that the digest leaves out */
static int extensions_read(struct cur block, struct list *out, size_t *count_out)
{
	size_t count = 0;
	out->count = 0;
	while (cur_left(&block) >= 4) {
		uint16_t type = cur_be16(&block);
		cur_skip(&block, cur_be16(&block));
		if (ja4_is_grease(type))
			continue;
		count++;
		if (type == EXT_SERVER_NAME || type == EXT_ALPN)
			continue;
		int rc = list_add(out, type);
		if (rc != HN_OK)
			return rc;
	}
	*count_out = count;
	return HN_OK;
}

int ja4_make(const struct client_hello *hello, char transport, char out[JA4_SIZE])
{
	struct list list;
	char text[2 * VALUE_TEXT * JA4_LIST_MAX];
	char made[JA4_SIZE];
	size_t extensions;

	made[0] = transport;
	memcpy(made + 1, version_text(hello), 2);
	made[3] = hello->has_name ? 'd' : 'i';
	alpn_text(hello->alpn, made + 8);
	made[10] = '_';
	made[23] = '_';

	int rc = list_read(hello->ciphers, &list);
	if (rc != HN_OK)
		return rc;
	count_text(list.count, made + 4);
	list_sort(&list);
	digest_text(text, (size_t)(list_text(text, &list) - text), made + 11);

	rc = extensions_read(hello->extensions, &list, &extensions);
	if (rc != HN_OK)
		return rc;
	count_text(extensions, made + 6);
	list_sort(&list);
	char *end = list_text(text, &list);
	rc = list_read(hello->signatures, &list);
	if (rc != HN_OK)
		return rc;
	if (list.count > 0 && end > text) {
		*end++ = '_';
		end = list_text(end, &list);
	}
	digest_text(text, (size_t)(end - text), made + 24);
	memcpy(out, made, JA4_SIZE);
	return HN_OK;
}
