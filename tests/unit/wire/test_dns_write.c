/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_write.h"

#include "../check.h"
#include "dns_text.h"

#define BYTES(s)  (const uint8_t *)(s), sizeof(s) - 1
#define QUESTION  "\3wWw\7eXample\0\0\1\0\1"
#define SOA_FIXED "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"

struct record {
	const uint8_t *owner;
	size_t owner_len;
	const uint8_t *rdata;
	size_t rdata_len;
	uint32_t ttl;
	uint16_t type;
};

static int put(struct dns_writer *w, enum dns_section section, const struct record *r, uint16_t *ttl_at)
{
	return dns_write_record(w, section, r->owner, r->owner_len, r->type, DNS_CLASS_IN, r->ttl, r->rdata,
				r->rdata_len, ttl_at);
}

static struct record record_of(const char *owner, size_t owner_len, uint16_t type, const char *rdata,
			       size_t rdata_len)
{
	return (struct record){
		.owner = (const uint8_t *)owner,
		.owner_len = owner_len,
		.type = type,
		.ttl = 3600,
		.rdata = (const uint8_t *)rdata,
		.rdata_len = rdata_len,
	};
}
#define RECORD(owner, type, rdata) record_of(owner, sizeof(owner) - 1, type, rdata, sizeof(rdata) - 1)

static void names_are_compressed_where_they_may_be(void **state)
{
	(void)state;
	static const uint8_t golden[] =
		"\x12\x34\x81\x80\0\1\0\4\0\1\0\0" QUESTION
		"\xc0\x0c\0\5\0\1\0\0\x0e\x10\0\7\4Edge\xc0\x10"                   /* at 29; Edge at 41 */
		"\xc0\x29\0\x0f\0\1\0\0\x0e\x10\0\6\0\x0a\1m\xc0\x29"              /* at 48; m at 62 */
		"\xc0\x29\0\x21\0\1\0\0\x0e\x10\0\x11\0\1\0\2\0\x50\1m\7example\0" /* data left as it is */
		"\0\0\2\0\1\0\0\x0e\x10\0\2\xc0\x3e"
		"\xc0\x10\0\6\0\1\0\0\x0e\x10\0\x1d\xc0\x29\4mail\xc0\x10" SOA_FIXED;
	struct record records[] = {
		RECORD("\3WWW\7EXAMPLE", DNS_TYPE_CNAME, "\4Edge\7example\0"),
		RECORD("\4edge\7example", DNS_TYPE_MX, "\0\x0a\1m\4eDGE\7example\0"),
		RECORD("\4EDGE\7example", DNS_TYPE_SRV, "\0\1\0\2\0\x50\1m\7example\0"),
		RECORD("", DNS_TYPE_NS, "\1M\4edge\7example\0"),
		RECORD("\7example", DNS_TYPE_SOA, "\4edge\7example\0\4mail\7example\0" SOA_FIXED),
	};
	struct dns_writer w;
	uint8_t out[512];
	uint16_t ttl_at = 0;

	dns_write_init(&w, out, sizeof(out), NULL);
	assert_int_equal(dns_write_question(&w, BYTES(QUESTION)), HN_OK);
	for (size_t i = 0; i < COUNT(records); i++) {
		enum dns_section section = i < 4 ? DNS_ANSWER : DNS_AUTHORITY;
		assert_int_equal(put(&w, section, &records[i], &ttl_at), HN_OK);
		assert_int_equal(load_be32(out + ttl_at), 3600);
	}
	size_t len = dns_write_end(&w, 0x1234, 0x8180);
	assert_int_equal(len, sizeof(golden) - 1);
	assert_memory_equal(out, golden, len);
}

/* What is refused leaves no trace, and what follows compresses as if it had not been. */
static void what_is_no_record_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *owner;
		size_t owner_len;
		uint16_t type;
		const char *rdata;
		size_t rdata_len;
	} bad[] = {
		{"\4exam", 4, DNS_TYPE_A, "abcd", 4},
		{"\0", 1, DNS_TYPE_A, "abcd", 4},
		{"\x40", 1, DNS_TYPE_A, "abcd", 4},
		{"\1x", 2, DNS_TYPE_CNAME, "\2yy", 3},
		{"\1x", 2, DNS_TYPE_CNAME, "\2yy\0z", 5},
		{"\1x", 2, DNS_TYPE_CNAME, "\xc0\x0c", 2},
		{"\1x", 2, DNS_TYPE_CNAME, "", 0},
		{"\1x", 2, DNS_TYPE_MX, "\0", 1},
		{"\1x", 2, DNS_TYPE_SOA, "\1y\0\1z\0" SOA_FIXED, 25},
		{"\1x", 2, DNS_TYPE_SOA, "\1y\0\1z\0" SOA_FIXED "x", 27},
	};
	struct dns_writer w;
	uint8_t out[512];
	char text[256];

	dns_write_init(&w, out, sizeof(out), NULL);
	assert_int_equal(dns_write_question(&w, BYTES("\3www\0\0\1")), HN_EFORMAT);
	assert_int_equal(dns_write_question(&w, BYTES("\3www\0\0\1\0\1x")), HN_EFORMAT);
	assert_int_equal(dns_write_question(&w, BYTES("\xc0\x0c\0\1\0\1")), HN_EFORMAT);
	assert_int_equal(dns_write_question(&w, BYTES(QUESTION)), HN_OK);
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct record r = record_of(bad[i].owner, bad[i].owner_len, bad[i].type, bad[i].rdata,
					    bad[i].rdata_len);
		uint16_t ttl_at = 7;
		assert_int_equal(put(&w, DNS_ANSWER, &r, &ttl_at), HN_EFORMAT);
		assert_int_equal(ttl_at, 7);
	}
	struct record good = RECORD("\1x", DNS_TYPE_CNAME, "\2yy\0");
	assert_int_equal(put(&w, DNS_ANSWER, &good, NULL), HN_OK);
	size_t len = dns_write_end(&w, 1, DNS_QR);
	assert_int_equal(walk_text(out, len, text, sizeof(text)), HN_ENOENT);
	assert_string_equal(text, "1 x. 5 3600 yy.\n");
}

static uint32_t rng_state;

static uint32_t rng(uint32_t below)
{
	rng_state = rng_state * 1664525 + 1013904223;
	return (rng_state >> 8) % below;
}

/* Names of a small world, so that they share suffixes; some very long, some with odd bytes. */
static size_t random_name(uint8_t out[NAME_MAX_WIRE])
{
	static const char letters[] = "abAB.\0\xff";
	size_t len = 0;
	size_t labels = rng(10) == 0 ? 127 : rng(6);
	for (size_t i = 0; i < labels; i++) {
		size_t size = rng(30) == 0 ? 63 : 1 + rng(2);
		if (len + 1 + size > NAME_MAX_WIRE)
			break;
		out[len] = (uint8_t)size;
		for (size_t k = 1; k <= size; k++)
			out[len + k] = (uint8_t)letters[rng(sizeof(letters) - 1)];
		len += 1 + size;
	}
	return len;
}

struct random_record {
	enum dns_section section;
	struct record record;
	uint8_t owner[NAME_MAX_WIRE];
	uint8_t rdata[DNS_RDATA_TEXT_MAX];
};

static void random_record(struct random_record *r, enum dns_section section)
{
	static const uint16_t types[] = {DNS_TYPE_A,   DNS_TYPE_CNAME, DNS_TYPE_MX,    DNS_TYPE_SOA,
					 DNS_TYPE_SRV, DNS_TYPE_NAPTR, DNS_TYPE_DNAME, DNS_TYPE_TXT,
					 DNS_TYPE_RP,  DNS_TYPE_NXT,   0xff01};
	uint16_t type = types[rng(COUNT(types))];
	const struct dns_layout *layout = dns_layout(type);
	size_t n = layout == NULL ? rng(20) : layout->before;
	memset(r->rdata, 1, n);
	for (size_t i = 0; layout != NULL && i < layout->strings; i++) {
		r->rdata[n++] = 1;
		r->rdata[n++] = 'x';
	}
	for (size_t i = 0; layout != NULL && i < layout->names; i++) {
		n += random_name(r->rdata + n);
		r->rdata[n++] = 0;
	}
	if (layout != NULL) {
		size_t after = layout->after == DNS_LAYOUT_REST ? rng(9) : layout->after;
		memset(r->rdata + n, 2, after);
		n += after;
	}
	r->section = section;
	r->record = (struct record){
		.owner = r->owner,
		.owner_len = random_name(r->owner),
		.type = type,
		.ttl = rng(1u << 24),
		.rdata = r->rdata,
		.rdata_len = n,
	};
}

static void lower_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	uint8_t low_a[DNS_RDATA_TEXT_MAX];
	uint8_t low_b[DNS_RDATA_TEXT_MAX];
	assert_int_equal(a_len, b_len);
	name_lower(low_a, a, a_len);
	name_lower(low_b, b, b_len);
	assert_memory_equal(low_a, low_b, a_len);
}

static void record_equal(struct dns_walk *w, const struct dns_rr *rr, const struct random_record *want)
{
	uint8_t room[DNS_RDATA_TEXT_MAX];
	const uint8_t *data = NULL;
	size_t len = 0;
	assert_int_equal(rr->section, want->section);
	assert_int_equal(rr->type, want->record.type);
	assert_int_equal(rr->class, DNS_CLASS_IN);
	assert_int_equal(rr->ttl, want->record.ttl);
	lower_equal(rr->owner, rr->owner_len, want->owner, want->record.owner_len);
	assert_int_equal(dns_rr_data(w, rr, room, &data, &len), HN_OK);
	lower_equal(data, len, want->rdata, want->record.rdata_len);
}

/* Reading what was written gives what was given; what did not fit is missing from the end, whole. */
static void reading_undoes_writing(void **state)
{
	(void)state;
	static struct random_record records[64];
	static uint8_t room[65535];
	static const uint8_t server[24] = "cookie of client, server";
	struct dns_writer w;

	for (rng_state = 1; rng_state < 400u * 7919u;) {
		uint32_t seed = rng_state;
		struct dns_opt opt = {.udp_size = 1232, .cookie = server, .cookie_len = 24 * (uint8_t)rng(2)};
		bool edns = rng(2) == 0;
		size_t limit = rng(2) == 0 ? 64 + rng(1500) : sizeof(room);
		size_t count = rng(COUNT(records));
		unsigned section = DNS_ANSWER;
		size_t written = 0;
		bool needed_left = false;

		uint8_t *out = malloc(limit);
		assert_non_null(out);
		dns_write_init(&w, out, limit, edns ? &opt : NULL);
		assert_int_equal(dns_write_question(&w, BYTES(QUESTION)), HN_OK);
		for (size_t i = 0; i < count; i++) {
			if (section < DNS_ADDITIONAL && rng(20) == 0)
				section++;
			random_record(&records[i], (enum dns_section)section);
			int rc = put(&w, records[i].section, &records[i].record, NULL);
			assert_true(rc == HN_OK || rc == HN_ELIMIT);
			if (rc == HN_OK)
				assert_int_equal(written++, i);
			else if (written == i)
				needed_left = section != DNS_ADDITIONAL;
		}
		size_t len = dns_write_end(&w, 7, DNS_QR);
		assert_true(len <= limit);

		struct dns_walk walk;
		struct dns_rr rr;
		assert_int_equal(dns_walk_init(&walk, out, len), HN_OK);
		assert_int_equal((walk.flags & DNS_TC) != 0, needed_left);
		for (size_t i = 0; i < written; i++) {
			assert_int_equal(dns_walk_next(&walk, &rr), HN_OK);
			record_equal(&walk, &rr, &records[i]);
		}
		if (edns) {
			assert_int_equal(dns_walk_next(&walk, &rr), HN_OK);
			assert_int_equal(rr.type, DNS_TYPE_OPT);
		}
		assert_int_equal(dns_walk_next(&walk, &rr), HN_ENOENT);
		assert_int_equal(cur_left(&walk.at), 0);
		free(out);
		rng_state = seed + 7919;
	}
}

/* Five digits. */
static void number(uint8_t *out, size_t n)
{
	for (size_t i = 5; i-- > 0; n /= 10)
		out[i] = (uint8_t)('0' + n % 10);
}

/* More than 16,384 bytes, which no pointer reaches over, and more suffixes than are remembered. */
static void long_messages_are_written_too(void **state)
{
	(void)state;
	static uint8_t out[65535];
	struct dns_writer w;
	struct dns_walk walk;
	struct dns_rr rr;
	uint8_t owner[] = "\6n00000\7example";
	size_t count = 0;

	dns_write_init(&w, out, sizeof(out), NULL);
	for (;; count++) {
		number(owner + 2, count);
		struct record r = record_of((const char *)owner, 15, DNS_TYPE_A, "abcd", 4);
		if (put(&w, DNS_ANSWER, &r, NULL) != HN_OK)
			break;
	}
	assert_in_range(count, 2500, 3000);
	size_t len = dns_write_end(&w, 1, DNS_QR);
	assert_int_equal(dns_walk_init(&walk, out, len), HN_OK);
	for (size_t i = 0; i < count; i++) {
		number(owner + 2, i);
		assert_int_equal(dns_walk_next(&walk, &rr), HN_OK);
		assert_int_equal(rr.owner_len, 15);
		assert_memory_equal(rr.owner, owner, 15);
	}
	assert_int_equal(dns_walk_next(&walk, &rr), HN_ENOENT);
}

static void a_reply_echoes_the_question(void **state)
{
	(void)state;
	static const struct {
		const uint8_t *query;
		size_t query_len;
		unsigned rcode;
		const uint8_t *reply;
		size_t reply_len;
	} replies[] = {
		{BYTES("\xab\xcd\1\x30\0\1\0\0\0\0\0\0" QUESTION), DNS_RCODE_REFUSED,
		 BYTES("\xab\xcd\x81\x95\0\1\0\0\0\0\0\0" QUESTION)},
		{BYTES("\xab\xcd\x06\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"), DNS_RCODE_FORMERR,
		 BYTES("\xab\xcd\x80\x81\0\0\0\0\0\0\0\0")},
		{BYTES("\xab\xcd\x28\0\0\1\0\0\0\0\0\0" QUESTION), DNS_RCODE_NOTIMP,
		 BYTES("\xab\xcd\xa8\x84\0\0\0\0\0\0\0\0")},
		{BYTES("\xab\xcd\1\0\0\1\0\0\0\0\0\1" QUESTION "\0\0\x29\4\xd0\0\1\0\0\0\0"),
		 DNS_RCODE_BADVERS, BYTES("\xab\xcd\x81\x80\0\1\0\0\0\0\0\0" QUESTION)},
	};
	for (size_t i = 0; i < COUNT(replies); i++) {
		struct dns_query q;
		uint8_t *query = exact_copy(replies[i].query, replies[i].query_len);
		assert_int_not_equal(dns_query_read(query, replies[i].query_len, &q), DNS_VERDICT_DROP);
		uint8_t *out = malloc(DNS_HEADER_LEN + q.question_len);
		assert_non_null(out);
		size_t len = dns_reply_begin(out, &q, query, replies[i].rcode);
		assert_int_equal(len, replies[i].reply_len);
		assert_memory_equal(out, replies[i].reply, len);
		free(out);
		free(query);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_compressed_where_they_may_be),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(reading_undoes_writing),
		cmocka_unit_test(long_messages_are_written_too),
		cmocka_unit_test(a_reply_echoes_the_question),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
