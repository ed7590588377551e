/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/http.h"

#include "../../fuzz/decoded.h"
#include "../check.h"

static const struct decoder http = {.name = "http", .protocol = 6, .decode = http_decode};

static struct transcript t;

#define H "http.host "
#define U "http.url "

static const struct {
	const char *what;
	const char *bytes;
	const char *found;
	enum decode_result result;
} cases[] = {
	{"a request", "GET /a?b=C HTTP/1.1\r\nHost: WWW.Example\r\n\r\n",
	 H "www.example\n" U "www.example/a?b=C\n", DECODE_DONE},
	{"bare line feeds, no space behind the colon", "GET / HTTP/1.0\nhOST:x.example.\n\n",
	 H "x.example\n" U "x.example/\n", DECODE_DONE},
	{"port 80 is dropped", "GET / HTTP/1.1\r\nHost: a.example:80\r\n\r\n",
	 H "a.example\n" U "a.example/\n", DECODE_DONE},
	{"another port is kept", "GET / HTTP/1.1\r\nHost: a.example:08080\r\n\r\n",
	 H "a.example\n" U "a.example:8080/\n", DECODE_DONE},
	{"a port that is none", "GET / HTTP/1.1\r\nHost: a.example:99999\r\n\r\n", "", DECODE_DONE},
	{"an IPv4 address", "GET /x HTTP/1.1\r\nHost: 192.0.2.1:81\r\n\r\n",
	 H "c0000201\n" U "192.0.2.1:81/x\n", DECODE_DONE},
	{"an IPv6 address", "GET /x HTTP/1.1\r\nHost: [2001:DB8::1]:80\r\n\r\n",
	 H "20010db8000000000000000000000001\n" U "[2001:db8::1]/x\n", DECODE_DONE},
	{"absolute form wins over Host", "GET http://user@A.example?q HTTP/1.1\r\nHost: b.example\r\n\r\n",
	 H "b.example\n" H "a.example\n" U "a.example/?q\n", DECODE_DONE},
	{"absolute form, the same host", "GET http://a.example/#f HTTP/1.1\r\nHost: a.example\r\n\r\n",
	 H "a.example\n" U "a.example/\n", DECODE_DONE},
	{"CONNECT", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\nGET / HTTP/1.1\r\n\r\n",
	 H "a.example\n" H "a.example\n", DECODE_DONE},
	{"the server as a whole", "OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n", H "a.example\n",
	 DECODE_DONE},
	{"bytes that no browser sends are escaped", "GET /\xe7\x81\xab\" HTTP/1.1\r\nHost: a.example\r\n\r\n",
	 H "a.example\n" U "a.example/%E7%81%AB%22\n", DECODE_DONE},
	{"requests one behind the other",
	 "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: a.example\r\n\r\n",
	 H "a.example\n" U "a.example/1\n" H "a.example\n" U "a.example/2\n", DECODE_DONE},
	{"nothing behind a body is looked at",
	 "POST /1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: "
	 "b.example\r\n\r\n",
	 H "a.example\n" U "a.example/1\n", DECODE_DONE},
	{"nor behind chunks",
	 "POST /1 HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /2 "
	 "HTTP/1.1\r\n\r\n",
	 H "a.example\n" U "a.example/1\n", DECODE_DONE},
	{"nor behind a field that one may read so and another otherwise",
	 "GET /1 HTTP/1.1\r\nHost: a.example\r\nContent-Length : 3\r\n\r\nGET /2 HTTP/1.1\r\nHost: "
	 "b.example\r\n\r\n",
	 H "a.example\n" U "a.example/1\n", DECODE_DONE},
	{"a body without bytes",
	 "PUT /1 HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\nHost: b.example\r\n\r\n",
	 H "b.example\n" U "b.example/2\n", DECODE_DONE},
	{"more than one space", "GET   /a   HTTP/1.1\r\nHost: a.example\r\n\r\n",
	 H "a.example\n" U "a.example/a\n", DECODE_DONE},
	{"no Host", "GET /a HTTP/1.0\r\n\r\n", "", DECODE_DONE},
	{"a response", "HTTP/1.1 200 OK\r\nHost: a.example\r\n\r\n", "", DECODE_DONE},
	{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", DECODE_DONE},
	{"no version", "GET /a\r\nHost: a.example\r\n\r\n", "", DECODE_NO},
	{"another protocol's version", "OPTIONS * RTSP/1.0\r\n\r\n", "", DECODE_NO},
	{"no target", "GET  HTTP/1.1\r\n\r\n", "", DECODE_NO},
	{"a method that nobody knows", "FETCH-it /a HTTP/1.1\r\nHost: a.example\r\n\r\n",
	 H "a.example\n" U "a.example/a\n", DECODE_DONE},
	{"in small letters", "get /a HTTP/1.1\r\nHost: a.example\r\n\r\n", H "a.example\n" U "a.example/a\n",
	 DECODE_DONE},
	{"a target that is no path", "GET a HTTP/1.0\r\nHost: a.example\r\n\r\n", H "a.example\n",
	 DECODE_DONE},
	{"a version that is not at the end", "FETCH /a HTTP/1.1 b\r\nHost: a.example\r\n\r\n", "", DECODE_NO},
	{"no method of HTTP", "FET(H / HTTP/1.1\r\n\r\n", "", DECODE_NO},
	{"a method that is too long", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n\r\n", "", DECODE_NO},
};

static void requests_give_host_and_url(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].bytes);
		uint8_t *data = exact_copy(cases[i].bytes, len);
		for (size_t step = 1; step <= len; step = step < 9 ? step + 1 : len + (step == len)) {
			transcript_stream(&t, &http, data, len, step);
			if (strcmp(t.text, cases[i].found) != 0)
				print_message("%s, in steps of %zu\n", cases[i].what, step);
			assert_string_equal(t.text, cases[i].found);
			assert_int_equal(t.result, cases[i].result);
		}
		free(data);
	}
}

/* A cut request may lack values, but what it gives is among what the whole one gives: only whole lines count.
 */
static void prefixes_never_give_a_false_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t len = 0; len < strlen(cases[i].bytes); len++) {
			uint8_t *data = exact_copy(cases[i].bytes, len);
			transcript_stream(&t, &http, data, len, len + 1);
			char *rest = t.text;
			for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
				assert_non_null(strstr(cases[i].found, line));
			free(data);
		}
	}
}

static void every_mutation_of_a_byte_is_survived(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].bytes);
		uint8_t *data = exact_copy(cases[i].bytes, len);
		for (size_t at = 0; at < len; at++) {
			for (unsigned v = 0; v < 256; v++) {
				data[at] = (uint8_t)v;
				transcript_stream(&t, &http, data, len, len);
			}
			data[at] = (uint8_t)cases[i].bytes[at];
		}
		free(data);
	}
}

static void a_head_longer_than_the_window_still_gives_its_host(void **state)
{
	(void)state;
	static char head[20000] = "GET /a HTTP/1.1\r\nHost: a.example\r\nCookie: ";
	size_t n = strlen(head);
	memset(head + n, 'c', sizeof(head) - n);
	transcript_stream(&t, &http, (const uint8_t *)head, sizeof(head), 1460);
	assert_string_equal(t.text, H "a.example\n" U "a.example/a\n");
	assert_int_equal(t.result, DECODE_DONE);
}

static void a_url_that_is_too_long_is_dropped(void **state)
{
	(void)state;
	static char head[4096] = "GET /";
	memset(head + 5, 'a', 2500);
	memcpy(head + 2505, " HTTP/1.1\r\nHost: a.example\r\n\r\n", 31);
	transcript_stream(&t, &http, (const uint8_t *)head, strlen(head), 65536);
	assert_string_equal(t.text, H "a.example\n");
}

/* Escapes a path byte by byte. @return length; "" when it ends up with less than three bytes to spare */
static size_t escaped(const char *path, size_t len, char *out, size_t room)
{
	size_t n = 0;
	for (size_t i = 0; i < len && path[i] != '#'; i++) {
		uint8_t c = (uint8_t)path[i];
		if (room - n < 3)
			return 0;
		bool plain = c > ' ' && c < 0x7f && strchr("\"<>", c) == NULL;
		n += (size_t)snprintf(out + n, 4, plain ? "%c" : "%%%02X", c);
	}
	return n;
}

static void expect_path(const char *path, size_t len)
{
	static char head[4096], text[8192];
	static char url[4096];
	const char host[] = "a.example";
	size_t n = (size_t)snprintf(head, sizeof(head), "GET ");
	memcpy(head + n, path, len);
	n += len;
	n += (size_t)snprintf(head + n, sizeof(head) - n, " HTTP/1.1\r\nHost: %s\r\n\r\n", host);
	uint8_t *copy = exact_copy(head, n);
	transcript_stream(&t, &http, copy, n, 65536);
	free(copy);
	size_t url_len = escaped(path, len, url, HTTP_URL_MAX - strlen(host));
	if (url_len == 0)
		(void)snprintf(text, sizeof(text), H "%s\n", host);
	else
		(void)snprintf(text, sizeof(text), H "%s\n" U "%s%.*s\n", host, host, (int)url_len, url);
	assert_string_equal(t.text, text);
}

static void each_byte_of_a_path_is_escaped_or_not_wherever_it_stands(void **state)
{
	(void)state;
	for (unsigned byte = 1; byte < 256; byte++) {
		for (size_t at = 1; at < 19; at++) {
			char path[] = "/bcdefghijklmnopqrst";
			path[at] = (char)byte;
			if (byte != '\n')
				expect_path(path, sizeof(path) - 1);
		}
	}
}

static void a_url_fits_or_does_not_by_the_byte(void **state)
{
	(void)state;
	static char path[HTTP_URL_MAX + 16];
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	for (size_t len = HTTP_URL_MAX - 40; len < sizeof(path); len++)
		expect_path(path, len);
	path[HTTP_URL_MAX - 20] = '"';
	for (size_t len = HTTP_URL_MAX - 40; len < sizeof(path); len++)
		expect_path(path, len);
}

static void a_url_is_made_only_when_wanted(void **state)
{
	(void)state;
	static struct extract x;
	static const char head[] = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";
	struct decode_state decode = {0};
	for (unsigned wanted = 0; wanted < 2; wanted++) {
		x.wanted = wanted << VALUE_URL;
		extract_reset(&x);
		(void)http_decode(cur_of(head, sizeof(head) - 1), true, &decode, &x);
		assert_int_equal(x.count, 1 + wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_give_host_and_url),
		cmocka_unit_test(prefixes_never_give_a_false_value),
		cmocka_unit_test(every_mutation_of_a_byte_is_survived),
		cmocka_unit_test(a_head_longer_than_the_window_still_gives_its_host),
		cmocka_unit_test(a_url_that_is_too_long_is_dropped),
		cmocka_unit_test(each_byte_of_a_path_is_escaped_or_not_wherever_it_stands),
		cmocka_unit_test(a_url_fits_or_does_not_by_the_byte),
		cmocka_unit_test(a_url_is_made_only_when_wanted),
	};
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
