/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What a server may answer to an edge, behind a byte that says what it is: a header's line, a problem, where
 * streams stand. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bus/client_inside.h"
#include "tests/fuzz/target.h"

static void check_header(const char *text, size_t len)
{
	int64_t ms = -1;
	if (answer_retry_after(text, len, &ms))
		assert(ms >= 0 && ms <= INT64_C(86400) * 1000);
	else
		assert(ms == -1);
}

/* Words of a server are shown to people: one line of text, or none of it. */
static void check_problem(const char *text, size_t len)
{
	struct client_result r = {.err = HN_EIO, .status = 500};
	answer_problem(text, len, &r);
	assert(r.err == HN_EIO && r.fault.message[0] != '\0');
	for (const char *c = r.fault.message; *c != '\0'; c++)
		assert((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void check_streams(const char *text, size_t len)
{
	struct client_standing standing[STREAM_COUNT] = {{0}}, one = {0};
	struct fault fault;
	json_t *o;
	if (json_object_read(text, len, &o, NULL) != HN_OK)
		return;
	if (answer_standing(o, &one, &fault) == HN_OK)
		assert(one.known && one.through <= BATCH_SEQ_MAX);
	else
		assert(!one.known);
	if (answer_streams(o, standing, &fault) == HN_OK)
		for (size_t i = 0; i < STREAM_COUNT; i++)
			assert(standing[i].through <= BATCH_SEQ_MAX);
	json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const checks[])(const char *text, size_t len) = {check_header, check_problem,
								       check_streams};
	if (len == 0)
		return 0;
	char *text = malloc(len);
	assert(text != NULL);
	memcpy(text, data + 1, len - 1);
	checks[data[0] % 3](text, len - 1);
	free(text);
	return 0;
}
