/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/compose.h"

#include <string.h>

#include "base/cur.h"
#include "wire/dns_answer.h"
#include "wire/dns_write.h"

#define SOA_TAIL       20 /* bytes of an SOA's five numbers */
#define AUTHORITIES_AT 9  /* lower byte of the number of records in the authority section */

unsigned asked_variant(const struct asked *a)
{
	return (a->query.dnssec_ok ? ANSWER_DNSSEC : 0u) | (dns_query_cd(&a->query) ? ANSWER_UNCHECKED : 0u);
}

/* The OPT of an answer to this question. cookie is room that lives as long as it. */
static struct dns_opt opt_for(const struct composer *c, const struct asked *a, unsigned rcode,
			      struct told told, uint8_t cookie[COOKIE_SIZE])
{
	struct dns_opt opt = {
		.udp_size = ASKED_UDP_MAX,
		.rcode = (uint16_t)rcode,
		.dnssec_ok = a->query.dnssec_ok,
	};
	if (told.code != ANSWER_NO_EDE) {
		opt.ede = true;
		opt.ede_code = told.code;
		opt.ede_text = told.text;
		opt.ede_text_len = told.text ? (uint16_t)strlen(told.text) : 0;
	}
	switch (a->cookie) {
	case COOKIE_NONE:
		break;
	case COOKIE_VALID:
		opt.cookie = a->query.cookie;
		opt.cookie_len = a->query.cookie_len;
		break;
	case COOKIE_CLIENT:
	case COOKIE_RENEW:
	case COOKIE_BAD:
		cookie_make(c->cookies, a->query.cookie, &a->asker.client, c->utc_s, cookie);
		opt.cookie = cookie;
		opt.cookie_len = COOKIE_SIZE;
		break;
	}
	bool hidden = a->asker.transport == RESOLVER_TLS || a->asker.transport == RESOLVER_HTTPS;
	if (hidden && a->query.padding)
		opt.padding_block = DNS_PADDING_BLOCK;
	/* RFC 7828, 3.3.2: over UDP never; the time is what streams are kept for. */
	if (a->query.keepalive && a->asker.transport != RESOLVER_UDP) {
		opt.keepalive = true;
		opt.keepalive_100ms = 100;
	}
	return opt;
}

static size_t end(const struct composer *c, const struct asked *a, uint8_t *out, size_t len, unsigned rcode,
		  struct told told)
{
	size_t limit = asked_limit(a);
	if (!a->query.edns)
		return len <= limit ? len : dns_answer_cut(out, len, limit);
	uint8_t cookie[COOKIE_SIZE];
	const struct dns_opt opt = opt_for(c, a, rcode, told, cookie);
	size_t opt_size = dns_opt_size(&opt);
	if (len + opt_size > limit)
		len = dns_answer_cut(out, len, limit > opt_size ? limit - opt_size : 0);
	size_t room = limit > len + DNS_OPT_LEN ? limit : len + DNS_OPT_LEN;
	return dns_opt_append(&opt, out, len, room);
}

static const struct told NOTHING_TOLD = {.code = ANSWER_NO_EDE};

size_t compose_error(const struct composer *c, const struct asked *a, unsigned rcode, struct told told,
		     uint8_t *out)
{
	size_t len = dns_reply_begin(out, &a->query, a->message, rcode & DNS_RCODE);
	if (rcode == DNS_RCODE_REFUSED)
		return len;
	return end(c, a, out, len, rcode, told);
}

static void set_truncated(uint8_t *message)
{
	message[2] |= DNS_TC >> 8;
}

size_t compose_truncated(const struct composer *c, const struct asked *a, uint8_t *out)
{
	size_t len = dns_reply_begin(out, &a->query, a->message, DNS_RCODE_NOERROR);
	set_truncated(out);
	return end(c, a, out, len, DNS_RCODE_NOERROR, NOTHING_TOLD);
}

size_t compose_cached(const struct composer *c, const struct asked *a, const struct cached_answer *answer,
		      uint32_t expired_ttl, struct told told, uint8_t *out)
{
	const uint8_t *message = cached_answer_message(answer);
	/* Far more than fits is not copied only to be cut. */
	if (answer->message_len > COMPOSE_ROOM && asked_limit(a) < COMPOSE_ROOM)
		return compose_truncated(c, a, out);
	memcpy(out, message, answer->message_len);
	dns_answer_age(out, answer->ttl_at, answer->ttl_count, c->now_s - answer->stored, expired_ttl);
	dns_answer_address(out, &a->query, a->message);
	return end(c, a, out, answer->message_len, out[3] & DNS_RCODE, told);
}

/*
 * A SOA lets who asked keep the refusal for ttl seconds (RFC 2308); it names the name asked and no server:
 * MNAME and RNAME are the root, nobody to ask and nobody to write to (who that is, EDE says).
 */
static size_t append_soa(uint8_t *out, size_t len, uint32_t ttl)
{
	static const uint8_t fixed[] = {0xc0, DNS_HEADER_LEN, 0, DNS_TYPE_SOA, 0, DNS_CLASS_IN};
	uint8_t *at = out + len;
	memcpy(at, fixed, sizeof(fixed));
	at += sizeof(fixed);
	store_be32(at, ttl);
	memset(at + 4, 0, 4);
	at[5] = 2 + SOA_TAIL; /* the length's lower byte; then the two names */
	at += 8;
	const uint32_t numbers[] = {1, 3600, 600, 86400, ttl};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++, at += 4)
		store_be32(at, numbers[i]);
	out[AUTHORITIES_AT] = 1;
	return (size_t)(at - out);
}

static bool is_wanted(uint16_t asked_type, uint16_t type)
{
	return type == asked_type || asked_type == DNS_TYPE_ANY || type == DNS_TYPE_CNAME;
}

bool compose_redirect(const struct asked *a, const struct policy_verdict *verdict,
		      uint8_t target[NAME_MAX_WIRE + 1], size_t *len_out)
{
	struct policy_record records[POLICY_RECORDS_MAX];
	if (verdict->action != POLICY_LOCAL || a->query.type == DNS_TYPE_CNAME)
		return false;
	size_t count = policy_records(verdict, records);
	for (size_t i = 0; i < count; i++)
		if (records[i].type == DNS_TYPE_CNAME)
			return policy_cname(&records[i], a->query.name, a->query.name_len, target, len_out) ==
			       HN_OK;
	return false;
}

/* Where a CNAME of ours leads, behind it. */
static void write_target(struct dns_writer *w, const struct cached_answer *target, uint32_t now_s)
{
	struct dns_walk walk;
	struct dns_rr rr;
	if (dns_walk_init(&walk, cached_answer_message(target), target->message_len) != HN_OK)
		return;
	uint32_t age = now_s - target->stored;
	while (dns_walk_next(&walk, &rr) == HN_OK && rr.section == DNS_ANSWER) {
		uint8_t room[DNS_RDATA_TEXT_MAX];
		const uint8_t *data;
		size_t len;
		if (dns_rr_data(&walk, &rr, room, &data, &len) != HN_OK)
			return;
		(void)!dns_write_record(w, DNS_ANSWER, rr.owner, rr.owner_len, rr.type, rr.class,
					rr.ttl > age ? rr.ttl - age : 0, data, len, NULL);
	}
}

/* @return how many records were written */
static size_t write_records(struct dns_writer *w, const struct asked *a, const struct policy_verdict *verdict,
			    unsigned *rcode)
{
	struct policy_record records[POLICY_RECORDS_MAX];
	size_t count = policy_records(verdict, records);
	size_t written = 0;
	for (size_t i = 0; i < count; i++) {
		uint8_t cname[NAME_MAX_WIRE + 1];
		const uint8_t *data = records[i].data;
		size_t len = records[i].len;
		if (!is_wanted(a->query.type, records[i].type))
			continue;
		if (records[i].type == DNS_TYPE_CNAME) {
			if (policy_cname(&records[i], a->query.name, a->query.name_len, cname, &len) !=
			    HN_OK) {
				*rcode = DNS_RCODE_YXDOMAIN;
				continue;
			}
			data = cname;
		}
		if (dns_write_record(w, DNS_ANSWER, a->query.name, a->query.name_len, records[i].type,
				     DNS_CLASS_IN, records[i].ttl, data, len, NULL) == HN_OK)
			written++;
	}
	return written;
}

/* How much is told beside the answer itself. */
enum detail {
	DETAIL_NONE,
	DETAIL_CODE, /* of the Extended DNS Error */
	DETAIL_ALL,  /* its text, and a SOA by which a refusal can be kept */
};

/* @return the answer's length; 0: none of the records fits the question */
static size_t write_local(const struct composer *c, const struct asked *a,
			  const struct policy_verdict *verdict, const struct cached_answer *target,
			  struct told told, unsigned *rcode, uint8_t *out)
{
	uint8_t cookie[COOKIE_SIZE];
	struct dns_opt opt = opt_for(c, a, *rcode, told, cookie);
	struct dns_writer w;
	dns_write_init(&w, out, asked_limit(a), a->query.edns ? &opt : NULL);
	if (dns_write_question(&w, a->message + DNS_HEADER_LEN, a->query.question_len) != HN_OK ||
	    write_records(&w, a, verdict, rcode) == 0)
		return 0;
	if (target) {
		write_target(&w, target, c->now_s);
		*rcode = cached_answer_message(target)[3] & DNS_RCODE;
	}
	opt.rcode = (uint16_t)*rcode;
	uint16_t flags = (uint16_t)(DNS_QR | DNS_RA | (a->query.flags & (DNS_RD | DNS_CD)) | *rcode);
	return dns_write_end(&w, a->query.id, flags);
}

static size_t write_blocked(const struct composer *c, const struct asked *a,
			    const struct policy_verdict *verdict, const struct cached_answer *target,
			    enum detail detail, uint8_t *out)
{
	struct told told = NOTHING_TOLD;
	const char *text = NULL;
	int code = policy_ede(verdict, &text);
	if (code >= 0 && detail > DETAIL_NONE)
		told = (struct told){(uint16_t)code, detail == DETAIL_ALL ? text : NULL};
	unsigned rcode = verdict->action == POLICY_NXDOMAIN ? DNS_RCODE_NXDOMAIN : DNS_RCODE_NOERROR;
	if (verdict->action == POLICY_SINKHOLE || verdict->action == POLICY_LOCAL) {
		size_t len = write_local(c, a, verdict, target, told, &rcode, out);
		if (len > 0)
			return len;
	}
	/* Most of what is blocked: too little to need the writer, which looks for names to point at. */
	size_t len = dns_reply_begin(out, &a->query, a->message, rcode);
	if (detail == DETAIL_ALL)
		len = append_soa(out, len, policy_ttl(verdict));
	return end(c, a, out, len, rcode, told);
}

size_t compose_blocked(const struct composer *c, const struct asked *a, const struct policy_verdict *verdict,
		       const struct cached_answer *target, uint8_t *out)
{
	bool udp = a->asker.transport == RESOLVER_UDP;
	if (verdict->action == POLICY_DROP)
		return 0;
	if (verdict->action == POLICY_TCP_ONLY)
		return compose_truncated(c, a, out);
	if (!udp || a->generous)
		return write_blocked(c, a, verdict, target, DETAIL_ALL, out);
	size_t len = write_blocked(c, a, verdict, target, DETAIL_CODE, out);
	if (2 * len > 3 * a->len)
		len = write_blocked(c, a, verdict, target, DETAIL_NONE, out);
	return 2 * len <= 3 * a->len ? len : compose_truncated(c, a, out);
}
