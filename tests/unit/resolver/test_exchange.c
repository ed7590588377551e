/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/exchange.h"

#include <sys/stat.h>
#include <unistd.h>

#include "wire/dns_rr.h"

#include "../check.h"
#include "served.h"

static const char RPZ[] = "$ORIGIN rpz.\n$TTL 60\n@ SOA . . 1 1 1 1 60\n@ NS .\n"
			  "blocked.example CNAME .\n"
			  "*.blocked.example CNAME .\n"
			  "empty.example CNAME *.\n"
			  "fine.blocked.example CNAME rpz-passthru.\n"
			  "gone.example CNAME rpz-drop.\n"
			  "tcp.example CNAME rpz-tcp-only.\n"
			  "moved.example CNAME page.test.\n"
			  "local.example A 192.0.2.77\n"
			  "32.66.2.0.192.rpz-ip CNAME .\n";
static const char NS_RPZ[] = "$ORIGIN ns.rpz.\n$TTL 60\n@ SOA . . 1 1 1 1 60\n@ NS .\n"
			     "ns.evil.test.rpz-nsdname CNAME .\n"
			     "32.99.2.0.192.rpz-nsip CNAME *.\n";

struct world {
	struct served served;
	struct exchange_port port;
	char directory[64];
	/* The last answer, late or not. */
	uint8_t out[DNS_MESSAGE_MAX];
	size_t out_len;
	unsigned late;
};

static void on_late(void *context, const void *path, const uint8_t *message, size_t len)
{
	struct world *w = context;
	assert_int_equal(*(const uint8_t *)path, 0x5a);
	memcpy(w->out, message, len);
	w->out_len = len;
	w->late++;
}

static void write_zone(const struct world *w, const char *name, const char *text, size_t len)
{
	char path[96];
	snprintf(path, sizeof(path), "%s/%s", w->directory, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct fault fault = {0};
	char text[1024], path[96];
	assert_non_null(w);
	snprintf(w->directory, sizeof(w->directory), "/tmp/hinomi-exchange-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	write_zone(w, "ns.zone", NS_RPZ, sizeof(NS_RPZ) - 1);
	write_zone(w, "rpz.zone", RPZ, sizeof(RPZ) - 1);
	snprintf(path, sizeof(path), "%s", w->directory);
	int len = snprintf(text, sizeof(text),
			   "policy:\n  - name: national\n    rpz: %s/rpz.zone\n    contact: cert@example\n"
			   "  - name: servers\n    rpz: %s/ns.zone\n"
			   "groups:\n  - name: office\n    prefixes: [192.0.2.0/24]\n    policy: [national]\n"
			   "  - name: open\n    prefixes: [198.51.100.0/24]\n    policy: []\n"
			   "  - name: slow\n    prefixes: [203.0.113.0/24]\n    policy: [national]\n"
			   "    queries_per_second: 2\n"
			   "  - name: strict\n    prefixes: [198.18.0.0/16]\n    policy: [servers]\n",
			   path, path);
	if (resolver_config_parse("test", text, (size_t)len, &w->served.config, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	if (served_make(&w->served, (size_t)1 << 20, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	assert_int_equal(exchange_new(&w->served.service, w->served.loop, &w->served.exchange), HN_OK);
	w->port = (struct exchange_port){on_late, w};
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char path[96];
	served_clear(&w->served);
	snprintf(path, sizeof(path), "%s/rpz.zone", w->directory);
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s/ns.zone", w->directory);
	(void)unlink(path);
	(void)rmdir(w->directory);
	free(w);
	return 0;
}

/* A question as a client sends it. */
struct question {
	const char *name; /* wire form without the root's byte */
	uint16_t type;
	bool edns, dnssec, unchecked, no_rd;
	const char *client; /* "192.0.2.1" where NULL */
	enum resolver_transport transport;
	const uint8_t *cookie;
	size_t cookie_len;
};

static size_t write_question(const struct question *q, uint8_t out[512])
{
	size_t at = DNS_HEADER_LEN, len = strlen(q->name);
	memset(out, 0, DNS_HEADER_LEN);
	out[0] = 0x12;
	out[1] = 0x34;
	store_be16(out + 2, (uint16_t)((q->no_rd ? 0 : DNS_RD) | (q->unchecked ? DNS_CD : 0)));
	out[5] = 1;
	memcpy(out + at, q->name, len + 1);
	at += len + 1;
	store_be16(out + at, q->type ? q->type : DNS_TYPE_A);
	store_be16(out + at + 2, DNS_CLASS_IN);
	at += 4;
	if (!q->edns && !q->dnssec && q->cookie_len == 0)
		return at;
	out[11] = 1;
	const uint8_t opt[] = {0, 0, DNS_TYPE_OPT, 0x04, 0xd0, 0, 0, (uint8_t)(q->dnssec ? 0x80 : 0), 0,
			       0, 0};
	memcpy(out + at, opt, sizeof(opt));
	at += sizeof(opt);
	if (q->cookie_len > 0) {
		store_be16(out + at - 2, (uint16_t)(4 + q->cookie_len));
		store_be16(out + at, DNS_OPTION_COOKIE);
		store_be16(out + at + 2, (uint16_t)q->cookie_len);
		memcpy(out + at + 4, q->cookie, q->cookie_len);
		at += 4 + q->cookie_len;
	}
	return at;
}

/* Asks. @return whether the answer is there; w->out holds it */
static bool ask(struct world *w, const struct question *q)
{
	uint8_t message[512];
	struct exchange_unit unit = {.out = w->out};
	unit.asked.len = write_question(q, message);
	unit.asked.message = message;
	const char *client = q->client ? q->client : "192.0.2.1";
	assert_int_equal(ip_parse(client, strlen(client), &unit.asked.asker.client), HN_OK);
	unit.asked.asker.transport = q->transport ? q->transport : RESOLVER_UDP;
	exchange_batch(w->served.exchange, &w->port, &unit, 1);
	if (unit.state == EXCHANGE_WAITING) {
		memset(unit.path, 0x5a, EXCHANGE_PATH_MAX);
		return false;
	}
	w->out_len = unit.out_len;
	return true;
}

static unsigned rcode(const struct world *w)
{
	assert_true(w->out_len >= DNS_HEADER_LEN);
	return w->out[3] & DNS_RCODE;
}

static bool is_truncated(const struct world *w)
{
	return w->out[2] & DNS_TC >> 8;
}

/* The first address of the answer, "" for none; its TTL. */
static const char *address(const struct world *w, uint32_t *ttl_out)
{
	static char text[IP_TEXT_SIZE];
	struct dns_walk walk;
	struct dns_rr rr;
	assert_int_equal(dns_walk_init(&walk, w->out, w->out_len), HN_OK);
	while (dns_walk_next(&walk, &rr) == HN_OK) {
		if (rr.section != DNS_ANSWER || rr.type != DNS_TYPE_A)
			continue;
		struct ip ip = {.version = 4};
		memcpy(ip.bytes, w->out + rr.rdata_at, 4);
		ip_format(&ip, text);
		if (ttl_out)
			*ttl_out = rr.ttl;
		return text;
	}
	return "";
}

/* The EDE code of the answer's OPT; -1: none. */
static int ede(const struct world *w)
{
	struct dns_walk walk;
	struct dns_rr rr;
	assert_int_equal(dns_walk_init(&walk, w->out, w->out_len), HN_OK);
	while (dns_walk_next(&walk, &rr) == HN_OK) {
		struct cur data = cur_of(w->out + rr.rdata_at, rr.rdata_len);
		while (rr.type == DNS_TYPE_OPT && cur_left(&data) >= 4) {
			uint16_t code = cur_be16(&data);
			struct cur option = cur_sub(&data, cur_be16(&data));
			if (code == DNS_OPTION_EDE)
				return cur_be16(&option);
		}
	}
	return -1;
}

static const struct fake_record WWW[] = {{NULL, DNS_TYPE_A, 300, "\xc0\0\2\1", 4}};

static void an_answer_is_asked_for_once_and_then_comes_from_the_cache(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\3WwW\7example", .edns = true};
	assert_false(ask(w, &q));
	assert_int_equal(fake.count, 1);
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	assert_int_equal(w->late, 1);
	uint32_t ttl = 0;
	assert_string_equal(address(w, &ttl), "192.0.2.1");
	assert_int_equal(ttl, 300);
	assert_memory_equal(w->out + DNS_HEADER_LEN, "\3WwW\7example", 13);
	fake_pass(w->served.loop, 100000);
	assert_true(ask(w, &q));
	assert_string_equal(address(w, &ttl), "192.0.2.1");
	assert_int_equal(ttl, 200);
	assert_memory_equal(w->out, "\x12\x34", 2);
	assert_int_equal(fake.count, 0);
}

static void equal_questions_under_way_are_one(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\3www\7example"};
	for (int i = 0; i < 5; i++)
		assert_false(ask(w, &q));
	assert_int_equal(fake.count, 1);
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	assert_int_equal(w->late, 5);
}

static void policy_answers_at_once_and_asks_nobody(void **state)
{
	static const struct {
		struct question q;
		unsigned rcode;
		bool truncated;
		size_t no_answer;
		const char *address;
		int ede;
	} cases[] = {
		{{.name = "\7blocked\7example", .edns = true}, DNS_RCODE_NXDOMAIN, false, 0, "", 15},
		{{.name = "\1a\1b\7blocked\7example", .edns = true}, DNS_RCODE_NXDOMAIN, false, 0, "", 15},
		{{.name = "\7BLOCKED\7Example", .edns = true}, DNS_RCODE_NXDOMAIN, false, 0, "", 15},
		{{.name = "\7blocked\7example"}, DNS_RCODE_NXDOMAIN, false, 0, "", -1},
		{{.name = "\5empty\7example", .edns = true}, DNS_RCODE_NOERROR, false, 0, "", 15},
		{{.name = "\4gone\7example", .edns = true}, 0, false, 1, "", -1},
		{{.name = "\3tcp\7example", .edns = true}, DNS_RCODE_NOERROR, true, 0, "", -1},
		{{.name = "\5local\7example", .edns = true}, DNS_RCODE_NOERROR, false, 0, "192.0.2.77", -1},
		{{.name = "\5local\7example", .edns = true, .transport = RESOLVER_TCP},
		 DNS_RCODE_NOERROR,
		 false,
		 0,
		 "192.0.2.77",
		 4},
		{{.name = "\5local\7example", .type = DNS_TYPE_AAAA, .edns = true},
		 DNS_RCODE_NOERROR,
		 false,
		 0,
		 "",
		 4},
	};
	struct world *w = *state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(ask(w, &cases[i].q));
		assert_int_equal(fake.count, 0);
		if (cases[i].no_answer) {
			assert_int_equal(w->out_len, 0);
			continue;
		}
		assert_int_equal(rcode(w), cases[i].rcode);
		assert_int_equal(is_truncated(w), cases[i].truncated);
		assert_string_equal(address(w, NULL), cases[i].address);
		assert_int_equal(ede(w), cases[i].ede);
	}
}

static void each_group_has_its_own_policy_for_the_same_cached_answer(void **state)
{
	struct world *w = *state;
	static const struct fake_record bad[] = {{NULL, DNS_TYPE_A, 300, "\xc0\0\2\x42", 4}};
	const struct question office = {.name = "\5other\7example", .edns = true};
	const struct question open = {.name = "\5other\7example", .client = "198.51.100.1", .edns = true};
	assert_false(ask(w, &open));
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, bad, 1);
	assert_string_equal(address(w, NULL), "192.0.2.66");
	assert_true(ask(w, &office));
	assert_int_equal(rcode(w), DNS_RCODE_NXDOMAIN);
	assert_true(ask(w, &open));
	assert_string_equal(address(w, NULL), "192.0.2.66");
}

static void a_chain_is_judged_at_each_step(void **state)
{
	struct world *w = *state;
	static const struct fake_record chain[] = {
		{NULL, DNS_TYPE_CNAME, 300, "\3mid\7example", 13},
		{"\3mid\7example", DNS_TYPE_CNAME, 300, "\1x\7blocked\7example", 19},
		{"\1x\7blocked\7example", DNS_TYPE_A, 300, "\xc0\0\2\1", 4},
	};
	const struct question q = {.name = "\5start\7example", .edns = true};
	assert_false(ask(w, &q));
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, chain, COUNT(chain));
	assert_int_equal(rcode(w), DNS_RCODE_NXDOMAIN);
	assert_int_equal(ede(w), 15);
	/* From the cache too. */
	assert_true(ask(w, &q));
	assert_int_equal(rcode(w), DNS_RCODE_NXDOMAIN);
}

static void tcp_only_is_met_over_tcp(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\3tcp\7example", .transport = RESOLVER_TCP};
	assert_false(ask(w, &q));
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	assert_string_equal(address(w, NULL), "192.0.2.1");
}

static void a_local_cname_brings_what_it_leads_to(void **state)
{
	struct world *w = *state;
	static const struct fake_record page[] = {{NULL, DNS_TYPE_A, 30, "\xc0\0\2\x63", 4}};
	const struct question q = {.name = "\5moved\7example", .client = "203.0.113.1", .edns = true};
	assert_false(ask(w, &q));
	assert_memory_equal(fake.asks[0].name, "\4page\4test", 10);
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, page, 1);
	assert_string_equal(address(w, NULL), "192.0.2.99");
	assert_int_equal(ede(w), 4);
	assert_true(ask(w, &q));
	assert_string_equal(address(w, NULL), "192.0.2.99");
}

static void popular_answers_are_fetched_again_while_the_old_one_serves_a_second(void **state)
{
	struct world *w = *state;
	static const struct fake_record newer[] = {{NULL, DNS_TYPE_A, 300, "\xc0\0\2\2", 4}};
	const struct question q = {.name = "\3www\7example"};
	assert_false(ask(w, &q));
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	assert_true(ask(w, &q) && ask(w, &q));
	fake_pass(w->served.loop, 300000);
	assert_true(ask(w, &q));
	uint32_t ttl = 0;
	assert_string_equal(address(w, &ttl), "192.0.2.1");
	assert_true(ttl <= 1);
	assert_int_equal(fake.count, 1);
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, newer, 1);
	assert_true(ask(w, &q));
	assert_string_equal(address(w, NULL), "192.0.2.2");
}

static void the_old_answer_serves_no_longer_than_that_second(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\3www\7example"};
	assert_false(ask(w, &q));
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	assert_true(ask(w, &q) && ask(w, &q));
	fake_pass(w->served.loop, 301000);
	assert_false(ask(w, &q));
}

static void a_stale_answer_serves_when_none_comes_in_time(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\3www\7example", .edns = true};
	assert_false(ask(w, &q));
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	fake_pass(w->served.loop, 400000);
	assert_false(ask(w, &q));
	fake_pass(w->served.loop, 1700);
	assert_int_equal(w->late, 1);
	fake_pass(w->served.loop, 200);
	assert_int_equal(w->late, 2);
	uint32_t ttl = 0;
	assert_string_equal(address(w, &ttl), "192.0.2.1");
	assert_int_equal(ttl, 30);
	assert_int_equal(ede(w), DNS_EDE_STALE);
	/* The next is not kept waiting at all. */
	assert_true(ask(w, &q));
	assert_int_equal(ede(w), DNS_EDE_STALE);
	/* When the answer comes at last, it is the one. */
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	assert_true(ask(w, &q));
	assert_int_equal(ede(w), -1);
}

static void a_stale_answer_serves_when_recursion_fails_and_none_takes_its_place(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\3www\7example", .edns = true};
	assert_false(ask(w, &q));
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	fake_pass(w->served.loop, 400000);
	assert_false(ask(w, &q));
	fake_failure(w->served.loop);
	assert_string_equal(address(w, NULL), "192.0.2.1");
	assert_int_equal(ede(w), DNS_EDE_STALE);
	fake_pass(w->served.loop, 31000);
	assert_false(ask(w, &q));
	fake_failure(w->served.loop);
	assert_string_equal(address(w, NULL), "192.0.2.1");
	/* Past its stale time there is nothing any more. */
	fake_pass(w->served.loop, INT64_C(4) * 86400 * 1000);
	assert_false(ask(w, &q));
	fake_failure(w->served.loop);
	assert_int_equal(rcode(w), DNS_RCODE_SERVFAIL);
}

static void a_failure_is_never_stale(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\3www\7example", .edns = true};
	for (unsigned i = 0; i < 3; i++) {
		assert_false(ask(w, &q));
		fake_answer(w->served.loop, 0, RECURSOR_BOGUS, WWW, 1);
		assert_int_equal(rcode(w), DNS_RCODE_SERVFAIL);
		assert_int_equal(ede(w), DNS_EDE_BOGUS);
		/* For a moment the zone is not asked again, and the reason stays. */
		assert_true(ask(w, &q) && ask(w, &q));
		assert_int_equal(rcode(w), DNS_RCODE_SERVFAIL);
		assert_int_equal(ede(w), DNS_EDE_BOGUS);
		fake_pass(w->served.loop, 5000);
	}
	assert_false(ask(w, &q));
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	assert_string_equal(address(w, NULL), "192.0.2.1");
	assert_int_equal(ede(w), -1);
}

static void bogus_data_are_for_who_asked_for_them_alone(void **state)
{
	struct world *w = *state;
	const struct question checked = {.name = "\3www\7example", .edns = true};
	const struct question unchecked = {.name = "\3www\7example", .edns = true, .unchecked = true};
	assert_false(ask(w, &checked));
	fake_answer(w->served.loop, 0, RECURSOR_BOGUS, WWW, 1);
	assert_int_equal(rcode(w), DNS_RCODE_SERVFAIL);
	assert_int_equal(ede(w), DNS_EDE_BOGUS);
	assert_false(ask(w, &unchecked));
	fake_answer(w->served.loop, 0, RECURSOR_BOGUS, WWW, 1);
	assert_string_equal(address(w, NULL), "192.0.2.1");
	/* The failure is remembered for a moment. */
	assert_true(ask(w, &checked));
	fake_pass(w->served.loop, 6000);
	assert_false(ask(w, &checked));
}

static void strangers_are_refused_in_no_more_bytes_than_they_sent_and_then_met_with_silence(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\3www\7example", .client = "10.9.8.7", .edns = true};
	uint8_t message[512];
	size_t sent = write_question(&q, message);
	unsigned told = 0;
	for (int i = 0; i < 1000; i++) {
		assert_true(ask(w, &q));
		if (w->out_len == 0)
			continue;
		assert_int_equal(rcode(w), DNS_RCODE_REFUSED);
		assert_true(w->out_len <= sent);
		told++;
	}
	assert_true(told > 0 && told < 50);
	assert_int_equal(fake.count, 0);
}

static void a_group_has_its_limit_by_prefix(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\7blocked\7example", .client = "203.0.113.1"};
	const struct question tcp = {
		.name = "\7blocked\7example", .client = "203.0.113.1", .transport = RESOLVER_TCP};
	assert_true(ask(w, &q) && rcode(w) == DNS_RCODE_NXDOMAIN);
	assert_true(ask(w, &q) && rcode(w) == DNS_RCODE_NXDOMAIN);
	assert_true(ask(w, &q));
	assert_true(is_truncated(w));
	assert_true(ask(w, &tcp));
	assert_int_equal(rcode(w), DNS_RCODE_REFUSED);
	fake_pass(w->served.loop, 1000);
	assert_true(ask(w, &q) && rcode(w) == DNS_RCODE_NXDOMAIN);
}

static void a_blocked_answer_is_long_only_for_who_proved_its_address(void **state)
{
	struct world *w = *state;
	struct question q = {.name = "\7blocked\7example", .edns = true};
	uint8_t message[512];
	size_t sent = write_question(&q, message);
	assert_true(ask(w, &q));
	assert_true(2 * w->out_len <= 3 * sent);
	size_t brief = w->out_len;
	/* A client with our cookie has proved it. */
	uint8_t cookie[COOKIE_SIZE] = "12345678";
	struct ip client;
	assert_int_equal(ip_parse("192.0.2.1", 9, &client), HN_OK);
	cookie_make(w->served.cookies, cookie, &client, (uint32_t)(w->served.loop->utc_ns / NS_SECOND),
		    cookie);
	q.cookie = cookie;
	q.cookie_len = sizeof(cookie);
	assert_true(ask(w, &q));
	assert_true(w->out_len > brief + COOKIE_SIZE + 4);
	/* As it is over a stream. */
	q.cookie_len = 0;
	q.transport = RESOLVER_TLS;
	assert_true(ask(w, &q));
	assert_true(w->out_len > brief);
}

/* Answers what is asked of the recursor, until nothing is: NS of the site, and its server's addresses. */
static void give_servers(struct world *w, const char *server, size_t server_len, const char *its_address)
{
	while (fake.count > 0) {
		const struct fake_ask *next = &fake.asks[0];
		if (next->type == DNS_TYPE_NS && next->len == strlen("\4site\4test")) {
			const struct fake_record ns = {NULL, DNS_TYPE_NS, 300, server, server_len};
			fake_answer(w->served.loop, 0, RECURSOR_INSECURE, &ns, 1);
		} else if (next->type == DNS_TYPE_A) {
			const struct fake_record a = {NULL, DNS_TYPE_A, 300, its_address, 4};
			fake_answer(w->served.loop, 0, RECURSOR_INSECURE, &a, 1);
		} else {
			/* SOA: no such data below this apex. */
			const struct fake_record soa = {"\4site\4test", DNS_TYPE_SOA, 300,
							"\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\1\0", 22};
			fake_answer(w->served.loop, 0, RECURSOR_INSECURE, &soa, 1);
		}
	}
}

static void who_serves_a_name_is_judged_by_name_and_address(void **state)
{
	static const struct {
		const char *server;
		size_t len;
		const char *address;
		unsigned rcode;
		const char *answer;
	} cases[] = {
		{"\2ns\4evil\4test", 14, "\xc0\0\2\1", DNS_RCODE_NXDOMAIN, ""},
		{"\2ns\4fine\4test", 14, "\xc0\0\2\x63", DNS_RCODE_NOERROR, ""},
		{"\2ns\4fine\4test", 14, "\xc0\0\2\1", DNS_RCODE_NOERROR, "192.0.2.1"},
	};
	struct world *w = *state;
	const struct question q = {.name = "\1a\3www\4site\4test", .client = "198.18.0.1"};
	for (size_t i = 0; i < COUNT(cases); i++) {
		(void)answer_cache_flush(w->served.service.cache, NULL, 0);
		w->late = 0;
		assert_false(ask(w, &q));
		fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
		assert_int_equal(w->late, 0);
		give_servers(w, cases[i].server, cases[i].len, cases[i].address);
		assert_int_equal(w->late, 1);
		assert_int_equal(rcode(w), cases[i].rcode);
		assert_string_equal(address(w, NULL), cases[i].answer);
		/* All of it is in the cache now. */
		assert_true(ask(w, &q));
		assert_int_equal(rcode(w), cases[i].rcode);
		assert_string_equal(address(w, NULL), cases[i].answer);
		assert_int_equal(fake.count, 0);
	}
	/* Nobody else waits for that. */
	(void)answer_cache_flush(w->served.service.cache, NULL, 0);
	const struct question other = {.name = "\1a\3www\4site\4test"};
	assert_false(ask(w, &other));
	w->late = 0;
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	assert_int_equal(w->late, 1);
	assert_int_equal(fake.count, 0);
}

static void an_answer_too_large_for_a_datagram_sends_the_client_to_tcp(void **state)
{
	struct world *w = *state;
	static const char text[] = "\377"
				   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				   "xxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				   "xxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	struct fake_record records[64];
	for (size_t count = 2; count <= 15; count += 13) {
		struct question q = {.name = count == 2 ? "\1a\7example" : "\1b\7example",
				     .type = DNS_TYPE_TXT,
				     .edns = true};
		for (size_t i = 0; i < count; i++)
			records[i] = (struct fake_record){NULL, DNS_TYPE_TXT, 300, text, sizeof(text) - 1};
		assert_false(ask(w, &q));
		fake_answer(w->served.loop, 0, RECURSOR_INSECURE, records, count);
		/* Late, from the cache, and over TCP. */
		assert_int_equal(is_truncated(w), count == 15);
		uint8_t guard = w->out[4097] = 0xee;
		assert_true(ask(w, &q));
		assert_int_equal(is_truncated(w), count == 15);
		assert_true(w->out_len <= ASKED_UDP_MAX);
		assert_int_equal(w->out[4097], guard);
		q.transport = RESOLVER_TCP;
		assert_true(ask(w, &q));
		assert_false(is_truncated(w));
		assert_true(w->out_len > count * sizeof(text));
	}
}

static void questions_without_recursion_desired_are_refused(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\3www\7example", .no_rd = true};
	assert_true(ask(w, &q));
	assert_int_equal(rcode(w), DNS_RCODE_REFUSED);
}

static void what_cannot_be_asked_fails_at_once(void **state)
{
	struct world *w = *state;
	const struct question q = {.name = "\3www\7example"};
	fake.refuse = HN_ESTATE;
	assert_true(ask(w, &q));
	assert_int_equal(rcode(w), DNS_RCODE_SERVFAIL);
}

/* Puts other groups in force, with the lists in another order. */
static void change_groups(struct world *w, const char *groups)
{
	struct fault fault = {0};
	struct resolver_config *config;
	struct terms *terms;
	char text[1024];
	int len = snprintf(text, sizeof(text),
			   "policy:\n  - name: servers\n    rpz: %s/ns.zone\n"
			   "  - name: national\n    rpz: %s/rpz.zone\ngroups:\n%s",
			   w->directory, w->directory, groups);
	if (resolver_config_parse("test", text, (size_t)len, &config, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	assert_int_equal(terms_new(config, &terms, &fault), HN_OK);
	terms_own(terms, config);
	const struct policy_spec spec = terms_spec(terms);
	policy_thread_offline();
	assert_int_equal(policy_store_reload(w->served.service.policies, &spec, false, &fault), HN_OK);
	policy_thread_online();
	terms_release(terms);
}

/* Whose client it is, and what its list says, is as the policy in force when the answer is given. */
static void groups_may_change_while_a_question_waits(void **state)
{
	struct world *w = *state;
	const struct question stays = {.name = "\3www\7example"};
	const struct question goes = {.name = "\3www\7example", .client = "198.51.100.1"};
	const struct question comes = {.name = "\3www\7example", .client = "203.0.113.200"};
	assert_false(ask(w, &stays));
	assert_false(ask(w, &goes));
	change_groups(w, "  - {name: other, prefixes: [203.0.113.128/25], policy: [national]}\n"
			 "  - {name: office, prefixes: [192.0.2.0/24], policy: []}\n");
	fake_answer(w->served.loop, 0, RECURSOR_INSECURE, WWW, 1);
	assert_int_equal(w->late, 2);
	assert_true(ask(w, &goes));
	assert_int_equal(rcode(w), DNS_RCODE_REFUSED);
	assert_true(ask(w, &stays));
	assert_int_equal(rcode(w), DNS_RCODE_NOERROR);
	assert_string_equal(address(w, NULL), "192.0.2.1");
	assert_true(ask(w, &comes));
	assert_string_equal(address(w, NULL), "192.0.2.1");

	const struct question alone = {.name = "\4late\7example", .client = "203.0.113.200"};
	assert_false(ask(w, &alone));
	change_groups(w, "  - {name: office, prefixes: [192.0.2.0/24], policy: []}\n");
	fake_answer(w->served.loop, 1, RECURSOR_INSECURE, WWW, 1);
	assert_int_equal(w->late, 3);
	assert_int_equal(rcode(w), DNS_RCODE_REFUSED);
	assert_string_equal(address(w, NULL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(an_answer_is_asked_for_once_and_then_comes_from_the_cache),
		TEST(equal_questions_under_way_are_one),
		TEST(policy_answers_at_once_and_asks_nobody),
		TEST(each_group_has_its_own_policy_for_the_same_cached_answer),
		TEST(a_chain_is_judged_at_each_step),
		TEST(tcp_only_is_met_over_tcp),
		TEST(a_local_cname_brings_what_it_leads_to),
		TEST(popular_answers_are_fetched_again_while_the_old_one_serves_a_second),
		TEST(the_old_answer_serves_no_longer_than_that_second),
		TEST(a_stale_answer_serves_when_none_comes_in_time),
		TEST(a_stale_answer_serves_when_recursion_fails_and_none_takes_its_place),
		TEST(a_failure_is_never_stale),
		TEST(bogus_data_are_for_who_asked_for_them_alone),
		TEST(strangers_are_refused_in_no_more_bytes_than_they_sent_and_then_met_with_silence),
		TEST(a_group_has_its_limit_by_prefix),
		TEST(groups_may_change_while_a_question_waits),
		TEST(a_blocked_answer_is_long_only_for_who_proved_its_address),
		TEST(who_serves_a_name_is_judged_by_name_and_address),
		TEST(an_answer_too_large_for_a_datagram_sends_the_client_to_tcp),
		TEST(questions_without_recursion_desired_are_refused),
		TEST(what_cannot_be_asked_fails_at_once),
	};
	rcu_register_thread();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}
