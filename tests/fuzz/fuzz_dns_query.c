/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "tests/fuzz/target.h"
#include "wire/dns_rr.h"
#include "wire/dns_write.h"

/* What is answered is a question that other readers see too. */
static void answerable(const uint8_t *data, size_t len, const struct dns_query *q)
{
	struct dns_walk w;
	assert(dns_walk_init(&w, data, len) == HN_OK);
	assert(w.question_len == q->question_len && w.qtype == q->type && w.qclass == q->class);
	assert(q->class == DNS_CLASS_IN && q->edns_version == 0);
	assert(q->question_len == q->name_len + 5u);

	uint8_t name[NAME_MAX_WIRE];
	size_t name_len;
	assert(dns_name_at(&w, DNS_HEADER_LEN, DNS_LOWER, name, &name_len, NULL) == HN_OK);
	assert(name_len == q->name_len && memcmp(name, q->name, name_len) == 0);

	struct dns_writer writer;
	static uint8_t out[DNS_MESSAGE_MAX];
	dns_write_init(&writer, out, sizeof(out), NULL);
	assert(dns_write_question(&writer, data + DNS_HEADER_LEN, q->question_len) == HN_OK);
	assert(memcmp(out + DNS_HEADER_LEN, data + DNS_HEADER_LEN, q->question_len) == 0);
}

/* Input: a message as a server receives it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t reply[DNS_HEADER_LEN + NAME_MAX_WIRE + 5];
	struct dns_query q;

	enum dns_verdict verdict = dns_query_read(data, len, &q);
	if (verdict == DNS_VERDICT_DROP)
		return 0;
	assert(q.cookie_len == 0 || q.cookie_len == DNS_COOKIE_CLIENT ||
	       (q.cookie_len >= DNS_COOKIE_CLIENT + DNS_COOKIE_SERVER_MIN &&
		q.cookie_len <= DNS_COOKIE_CLIENT + DNS_COOKIE_SERVER_MAX));
	assert(q.cookie_len == 0 || (q.cookie > data && q.cookie + q.cookie_len <= data + len));
	assert(q.edns || (!q.dnssec_ok && !q.padding && q.cookie_len == 0 && q.udp_size == DNS_UDP_PLAIN));
	assert(q.udp_size >= DNS_UDP_PLAIN);
	if (verdict == DNS_VERDICT_ANSWER)
		answerable(data, len, &q);
	/* No answer is amplified by its start. */
	assert(dns_reply_begin(reply, &q, data, DNS_RCODE_REFUSED) <= len);
	return 0;
}
