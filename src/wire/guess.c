/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/guess.h"

#include <string.h>
#include <strings.h>

enum decode_guess guess_prefix(const uint8_t *data, size_t len, const char *text, bool any_case)
{
	/* Most lists are asked about something else altogether. */
	if (len > 0 && ((data[0] ^ (uint8_t)text[0]) & ~(any_case ? 0x20u : 0u)) != 0)
		return GUESS_NO;
	size_t text_len = strlen(text);
	size_t n = len < text_len ? len : text_len;
	const char *have = (const char *)data;

	if (n > 0 && (any_case ? strncasecmp(have, text, n) : memcmp(have, text, n)) != 0)
		return GUESS_NO;
	return n == text_len ? GUESS_YES : GUESS_MAYBE;
}

enum decode_guess guess_prefixes(const uint8_t *data, size_t len, const char *const texts[], bool any_case)
{
	enum decode_guess best = GUESS_NO;
	for (size_t i = 0; texts[i] != NULL && best != GUESS_YES; i++) {
		enum decode_guess guess = guess_prefix(data, len, texts[i], any_case);
		if (guess > best)
			best = guess;
	}
	return best;
}

bool guess_contains(const uint8_t *data, size_t len, const char *text)
{
	size_t text_len = strlen(text);
	for (size_t i = 0; i + text_len <= len; i++)
		if (strncasecmp((const char *)data + i, text, text_len) == 0)
			return true;
	return false;
}

size_t guess_line(const uint8_t *data, size_t len, bool *whole_out)
{
	size_t n = len < GUESS_LINE_MAX ? len : GUESS_LINE_MAX;
	const uint8_t *end = n == 0 ? NULL : memchr(data, '\n', n);
	*whole_out = end != NULL || n == GUESS_LINE_MAX;
	if (end == NULL)
		return n;
	if (end > data && end[-1] == '\r')
		end--;
	return (size_t)(end - data);
}
