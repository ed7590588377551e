/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Any Cookie header: what is found lies in it, behind the name, and holds no separator. */
#include <assert.h>
#include <string.h>

#include "hub/identity/cookie.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	const char *value = NULL;
	size_t value_len = 0;
	if (cookie_find(text, len, "hinomi", &value, &value_len) != HN_OK)
		return 0;
	assert(value >= text + 7 && value + value_len <= text + len && value_len <= COOKIE_MAX);
	assert(memchr(value, ';', value_len) == NULL && memcmp(value - 7, "hinomi=", 7) == 0);
	return 0;
}
