/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns.h"

#include "../../fuzz/decoded.h"
#include "../check.h"

static const struct decoder udp = {
	.name = "dns", .protocol = 17, .every_datagram = true, .decode = dns_decode};
static const struct decoder tcp = {.name = "dns", .protocol = 6, .decode = dns_tcp_decode};

static struct transcript t;

#define QUERY(id)      id "\1\0\0\1\0\0\0\0\0\0"
#define HEADER(counts) "\x12\x34\x81\x80" counts
#define WWW_EXAMPLE    "\3wWw\7eXample\0"
#define IN(type)       "\0" type "\0\1"
#define TTL            "\0\0\0\x3c"
#define BYTES(s)       s, sizeof(s) - 1

/* Each: a message, and what it gives. */
static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	const char *found;
	bool whole;
} cases[] = {
	{"query", BYTES(QUERY("\x12\x34") WWW_EXAMPLE IN("\1")), "dns.query.name www.example\n", true},
	{"query of the root", BYTES(QUERY("\x12\x34") "\0" IN("\2")), "", true},
	{"response with alias and addresses",
	 BYTES(HEADER("\0\1\0\3\0\0\0\1") WWW_EXAMPLE IN("\1")
	       /* CNAME a.<example> at 41 */
	       "\xc0\x0c" IN("\5") TTL "\0\4\1a\xc0\x10"
				       "\xc0\x29" IN("\1") TTL "\0\4\300\0\2\1"
							       "\xc0\x29" IN("\x1c") TTL
	       "\0\20\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	       "\0\0\x29\4\xd0\0\0\0\0\0\0"),
	 "dns.query.name www.example\ndns.answer.name a.example\ndns.answer.address c0000201\n"
	 "dns.answer.address 20010db8000000000000000000000001\n",
	 true},
	{"authority and additional: names, no addresses",
	 BYTES(HEADER("\0\1\0\0\0\1\0\1") WWW_EXAMPLE IN("\1") "\xc0\x10" IN("\2") TTL "\0\5\2ns\xc0\x10"
										       "\xc0\x29" IN("\1") TTL
	       "\0\4\300\0\2\1"),
	 "dns.query.name www.example\ndns.answer.name example\ndns.answer.name ns.example\n", true},
	{"MX, SRV, HTTPS",
	 BYTES(HEADER("\0\0\0\3\0\0\0\0") "\1x\0" IN("\17") TTL "\0\5\0\12\1m\0"
								"\1x\0" IN("\41") TTL
	       "\0\11\0\1\0\2\0\x50\1s\0"
	       "\1x\0" IN("\101") TTL "\0\12\0\1\1h\0\0\1\0\1\0"),
	 "dns.answer.name x\ndns.answer.name m\ndns.answer.name x\ndns.answer.name s\n"
	 "dns.answer.name x\ndns.answer.name h\n",
	 true},
	{"a pointer at itself", BYTES(QUERY("\x12\x34") "\xc0\x0c" IN("\1")), "", false},
	{"a pointer forward", BYTES(QUERY("\x12\x34") "\xc0\x0e\1a\0" IN("\1")), "", false},
	{"a pointer into the header", BYTES(QUERY("\x12\x34") "\1a\xc0\x02" IN("\1")), "", false},
	{"a label of a kind that is none", BYTES(QUERY("\x12\x34") "\x41" IN("\1")), "", false},
	{"a target that leaves its record",
	 BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1x\0" IN("\5") TTL "\0\2\1y\0"), "dns.answer.name x\n", false},
	{"bytes behind a target in its record",
	 BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1x\0" IN("\5") TTL "\0\4\1y\0z"),
	 "dns.answer.name x\ndns.answer.name y\n", false},
	{"an address of five bytes", BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1x\0" IN("\1") TTL "\0\5abcde"),
	 "dns.answer.name x\n", false},
	{"shorter than a header", BYTES("\x12\x34\1\0\0\1\0\0\0\0\0"), "", false},
};

static void messages_give_names_and_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *data = exact_copy(cases[i].bytes, cases[i].len);
		transcript_datagram(&t, &udp, data, cases[i].len);
		assert_string_equal(t.text, cases[i].found);
		assert_int_equal(t.result, DECODE_DONE);
		extract_reset(&t.x);
		int rc = dns_extract(cur_of(data, cases[i].len), &t.x);
		assert_int_equal(rc == HN_OK, cases[i].whole);
		free(data);
	}
}

/* A cut message gives the beginning of what the whole one gives, never something else. */
static void prefixes_never_give_a_false_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t len = 0; len < cases[i].len; len++) {
			uint8_t *data = exact_copy(cases[i].bytes, len);
			transcript_datagram(&t, &udp, data, len);
			assert_memory_equal(t.text, cases[i].found, t.len);
			extract_reset(&t.x);
			assert_int_not_equal(dns_extract(cur_of(data, len), &t.x), HN_OK);
			assert_int_equal(dns_guess_strict(data, len), GUESS_NO);
			free(data);
		}
	}
}

static void every_mutation_of_a_byte_is_survived(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *data = exact_copy(cases[i].bytes, cases[i].len);
		for (size_t at = 0; at < cases[i].len; at++) {
			for (unsigned v = 0; v < 256; v++) {
				data[at] = (uint8_t)v;
				transcript_datagram(&t, &udp, data, cases[i].len);
			}
			data[at] = (uint8_t)cases[i].bytes[at];
		}
		free(data);
	}
}

static void the_strict_guess_takes_whole_messages_only(void **state)
{
	(void)state;
	static const char query[] = QUERY("\x12\x34") WWW_EXAMPLE IN("\1");
	assert_int_equal(dns_guess_strict((const uint8_t *)query, sizeof(query) - 1), GUESS_YES);
	assert_int_equal(dns_guess_strict((const uint8_t *)query, sizeof(query)), GUESS_NO);
	assert_int_equal(dns_guess((const uint8_t *)query, sizeof(query)), GUESS_YES);
	/* Random datagrams are not DNS: a generator with a fixed seed. */
	uint32_t seed = 1;
	unsigned yes = 0;
	for (unsigned n = 0; n < 20000; n++) {
		uint8_t data[64];
		for (size_t i = 0; i < sizeof(data); i++) {
			seed = seed * 1664525 + 1013904223;
			data[i] = (uint8_t)(seed >> 24);
		}
		yes += dns_guess_strict(data, 12 + n % 52) == GUESS_YES;
	}
	assert_int_equal(yes, 0);
}

/* Names of 255 bytes and more are left out and counted; those behind them are found. */
static void a_name_that_is_too_long_is_dropped(void **state)
{
	(void)state;
	for (size_t labels = 126; labels <= 129; labels++) {
		uint8_t data[512] = "\x12\x34\1\0\0\2";
		size_t len = 12;
		for (size_t i = 0; i < labels; i++) {
			data[len++] = 1;
			data[len++] = 'A';
		}
		memcpy(data + len, "\0\0\1\0\1\1b\0\0\1\0\1", 12);
		len += 12;
		uint8_t *copy = exact_copy(data, len);
		transcript_datagram(&t, &udp, copy, len);
		assert_int_equal(t.x.count, labels <= 127 ? 2 : 1);
		assert_int_equal(t.x.dropped, labels <= 127 ? 0 : 1);
		free(copy);
	}
}

/* Thousands of records whose names point back through each other: the message counts as broken. */
static void a_bomb_of_pointers_is_bounded(void **state)
{
	(void)state;
	static uint8_t data[65000];
	memcpy(data, "\x12\x34\x81\x80\0\0\x13\x88\0\0\0\0", 12);
	size_t len = 12;
	memset(data + len, 0, 12);
	uint32_t before = 0;
	while (len + 64 < sizeof(data)) {
		uint32_t here = (uint32_t)len;
		data[len++] = 2;
		data[len++] = 'x';
		data[len] = (uint8_t)('a' + len % 26);
		len++;
		if (before != 0) {
			data[len++] = (uint8_t)(0xc0 | before >> 8);
			data[len++] = (uint8_t)before;
		} else {
			data[len++] = 0;
		}
		memcpy(data + len, "\0\20\0\1\0\0\0\0\0\0", 10);
		len += 10;
		before = here < 0x3fff ? here : before;
	}
	transcript_datagram(&t, &udp, data, len);
	assert_true(t.x.count > 0 && t.x.count < EXTRACT_MAX);
}

static void values_without_a_place_are_counted(void **state)
{
	(void)state;
	static uint8_t data[12 + 300 * 15];
	static const uint8_t address[] = "\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4";
	memcpy(data, "\x12\x34\x81\x80\0\0\1\x2c\0\0\0\0", 12);
	for (size_t i = 0; i < 300; i++)
		memcpy(data + 12 + i * 15, address, 15);
	transcript_datagram(&t, &udp, data, sizeof(data));
	assert_int_equal(t.x.count, EXTRACT_MAX);
	assert_int_equal(t.x.dropped, 300 - EXTRACT_MAX);
}

static void broken_datagrams_end_the_flow_after_a_while(void **state)
{
	(void)state;
	struct decode_state s = {0};
	static const uint8_t broken[] = {1, 2, 3};
	for (unsigned i = 1; i <= DNS_BROKEN_MAX; i++) {
		extract_reset(&t.x);
		enum decode_result want = i < DNS_BROKEN_MAX ? DECODE_DONE : DECODE_NO;
		assert_int_equal(dns_decode(cur_of(broken, sizeof(broken)), false, &s, &t.x), want);
	}
}

static void tcp_carries_several_messages_however_it_is_cut(void **state)
{
	(void)state;
	static const char stream[] = "\0\x1d" QUERY("\0\1") WWW_EXAMPLE IN("\1") /* 29 bytes */
		"\0\x14" QUERY("\0\2") "\2yy\0" IN("\1") "\0\x13" QUERY("\0\3") "\1z\0" IN("\1");
	static const char found[] = "dns.query.name www.example\ndns.query.name yy\ndns.query.name z\n";
	size_t len = sizeof(stream) - 1;
	uint8_t *data = exact_copy(stream, len);
	for (size_t step = 1; step <= len; step++) {
		transcript_stream(&t, &tcp, data, len, step);
		assert_string_equal(t.text, found);
	}
	free(data);
	for (size_t cut = 0; cut < len; cut++) {
		data = exact_copy(stream, cut);
		transcript_stream(&t, &tcp, data, cut, cut);
		assert_memory_equal(t.text, found, t.len);
		free(data);
	}
	assert_int_equal(dns_tcp_guess((const uint8_t *)stream, 1), GUESS_MAYBE);
	assert_int_equal(dns_tcp_guess((const uint8_t *)stream, 14), GUESS_YES);
	assert_int_equal(dns_tcp_guess_strict((const uint8_t *)stream, 30), GUESS_MAYBE);
	assert_int_equal(dns_tcp_guess_strict((const uint8_t *)stream, 31), GUESS_YES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_give_names_and_addresses),
		cmocka_unit_test(prefixes_never_give_a_false_value),
		cmocka_unit_test(every_mutation_of_a_byte_is_survived),
		cmocka_unit_test(the_strict_guess_takes_whole_messages_only),
		cmocka_unit_test(a_name_that_is_too_long_is_dropped),
		cmocka_unit_test(a_bomb_of_pointers_is_bounded),
		cmocka_unit_test(values_without_a_place_are_counted),
		cmocka_unit_test(broken_datagrams_end_the_flow_after_a_while),
		cmocka_unit_test(tcp_carries_several_messages_however_it_is_cut),
	};
	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
