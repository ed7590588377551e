/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/utf8.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Every text is UTF-8, lies in the input, and the reader gets on. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct json_reader r;
	struct buf scratch;
	struct fault fault;
	enum json_token token = JSON_TOKEN_NULL;
	size_t before = 0;
	bool many = len > 0 && data[0] == ' ';

	buf_init(&scratch, len + 1);
	json_reader_init(&r, cur_of(data, len), 16, many);
	while (json_next(&r, &token) == HN_OK && token != JSON_TOKEN_END) {
		char pointer[JSON_READER_POINTER_MAX];
		const char *text = NULL;
		size_t text_len = 0;
		must(json_offset(&r) > before && json_offset(&r) <= len && r.depth <= 16);
		before = json_offset(&r);
		json_pointer(&r, pointer);
		must(strlen(pointer) < sizeof(pointer));
		if (token != JSON_TOKEN_NAME && token != JSON_TOKEN_STRING)
			continue;
		must(r.string.text >= data && r.string.text + r.string.len < data + len);
		must(json_text(&r.string, &scratch, &text, &text_len) == HN_OK);
		must(text_len <= r.string.len && utf8_valid(text, text_len));
		if (token == JSON_TOKEN_NAME && text_len % 3 == 0) {
			struct json_reader skipped = r;
			if (json_skip(&skipped, token) == HN_OK)
				must(skipped.depth == r.depth && json_offset(&skipped) > before);
		}
	}
	must(r.err == HN_OK || json_fault(&r, &fault) == r.err);
	buf_clear(&scratch);
	return 0;
}
