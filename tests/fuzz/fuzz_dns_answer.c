/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "base/cur.h"
#include "tests/fuzz/target.h"
#include "wire/dns_answer.h"
#include "wire/dns_opt.h"

#define TTLS_MAX 6000

static uint8_t shaped[DNS_MESSAGE_MAX];
static uint8_t again[DNS_MESSAGE_MAX];
static uint16_t ttl_at[TTLS_MAX];
static uint16_t ttl_again[TTLS_MAX];

/* @return records of the message, all of which are whole */
static size_t walks(const uint8_t *msg, size_t len, const uint16_t *ttls)
{
	struct dns_walk w;
	struct dns_rr rr;
	size_t count = 0;
	assert(dns_walk_init(&w, msg, len) == HN_OK);
	for (; dns_walk_next(&w, &rr) == HN_OK; count++) {
		uint8_t room[DNS_RDATA_TEXT_MAX];
		const uint8_t *rdata;
		size_t rdata_len;
		assert(ttls == NULL || ttls[count] == rr.ttl_at);
		assert(rr.ttl <= 0x7fffffff && rr.type != DNS_TYPE_OPT);
		assert(dns_rr_data(&w, &rr, room, &rdata, &rdata_len) == HN_OK);
	}
	assert(cur_left(&w.at) == 0);
	return count;
}

static void check_cut(size_t len, size_t limit)
{
	static const struct dns_opt opt = {.udp_size = 1232, .padding_block = DNS_PADDING_BLOCK};
	memcpy(again, shaped, len);
	size_t cut = dns_answer_cut(again, len, limit);
	assert(cut <= len && (cut <= limit || cut <= DNS_HEADER_LEN + NAME_MAX_WIRE + 5));
	(void)walks(again, cut, NULL);
	if (cut + DNS_OPT_LEN <= DNS_MESSAGE_MAX)
		assert(dns_opt_append(&opt, again, cut, DNS_MESSAGE_MAX) > cut);
}

/* Input: a byte, the lowest bit of which is DO and the others where to cut; then an answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dns_shaped s;
	struct dns_shaped t;

	if (len == 0 || len > DNS_MESSAGE_MAX)
		return 0;
	bool dnssec_ok = (data[0] & 1) != 0;
	size_t limit = 512 + 4u * (data[0] >> 1);
	if (dns_answer_shape(data + 1, len - 1, dnssec_ok, shaped, sizeof(shaped), ttl_at, TTLS_MAX, &s) !=
	    HN_OK)
		return 0;
	assert(s.len <= sizeof(shaped) && walks(shaped, s.len, ttl_at) == s.ttl_count);
	/* A shaped answer is one already. */
	if (dnssec_ok) {
		int rc = dns_answer_shape(shaped, s.len, true, again, sizeof(again), ttl_again, TTLS_MAX, &t);
		assert(rc == HN_OK && t.len == s.len && memcmp(again, shaped, s.len) == 0);
		assert(t.ttl == s.ttl && t.ttl_count == s.ttl_count && t.negative == s.negative);
	}
	check_cut(s.len, limit);
	check_cut(s.len, DNS_HEADER_LEN);
	dns_answer_age(shaped, ttl_at, s.ttl_count, s.ttl, 30);
	(void)walks(shaped, s.len, ttl_at);
	return 0;
}
