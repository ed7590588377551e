/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "base/digest.h"
#include "bus/batch.h"
#include "tests/fuzz/target.h"

static int count(void *context, uint64_t seq, const char *line, size_t len)
{
	uint64_t *next = context;
	assert(seq == *next && len > 0 && len < BATCH_LINE_MAX && memchr(line, '\n', len) == NULL);
	(*next)++;
	return HN_OK;
}

/* The first two bytes say how many lines are promised, the rest is the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 2)
		return 0;
	struct batch b = {.first = 9, .count = (uint64_t)data[0] + 1, .stub = data[1] == 1};
	uint64_t next = b.first;
	sha256(data + 2, len - 2, b.digest);
	if (batch_check(&b, data + 2, len - 2, count, &next, NULL) == HN_OK)
		assert(b.stub ? next == b.first && b.gone != BATCH_HERE : next == batch_through(&b) + 1);
	return 0;
}
