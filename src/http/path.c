/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/path.h"

#include <string.h>

#include "base/encode.h"
#include "base/utf8.h"

/* unreserved, sub-delims, ":" and "@" (RFC 3986, 3.3) */
static bool is_path_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("-._~!$&'()*+,;=:@", c) != NULL);
}

/* Beside those of a path: "/" and "?" (RFC 3986, 3.4), and brackets, which TAXII's match[type] uses bare. */
static bool is_query_char(char c)
{
	return is_path_char(c) || (c != '\0' && strchr("/?[]", c) != NULL);
}

static int percent(const char *text, size_t left, char *out)
{
	uint8_t byte;
	if (left < 3 || hex_decode(text + 1, 2, &byte, 1) != HN_OK || byte < ' ' || byte == 0x7f)
		return HN_EFORMAT;
	*out = (char)byte;
	return HN_OK;
}

static int decode(const char *text, size_t len, bool query, char *out, size_t *len_out)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++, n++) {
		if (text[i] == '%') {
			if (percent(text + i, len - i, &out[n]) != HN_OK)
				return HN_EFORMAT;
			i += 2;
			if (!query && (out[n] == '/' || out[n] == '\\'))
				return HN_EFORMAT;
		} else if (query ? !is_query_char(text[i]) : !is_path_char(text[i])) {
			return HN_EFORMAT;
		} else {
			out[n] = query && text[i] == '+' ? ' ' : text[i];
		}
	}
	if (!utf8_valid(out, n))
		return HN_EFORMAT;
	out[n] = '\0';
	*len_out = n;
	return HN_OK;
}

int path_segment(const char *text, size_t len, char *out, size_t *len_out)
{
	size_t n;
	if (decode(text, len, false, out, &n) != HN_OK)
		return HN_EFORMAT;
	if ((n == 1 && out[0] == '.') || (n == 2 && out[0] == '.' && out[1] == '.'))
		return HN_EFORMAT;
	*len_out = n;
	return HN_OK;
}

int query_piece(const char *text, size_t len, char *out, size_t *len_out)
{
	return decode(text, len, true, out, len_out);
}
