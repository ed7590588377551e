/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_opt.h"

#include "../check.h"
#include "wire/dns_query.h"

#define HEADER   "\x12\x34\x81\x80\0\0\0\0\0\0\0\1"
#define COOKIE   "clientckserver0123456789"
#define TEXT     "blocked by the national list"
#define BYTES(s) s, sizeof(s) - 1

static const struct dns_opt everything = {
	.udp_size = 1232,
	.rcode = DNS_RCODE_BADCOOKIE,
	.dnssec_ok = true,
	.keepalive = true,
	.keepalive_100ms = 300,
	.ede = true,
	.ede_code = DNS_EDE_BLOCKED,
	.ede_text = TEXT,
	.ede_text_len = sizeof(TEXT) - 1,
	.cookie = (const uint8_t *)COOKIE,
	.cookie_len = 24,
};

/* What is appended to a header of 12 bytes at each limit. */
static const struct {
	const char *what;
	size_t limit;
	uint16_t padding_block;
	const char *opt;
	size_t len;
} cases[] = {
	{"everything fits", 512, 0,
	 BYTES("\0\0\x29\4\xd0\1\0\x80\0\0\x44"
	       "\0\x0a\0\x18" COOKIE "\0\x0b\0\2\1\x2c"
	       "\0\x0f\0\x1e\0\x0f" TEXT)},
	{"one byte too few: no text", 12 + 11 + 68 - 1, 0,
	 BYTES("\0\0\x29\4\xd0\1\0\x80\0\0\x28"
	       "\0\x0a\0\x18" COOKIE "\0\x0b\0\2\1\x2c"
	       "\0\x0f\0\2\0\x0f")},
	{"no keepalive either", 12 + 11 + 34, 0,
	 BYTES("\0\0\x29\4\xd0\1\0\x80\0\0\x22"
	       "\0\x0a\0\x18" COOKIE "\0\x0f\0\2\0\x0f")},
	{"the cookie alone", 12 + 11 + 33, 0,
	 BYTES("\0\0\x29\4\xd0\1\0\x80\0\0\x1c"
	       "\0\x0a\0\x18" COOKIE)},
	{"nothing", 12 + 11, 0, BYTES("\0\0\x29\4\xd0\1\0\x80\0\0\0")},
	{"padding has no room", 12 + 11 + 68 + 3, 128,
	 BYTES("\0\0\x29\4\xd0\1\0\x80\0\0\x44"
	       "\0\x0a\0\x18" COOKIE "\0\x0b\0\2\1\x2c"
	       "\0\x0f\0\x1e\0\x0f" TEXT)},
	{"padding to a block", 512, 100,
	 BYTES("\0\0\x29\4\xd0\1\0\x80\0\0\x4d"
	       "\0\x0a\0\x18" COOKIE "\0\x0b\0\2\1\x2c"
	       "\0\x0f\0\x1e\0\x0f" TEXT "\0\x0c\0\5\0\0\0\0\0")},
	{"padding to the limit", 97, 128,
	 BYTES("\0\0\x29\4\xd0\1\0\x80\0\0\x4a"
	       "\0\x0a\0\x18" COOKIE "\0\x0b\0\2\1\x2c"
	       "\0\x0f\0\x1e\0\x0f" TEXT "\0\x0c\0\2\0\0")},
};

static void what_fits_is_told(void **state)
{
	(void)state;
	assert_int_equal(dns_opt_size(&everything), 11 + 28 + 6 + 34);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_opt opt = everything;
		uint8_t *msg = malloc(cases[i].limit);
		assert_non_null(msg);
		memcpy(msg, HEADER, DNS_HEADER_LEN);
		opt.padding_block = cases[i].padding_block;
		size_t len = dns_opt_append(&opt, msg, DNS_HEADER_LEN, cases[i].limit);
		if (len != DNS_HEADER_LEN + cases[i].len || memcmp(msg + 12, cases[i].opt, cases[i].len) != 0)
			fail_msg("%s: %zu bytes", cases[i].what, len);
		assert_int_equal(msg[11], 2);
		free(msg);
	}
}

/* The shortest block that holds it, from every length; RFC 8467, 4.1. */
static void padding_reaches_the_next_block(void **state)
{
	(void)state;
	static const struct dns_opt opt = {.udp_size = 1232, .padding_block = DNS_PADDING_BLOCK};
	static uint8_t msg[2048];
	memcpy(msg, HEADER, DNS_HEADER_LEN);
	for (size_t len = DNS_HEADER_LEN; len < 1000; len++) {
		size_t padded = dns_opt_append(&opt, msg, len, sizeof(msg));
		assert_int_equal(padded % DNS_PADDING_BLOCK, 0);
		assert_true(padded >= len + 15 && padded < len + 15 + DNS_PADDING_BLOCK);
	}
}

/* What we send as a server reads well as what a client sends: the same record both ways. */
static void options_read_back(void **state)
{
	(void)state;
	uint8_t msg[512] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\0\0\1\0\1";
	struct dns_query q;
	struct dns_opt opt = everything;
	opt.padding_block = 128;
	size_t len = dns_opt_append(&opt, msg, 21, sizeof(msg));
	assert_int_equal(len, 128);
	assert_int_equal(dns_query_read(msg, len, &q), DNS_VERDICT_ANSWER);
	assert_true(q.edns && q.dnssec_ok && q.padding && q.keepalive);
	assert_int_equal(q.udp_size, 1232);
	assert_int_equal(q.cookie_len, 24);
	assert_memory_equal(q.cookie, COOKIE, 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_told),
		cmocka_unit_test(padding_reaches_the_next_block),
		cmocka_unit_test(options_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
