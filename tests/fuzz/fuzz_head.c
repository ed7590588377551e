/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "bus/head.h"
#include "tests/fuzz/target.h"

/* What is read is within its limits, and what is written of it is read as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct key_public nobody;
	struct head h, again;
	struct fault fault;
	struct buf text;
	if (head_read((const char *)data, len, &nobody, &h, &fault) == HN_OK)
		head_clear(&h);
	if (head_read_payload((const char *)data, len, &h, &fault) != HN_OK)
		return 0;
	assert(h.file_count <= 1 + HEAD_OVERLAYS_MAX && strlen(h.payload) == h.payload_len);
	buf_init(&text, 4 * HEAD_TEXT_MAX);
	assert(head_write(&h, &text) == HN_OK);
	assert(head_read_payload(text.data, text.len, &again, &fault) == HN_OK);
	assert(again.version == h.version && again.file_count == h.file_count &&
	       again.former_count == h.former_count && again.spread_s == h.spread_s &&
	       again.document_count == h.document_count && again.question_count == h.question_count);
	head_clear(&again);
	head_clear(&h);
	buf_clear(&text);
	return 0;
}
