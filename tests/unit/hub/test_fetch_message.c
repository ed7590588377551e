/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/fetch_message.h"

#include "../check.h"

static const struct fetch_job a_job = {
	.url = "https://cti.example/api/collections/1/objects/?limit=1000",
	.accept = "application/taxii+json;version=2.1",
	.etag = "\"x\"",
	.modified = "Sat, 21 Nov 2026 00:00:00 GMT",
	.bytes_max = UINT64_C(1) << 40,
	.inside = true,
};

static const struct fetch_result a_result = {
	.failure = FETCH_GOOD,
	.answer = {.status = 200,
		   .retry_after_s = 86400,
		   .bytes = 12345678901,
		   .etag = "W/\"y\"",
		   .added_last = "2026"},
};

static void what_is_written_is_read(void **state)
{
	(void)state;
	struct buf b;
	struct fetch_job job;
	struct fetch_result result;
	buf_init(&b, FETCH_PAYLOAD_MAX);
	assert_int_equal(fetch_job_write(&a_job, &b), HN_OK);
	assert_int_equal(fetch_job_read(cur_of(b.data, b.len), &job), HN_OK);
	assert_memory_equal(&job, &a_job, sizeof(job));
	buf_reset(&b);
	assert_int_equal(fetch_result_write(&a_result, &b), HN_OK);
	assert_int_equal(fetch_result_read(cur_of(b.data, b.len), &result), HN_OK);
	assert_int_equal(result.answer.bytes, a_result.answer.bytes);
	assert_int_equal(result.answer.status, 200);
	assert_int_equal(result.answer.retry_after_s, 86400);
	assert_string_equal(result.answer.etag, a_result.answer.etag);
	assert_string_equal(result.answer.modified, "");
	assert_string_equal(result.answer.added_last, "2026");
	buf_clear(&b);
}

static void no_part_of_one_and_nothing_behind_it_is_taken(void **state)
{
	(void)state;
	struct buf job, result;
	buf_init(&job, FETCH_PAYLOAD_MAX);
	buf_init(&result, FETCH_PAYLOAD_MAX);
	assert_int_equal(fetch_job_write(&a_job, &job), HN_OK);
	assert_int_equal(fetch_result_write(&a_result, &result), HN_OK);
	for (size_t len = 0; len < job.len; len++) {
		struct fetch_job out = {.bytes_max = 7};
		uint8_t *copy = exact_copy(job.data, len);
		assert_int_equal(fetch_job_read(cur_of(copy, len), &out), HN_ETRUNC);
		assert_int_equal(out.bytes_max, 7);
		free(copy);
	}
	for (size_t len = 0; len < result.len; len++) {
		struct fetch_result out = {.failure = FETCH_CUT};
		uint8_t *copy = exact_copy(result.data, len);
		assert_int_equal(fetch_result_read(cur_of(copy, len), &out), HN_ETRUNC);
		assert_int_equal(out.failure, FETCH_CUT);
		free(copy);
	}
	struct fetch_job out;
	buf_addc(&job, 'x');
	assert_int_equal(fetch_job_read(cur_of(job.data, job.len), &out), HN_EFORMAT);
	buf_clear(&job);
	buf_clear(&result);
}

/* What would become a header line, a row of a table or a number of ours. */
static void what_a_stranger_may_not_say(void **state)
{
	(void)state;
	static const struct {
		const char *etag;
		unsigned status;
		int64_t retry_after_s;
		unsigned failure;
	} cases[] = {
		{"a\r\nX: y", 200, 0, FETCH_GOOD}, {"\x80", 200, 0, FETCH_GOOD}, {"", 1000, 0, FETCH_GOOD},
		{"", 200, 86401, FETCH_GOOD},      {"", 200, 0, FETCH_FAILURES},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fetch_result out = {.failure = FETCH_CUT};
		struct buf b;
		size_t len = strlen(cases[i].etag);
		buf_init(&b, FETCH_PAYLOAD_MAX);
		buf_addc(&b, (char)cases[i].failure);
		buf_be16(&b, (uint16_t)cases[i].status);
		buf_be32(&b, (uint32_t)cases[i].retry_after_s);
		buf_be64(&b, 0);
		buf_be16(&b, (uint16_t)len);
		buf_add(&b, cases[i].etag, len);
		buf_be32(&b, 0);
		assert_int_equal(fetch_result_read(cur_of(b.data, b.len), &out), HN_EFORMAT);
		assert_int_equal(out.failure, FETCH_CUT);
		buf_clear(&b);
	}
}

static void heads(void **state)
{
	(void)state;
	uint8_t head[FETCH_HEAD_SIZE];
	enum fetch_frame kind;
	size_t len;
	fetch_head_write(head, FETCH_BODY, FETCH_PAYLOAD_MAX);
	assert_int_equal(fetch_head_read(head, &kind, &len), HN_OK);
	assert_int_equal(kind, FETCH_BODY);
	assert_int_equal(len, FETCH_PAYLOAD_MAX);
	fetch_head_write(head, FETCH_BODY, FETCH_PAYLOAD_MAX + 1);
	assert_int_equal(fetch_head_read(head, &kind, &len), HN_ELIMIT);
	head[0] = 0;
	assert_int_equal(fetch_head_read(head, &kind, &len), HN_EFORMAT);
	head[0] = FETCH_END + 1;
	assert_int_equal(fetch_head_read(head, &kind, &len), HN_EFORMAT);
}

static void every_failure_has_its_words(void **state)
{
	(void)state;
	for (unsigned i = FETCH_GOOD + 1; i < FETCH_FAILURES; i++)
		assert_true(strlen(fetch_failure_text((enum fetch_failure)i)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(no_part_of_one_and_nothing_behind_it_is_taken),
		cmocka_unit_test(what_a_stranger_may_not_say),
		cmocka_unit_test(heads),
		cmocka_unit_test(every_failure_has_its_words),
	};
	return cmocka_run_group_tests_name("fetch_message", tests, NULL, NULL);
}
