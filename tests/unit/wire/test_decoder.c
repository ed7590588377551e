/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/decoder.h"

#include "../check.h"
#include "wire/position.h"

static enum decode_guess find(uint8_t protocol, uint16_t port, const char *text, size_t len,
			      const char **name_out)
{
	const struct decoder *d = NULL;
	uint8_t *data = exact_copy(text, len);
	enum decode_guess guess = decoder_find(protocol, 40000, port, data, len, &d);
	*name_out = d == NULL ? "" : d->name;
	free(data);
	return guess;
}

static void the_first_bytes_tell_the_protocol(void **state)
{
	(void)state;
	static const struct {
		uint8_t protocol;
		uint16_t port;
		const char *text;
		enum decode_guess guess;
		const char *name;
	} cases[] = {
		{6, 80, "GET / HTTP/1.1\r\n", GUESS_YES, "http"},
		{6, 4444, "GET / HTTP/1.1\r\n", GUESS_YES, "http"},
		{6, 80, "GE", GUESS_MAYBE, ""},
		{6, 80, "HTTP/1.1 200 OK\r\n", GUESS_YES, "http"},
		{6, 4444, "PURGE /x HTTP/1.1\r\n", GUESS_YES, "http"},
		{6, 4444, "m-search * HTTP/1.1\r\n", GUESS_YES, "http"},
		{6, 80, "GET index.html HTTP/1.0\r\n", GUESS_YES, "http"},
		{6, 4444, "PURGE /x HTTP/1.1", GUESS_MAYBE, ""},
		{6, 80, "PURGE /x\r\n HTTP/1.1\r\n", GUESS_NO, ""},
		{6, 554, "OPTIONS rtsp://example/ RTSP/1.0\r\n", GUESS_NO, ""},
		{6, 5060, "OPTIONS sip:a@example SIP/2.0\r\n", GUESS_YES, "sip"},
		{17, 5060, "INVITE sip:a@example SIP/2.0\r\n", GUESS_YES, "sip"},
		{6, 22, "SSH-2.0-x\r\n", GUESS_YES, "ssh"},
		{6, 2222, "SSH-2.0-x\r\n", GUESS_YES, "ssh"},
		{6, 443, "\x16\3\1\2\1\1", GUESS_YES, "tls"},
		{6, 25, "\x16\3\1\2\1\1", GUESS_YES, "tls"},
		{6, 2525, "EHLO mail.example\r\n", GUESS_YES, "smtp"},
		{6, 26, "220 mail.example ESMTP\r\n", GUESS_YES, "smtp"},
		{6, 21, "220 ftp.example\r\n", GUESS_NO, ""},
		{6, 25, "XCLIENT what\r\n", GUESS_YES, "mail"},
		{6, 1110, "+OK ready\r\n", GUESS_YES, "pop3"},
		{6, 1143, "* OK IMAP4rev1\r\n", GUESS_YES, "imap"},
		{6, 1143, "a001 LOGIN x y\r\n", GUESS_YES, "imap"},
		{6, 5222, "<?xml version='1.0'?><stream:stream to='example'>", GUESS_YES, "xmpp"},
		{6, 6667, "NICK x\r\n", GUESS_YES, "irc"},
		{6, 6667, "PASS x\r\nNICK x\r\n", GUESS_YES, "irc"},
		{6, 6667, ":irc.example NOTICE * :hello\r\n", GUESS_YES, "irc"},
		{6, 1883, "\x10\x0e\1\4MQTT and more of it", GUESS_NO, ""},
		{6, 4444, "\xff\xfe\xfd nothing known here", GUESS_NO, ""},
		{17, 4444, "\xff\xfe\xfd nothing known here", GUESS_NO, ""},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name;
		assert_int_equal(
			find(cases[i].protocol, cases[i].port, cases[i].text, strlen(cases[i].text), &name),
			cases[i].guess);
		assert_string_equal(name, cases[i].name);
	}
	static const char query[] = "\0\1\1\0\0\1\0\0\0\0\0\0\1x\0\0\1\0\1";
	const char *name;
	assert_int_equal(find(17, 53, query, sizeof(query) - 1, &name), GUESS_YES);
	assert_string_equal(name, "dns");
	assert_int_equal(find(17, 5300, query, sizeof(query) - 1, &name), GUESS_YES);
	assert_int_equal(find(17, 5300, query, sizeof(query) - 2, &name), GUESS_NO);
	assert_int_equal(find(6, 1883, "\x10\x0e\0\4MQTT", 8, &name), GUESS_YES);
	assert_string_equal(name, "mqtt");
	assert_int_equal(find(6, 2775, "\0\0\0\x20\0\0\0\2\0\0\0\0\0\0\0\1", 16, &name), GUESS_YES);
	assert_string_equal(name, "smpp");
}

static void rows_are_complete(void **state)
{
	(void)state;
	for (const struct decoder *d = decoders; d->name != NULL; d++) {
		assert_true(d->protocol == 6 || d->protocol == 17);
		assert_non_null(d->guess);
		assert_non_null(d->decode);
		assert_int_not_equal(d->first, 0);
		assert_true(!d->ports_only || d->ports[0] != 0);
		assert_string_equal(decoder_by_name(d->name)->name, d->name);
	}
	assert_null(decoder_by_name("gopher"));
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		assert_non_null(field_name((enum field)f));
	assert_null(field_name(FIELD_COUNT));
}

static void positions_are_windows_of_the_opening(void **state)
{
	(void)state;
	static char long_line[3000] = "GET /";
	memset(long_line + 5, 'a', sizeof(long_line) - 5);
	static const char hello[] = "\x16\3\1\0\4\1\0\0\0rest";
	const struct {
		enum position position;
		const char *decoder; /* NULL: none */
		const char *data;
		size_t len;
		bool found;
		struct position_window window;
	} cases[] = {
		{POSITION_TCP_OPENING, NULL, "abcdef", 6, true, {0, 6, false}},
		{POSITION_TCP_OPENING, "tls", hello, sizeof(hello) - 1, true, {0, 13, false}},
		{POSITION_TCP_OPENING, NULL, long_line, sizeof(long_line), true, {0, PATTERN_WINDOW, true}},
		{POSITION_TCP_OPENING, "http", "GET / HTTP/1.1\r\n", 16, false, {0}},
		{POSITION_TCP_OPENING, "smtp", "EHLO x\r\n", 8, false, {0}},
		{POSITION_TCP_OPENING, "irc", "NICK x\r\n", 8, false, {0}},
		{POSITION_HTTP_REQUEST_LINE,
		 "http",
		 "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nbody",
		 33,
		 true,
		 {2, 14, true}},
		{POSITION_HTTP_REQUEST_LINE, "http", "GET / HT", 8, true, {0, 8, false}},
		{POSITION_HTTP_REQUEST_LINE, "http", "PURGE / HTTP/1.1\r\nbody", 22, true, {0, 16, true}},
		{POSITION_HTTP_REQUEST_LINE,
		 "http",
		 long_line,
		 sizeof(long_line),
		 true,
		 {0, PATTERN_WINDOW, true}},
		{POSITION_HTTP_REQUEST_LINE, "http", "HTTP/1.1 200 OK\r\n", 17, false, {0}},
		{POSITION_HTTP_REQUEST_LINE, NULL, "GET / HTTP/1.1\r\n", 16, false, {0}},
		{POSITION_SSH_BANNER, "ssh", "SSH-2.0-x\r\nmore", 15, true, {0, 9, true}},
		{POSITION_SSH_BANNER, "ssh", "SSH-2.0-x", 9, true, {0, 9, false}},
		{POSITION_SSH_BANNER, "http", "SSH-2.0-x\r\n", 11, false, {0}},
		{POSITION_TLS_CLIENT_HELLO, "tls", hello, sizeof(hello) - 1, true, {0, 9, true}},
		{POSITION_TLS_CLIENT_HELLO, "tls", "\x16\3\1\0\4\2\0\0\0", 9, false, {0}},
		{POSITION_UDP_OPENING, NULL, "abcdef", 6, false, {0}},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct position_window w = {0};
		const struct decoder *d = cases[i].decoder == NULL ? NULL : decoder_by_name(cases[i].decoder);
		uint8_t *data = exact_copy(cases[i].data, cases[i].len);
		assert_int_equal(position_find(cases[i].position, 6, d, data, cases[i].len, &w),
				 cases[i].found);
		assert_int_equal(w.from, cases[i].window.from);
		assert_int_equal(w.len, cases[i].window.len);
		assert_int_equal(w.whole, cases[i].window.whole);
		free(data);
	}
	struct position_window w;
	assert_true(position_find(POSITION_UDP_OPENING, 17, NULL, (const uint8_t *)"ab", 2, &w));
	assert_true(w.whole);
}

static void position_names_go_both_ways(void **state)
{
	(void)state;
	enum position p = POSITION_COUNT;
	for (unsigned i = 0; i < POSITION_COUNT; i++) {
		const char *name = position_name((enum position)i);
		assert_int_equal(position_parse(name, strlen(name), &p), HN_OK);
		assert_int_equal(p, i);
	}
	assert_int_equal(position_parse("tcp", 3, &p), HN_ENOENT);
	assert_null(position_name(POSITION_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_bytes_tell_the_protocol),
		cmocka_unit_test(rows_are_complete),
		cmocka_unit_test(positions_are_windows_of_the_opening),
		cmocka_unit_test(position_names_go_both_ways),
	};
	return cmocka_run_group_tests_name("decoder", tests, NULL, NULL);
}
