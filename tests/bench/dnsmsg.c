/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Nanoseconds for one message: the median of several rounds over BATCH different questions, as many as one
 * system call brings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "resolver/cookie.h"
#include "wire/dns_answer.h"
#include "wire/dns_write.h"

#define BATCH     64
#define ROUNDS    9
#define ROUND_NS  30e6
#define NAME_TAIL "\7example\0\0\1\0\1" /* after a label that differs */
#define OPT       "\0\0\x29\4\xd0\0\0\0\0\0\0"
#define COOKIE    "\0\x0a\0\x18"
#define SOA       "\0\0\0\0\0\1\0\0\x0e\x10\0\0\2\x58\0\1\x51\x80\0\0\0\x3c"
#define NOW_S     1800000000u

struct message {
	uint8_t bytes[128];
	size_t len;
};

static struct message plain[BATCH];
static struct message edns[BATCH];
static struct message with_cookie[BATCH];
static struct dns_query queries[BATCH];
static struct cookie_secrets secrets = {.made_with = "a secret of all "};
static const struct ip client = {.version = 4, .bytes = {192, 0, 2, 1}};
static uint8_t full[4096];
static size_t full_len;
static uint8_t shaped[4096];
static struct dns_shaped shape;
static uint16_t ttl_at[64];
static uint8_t out[4096];
static uint8_t hurting[DNS_MESSAGE_MAX]; /* an answer made to hurt */
static size_t hurting_len;
static uint64_t sink; /* so that nothing is left out as useless */

static double now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench dnsmsg: %s\n", what);
	exit(5);
}

static void add(struct message *m, const void *bytes, size_t len)
{
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
}

/* Names of 10 to 17 bytes before ".example", in letters of either case; 45 bytes in all without EDNS at 15.
 */
static void make_query(struct message *m, size_t i, size_t label, bool with_opt)
{
	static const char letters[] = "aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789";
	uint8_t head[] = "\0\0\1\0\0\1\0\0\0\0\0\0";
	head[0] = (uint8_t)i;
	head[11] = with_opt;
	m->len = 0;
	add(m, head, 12);
	uint8_t length = (uint8_t)label;
	add(m, &length, 1);
	for (size_t k = 0; k < label; k++)
		add(m, &letters[(i * 7 + k * 5) % (sizeof(letters) - 1)], 1);
	add(m, NAME_TAIL, sizeof(NAME_TAIL) - 1);
	if (with_opt)
		add(m, OPT, sizeof(OPT) - 1);
}

static void make_queries(void)
{
	for (size_t i = 0; i < BATCH; i++) {
		uint8_t cookie[COOKIE_SIZE] = "clientck";
		make_query(&plain[i], i, 19, false);
		make_query(&edns[i], i, 8, true);
		make_query(&with_cookie[i], i, 8, true);
		cookie_make(&secrets, cookie, &client, NOW_S, cookie);
		with_cookie[i].bytes[with_cookie[i].len - 1] = 4 + COOKIE_SIZE;
		add(&with_cookie[i], COOKIE, 4);
		add(&with_cookie[i], cookie, COOKIE_SIZE);
		if (plain[i].len != 45 || edns[i].len != 45)
			die("a question is not of 45 bytes");
		if (dns_query_read(edns[i].bytes, edns[i].len, &queries[i]) != DNS_VERDICT_ANSWER)
			die("a question is none");
	}
}

/* A signed alias and four signed addresses: what a recursion finds. */
static void make_answer(void)
{
	static const uint8_t sig[] = "\0\1\x0d\2\0\0\x0e\x10\x60\0\0\0\x50\0\0\0\x12\x34\7example\0"
				     "0123456789012345678901234567890123456789012345678901234567890123";
	static const uint8_t edge[] = "\4edge\7example";
	struct dns_writer w;
	const struct dns_query *q = &queries[0];
	bool ok = true;

	dns_write_init(&w, full, sizeof(full), NULL);
	ok &= dns_write_question(&w, edns[0].bytes + DNS_HEADER_LEN, q->question_len) == HN_OK;
	ok &= dns_write_record(&w, DNS_ANSWER, q->name, q->name_len, DNS_TYPE_CNAME, 1, 60, edge,
			       sizeof(edge), NULL) == HN_OK;
	ok &= dns_write_record(&w, DNS_ANSWER, q->name, q->name_len, DNS_TYPE_RRSIG, 1, 60, sig,
			       sizeof(sig) - 1, NULL) == HN_OK;
	for (uint8_t i = 0; i < 4; i++) {
		const uint8_t address[] = {192, 0, 2, i};
		ok &= dns_write_record(&w, DNS_ANSWER, edge, sizeof(edge) - 1, DNS_TYPE_A, 1, 300, address, 4,
				       NULL) == HN_OK;
	}
	ok &= dns_write_record(&w, DNS_ANSWER, edge, sizeof(edge) - 1, DNS_TYPE_RRSIG, 1, 300, sig,
			       sizeof(sig) - 1, NULL) == HN_OK;
	full_len = dns_write_end(&w, 1, DNS_QR | DNS_RD | DNS_RA);
	ok &= dns_answer_shape(full, full_len, false, shaped, sizeof(shaped), ttl_at, 64, &shape) == HN_OK;
	if (!ok)
		die("the answer cannot be made");
}

/* As many records as fit, their owners at the end of as long a chain of pointers as a name can have. */
static void make_hurting(void)
{
	static const uint8_t record[] = "\0\1\0\1\0\0\0\x3c\0";
	size_t n = DNS_HEADER_LEN;
	size_t at = 0;
	unsigned count = 0;
	memcpy(hurting, "\0\1\x81\x80\0\1\0\0\0\0\0\0\0\0\1\0\1", 17);
	for (n = 17; n + 16 < sizeof(hurting); count++) {
		size_t depth = count < 127 ? count : 127;
		if (depth < 127) {
			size_t former = depth == 0 ? DNS_HEADER_LEN : at;
			at = n;
			hurting[n++] = 1;
			hurting[n++] = 'a';
			hurting[n++] = (uint8_t)(0xc0 | former >> 8);
			hurting[n++] = (uint8_t)former;
		} else {
			hurting[n++] = (uint8_t)(0xc0 | at >> 8);
			hurting[n++] = (uint8_t)at;
		}
		memcpy(hurting + n, record, sizeof(record));
		n += sizeof(record);
	}
	hurting[6] = (uint8_t)(count >> 8);
	hurting[7] = (uint8_t)count;
	hurting_len = n;
}

static void walk_hurting(size_t i)
{
	struct dns_walk w;
	struct dns_rr rr;
	if (dns_walk_init(&w, hurting, hurting_len) != HN_OK)
		die("the answer cannot be walked");
	while (dns_walk_next(&w, &rr) == HN_OK)
		sink += rr.ttl + i;
}

static void read_plain(size_t i)
{
	struct dns_query q;
	sink += (uint64_t)dns_query_read(plain[i].bytes, plain[i].len, &q) + q.name[5] + q.name_len;
}

static void read_edns(size_t i)
{
	struct dns_query q;
	sink += (uint64_t)dns_query_read(edns[i].bytes, edns[i].len, &q) + q.name[5] + q.udp_size;
}

static void read_cookie(size_t i)
{
	struct dns_query q;
	sink += (uint64_t)dns_query_read(with_cookie[i].bytes, with_cookie[i].len, &q) + q.cookie_len;
}

static void check_cookie(size_t i)
{
	const uint8_t *cookie = with_cookie[i].bytes + with_cookie[i].len - COOKIE_SIZE;
	sink += (uint64_t)cookie_check(&secrets, cookie, COOKIE_SIZE, &client, NOW_S + 60);
}

static void make_cookie(size_t i)
{
	uint8_t made[COOKIE_SIZE];
	cookie_make(&secrets, edns[i].bytes, &client, NOW_S, made);
	sink += made[20];
}

static void age(size_t i)
{
	memcpy(out, shaped, shape.len);
	dns_answer_age(out, ttl_at, shape.ttl_count, (uint32_t)i, 0);
	sink += out[ttl_at[0] + 3];
}

static void serve_cached(size_t i)
{
	const struct dns_opt opt = {.udp_size = 1232};
	memcpy(out, shaped, shape.len);
	dns_answer_age(out, ttl_at, shape.ttl_count, (uint32_t)i, 0);
	dns_answer_address(out, &queries[i], edns[i].bytes);
	sink += dns_opt_append(&opt, out, shape.len, 1232);
}

static void refuse(size_t i)
{
	sink += dns_reply_begin(out, &queries[i], edns[i].bytes, DNS_RCODE_REFUSED);
}

static void block(size_t i)
{
	static const char text[] = "blocked by the national list; contact pdns@example";
	const struct dns_opt opt = {.udp_size = 1232,
				    .rcode = DNS_RCODE_NXDOMAIN,
				    .ede = true,
				    .ede_code = DNS_EDE_BLOCKED,
				    .ede_text = text,
				    .ede_text_len = sizeof(text) - 1};
	const struct dns_query *q = &queries[i];
	struct dns_writer w;
	dns_write_init(&w, out, 1232, &opt);
	if (dns_write_question(&w, edns[i].bytes + DNS_HEADER_LEN, q->question_len) != HN_OK ||
	    dns_write_record(&w, DNS_AUTHORITY, q->name, q->name_len, DNS_TYPE_SOA, 1, 60,
			     (const uint8_t *)SOA, sizeof(SOA) - 1, NULL) != HN_OK)
		die("a blocked answer cannot be written");
	sink += dns_write_end(&w, q->id, DNS_QR | DNS_RA | DNS_RCODE_NXDOMAIN);
}

static void make_shape(size_t i)
{
	struct dns_shaped s;
	uint16_t ttls[64];
	if (dns_answer_shape(full, full_len, i % 2 == 0, out, sizeof(out), ttls, 64, &s) != HN_OK)
		die("the answer cannot be shaped");
	sink += s.len;
}

static void walk(size_t i)
{
	struct dns_walk w;
	struct dns_rr rr;
	if (dns_walk_init(&w, full, full_len) != HN_OK)
		die("the answer cannot be walked");
	while (dns_walk_next(&w, &rr) == HN_OK)
		sink += rr.ttl + i;
}

static int by_value(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;
	return d < 0 ? -1 : d > 0;
}

static void measure(const char *what, size_t bytes, void (*once)(size_t i))
{
	double ns[ROUNDS];
	size_t batches = 1;
	for (size_t r = 0; r < ROUNDS; r++) {
		double start = now_ns();
		for (size_t i = 0; i < batches * BATCH; i++)
			once(i % BATCH);
		ns[r] = (now_ns() - start) / (double)(batches * BATCH);
		batches = (size_t)(ROUND_NS / ns[r] / BATCH) + 1;
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), by_value);
	printf("%-52s %6zu %10.1f\n", what, bytes, ns[ROUNDS / 2]);
}

int main(void)
{
	make_queries();
	make_answer();
	make_hurting();
	printf("%-52s %6s %10s\n", "what", "bytes", "ns");
	measure("read a query", plain[0].len, read_plain);
	measure("read a query with EDNS", edns[0].len, read_edns);
	measure("read a query with a cookie", with_cookie[0].len, read_cookie);
	measure("check a cookie", COOKIE_SIZE, check_cookie);
	measure("make a cookie", COOKIE_SIZE, make_cookie);
	measure("copy and age a cached answer of five records", shape.len, age);
	measure("the same, made the client's own, with an OPT", shape.len + DNS_OPT_LEN, serve_cached);
	measure("refuse", DNS_HEADER_LEN + queries[0].question_len, refuse);
	measure("write a blocked answer: SOA, OPT, EDE", 155, block);
	measure("walk a full answer of seven records", full_len, walk);
	measure("shape it, half the time with signatures", full_len, make_shape);
	measure("walk an answer made to hurt", hurting_len, walk_hurting);
	if (sink == 0)
		die("nothing was done");
	return 0;
}
