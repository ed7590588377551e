/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_rr.h"

#include "../check.h"
#include "dns_text.h"

#define BYTES(s)       (const uint8_t *)(s), sizeof(s) - 1
#define HEADER(counts) "\x12\x34\x81\x80" counts
#define WWW            "\3wWw\7eXample\0" /* at 12; "example" at 16 */
#define QUESTION       WWW "\0\1\0\1"     /* ends at 29 */
#define IN(type)       "\0" type "\0\1"
#define TTL            "\0\0\x0e\x10"

static const struct {
	const char *what;
	const uint8_t *bytes;
	size_t len;
	int rc; /* HN_ENOENT: to the end */
	const char *found;
} cases[] = {
	{"alias and address, authority, OPT",
	 BYTES(HEADER("\0\1\0\2\0\1\0\1") QUESTION "\xc0\x0c" IN("\5") TTL "\0\4\1A\xc0\x10"
									   "\xc0\x29" IN("\1") TTL
	       "\0\4\300\0\2\1"
	       "\xc0\x10" IN("\2") TTL "\0\5\2ns\xc0\x10"
				       "\0\0\x29\4\xd0\0\0\x80\0\0\0"),
	 HN_ENOENT,
	 "1 www.example. 5 3600 a.example.\n1 a.example. 1 3600\n2 example. 2 3600 ns.example.\n3 . 41 "
	 "32768\n"},
	{"no question", BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1x\0" IN("\1") TTL "\0\4\300\0\2\1"), HN_ENOENT,
	 "1 x. 1 3600\n"},
	{"targets in data of every shape",
	 BYTES(HEADER("\0\1\0\5\0\0\0\0") QUESTION "\xc0\x0c" IN("\x0f") TTL "\0\4\0\x0a\xc0\x10"
									     "\xc0\x0c" IN("\x21") TTL
	       "\0\x08\0\1\0\2\0\x50\xc0\x10"
	       "\xc0\x0c" IN("\x23") TTL "\0\x0c\0\1\0\2\1u\1s\0\1r\0"
					 "\xc0\x0c" IN("\x41") TTL "\0\x0c\0\1\1h\0\0\1\0\3\2h2"
								   "\xc0\x0c" IN("\6") TTL
	       "\0\x18\xc0\x10\xc0\x0c"
	       "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"),
	 HN_ENOENT,
	 "1 www.example. 15 3600 example.\n1 www.example. 33 3600 example.\n1 www.example. 35 3600 r.\n"
	 "1 www.example. 65 3600 h.\n1 www.example. 6 3600 example.\n"},
	{"HTTPS to the owner itself", BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1x\0" IN("\x41") TTL "\0\3\0\1\0"),
	 HN_ENOENT, "1 x. 65 3600 .\n"},
	{"HTTPS with a pointer, which is not allowed",
	 BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1x\0" IN("\x41") TTL "\0\4\0\1\xc0\x0c"), HN_ENOENT,
	 "1 x. 65 3600 broken\n"},
	{"an alias whose name leaves its record",
	 BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1x\0" IN("\5") TTL "\0\2\1y\0"), HN_ENOENT,
	 "1 x. 5 3600 broken\n"},
	{"an MX of one byte", BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1x\0" IN("\x0f") TTL "\0\1\0"), HN_ENOENT,
	 "1 x. 15 3600 broken\n"},
	{"more records in the header than there are", BYTES(HEADER("\0\0\xff\xff\0\0\0\0")), HN_ETRUNC, ""},
	{"bytes behind the last record are none", BYTES(HEADER("\0\0\0\0\0\0\0\0") "abc"), HN_ENOENT, ""},
	{"two questions", BYTES(HEADER("\0\2\0\0\0\0\0\0") QUESTION QUESTION), HN_EUNSUPPORTED, ""},
	{"a question by pointer", BYTES(HEADER("\0\1\0\0\0\0\0\0") "\xc0\x0c\0\1\0\1"), HN_EFORMAT, ""},
	{"an owner that points at itself",
	 BYTES(HEADER("\0\0\0\1\0\0\0\0") "\xc0\x0c" IN("\1") TTL "\0\4abcd"), HN_EFORMAT, ""},
	{"an owner that points forward",
	 BYTES(HEADER("\0\0\0\1\0\0\0\0") "\xc0\x0e\0\0" IN("\1") TTL "\0\4abcd"), HN_EFORMAT, ""},
	{"an owner that points into the header",
	 BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1a\xc0\x0b" IN("\1") TTL "\0\4abcd"), HN_EFORMAT, ""},
	{"two that point at each other",
	 BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1a\xc0\x10\1b\xc0\x0c" IN("\1") TTL "\0\4abcd"), HN_EFORMAT, ""},
	{"a loop through the labels before it",
	 BYTES(HEADER("\0\0\0\1\0\0\0\0") "\1a\xc0\x0c" IN("\1") TTL "\0\4abcd"), HN_EFORMAT, ""},
	{"a label of a kind that is none", BYTES(HEADER("\0\0\0\1\0\0\0\0") "\x80" IN("\1") TTL "\0\4abcd"),
	 HN_EFORMAT, ""},
	{"data longer than the message", BYTES(HEADER("\0\0\0\1\0\0\0\0") "\0" IN("\1") TTL "\0\5abcd"),
	 HN_ETRUNC, ""},
	{"shorter than a header", BYTES("\x12\x34\x81\x80"), HN_ETRUNC, ""},
};

static void messages_are_walked(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[1024];
		uint8_t *msg = exact_copy(cases[i].bytes, cases[i].len);
		int rc = walk_text(msg, cases[i].len, text, sizeof(text));
		if (rc != cases[i].rc || strcmp(text, cases[i].found) != 0)
			fail_msg("%s: %d\n%s", cases[i].what, rc, text);
		free(msg);
	}
}

static void prefixes_break_off(void **state)
{
	(void)state;
	char text[1024];
	for (size_t len = 0; len < cases[0].len; len++) {
		uint8_t *msg = exact_copy(cases[0].bytes, len);
		assert_int_equal(walk_text(msg, len, text, sizeof(text)), HN_ETRUNC);
		free(msg);
	}
}

static void data_is_written_in_full(void **state)
{
	(void)state;
	static const uint8_t msg[] = HEADER("\0\1\0\4\0\0\0\0") QUESTION "\xc0\x0c" IN("\6") TTL
		"\0\x1a\xc0\x10\1H\xc0\x0c"
		"\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"
		"\xc0\x0c" IN("\x21") TTL "\0\x08\0\1\0\2\0\x50\xc0\x10"
					  "\xc0\x0c" IN("\x10") TTL "\0\3\2hi"
								    "\xc0\x0c" IN("\5") TTL "\0\3\xc0\x0cz";
	static const struct {
		int rc;
		const uint8_t *data;
		size_t len;
	} want[] = {
		{HN_OK, BYTES("\7eXample\0\1H\3wWw\7eXample\0"
			      "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5")},
		{HN_OK, BYTES("\0\1\0\2\0\x50\7eXample\0")},
		{HN_OK, BYTES("\2hi")},
		{HN_EFORMAT, BYTES("")},
	};
	struct dns_walk w;
	struct dns_rr rr;
	uint8_t room[DNS_RDATA_TEXT_MAX];

	assert_int_equal(dns_walk_init(&w, msg, sizeof(msg) - 1), HN_OK);
	assert_int_equal(w.qtype, DNS_TYPE_A);
	assert_int_equal(w.qclass, DNS_CLASS_IN);
	assert_int_equal(w.question_len, 17);
	for (size_t i = 0; i < COUNT(want); i++) {
		const uint8_t *data = NULL;
		size_t len = 0;
		assert_int_equal(dns_walk_next(&w, &rr), HN_OK);
		assert_int_equal(dns_rr_data(&w, &rr, room, &data, &len), want[i].rc);
		assert_int_equal(len, want[i].len);
		if (len > 0)
			assert_memory_equal(data, want[i].data, len);
	}
}

/* A pointer behind each of 127 labels is the longest honest chain; a chain of pointers alone is not honest.
 */
static void pointers_are_bounded(void **state)
{
	(void)state;
	static uint8_t msg[65535] = HEADER("\0\0\0\1\0\0\0\0");
	struct dns_walk w;
	uint8_t name[NAME_MAX_WIRE];
	size_t len;
	size_t end;

	size_t at = DNS_HEADER_LEN;
	msg[at++] = 0;
	for (size_t i = 0; i < 128; i++) {
		size_t former = i == 0 ? DNS_HEADER_LEN : at - 4;
		msg[at] = 1;
		msg[at + 1] = 'A';
		msg[at + 2] = (uint8_t)(0xc0 | former >> 8);
		msg[at + 3] = (uint8_t)former;
		at += 4;
	}
	assert_int_equal(dns_walk_init(&w, msg, at), HN_OK);
	assert_int_equal(dns_name_at(&w, at - 8, DNS_LOWER, name, &len, &end), HN_OK);
	assert_int_equal(len, 254);
	assert_int_equal(end, at - 4);
	assert_memory_equal(name, "\1a\1a", 4);
	assert_int_equal(dns_name_at(&w, at - 8, DNS_AS_SENT, name, &len, NULL), HN_OK);
	assert_memory_equal(name, "\1A\1A", 4);
	assert_int_equal(dns_name_at(&w, at - 4, DNS_LOWER, name, &len, &end), HN_ELIMIT);
	assert_int_equal(dns_name_at(&w, at + 1, DNS_LOWER, name, &len, &end), HN_ETRUNC);

	at = DNS_HEADER_LEN;
	msg[at++] = 0;
	for (size_t i = 0; i < DNS_HOPS_NAME_MAX + 1; i++) {
		size_t former = i == 0 ? DNS_HEADER_LEN : at - 2;
		msg[at] = (uint8_t)(0xc0 | former >> 8);
		msg[at + 1] = (uint8_t)former;
		at += 2;
	}
	assert_int_equal(dns_walk_init(&w, msg, at), HN_OK);
	assert_int_equal(dns_name_at(&w, at - 4, DNS_LOWER, name, &len, &end), HN_OK);
	assert_int_equal(len, 0);
	assert_int_equal(dns_name_at(&w, at - 2, DNS_LOWER, name, &len, &end), HN_ELIMIT);

	/* And so is the work of a whole walk. */
	int rc = HN_OK;
	size_t names = 0;
	while (names < DNS_HOPS_MAX && rc == HN_OK) {
		rc = dns_name_at(&w, at - 4, DNS_LOWER, name, &len, &end);
		names++;
	}
	assert_int_equal(rc, HN_ELIMIT);
	assert_true(names <= DNS_HOPS_MAX / DNS_HOPS_NAME_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_walked),
		cmocka_unit_test(prefixes_break_off),
		cmocka_unit_test(data_is_written_in_full),
		cmocka_unit_test(pointers_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
