/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_answer.h"

#include <assert.h>
#include <string.h>

#include "base/cur.h"
#include "wire/dns_write.h"

#define TTL_MAX       0x7fffffff
#define SOA_FIXED_LEN 20 /* bytes behind the names of a SOA; the last four are MINIMUM */

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

/* What the first look at a full answer finds. */
struct overview {
	bool answered; /* the answer section has what was asked for */
	bool exact;    /* by its own type, not as ANY */
	bool proof;    /* the authority section proves something */
	bool soa;
	bool negative;
	bool minimal;
};

/* Of a shape that is being made. */
struct shape {
	struct dns_walk walk;
	struct dns_writer writer;
	struct overview overview;
	bool dnssec_ok;
	uint16_t *ttl_at;
	size_t ttl_max;
	size_t ttl_count;
	uint32_t ttl;
	uint8_t room[DNS_RDATA_TEXT_MAX];
};

static bool asked_for(uint16_t qtype, uint16_t type)
{
	return qtype == type || qtype == DNS_TYPE_ANY;
}

static int overview_read(struct dns_walk walk, struct overview *out)
{
	struct dns_rr rr;
	int rc;

	*out = (struct overview){0};
	while ((rc = dns_walk_next(&walk, &rr)) == HN_OK) {
		if (rr.section == DNS_ANSWER && asked_for(walk.qtype, rr.type))
			out->answered = true;
		if (rr.section == DNS_ANSWER && walk.qtype == rr.type)
			out->exact = true;
		if (rr.section != DNS_AUTHORITY)
			continue;
		if (rr.type == DNS_TYPE_SOA)
			out->soa = true;
		if (rr.type == DNS_TYPE_NSEC || rr.type == DNS_TYPE_NSEC3)
			out->proof = true;
	}
	if (rc != HN_ENOENT)
		return rc;
	unsigned rcode = walk.flags & DNS_RCODE;
	bool positive = rcode == DNS_RCODE_NOERROR && out->exact;
	out->negative = rcode == DNS_RCODE_NXDOMAIN || (rcode == DNS_RCODE_NOERROR && !out->answered);
	out->minimal = positive && walk.qtype != DNS_TYPE_NS && !out->proof;
	return HN_OK;
}

static bool is_dnssec(uint16_t type)
{
	switch (type) {
	case DNS_TYPE_SIG:
	case DNS_TYPE_KEY:
	case DNS_TYPE_NXT:
	case DNS_TYPE_DS:
	case DNS_TYPE_RRSIG:
	case DNS_TYPE_NSEC:
	case DNS_TYPE_DNSKEY:
	case DNS_TYPE_NSEC3:
	case DNS_TYPE_NSEC3PARAM:
		return true;
	default:
		return false;
	}
}

static bool belongs(const struct shape *s, const struct dns_rr *rr)
{
	if (rr->type == DNS_TYPE_OPT)
		return false;
	if (rr->section != DNS_ANSWER && s->overview.minimal)
		return false;
	if (s->dnssec_ok || !is_dnssec(rr->type))
		return true;
	return rr->section == DNS_ANSWER && asked_for(s->walk.qtype, rr->type);
}

/* RFC 2308, 5: how long "there is none" may be kept. */
static uint32_t record_ttl(const struct shape *s, const struct dns_rr *rr, const uint8_t *rdata, size_t len)
{
	uint32_t ttl = rr->ttl <= TTL_MAX ? rr->ttl : 0;
	bool soa = rr->section == DNS_AUTHORITY && rr->type == DNS_TYPE_SOA;
	if (!soa || !s->overview.negative || len < SOA_FIXED_LEN)
		return ttl;
	uint32_t minimum = load_be32(rdata + len - 4);
	return minimum < ttl ? minimum : ttl;
}

static int record_shape(struct shape *s, const struct dns_rr *rr)
{
	uint8_t owner[NAME_MAX_WIRE];
	size_t owner_len;
	const uint8_t *rdata;
	size_t rdata_len;

	int rc = dns_name_at(&s->walk, rr->owner_at, DNS_AS_SENT, owner, &owner_len, NULL);
	if (rc == HN_OK)
		rc = dns_rr_data(&s->walk, rr, s->room, &rdata, &rdata_len);
	if (rc != HN_OK)
		return rc;
	if (s->ttl_count == s->ttl_max)
		return HN_ELIMIT;
	uint32_t ttl = record_ttl(s, rr, rdata, rdata_len);
	enum dns_section section = (enum dns_section)rr->section;
	rc = dns_write_record(&s->writer, section, owner, owner_len, rr->type, rr->class, ttl, rdata,
			      rdata_len, &s->ttl_at[s->ttl_count]);
	if (rc == HN_ELIMIT && section == DNS_ADDITIONAL)
		return HN_OK; /* nobody asked for it */
	if (rc != HN_OK)
		return rc;
	s->ttl_count++;
	if (ttl < s->ttl)
		s->ttl = ttl;
	return HN_OK;
}

static int records_shape(struct shape *s)
{
	struct dns_rr rr;
	int rc;

	while ((rc = dns_walk_next(&s->walk, &rr)) == HN_OK) {
		if (!belongs(s, &rr))
			continue;
		rc = record_shape(s, &rr);
		if (rc != HN_OK)
			return rc;
	}
	return rc == HN_ENOENT ? HN_OK : rc;
}

/* A refusal or failure has no time to live; neither has a "no" whose zone does not say for how long. */
static uint32_t answer_ttl(const struct shape *s)
{
	if (s->ttl_count == 0 || (s->overview.negative && !s->overview.soa))
		return 0;
	return s->ttl;
}

int dns_answer_shape(const uint8_t *full, size_t len, bool dnssec_ok, uint8_t *out, size_t limit,
		     uint16_t *ttl_at, size_t ttl_max, struct dns_shaped *shaped_out)
{
	struct shape s;

	int rc = dns_walk_init(&s.walk, full, len);
	if (rc != HN_OK)
		return rc;
	if (s.walk.question_len == 0)
		return HN_EFORMAT;
	rc = overview_read(s.walk, &s.overview);
	if (rc != HN_OK)
		return rc;
	if (limit < DNS_HEADER_LEN + (size_t)s.walk.question_len)
		return HN_ELIMIT;
	s.dnssec_ok = dnssec_ok;
	s.ttl_at = ttl_at;
	s.ttl_max = ttl_max;
	s.ttl_count = 0;
	s.ttl = UINT32_MAX;
	dns_write_init(&s.writer, out, limit < DNS_MESSAGE_MAX ? limit : DNS_MESSAGE_MAX, NULL);
	rc = dns_write_question(&s.writer, full + DNS_HEADER_LEN, s.walk.question_len);
	if (rc == HN_OK)
		rc = records_shape(&s);
	if (rc != HN_OK)
		return rc;
	uint16_t flags = (uint16_t)((s.walk.flags & ~(DNS_AA | DNS_TC)) | DNS_QR | DNS_RA);
	*shaped_out = (struct dns_shaped){
		.len = dns_write_end(&s.writer, load_be16(full), flags),
		.ttl_count = s.ttl_count,
		.ttl = answer_ttl(&s),
		.qtype = s.walk.qtype,
		.rcode = flags & DNS_RCODE,
		.negative = s.overview.negative,
	};
	return HN_OK;
}

void dns_answer_age(uint8_t *msg, const uint16_t *ttl_at, size_t ttl_count, uint32_t elapsed_s,
		    uint32_t expired_ttl)
{
	for (size_t i = 0; i < ttl_count; i++) {
		uint8_t *p = msg + ttl_at[i];
		uint32_t ttl = load_be32(p);
		put32(p, ttl > elapsed_s ? ttl - elapsed_s : expired_ttl);
	}
}

void dns_answer_address(uint8_t *msg, const struct dns_query *q, const uint8_t *query)
{
	unsigned kept = load_be16(msg + 2) & ~(unsigned)(DNS_RD | DNS_CD);
	if (!dns_query_wants_ad(q))
		kept &= ~(unsigned)DNS_AD;
	put16(msg, q->id);
	put16(msg + 2, kept | (q->flags & (DNS_RD | DNS_CD)));
	memcpy(msg + DNS_HEADER_LEN, query + DNS_HEADER_LEN, q->question_len);
}

/* Where a set of records begins, and which it is. */
struct set_start {
	struct dns_rr first;
	size_t at;
	uint16_t counts[4]; /* of records before it */
};

static bool same_set(const struct dns_rr *a, const struct dns_rr *b)
{
	return a->section == b->section && a->type == b->type && a->class == b->class &&
	       a->owner_len == b->owner_len && memcmp(a->owner, b->owner, a->owner_len) == 0;
}

/* Ends the message before a set. */
static size_t cut_before(uint8_t *msg, const struct set_start *set)
{
	if (set->first.section != DNS_ADDITIONAL) /* RFC 2181, 9 */
		put16(msg + 2, load_be16(msg + 2) | DNS_TC);
	for (unsigned i = DNS_ANSWER; i <= DNS_ADDITIONAL; i++)
		put16(msg + 4 + 2 * i, set->counts[i]);
	return set->at;
}

size_t dns_answer_cut(uint8_t *msg, size_t len, size_t limit)
{
	struct dns_walk walk;
	struct dns_rr rr;
	uint16_t counts[4] = {0};

	if (len <= limit)
		return len;
	int rc = dns_walk_init(&walk, msg, len);
	assert(rc == HN_OK);
	size_t question_end = DNS_HEADER_LEN + (size_t)walk.question_len;
	struct set_start set = {.at = question_end};
	while (dns_walk_next(&walk, &rr) == HN_OK) {
		bool begins = set.first.section == 0 || !same_set(&set.first, &rr);
		if (begins) {
			set.first = rr;
			set.at = rr.owner_at;
			memcpy(set.counts, counts, sizeof(counts));
		}
		if (rr.rdata_at + rr.rdata_len > limit)
			return cut_before(msg, &set);
		counts[rr.section]++;
	}
	/* It is longer than its records, or breaks: what stands before them is all that can be told. */
	set = (struct set_start){.first.section = DNS_ANSWER, .at = question_end};
	return cut_before(msg, &set);
}
