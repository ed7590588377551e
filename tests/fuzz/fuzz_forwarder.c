/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "resolver/forwarder_message.h"
#include "tests/fuzz/target.h"

static const char secret[] = "0123456789abcdef0123456789abcdef";

/* What is written for a question is a question without the secret, whose own answer fits it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct forwarder_question q = {0};
	if (forwarder_question_parse(cur_of(data, len), secret, &q) != HN_OK)
		return 0;
	assert(q.question_len >= 5 && q.question_len <= FORWARDER_QUESTION_MAX);
	uint8_t out[FORWARDER_QUERY_MAX];
	size_t out_len = forwarder_query_write(&q, out);
	assert(out_len % FORWARDER_PADDING == 0 && out_len <= sizeof(out));
	struct forwarder_question again = {0};
	assert(forwarder_question_parse(cur_of(out, out_len), secret, &again) == HN_EAUTH);
	assert(!forwarder_answer_fits(cur_of(out, out_len), q.question, q.question_len));
	out[2] |= 0x80;
	assert(forwarder_answer_fits(cur_of(out, out_len), q.question, q.question_len));
	(void)forwarder_answer_fits(cur_of(data, len), q.question, q.question_len);
	out_len = forwarder_failure_write(q.flags, q.question, q.question_len, out);
	assert(forwarder_answer_fits(cur_of(out, out_len), q.question, q.question_len));
	return 0;
}
