/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A frame between hub and fetching process: what is taken is written as it stood. */
#include <assert.h>
#include <string.h>

#include "hub/exchange/fetch_message.h"
#include "tests/fuzz/target.h"

static void check_job(struct cur in)
{
	static struct fetch_job job;
	struct buf b;
	if (fetch_job_read(in, &job) != HN_OK)
		return;
	buf_init(&b, FETCH_PAYLOAD_MAX);
	assert(fetch_job_write(&job, &b) == HN_OK && b.len == cur_left(&in) &&
	       memcmp(b.data, in.at, b.len) == 0);
	buf_clear(&b);
}

static void check_result(struct cur in)
{
	struct fetch_result result;
	struct buf b;
	if (fetch_result_read(in, &result) != HN_OK)
		return;
	assert(result.failure < FETCH_FAILURES && result.answer.status <= 999);
	buf_init(&b, FETCH_PAYLOAD_MAX);
	assert(fetch_result_write(&result, &b) == HN_OK && b.len == cur_left(&in) &&
	       memcmp(b.data, in.at, b.len) == 0);
	buf_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum fetch_frame kind;
	size_t said;
	if (len < FETCH_HEAD_SIZE || fetch_head_read(data, &kind, &said) != HN_OK)
		return 0;
	assert(said <= FETCH_PAYLOAD_MAX);
	struct cur in = cur_of(data + FETCH_HEAD_SIZE, len - FETCH_HEAD_SIZE);
	if (kind == FETCH_JOB)
		check_job(in);
	else if (kind == FETCH_END)
		check_result(in);
	return 0;
}
