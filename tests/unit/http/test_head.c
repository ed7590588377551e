/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/head.h"

#include "../check.h"

#define HOST "Host: a\r\n"

static int read_text(const char *text, struct head *out, unsigned *status)
{
	size_t len = strlen(text);
	char *copy = (char *)exact_copy(text, len);
	*status = 0;
	int rc = head_read(copy, len, out, status);
	free(copy);
	return rc;
}

static void reads_what_is_well_formed(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum head_body body;
		uint64_t length;
		bool keep, http_10, waits;
	} cases[] = {
		{"GET / HTTP/1.1\r\n" HOST "\r\n", HEAD_NO_BODY, 0, true, false, false},
		{"GET / HTTP/1.0\r\n\r\n", HEAD_NO_BODY, 0, false, true, false},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", HEAD_NO_BODY, 0, true, true, false},
		{"GET / HTTP/1.1\r\n" HOST "Connection: a, close\r\n\r\n", HEAD_NO_BODY, 0, false, false,
		 false},
		{"PUT /a?b=c HTTP/1.1\r\n" HOST "Content-Length: 12\r\n\r\n", HEAD_LENGTH, 12, true, false,
		 false},
		{"PUT / HTTP/1.1\r\n" HOST "content-length:\t7 \r\n\r\n", HEAD_LENGTH, 7, true, false, false},
		{"PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", HEAD_CHUNKED, 0, true, false,
		 false},
		{"PUT / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nExpect: 100-continue\r\n\r\n", HEAD_LENGTH,
		 1, true, false, true},
		{"GET https://a:8/ HTTP/1.1\r\nHost: A:8\r\n\r\n", HEAD_NO_BODY, 0, true, false, false},
		{"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", HEAD_NO_BODY, 0, true, false, false},
		{"GET / HTTP/1.1\r\nHost: [::1]:80\r\nX: \xc3\xa9\r\n\r\n", HEAD_NO_BODY, 0, true, false,
		 false},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct head head;
		unsigned status;
		assert_int_equal(read_text(cases[i].text, &head, &status), HN_OK);
		assert_int_equal(head.body, cases[i].body);
		assert_int_equal(head.length, cases[i].length);
		assert_int_equal(head.keep, cases[i].keep);
		assert_int_equal(head.http_10, cases[i].http_10);
		assert_int_equal(head.expects_continue, cases[i].waits);
	}
}

static void refuses_what_two_could_read_in_two_ways(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned status;
	} cases[] = {
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
		{"GET http://b/ HTTP/1.1\r\n" HOST "\r\n", 400},
		{"GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n", 400},
		{"GET http:///x HTTP/1.1\r\n" HOST "\r\n", 400},
		{"GET * HTTP/1.1\r\n" HOST "\r\n", 400},
		{"GET a HTTP/1.1\r\n" HOST "\r\n", 400},
		{"GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400},
		{"GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400},
		{"GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
		{"GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
		{"GET / HTTP/1\r\n" HOST "\r\n", 400},
		{"GET / http/1.1\r\n" HOST "\r\n", 400},
		{"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
		{"GE(T / HTTP/1.1\r\n" HOST "\r\n", 400},
		{" GET / HTTP/1.1\r\n" HOST "\r\n", 400},
		{"GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n" HOST "A\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n" HOST "A: b\x7f\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n" HOST "A: b\r\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n" HOST "\r\n\r\n", 400},
		{"PUT / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
		{"PUT / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", 400},
		{"PUT / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", 400},
		{"PUT / HTTP/1.1\r\n" HOST "Content-Length: 9999999999999999999\r\n\r\n", 400},
		{"PUT / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		 400},
		{"PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501},
		{"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"PUT / HTTP/1.1\r\n" HOST "Expect: more\r\n\r\n", 417},
		{"GET / HTTP/1.1\r\n" HOST "Connection: a b\r\n\r\n", 400},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct head head;
		unsigned status;
		assert_int_not_equal(read_text(cases[i].text, &head, &status), HN_OK);
		assert_int_equal(status, cases[i].status);
	}
}

static void refuses_each_prefix(void **state)
{
	(void)state;
	static const char text[] = "PUT /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		char *copy = (char *)exact_copy(text, len);
		struct head head;
		unsigned status = 0;
		assert_int_equal(head_end(copy, len, 0), 0);
		assert_int_not_equal(head_read(copy, len, &head, &status), HN_OK);
		assert_int_equal(status, 400);
		free(copy);
	}
}

static void finds_the_end_however_it_is_cut(void **state)
{
	(void)state;
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
	const size_t end = sizeof(text) - 5;
	for (size_t cut = 0; cut < end; cut++) {
		assert_int_equal(head_end(text, cut, 0), 0);
		assert_int_equal(head_end(text, sizeof(text) - 1, cut), end);
	}
	assert_int_equal(head_end("GET / HTTP/1.1\nHost: a\n\n", 24, 0), -1);
	assert_int_equal(head_end("\n", 1, 0), -1);
}

static void finds_a_field_that_stands_once(void **state)
{
	(void)state;
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX-A:  b c \r\nY: 1\r\ny: 2\r\n\r\n";
	struct head head;
	unsigned status;
	assert_int_equal(head_read(text, sizeof(text) - 1, &head, &status), HN_OK);
	const struct head_field *f = head_find(&head, "x-a");
	assert_non_null(f);
	assert_int_equal(f->value_len, 3);
	assert_memory_equal(f->value, "b c", 3);
	assert_null(head_find(&head, "Y"));
	assert_null(head_find(&head, "Z"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_well_formed),
		cmocka_unit_test(refuses_what_two_could_read_in_two_ways),
		cmocka_unit_test(refuses_each_prefix),
		cmocka_unit_test(finds_the_end_however_it_is_cut),
		cmocka_unit_test(finds_a_field_that_stands_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
