/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/form.h"

#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "base/encode.h"
#include "base/utf8.h"

struct span {
	const char *at;
	size_t len;
};

/* The next name and value; both still encoded. */
static bool next(struct span *rest, struct span *name, struct span *value)
{
	if (rest->len == 0)
		return false;
	const char *end = memchr(rest->at, '&', rest->len);
	size_t len = end != NULL ? (size_t)(end - rest->at) : rest->len;
	const char *equals = memchr(rest->at, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - rest->at) : len;
	*name = (struct span){rest->at, name_len};
	*value = (struct span){rest->at + name_len + (equals != NULL), len - name_len - (equals != NULL)};
	size_t taken = len + (end != NULL);
	*rest = (struct span){rest->at + taken, rest->len - taken};
	return true;
}

/* How many bytes it decodes to; out NULL: only counted. @return HN_EFORMAT */
static int decode(struct span in, char *out, size_t *len_out)
{
	size_t n = 0;
	for (size_t i = 0; i < in.len; i++, n++) {
		uint8_t c = (uint8_t)in.at[i];
		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			if (in.len - i < 3 || hex_decode(in.at + i + 1, 2, &c, 1) != HN_OK)
				return HN_EFORMAT;
			i += 2;
		}
		if (c == '\0')
			return HN_EFORMAT;
		if (out != NULL)
			out[n] = (char)c;
	}
	*len_out = n;
	return HN_OK;
}

static int find(const char *body, size_t len, const char *wanted, struct span *out)
{
	struct span rest = {body, len}, name, value;
	int err = HN_ENOENT;
	/* Each turn takes at least one byte of the body. */
	while (next(&rest, &name, &value)) {
		if (name.len != strlen(wanted) || memcmp(name.at, wanted, name.len) != 0)
			continue;
		if (err == HN_OK)
			return HN_EFORMAT;
		*out = value;
		err = HN_OK;
	}
	return err;
}

int form_field(const char *body, size_t len, const char *name, size_t value_max, char *out)
{
	struct span value;
	size_t size = 0;
	int err = find(body, len, name, &value);
	if (err == HN_OK)
		err = decode(value, NULL, &size);
	if (err == HN_OK && size > value_max)
		err = HN_ELIMIT;
	if (err != HN_OK)
		return err;
	char *text = malloc(size + 1);
	if (text == NULL)
		return HN_ENOMEM;
	err = decode(value, text, &size);
	if (err == HN_OK && !utf8_valid(text, size))
		err = HN_EFORMAT;
	if (err == HN_OK) {
		memcpy(out, text, size);
		out[size] = '\0';
	}
	explicit_bzero(text, size);
	free(text);
	return err;
}

void html_text(struct buf *page, const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		switch (*c) {
		case '&':
			buf_adds(page, "&amp;");
			break;
		case '<':
			buf_adds(page, "&lt;");
			break;
		case '>':
			buf_adds(page, "&gt;");
			break;
		case '"':
			buf_adds(page, "&quot;");
			break;
		case '\'':
			buf_adds(page, "&#39;");
			break;
		default:
			buf_addc(page, (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
		}
	}
}
