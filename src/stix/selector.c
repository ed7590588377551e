/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Selectors of granular markings: STIX 2.1, 7.2.3.1. */
#include <string.h>

#include "stix/check.h"

#define INDEX_MAX 10000000u

/* "[12]" */
static bool read_index(const char *step, size_t len, uint32_t *out)
{
	uint32_t index = 0;
	if (len < 3 || step[0] != '[' || step[len - 1] != ']' || (len > 3 && step[1] == '0'))
		return false;
	for (size_t i = 1; i + 1 < len; i++) {
		if (step[i] < '0' || step[i] > '9' || index > INDEX_MAX)
			return false;
		index = index * 10 + (uint32_t)(step[i] - '0');
	}
	*out = index;
	return true;
}

static uint32_t element(const struct stix_tape *t, uint32_t list, uint32_t index)
{
	for (uint32_t i = list + 1; i < t->tokens[list].next; i = t->tokens[i].next)
		if (index-- == 0)
			return i;
	return 0;
}

static uint32_t step_to(const struct stix_tape *t, uint32_t at, const char *step, size_t len)
{
	uint32_t index;
	if (t->tokens[at].kind == JSON_TOKEN_OBJECT)
		return stix_tape_find(t, at, step, len);
	if (t->tokens[at].kind == JSON_TOKEN_ARRAY && read_index(step, len, &index))
		return element(t, at, index);
	return 0;
}

bool stix_selector_token(const struct stix_tape *t, const char *selector, size_t len, uint32_t *token_out)
{
	uint32_t at = 0;
	const char *end = selector + len;
	while (selector < end) {
		const char *dot = memchr(selector, '.', (size_t)(end - selector));
		const char *stop = dot == NULL ? end : dot;
		at = step_to(t, at, selector, (size_t)(stop - selector));
		if (at == 0 || stop + 1 == end)
			return false;
		selector = dot == NULL ? end : dot + 1;
	}
	*token_out = at;
	return at != 0;
}
