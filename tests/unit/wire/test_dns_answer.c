/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_answer.h"

#include "../check.h"
#include "dns_text.h"
#include "wire/dns_write.h"

#define BYTES(s)    (const uint8_t *)(s), sizeof(s) - 1
#define WWW         "\3www\7example"
#define ZONE        "\7example"
#define EDGE        "\4edge\7example"
#define SOA(min)    "\2ns\7example\0\4mail\7example\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0" min
#define RRSIG       "\0\1\x0d\2\0\0\x0e\x10\x60\0\0\0\x50\0\0\0\x12\x34\7example\0signature"
#define NSEC        "\1z\7example\0\0\1\x40"
#define A_AT        DNS_ANSWER
#define N_AT        DNS_AUTHORITY
#define R_AT        DNS_ADDITIONAL
#define RECORDS_MAX 8

struct line {
	enum dns_section section;
	const char *owner;
	size_t owner_len;
	uint16_t type;
	uint32_t ttl;
	const char *rdata;
	size_t rdata_len;
};
#define LINE(section, owner, type, ttl, rdata)                                                               \
	{                                                                                                    \
		section, owner, sizeof(owner) - 1, type, ttl, rdata, sizeof(rdata) - 1                       \
	}

static const struct {
	const char *what;
	uint16_t qtype;
	unsigned rcode;
	struct line records[RECORDS_MAX];
	const char *plain; /* for a client without DO */
	uint32_t plain_ttl;
	const char *secure; /* with DO */
	uint32_t secure_ttl;
	bool negative;
} cases[] = {
	{
		.what = "a positive answer: no authority, no additional",
		.qtype = DNS_TYPE_A,
		.records = {LINE(A_AT, WWW, DNS_TYPE_A, 300, "abcd"),
			    LINE(A_AT, WWW, DNS_TYPE_RRSIG, 200, RRSIG),
			    LINE(N_AT, ZONE, DNS_TYPE_NS, 100, "\2ns\7example\0"),
			    LINE(N_AT, ZONE, DNS_TYPE_RRSIG, 100, RRSIG),
			    LINE(R_AT, "\2ns\7example", DNS_TYPE_A, 50, "abcd")},
		.plain = "1 www.example. 1 300\n",
		.plain_ttl = 300,
		.secure = "1 www.example. 1 300\n1 www.example. 46 200\n",
		.secure_ttl = 200,
	},
	{
		.what = "a chain",
		.qtype = DNS_TYPE_A,
		.records = {LINE(A_AT, WWW, DNS_TYPE_CNAME, 60, EDGE "\0"),
			    LINE(A_AT, WWW, DNS_TYPE_RRSIG, 60, RRSIG),
			    LINE(A_AT, EDGE, DNS_TYPE_A, 300, "abcd"),
			    LINE(A_AT, EDGE, DNS_TYPE_A, 299, "efgh")},
		.plain = "1 www.example. 5 60 edge.example.\n1 edge.example. 1 300\n1 edge.example. 1 299\n",
		.plain_ttl = 60,
		.secure = "1 www.example. 5 60 edge.example.\n1 www.example. 46 60\n1 edge.example. 1 300\n"
			  "1 edge.example. 1 299\n",
		.secure_ttl = 60,
	},
	{
		.what = "a wildcard keeps its proof",
		.qtype = DNS_TYPE_A,
		.records = {LINE(A_AT, WWW, DNS_TYPE_A, 300, "abcd"),
			    LINE(A_AT, WWW, DNS_TYPE_RRSIG, 300, RRSIG),
			    LINE(N_AT, ZONE, DNS_TYPE_NS, 400, "\2ns\7example\0"),
			    LINE(N_AT, ZONE, DNS_TYPE_NSEC, 250, NSEC),
			    LINE(N_AT, ZONE, DNS_TYPE_RRSIG, 250, RRSIG)},
		.plain = "1 www.example. 1 300\n2 example. 2 400 ns.example.\n",
		.plain_ttl = 300,
		.secure = "1 www.example. 1 300\n1 www.example. 46 300\n2 example. 2 400 ns.example.\n"
			  "2 example. 47 250\n2 example. 46 250\n",
		.secure_ttl = 250,
	},
	{
		.what = "no such name: the SOA's MINIMUM is lower",
		.qtype = DNS_TYPE_A,
		.rcode = DNS_RCODE_NXDOMAIN,
		.records = {LINE(N_AT, ZONE, DNS_TYPE_SOA, 3600, SOA("\0\x3c")),
			    LINE(N_AT, ZONE, DNS_TYPE_RRSIG, 3600, RRSIG),
			    LINE(N_AT, ZONE, DNS_TYPE_NSEC, 50, NSEC)},
		.plain = "2 example. 6 60 ns.example.\n",
		.plain_ttl = 60,
		.secure = "2 example. 6 60 ns.example.\n2 example. 46 3600\n2 example. 47 50\n",
		.secure_ttl = 50,
		.negative = true,
	},
	{
		.what = "no such record: the SOA's time to live is lower",
		.qtype = DNS_TYPE_AAAA,
		.records = {LINE(N_AT, ZONE, DNS_TYPE_SOA, 30, SOA("\0\x3c"))},
		.plain = "2 example. 6 30 ns.example.\n",
		.plain_ttl = 30,
		.secure = "2 example. 6 30 ns.example.\n",
		.secure_ttl = 30,
		.negative = true,
	},
	{
		.what = "no such record at the end of a chain",
		.qtype = DNS_TYPE_AAAA,
		.records = {LINE(A_AT, WWW, DNS_TYPE_CNAME, 20, EDGE "\0"),
			    LINE(N_AT, ZONE, DNS_TYPE_SOA, 300, SOA("\0\x3c"))},
		.plain = "1 www.example. 5 20 edge.example.\n2 example. 6 60 ns.example.\n",
		.plain_ttl = 20,
		.secure = "1 www.example. 5 20 edge.example.\n2 example. 6 60 ns.example.\n",
		.secure_ttl = 20,
		.negative = true,
	},
	{
		.what = "no such record, and no SOA: not to be kept",
		.qtype = DNS_TYPE_AAAA,
		.records = {LINE(N_AT, ZONE, DNS_TYPE_NS, 100, "\2ns\7example\0")},
		.plain = "2 example. 2 100 ns.example.\n",
		.plain_ttl = 0,
		.secure = "2 example. 2 100 ns.example.\n",
		.secure_ttl = 0,
		.negative = true,
	},
	{
		.what = "a SOA that was asked for keeps its time to live",
		.qtype = DNS_TYPE_SOA,
		.records = {LINE(A_AT, ZONE, DNS_TYPE_SOA, 3600, SOA("\0\x3c"))},
		.plain = "1 example. 6 3600 ns.example.\n",
		.plain_ttl = 3600,
		.secure = "1 example. 6 3600 ns.example.\n",
		.secure_ttl = 3600,
	},
	{
		.what = "name servers come with their addresses",
		.qtype = DNS_TYPE_NS,
		.records = {LINE(A_AT, ZONE, DNS_TYPE_NS, 100, "\2ns\7example\0"),
			    LINE(R_AT, "\2ns\7example", DNS_TYPE_A, 50, "abcd"),
			    LINE(R_AT, "\2ns\7example", DNS_TYPE_RRSIG, 40, RRSIG)},
		.plain = "1 example. 2 100 ns.example.\n3 ns.example. 1 50\n",
		.plain_ttl = 50,
		.secure = "1 example. 2 100 ns.example.\n3 ns.example. 1 50\n3 ns.example. 46 40\n",
		.secure_ttl = 40,
	},
	{
		.what = "DS was asked for",
		.qtype = DNS_TYPE_DS,
		.records = {LINE(A_AT, ZONE, DNS_TYPE_DS, 100, "\1\2\x0d\2digest"),
			    LINE(A_AT, ZONE, DNS_TYPE_RRSIG, 90, RRSIG)},
		.plain = "1 example. 43 100\n",
		.plain_ttl = 100,
		.secure = "1 example. 43 100\n1 example. 46 90\n",
		.secure_ttl = 90,
	},
	{
		.what = "RRSIG was asked for",
		.qtype = DNS_TYPE_RRSIG,
		.records = {LINE(A_AT, ZONE, DNS_TYPE_RRSIG, 90, RRSIG)},
		.plain = "1 example. 46 90\n",
		.plain_ttl = 90,
		.secure = "1 example. 46 90\n",
		.secure_ttl = 90,
	},
	{
		.what = "everything was asked for",
		.qtype = DNS_TYPE_ANY,
		.records = {LINE(A_AT, ZONE, DNS_TYPE_A, 100, "abcd"),
			    LINE(A_AT, ZONE, DNS_TYPE_RRSIG, 90, RRSIG),
			    LINE(N_AT, ZONE, DNS_TYPE_NSEC, 80, NSEC)},
		.plain = "1 example. 1 100\n1 example. 46 90\n",
		.plain_ttl = 90,
		.secure = "1 example. 1 100\n1 example. 46 90\n2 example. 47 80\n",
		.secure_ttl = 80,
	},
	{
		.what = "an OPT is between two neighbours only",
		.qtype = DNS_TYPE_A,
		.records = {LINE(A_AT, WWW, DNS_TYPE_A, 300, "abcd"),
			    LINE(R_AT, "", DNS_TYPE_OPT, 32768, "")},
		.plain = "1 www.example. 1 300\n",
		.plain_ttl = 300,
		.secure = "1 www.example. 1 300\n",
		.secure_ttl = 300,
	},
	{
		.what = "a time to live of more than 31 bits is none",
		.qtype = DNS_TYPE_A,
		.records = {LINE(A_AT, WWW, DNS_TYPE_A, 0x80000000, "abcd")},
		.plain = "1 www.example. 1 0\n",
		.secure = "1 www.example. 1 0\n",
	},
	{
		.what = "a failure",
		.qtype = DNS_TYPE_A,
		.rcode = DNS_RCODE_SERVFAIL,
		.plain = "",
		.secure = "",
	},
};

static size_t message_build(uint8_t *out, size_t size, uint16_t qtype, unsigned rcode,
			    const struct line *lines, size_t count)
{
	struct dns_writer w;
	uint8_t question[] = "\3www\7example\0\0\0\0\1";
	question[14] = (uint8_t)qtype;
	dns_write_init(&w, out, size, NULL);
	assert_int_equal(dns_write_question(&w, question, sizeof(question) - 1), HN_OK);
	for (size_t i = 0; i < count && lines[i].section != 0; i++)
		assert_int_equal(dns_write_record(&w, lines[i].section, (const uint8_t *)lines[i].owner,
						  lines[i].owner_len, lines[i].type, DNS_CLASS_IN,
						  lines[i].ttl, (const uint8_t *)lines[i].rdata,
						  lines[i].rdata_len, NULL),
				 HN_OK);
	return dns_write_end(&w, 0x1234, (uint16_t)(DNS_QR | DNS_AA | DNS_TC | DNS_RD | DNS_AD | rcode));
}

/* The offsets of all times to live, in order, are those that a walk finds. */
static void offsets_are_all(const uint8_t *msg, size_t len, const uint16_t *ttl_at, size_t count)
{
	struct dns_walk w;
	struct dns_rr rr;
	size_t n = 0;
	assert_int_equal(dns_walk_init(&w, msg, len), HN_OK);
	while (dns_walk_next(&w, &rr) == HN_OK) {
		assert_true(n < count);
		assert_int_equal(ttl_at[n++], rr.ttl_at);
	}
	assert_int_equal(n, count);
}

static void answers_are_shaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		size_t k = i / 2;
		bool secure = i % 2 == 1;
		uint8_t room[1024];
		uint8_t out[1024];
		uint16_t ttl_at[RECORDS_MAX];
		char text[1024];
		struct dns_shaped s;

		size_t len = message_build(room, sizeof(room), cases[k].qtype, cases[k].rcode,
					   cases[k].records, RECORDS_MAX);
		uint8_t *full = exact_copy(room, len);
		int rc = dns_answer_shape(full, len, secure, out, sizeof(out), ttl_at, RECORDS_MAX, &s);
		assert_int_equal(rc, HN_OK);
		assert_int_equal(walk_text(out, s.len, text, sizeof(text)), HN_ENOENT);
		if (strcmp(text, secure ? cases[k].secure : cases[k].plain) != 0)
			fail_msg("%s, DO=%d:\n%s", cases[k].what, secure, text);
		offsets_are_all(out, s.len, ttl_at, s.ttl_count);
		assert_int_equal(s.ttl, secure ? cases[k].secure_ttl : cases[k].plain_ttl);
		assert_int_equal(s.negative, cases[k].negative);
		assert_int_equal(s.rcode, cases[k].rcode);
		assert_int_equal(s.qtype, cases[k].qtype);
		assert_int_equal(load_be16(out + 2), DNS_QR | DNS_RD | DNS_RA | DNS_AD | cases[k].rcode);
		free(full);
	}
}

static void what_has_no_room_or_is_broken_is_refused(void **state)
{
	(void)state;
	uint8_t full[1024];
	uint8_t out[1024];
	uint16_t ttl_at[RECORDS_MAX];
	struct dns_shaped s = {.len = 4711};

	size_t len = message_build(full, sizeof(full), DNS_TYPE_A, 0, cases[1].records, RECORDS_MAX);
	assert_int_equal(dns_answer_shape(full, len, true, out, len, ttl_at, 4, &s), HN_OK);
	size_t whole = s.len;
	s.len = 4711;
	assert_int_equal(dns_answer_shape(full, len, true, out, len, ttl_at, 3, &s), HN_ELIMIT);
	for (size_t limit = 0; limit < whole; limit++) {
		uint8_t *exact = malloc(limit == 0 ? 1 : limit);
		assert_non_null(exact);
		assert_int_equal(dns_answer_shape(full, len, true, exact, limit, ttl_at, 4, &s), HN_ELIMIT);
		free(exact);
	}
	for (size_t prefix = 0; prefix < len; prefix++) {
		uint8_t *cut = exact_copy(full, prefix);
		assert_int_equal(dns_answer_shape(cut, prefix, true, out, len, ttl_at, 4, &s), HN_ETRUNC);
		free(cut);
	}
	assert_int_equal(dns_answer_shape(BYTES("\x12\x34\x81\x80\0\0\0\0\0\0\0\0"), true, out, sizeof(out),
					  ttl_at, 4, &s),
			 HN_EFORMAT);
	assert_int_equal(dns_answer_shape(BYTES("\x12\x34\x81\x80\0\1\0\1\0\0\0\0\0\0\5\0\1"
						"\0\0\5\0\1\0\0\0\0\0\1\xc0"),
					  true, out, sizeof(out), ttl_at, 4, &s),
			 HN_ETRUNC);
	assert_int_equal(s.len, 4711);
}

static void times_to_live_run_down(void **state)
{
	(void)state;
	static const struct {
		uint32_t ttl;
		uint32_t elapsed_s;
		uint32_t expired_ttl;
		uint32_t aged;
	} ages[] = {
		{300, 0, 0, 300}, {300, 1, 0, 299}, {300, 299, 0, 1},
		{300, 300, 0, 0}, {300, 301, 0, 0}, {300, 300, 30, 30},
		{0, 0, 0, 0},     {0, 10, 30, 30},  {0x7fffffff, UINT32_MAX, 0, 0},
	};
	for (size_t i = 0; i < COUNT(ages); i++) {
		uint8_t msg[16] = {0};
		const uint16_t ttl_at[] = {3, 9};
		uint32_t be = __builtin_bswap32(ages[i].ttl);
		memcpy(msg + 3, &be, 4);
		memcpy(msg + 9, &be, 4);
		dns_answer_age(msg, ttl_at, 2, ages[i].elapsed_s, ages[i].expired_ttl);
		assert_int_equal(load_be32(msg + 3), ages[i].aged);
		assert_int_equal(load_be32(msg + 9), ages[i].aged);
		assert_int_equal(msg[2] | msg[7] | msg[8] | msg[13], 0);
	}
}

static void an_answer_is_made_the_clients_own(void **state)
{
	(void)state;
	static const struct {
		const uint8_t *query;
		size_t len;
		uint16_t flags; /* of an answer with AD, RD, RA */
	} queries[] = {
		{BYTES("\xab\xcd\0\0\0\1\0\0\0\0\0\0\3wWW\7exaMPle\0\0\1\0\1"), DNS_QR | DNS_RA},
		{BYTES("\xab\xcd\1\x10\0\1\0\0\0\0\0\0\3wWW\7exaMPle\0\0\1\0\1"),
		 DNS_QR | DNS_RA | DNS_RD | DNS_CD},
		{BYTES("\xab\xcd\0\x20\0\1\0\0\0\0\0\0\3wWW\7exaMPle\0\0\1\0\1"), DNS_QR | DNS_RA | DNS_AD},
		{BYTES("\xab\xcd\0\0\0\1\0\0\0\0\0\1\3wWW\7exaMPle\0\0\1\0\1\0\0\x29\4\xd0\0\0\x80\0\0\0"),
		 DNS_QR | DNS_RA | DNS_AD},
	};
	for (size_t i = 0; i < COUNT(queries); i++) {
		uint8_t msg[512];
		struct dns_query q;
		char text[128];
		size_t len = message_build(msg, sizeof(msg), DNS_TYPE_A, 0, cases[0].records, 1);
		msg[2] = 0x81;
		msg[3] = 0xa0;
		assert_int_equal(dns_query_read(queries[i].query, queries[i].len, &q), DNS_VERDICT_ANSWER);
		dns_answer_address(msg, &q, queries[i].query);
		assert_memory_equal(msg, "\xab\xcd", 2);
		assert_int_equal(load_be16(msg + 2), queries[i].flags);
		assert_memory_equal(msg + DNS_HEADER_LEN, "\3wWW\7exaMPle\0\0\1\0\1", 17);
		assert_int_equal(walk_text(msg, len, text, sizeof(text)), HN_ENOENT);
		assert_string_equal(text, "1 www.example. 1 300\n");
	}
}

/* At each limit: sets are whole, from the front; TC tells of what is needed. */
static void long_answers_are_cut_between_sets(void **state)
{
	(void)state;
	static const struct line lines[] = {
		LINE(A_AT, WWW, DNS_TYPE_CNAME, 60, EDGE "\0"), LINE(A_AT, EDGE, DNS_TYPE_A, 300, "abcd"),
		LINE(A_AT, EDGE, DNS_TYPE_A, 300, "efgh"),      LINE(A_AT, EDGE, DNS_TYPE_RRSIG, 300, RRSIG),
		LINE(N_AT, ZONE, DNS_TYPE_NS, 100, "\1a\0"),    LINE(N_AT, ZONE, DNS_TYPE_NS, 100, "\1b\0"),
		LINE(R_AT, "\1a", DNS_TYPE_A, 50, "abcd"),      LINE(R_AT, "\1b", DNS_TYPE_A, 50, "abcd"),
	};
	/* The records that may be left, and where the last of each ends. */
	static const size_t sets[] = {0, 1, 3, 4, 6, 7, 8};
	size_t ends[COUNT(sets)];
	uint8_t whole[512];
	char all[1024];
	struct dns_walk w;
	struct dns_rr rr;

	size_t len = message_build(whole, sizeof(whole), DNS_TYPE_A, 0, lines, COUNT(lines));
	whole[2] = 0x81; /* without TC */
	assert_int_equal(walk_text(whole, len, all, sizeof(all)), HN_ENOENT);
	assert_int_equal(dns_walk_init(&w, whole, len), HN_OK);
	for (size_t i = 0, set = 0; i <= COUNT(lines); i++) {
		if (sets[set] == i)
			ends[set++] = (size_t)(w.at.at - whole);
		assert_int_equal(dns_walk_next(&w, &rr), i < COUNT(lines) ? HN_OK : HN_ENOENT);
	}
	for (size_t limit = DNS_HEADER_LEN; limit <= len + 1; limit++) {
		size_t set = 0;
		char text[1024];
		while (set + 1 < COUNT(sets) && ends[set + 1] <= limit)
			set++;
		uint8_t *msg = exact_copy(whole, len);
		size_t cut = dns_answer_cut(msg, len, limit);
		assert_int_equal(cut, ends[set]);
		assert_int_equal(walk_text(msg, cut, text, sizeof(text)), HN_ENOENT);
		assert_memory_equal(text, all, strlen(text));
		assert_int_equal(dns_walk_init(&w, msg, cut), HN_OK);
		assert_int_equal(w.left[1] + w.left[2] + w.left[3], sets[set]);
		assert_int_equal((w.flags & DNS_TC) != 0, sets[set] < 6);
		free(msg);
	}
}

/* Nothing of a message that does not walk is kept but the question. */
static void a_broken_answer_is_cut_to_its_question(void **state)
{
	(void)state;
	uint8_t msg[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0\3www\0\0\1\0\1\xff\0\1\0\1";
	assert_int_equal(dns_answer_cut(msg, sizeof(msg) - 1, 24), 21);
	assert_memory_equal(msg, "\x12\x34\x83\x80\0\1\0\0\0\0\0\0\3www\0\0\1\0\1", 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_shaped),
		cmocka_unit_test(what_has_no_room_or_is_broken_is_refused),
		cmocka_unit_test(times_to_live_run_down),
		cmocka_unit_test(an_answer_is_made_the_clients_own),
		cmocka_unit_test(long_answers_are_cut_between_sets),
		cmocka_unit_test(a_broken_answer_is_cut_to_its_question),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
