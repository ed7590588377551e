/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_clear(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->err = HN_OK;
	if (b->data != NULL)
		b->data[0] = '\0';
}

/* Makes room for extra bytes and a NUL. @return whether there is room now. */
static bool reserve(struct buf *b, size_t extra)
{
	if (b->err != HN_OK)
		return false;
	if (extra > b->max || b->len > b->max - extra) {
		b->err = HN_ELIMIT;
		return false;
	}
	size_t need = b->len + extra + 1;
	if (need <= b->cap)
		return true;
	size_t cap = b->cap < 64 ? 64 : b->cap;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap - 1 > b->max)
		cap = b->max + 1;
	char *data = realloc(b->data, cap);
	if (data == NULL) {
		b->err = HN_ENOMEM;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

int buf_reserve(struct buf *b, size_t extra)
{
	int had = b->err;
	if (reserve(b, extra))
		return HN_OK;
	int rc = b->err;
	b->err = had;
	return rc;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0 || !reserve(b, len))
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vaddf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	if (n > 0 && reserve(b, (size_t)n)) {
		(void)vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_vaddf(b, format, args);
	va_end(args);
}

void buf_be16(struct buf *b, uint16_t v)
{
	v = __builtin_bswap16(v);
	buf_add(b, &v, sizeof(v));
}

void buf_be32(struct buf *b, uint32_t v)
{
	v = __builtin_bswap32(v);
	buf_add(b, &v, sizeof(v));
}

void buf_be64(struct buf *b, uint64_t v)
{
	v = __builtin_bswap64(v);
	buf_add(b, &v, sizeof(v));
}

void buf_le32(struct buf *b, uint32_t v)
{
	buf_add(b, &v, sizeof(v));
}

void buf_le64(struct buf *b, uint64_t v)
{
	buf_add(b, &v, sizeof(v));
}

void buf_json_string(struct buf *b, const char *text, size_t len)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\') {
			buf_addf(b, "\\%c", c);
			i++;
		} else if (c < 0x20 || c == 0x7f) {
			buf_addf(b, "\\u%04x", c);
			i++;
		} else {
			size_t n = utf8_char_len(text + i, len - i);
			if (n == 0) {
				buf_adds(b, "\xEF\xBF\xBD");
				n = 1;
			} else {
				buf_add(b, text + i, n);
			}
			i += n;
		}
	}
	buf_addc(b, '"');
}

int buf_err(const struct buf *b)
{
	return b->err;
}
