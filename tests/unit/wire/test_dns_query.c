/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_query.h"

#include "../check.h"

#define BYTES(s)  (const uint8_t *)(s), sizeof(s) - 1
#define ID        "\x12\x34"
#define RD        "\1\0"
#define ONE       "\0\1\0\0\0\0\0\0"
#define ONE_OPT   "\0\1\0\0\0\0\0\1"
#define WWW       "\3wWw\7eXample\0"
#define A_IN      "\0\1\0\1"
#define OPT       "\0\0\x29"
#define SIZE      "\4\xd0" /* 1,232 */
#define NO_FLAGS  "\0\0\0\0"
#define QUERY     ID RD ONE WWW A_IN
#define QUERY_OPT ID RD ONE_OPT WWW A_IN OPT SIZE
#define LABEL_63                                                                                             \
	"\x3f"                                                                                               \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COOKIE_8                                                                                             \
	"\0\x0a\0\x08"                                                                                       \
	"clientck"
#define COOKIE_24                                                                                            \
	"\0\x0a\0\x18"                                                                                       \
	"clientckserver0123456789"

/* What comes, and what is to be done with it. */
static const struct {
	const char *what;
	const uint8_t *bytes;
	size_t len;
	enum dns_verdict verdict;
	size_t question_len; /* 0: none to echo */
	bool edns;
} cases[] = {
	{"a question", BYTES(QUERY), DNS_VERDICT_ANSWER, 17, false},
	{"the root", BYTES(ID RD ONE "\0\0\2\0\1"), DNS_VERDICT_ANSWER, 5, false},
	{"with EDNS", BYTES(QUERY_OPT NO_FLAGS "\0\0"), DNS_VERDICT_ANSWER, 17, true},
	{"a type nobody knows", BYTES(ID RD ONE WWW "\xff\0\0\1"), DNS_VERDICT_ANSWER, 17, false},
	{"type 0", BYTES(ID RD ONE WWW "\0\0\0\1"), DNS_VERDICT_ANSWER, 17, false},
	{"ANY", BYTES(ID RD ONE WWW "\0\xff\0\1"), DNS_VERDICT_ANSWER, 17, false},
	{"AA, Z, RCODE and RA mean nothing in a query", BYTES(ID "\5\xc3" ONE WWW A_IN), DNS_VERDICT_ANSWER,
	 17, false},
	{"bytes behind the question", BYTES(QUERY "x"), DNS_VERDICT_ANSWER, 17, false},
	{"bytes behind the OPT", BYTES(QUERY_OPT NO_FLAGS "\0\0xx"), DNS_VERDICT_ANSWER, 17, true},
	{"an option that breaks off", BYTES(QUERY_OPT NO_FLAGS "\0\6\0\x0c\0\5ab"), DNS_VERDICT_ANSWER, 17,
	 true},
	{"an option without its length", BYTES(QUERY_OPT NO_FLAGS "\0\3\0\x0c\0"), DNS_VERDICT_ANSWER, 17,
	 true},

	{"nothing", BYTES(""), DNS_VERDICT_DROP, 0, false},
	{"shorter than a header", BYTES(ID RD "\0\1\0\0\0\0\0"), DNS_VERDICT_DROP, 0, false},
	{"a response", BYTES(ID "\x81\0" ONE WWW A_IN), DNS_VERDICT_DROP, 0, false},

	{"a header alone", BYTES(ID RD ONE), DNS_VERDICT_FORMERR, 0, false},
	{"truncated, it says", BYTES(ID "\3\0" ONE WWW A_IN), DNS_VERDICT_FORMERR, 0, false},
	{"no question", BYTES(ID RD "\0\0\0\0\0\0\0\0"), DNS_VERDICT_FORMERR, 0, false},
	{"two questions", BYTES(ID RD "\0\2\0\0\0\0\0\0" WWW A_IN WWW A_IN), DNS_VERDICT_FORMERR, 0, false},
	{"an answer", BYTES(ID RD "\0\1\0\1\0\0\0\0" WWW A_IN "\0\0\1\0\1\0\0\0\0\0\0"), DNS_VERDICT_FORMERR,
	 0, false},
	{"an authority", BYTES(ID RD "\0\1\0\0\0\1\0\0" WWW A_IN "\0\0\1\0\1\0\0\0\0\0\0"),
	 DNS_VERDICT_FORMERR, 0, false},
	{"two OPT",
	 BYTES(ID RD "\0\1\0\0\0\0\0\2" WWW A_IN OPT SIZE NO_FLAGS "\0\0" OPT SIZE NO_FLAGS "\0\0"),
	 DNS_VERDICT_FORMERR, 0, false},
	{"256 additional records", BYTES(ID RD "\0\1\0\0\0\0\1\0" WWW A_IN), DNS_VERDICT_FORMERR, 0, false},
	{"an additional record that is no OPT", BYTES(ID RD ONE_OPT WWW A_IN "\0\0\1\0\1\0\0\0\0\0\0"),
	 DNS_VERDICT_FORMERR, 17, false},
	{"an OPT with an owner", BYTES(ID RD ONE_OPT WWW A_IN "\1a" OPT SIZE NO_FLAGS "\0\0"),
	 DNS_VERDICT_FORMERR, 17, false},
	{"an OPT promised", BYTES(ID RD ONE_OPT WWW A_IN), DNS_VERDICT_FORMERR, 17, false},
	{"an OPT longer than the message", BYTES(QUERY_OPT NO_FLAGS "\0\4"), DNS_VERDICT_FORMERR, 17, false},
	{"a cookie of 7", BYTES(QUERY_OPT NO_FLAGS "\0\x0b\0\x0a\0\7clientc"), DNS_VERDICT_FORMERR, 17,
	 false},
	{"a cookie of 15",
	 BYTES(QUERY_OPT NO_FLAGS "\0\x13\0\x0a\0\x0f"
				  "clientckserver0"),
	 DNS_VERDICT_FORMERR, 17, false},
	{"a cookie of 41",
	 BYTES(QUERY_OPT NO_FLAGS "\0\x2d\0\x0a\0\x29"
				  "12345678901234567890123456789012345678901"),
	 DNS_VERDICT_FORMERR, 17, false},
	{"a name that does not end", BYTES(ID RD ONE "\3www\7example"), DNS_VERDICT_FORMERR, 0, false},
	{"a name by a pointer", BYTES(ID RD ONE "\xc0\x0c" A_IN), DNS_VERDICT_FORMERR, 0, false},
	{"a label of a kind that is none", BYTES(ID RD ONE "\x40\1a\0" A_IN), DNS_VERDICT_FORMERR, 0, false},
	{"no class", BYTES(ID RD ONE WWW "\0\1"), DNS_VERDICT_FORMERR, 0, false},
	{"OPT asked for", BYTES(ID RD ONE WWW "\0\x29\0\1"), DNS_VERDICT_FORMERR, 17, false},
	{"TSIG asked for", BYTES(ID RD ONE WWW "\0\xfa\0\1"), DNS_VERDICT_FORMERR, 17, false},
	{"MAILB asked for", BYTES(ID RD ONE WWW "\0\xfd\0\1"), DNS_VERDICT_FORMERR, 17, false},
	{"a meta type nobody knows", BYTES(ID RD ONE WWW "\0\x80\0\1"), DNS_VERDICT_FORMERR, 17, false},

	{"an update", BYTES(ID "\x28\0" ONE WWW A_IN), DNS_VERDICT_NOTIMP, 0, false},
	{"opcode 15", BYTES(ID "\x79\0" ONE WWW A_IN), DNS_VERDICT_NOTIMP, 0, false},

	{"EDNS version 1", BYTES(QUERY_OPT "\0\1\x80\0\0\0"), DNS_VERDICT_BADVERS, 17, true},
	{"EDNS version 1 for another class", BYTES(ID RD ONE_OPT WWW "\0\1\0\3" OPT SIZE "\0\1\0\0\0\0"),
	 DNS_VERDICT_BADVERS, 17, true},

	{"version.bind", BYTES(ID RD ONE "\7version\4bind\0\0\x10\0\3"), DNS_VERDICT_REFUSED, 18, false},
	{"class ANY", BYTES(ID RD ONE WWW "\0\1\0\xff"), DNS_VERDICT_REFUSED, 17, false},
	{"class 0", BYTES(ID RD ONE WWW "\0\1\0\0"), DNS_VERDICT_REFUSED, 17, false},
	{"AXFR", BYTES(ID RD ONE WWW "\0\xfc\0\1"), DNS_VERDICT_REFUSED, 17, false},
	{"IXFR", BYTES(ID RD ONE WWW "\0\xfb\0\1"), DNS_VERDICT_REFUSED, 17, false},
	{"NOTIFY",
	 BYTES(ID "\x20\0"
		  "\0\1\0\1\0\0\0\0" WWW "\0\6\0\1"),
	 DNS_VERDICT_REFUSED, 17, false},
};

static void each_message_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_query q;
		uint8_t *data = exact_copy(cases[i].bytes, cases[i].len);
		memset(&q, 0xa5, sizeof(q));
		enum dns_verdict verdict = dns_query_read(data, cases[i].len, &q);
		if (verdict != cases[i].verdict)
			fail_msg("%s: verdict %d", cases[i].what, (int)verdict);
		if (verdict != DNS_VERDICT_DROP) {
			assert_int_equal(q.id, 0x1234);
			if (q.question_len != cases[i].question_len || q.edns != cases[i].edns)
				fail_msg("%s: question of %u bytes", cases[i].what, q.question_len);
		} else {
			assert_int_equal(q.id, 0xa5a5);
		}
		free(data);
	}
}

static void the_question_is_read_whole(void **state)
{
	(void)state;
	struct dns_query q;
	assert_int_equal(dns_query_read(BYTES(ID "\1\x30" ONE WWW "\0\x1c\0\1"), &q), DNS_VERDICT_ANSWER);
	assert_int_equal(q.name_len, 12);
	assert_memory_equal(q.name, "\3www\7example", 12);
	assert_int_equal(q.labels, 2);
	assert_int_equal(q.type, DNS_TYPE_AAAA);
	assert_int_equal(q.class, DNS_CLASS_IN);
	assert_true(dns_query_rd(&q));
	assert_true(dns_query_cd(&q));
	assert_true(dns_query_wants_ad(&q));
	assert_int_equal(q.udp_size, 512);
	assert_int_equal(q.cookie_len, 0);
	assert_false(q.dnssec_ok || q.padding || q.keepalive || q.client_subnet);
}

static void a_label_may_hold_any_byte(void **state)
{
	(void)state;
	struct dns_query q;
	assert_int_equal(dns_query_read(BYTES(ID RD ONE "\6\0.\xff Z\x07\0" A_IN), &q), DNS_VERDICT_ANSWER);
	assert_int_equal(q.name_len, 7);
	assert_memory_equal(q.name, "\6\0.\xff z\x07", 7);
}

/* 127 labels of one byte are 254 bytes; the root's makes 255 (RFC 1035, 2.3.4). */
static void the_longest_name_is_255_bytes(void **state)
{
	(void)state;
	uint8_t msg[512] = ID RD ONE;
	struct dns_query q;
	for (size_t labels = 120; labels < 140; labels++) {
		size_t n = DNS_HEADER_LEN;
		for (size_t i = 0; i < labels; i++) {
			msg[n++] = 1;
			msg[n++] = 'Q';
		}
		memcpy(msg + n, "\0" A_IN, 5);
		enum dns_verdict want = labels <= 127 ? DNS_VERDICT_ANSWER : DNS_VERDICT_FORMERR;
		assert_int_equal(dns_query_read(msg, n + 5, &q), want);
		if (want == DNS_VERDICT_ANSWER)
			assert_int_equal(q.labels, labels);
		else
			assert_int_equal(q.question_len, 0);
	}
	assert_int_equal(dns_query_read(BYTES(ID RD ONE LABEL_63 LABEL_63 LABEL_63 LABEL_63 "\0" A_IN), &q),
			 DNS_VERDICT_FORMERR);
}

static void options_are_noted(void **state)
{
	(void)state;
	struct dns_query q;
	static const uint8_t all[] = ID RD ONE_OPT WWW A_IN OPT "\x10\0"
								"\0\0\x80\0\0\x33" COOKIE_24 "\0\x0b\0\0"
								"\0\x0c\0\1\0"
								"\0\x08\0\4\0\1\0\0"
								"\xff\xff\0\2ab";
	assert_int_equal(dns_query_read(BYTES(all), &q), DNS_VERDICT_ANSWER);
	assert_true(q.edns && q.dnssec_ok && q.padding && q.keepalive && q.client_subnet);
	assert_int_equal(q.udp_size, 4096);
	assert_int_equal(q.cookie_len, 24);
	assert_memory_equal(q.cookie, "clientckserver0123456789", 24);

	/* Of several cookies the first counts (RFC 7873, 5.2). */
	assert_int_equal(dns_query_read(BYTES(QUERY_OPT NO_FLAGS "\0\x28" COOKIE_8 COOKIE_24), &q),
			 DNS_VERDICT_ANSWER);
	assert_int_equal(q.cookie_len, 8);
	assert_false(q.dnssec_ok || q.padding || q.keepalive || q.client_subnet);

	assert_int_equal(dns_query_read(BYTES(ID RD ONE_OPT WWW A_IN OPT "\0\x64" NO_FLAGS "\0\0"), &q),
			 DNS_VERDICT_ANSWER);
	assert_int_equal(q.udp_size, 512);
}

/* What EDNS said of a message that is no question does not count. */
static void a_broken_option_leaves_no_edns(void **state)
{
	(void)state;
	struct dns_query q;
	static const uint8_t bad[] = QUERY_OPT "\0\0\x80\0"
					       "\0\x1c" COOKIE_8 "\0\x0c\0\0"
					       "\0\x0a\0\x08"
					       "clientc";
	static const uint8_t worse[] = QUERY_OPT "\0\0\x80\0"
						 "\0\x17" COOKIE_8 "\0\x0a\0\7"
						 "clientc";
	assert_int_equal(dns_query_read(BYTES(bad), &q), DNS_VERDICT_FORMERR);
	assert_int_equal(dns_query_read(BYTES(worse), &q), DNS_VERDICT_FORMERR);
	assert_false(q.edns || q.dnssec_ok || q.padding);
	assert_int_equal(q.cookie_len, 0);
	assert_int_equal(q.udp_size, 512);
}

/* No prefix of a question is a question; with all of it but the OPT it is none either. */
static void prefixes_are_refused(void **state)
{
	(void)state;
	static const uint8_t whole[] = QUERY_OPT NO_FLAGS "\0\x0c" COOKIE_8;
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		struct dns_query q;
		uint8_t *data = exact_copy(whole, len);
		enum dns_verdict want = len < DNS_HEADER_LEN ? DNS_VERDICT_DROP : DNS_VERDICT_FORMERR;
		assert_int_equal(dns_query_read(data, len, &q), want);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_has_its_verdict),
		cmocka_unit_test(the_question_is_read_whole),
		cmocka_unit_test(a_label_may_hold_any_byte),
		cmocka_unit_test(the_longest_name_is_255_bytes),
		cmocka_unit_test(options_are_noted),
		cmocka_unit_test(a_broken_option_leaves_no_edns),
		cmocka_unit_test(prefixes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
