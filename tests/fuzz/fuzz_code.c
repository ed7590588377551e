/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "bus/code.h"
#include "tests/fuzz/target.h"

/* Whatever is read as a code is written again as the same text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct code *c = code_new();
	struct fault fault;
	struct buf text;
	if (c == NULL)
		return 0;
	buf_init(&text, CODE_TEXT_MAX);
	if (code_parse((const char *)data, len, c, &fault) == HN_OK) {
		assert(code_format(c, &text) == HN_OK);
		assert(memmem(data, len, text.data, text.len) != NULL);
	}
	buf_clear(&text);
	code_free(c);
	return 0;
}
