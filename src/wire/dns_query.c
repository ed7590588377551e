/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_query.h"

#include "base/cur.h"

#define QUESTION_FIXED 4 /* bytes behind the name: type, class */
#define OPTION_HEAD    4 /* bytes: code, length */
#define OPT_DO         0x8000
#define META_FIRST     128 /* types that are no records, up to ANY; RFC 6895, 3.1 */

/* What the header alone decides; DNS_VERDICT_ANSWER: read on. */
static enum dns_verdict header_judge(const uint8_t *h, uint16_t flags)
{
	unsigned opcode = ((unsigned)flags & DNS_OPCODE) >> 11;
	if ((flags & DNS_TC) != 0)
		return DNS_VERDICT_FORMERR;
	if (opcode != DNS_OPCODE_QUERY && opcode != DNS_OPCODE_NOTIFY)
		return DNS_VERDICT_NOTIMP;
	if (load_be16(h + 4) != 1)
		return DNS_VERDICT_FORMERR;
	if (opcode == DNS_OPCODE_NOTIFY) /* the new SOA may stand in its answer section; RFC 1996, 3.7 */
		return DNS_VERDICT_ANSWER;
	/* No answers, no authorities, at most one additional record: 48 bits, all zero but the last. */
	if (load_be32(h + 6) != 0 || load_be16(h + 10) > 1)
		return DNS_VERDICT_FORMERR;
	return DNS_VERDICT_ANSWER;
}

/* Reads name, type and class; *c is left behind them. */
static bool question_read(struct cur *c, struct dns_query *out)
{
	const uint8_t *start = c->at;
	unsigned labels = 0;
	const uint8_t *head;

	/* Ends by the message's length: a label takes at least two bytes. */
	while ((head = cur_take(c, 1)) != NULL && *head != 0) {
		if (*head > NAME_MAX_LABEL) /* a pointer has nothing before it to lead to */
			return false;
		cur_skip(c, *head);
		labels++;
	}
	const uint8_t *fixed = cur_take(c, QUESTION_FIXED);
	if (fixed == NULL)
		return false;
	size_t name_len = (size_t)(fixed - start) - 1;
	if (name_len > NAME_MAX_WIRE)
		return false;
	name_lower(out->name, start, name_len);
	out->name_len = (uint8_t)name_len;
	out->labels = (uint8_t)labels;
	out->type = load_be16(fixed);
	out->class = load_be16(fixed + 2);
	out->question_len = (uint16_t)(name_len + 1 + QUESTION_FIXED);
	return true;
}

static bool cookie_read(struct cur value, struct dns_query *out)
{
	size_t len = cur_left(&value);
	if (len != DNS_COOKIE_CLIENT && (len < DNS_COOKIE_CLIENT + DNS_COOKIE_SERVER_MIN ||
					 len > DNS_COOKIE_CLIENT + DNS_COOKIE_SERVER_MAX))
		return false;
	if (out->cookie_len != 0) /* the first counts; RFC 7873, 5.2 */
		return true;
	out->cookie = value.at;
	out->cookie_len = (uint8_t)len;
	return true;
}

static bool options_read(struct cur options, struct dns_query *out)
{
	/* Ends by the record's length. */
	const uint8_t *head;
	while ((head = cur_take(&options, OPTION_HEAD)) != NULL) {
		struct cur value = cur_sub(&options, load_be16(head + 2));
		if (!cur_ok(&value))
			return true; /* breaks off: let pass, as the header says */
		switch (load_be16(head)) {
		case DNS_OPTION_COOKIE:
			if (!cookie_read(value, out))
				return false;
			break;
		case DNS_OPTION_PADDING:
			out->padding = true;
			break;
		case DNS_OPTION_KEEPALIVE:
			out->keepalive = true;
			break;
		case DNS_OPTION_CLIENT_SUBNET:
			out->client_subnet = true;
			break;
		default:
			break;
		}
	}
	return true;
}

/* The additional record, which must be an OPT with the root as its owner. */
static bool edns_read(struct cur *c, struct dns_query *out)
{
	const uint8_t *opt = cur_take(c, DNS_OPT_LEN);
	if (opt == NULL || opt[0] != 0 || load_be16(opt + 1) != DNS_TYPE_OPT)
		return false;
	struct cur options = cur_sub(c, load_be16(opt + 9));
	if (!cur_ok(&options) || !options_read(options, out))
		return false;
	uint16_t size = load_be16(opt + 3);
	out->edns = true;
	out->udp_size = size;
	if (size < DNS_UDP_PLAIN) /* RFC 6891, 6.2.3 */
		out->udp_size = DNS_UDP_PLAIN;
	out->edns_version = opt[6];
	out->dnssec_ok = (load_be16(opt + 7) & OPT_DO) != 0;
	return true;
}

static void edns_none(struct dns_query *out)
{
	out->udp_size = DNS_UDP_PLAIN;
	out->edns_version = 0;
	out->cookie_len = 0;
	out->edns = false;
	out->dnssec_ok = false;
	out->padding = false;
	out->keepalive = false;
	out->client_subnet = false;
	out->cookie = NULL;
}

static bool is_transfer(uint16_t type)
{
	return type == DNS_TYPE_AXFR || type == DNS_TYPE_IXFR;
}

static bool is_meta(uint16_t type)
{
	if (type == DNS_TYPE_OPT)
		return true;
	return type >= META_FIRST && type < DNS_TYPE_ANY && !is_transfer(type);
}

static enum dns_verdict question_judge(const struct dns_query *q)
{
	if (is_transfer(q->type))
		return DNS_VERDICT_REFUSED;
	if (q->edns_version != 0)
		return DNS_VERDICT_BADVERS;
	return q->class == DNS_CLASS_IN ? DNS_VERDICT_ANSWER : DNS_VERDICT_REFUSED;
}

enum dns_verdict dns_query_read(const uint8_t *msg, size_t len, struct dns_query *out)
{
	struct cur c = cur_of(msg, len);
	const uint8_t *h = cur_take(&c, DNS_HEADER_LEN);
	if (h == NULL)
		return DNS_VERDICT_DROP;
	uint16_t flags = load_be16(h + 2);
	if ((flags & DNS_QR) != 0)
		return DNS_VERDICT_DROP;
	out->id = load_be16(h);
	out->flags = flags;
	out->question_len = 0;
	edns_none(out);

	enum dns_verdict verdict = header_judge(h, flags);
	if (verdict != DNS_VERDICT_ANSWER)
		return verdict;
	if (!question_read(&c, out))
		return DNS_VERDICT_FORMERR;
	if ((flags & DNS_OPCODE) != 0)
		return DNS_VERDICT_REFUSED;
	if (is_meta(out->type))
		return DNS_VERDICT_FORMERR;
	if (h[11] != 0 && !edns_read(&c, out)) {
		edns_none(out);
		return DNS_VERDICT_FORMERR;
	}
	return question_judge(out);
}
