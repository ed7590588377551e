/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bus/checkpoint_line.h"
#include "tests/fuzz/target.h"

/* What is read is within its limits, is written as what reads as the same, and is checked without a key that
 * signed it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t nobody[32];
	const struct checkpoint_seen none = {.size = 0}, seen = {.size = 7};
	struct checkpoint_line *l = calloc(2, sizeof(*l)), *again;
	struct fault fault = {0};
	struct buf text;
	if (l == NULL)
		return 0;
	again = l + 1;
	if (checkpoint_line_read((const char *)data, len, l, &fault) != HN_OK) {
		free(l);
		return 0;
	}
	assert(l->path_len <= MERKLE_PROOF_MAX && strlen(l->note) <= NOTE_SIZE_MAX);
	assert(checkpoint_line_check(l, "hinomi/x", nobody, &none, NULL, &fault) != HN_OK);
	assert(checkpoint_line_check(l, "hinomi/x", nobody, &seen, NULL, &fault) != HN_OK);
	buf_init(&text, (size_t)1 << 20);
	assert(checkpoint_line_write(l, &text) == HN_OK);
	assert(checkpoint_line_read(text.data, text.len, again, &fault) == HN_OK);
	assert(strcmp(l->note, again->note) == 0 && l->from == again->from &&
	       l->path_len == again->path_len &&
	       memcmp(l->path, again->path, l->path_len * sizeof(l->path[0])) == 0);
	buf_clear(&text);
	free(l);
	return 0;
}
