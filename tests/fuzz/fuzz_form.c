/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/fuzz/target.h"
#include "witness/form.h"

/* What is read is text within its limit, and on a page nothing but text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char value[65] = "";
	struct buf page;
	buf_init(&page, 65536);
	if (form_field((const char *)data, len, "a", 64, value) == HN_OK) {
		assert(strlen(value) <= 64 && strlen(value) <= len);
		assert(utf8_valid(value, strlen(value)));
		html_text(&page, value);
		assert(buf_err(&page) == HN_OK);
		assert(page.data == NULL || strpbrk(page.data, "<>\"'") == NULL);
	} else {
		assert(value[0] == '\0');
	}
	buf_clear(&page);
	return 0;
}
