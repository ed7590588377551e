/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_DNS_QUERY_H
#define HINOMI_WIRE_DNS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/dns_number.h"
#include "wire/name.h"

/* A question as a name server reads it (RFC 1035, 6891): one pass, no allocation. */

#define DNS_COOKIE_CLIENT     8  /* bytes; RFC 7873, 4 */
#define DNS_COOKIE_SERVER_MIN 8  /* bytes of the server's part, where there is one */
#define DNS_COOKIE_SERVER_MAX 32 /* bytes */

/** What the server must do with a message. */
enum dns_verdict {
	DNS_VERDICT_ANSWER,  /* everything of the query is set */
	DNS_VERDICT_FORMERR, /* answer so */
	DNS_VERDICT_NOTIMP,  /* another opcode */
	DNS_VERDICT_BADVERS, /* an EDNS version that we do not know: answer with an OPT of version 0 */
	DNS_VERDICT_REFUSED, /* well formed and never answered: a class other than IN (version.bind), a zone
				transfer, NOTIFY */
	DNS_VERDICT_DROP,    /* no answer: a response, or shorter than a header */
};

/**
 * One question. Pointers go into the message.
 *
 * The name is in wire form, lower case, without the root's byte (name_is_wire() but for the root, whose
 * length is 0, and for bytes that no host name has: every byte is allowed in a label; RFC 2181, 11).
 */
struct dns_query {
	uint16_t id;
	uint16_t flags; /* as sent: enum dns_flag; DNS_OPCODE too */
	uint16_t type;
	uint16_t class;
	uint16_t question_len; /* bytes as sent, from DNS_HEADER_LEN on: name in its own letters, type, class;
				  0: there is none to send back */
	uint16_t udp_size;     /* what the client takes: at least DNS_UDP_PLAIN */
	uint8_t name_len;
	uint8_t labels;
	uint8_t edns_version;
	uint8_t cookie_len; /* 0: none; DNS_COOKIE_CLIENT, or with the server's part */
	bool edns;          /* an OPT came: the answer has one */
	bool dnssec_ok;     /* DO */
	bool padding;       /* the client padded: so do we, where the transport hides lengths; RFC 8467 */
	bool keepalive;     /* asked for edns-tcp-keepalive; means nothing over UDP; RFC 7828, 3.2.1 */
	bool client_subnet; /* only noted: it goes nowhere */
	const uint8_t *cookie;
	uint8_t name[NAME_MAX_WIRE];
};

/**
 * Reads one message as a server does.
 *
 * What the verdict rests on is the same as Unbound's: one question, no answers, no authorities, at most one
 * additional record, which is an OPT; TC clear; no pointer in the name; no meta type (RFC 6895, 3.1) but ANY.
 * Bytes behind the last record and an option that breaks off are let pass. A cookie of a length that is none
 * is a FORMERR (RFC 7873, 5.2.2).
 *
 * @param out  On DNS_VERDICT_DROP nothing is set. Else id and flags are, and all of the question if
 *             question_len is not 0; what EDNS says is set on every verdict but FORMERR and NOTIMP (there
 *             `edns` is false, udp_size is DNS_UDP_PLAIN).
 */
enum dns_verdict dns_query_read(const uint8_t *msg, size_t len, struct dns_query *out);

static inline bool dns_query_rd(const struct dns_query *q)
{
	return (q->flags & DNS_RD) != 0;
}

static inline bool dns_query_cd(const struct dns_query *q)
{
	return (q->flags & DNS_CD) != 0;
}

/** Whether the client wants to hear that an answer is validated (RFC 6840, 5.7 and 5.8). */
static inline bool dns_query_wants_ad(const struct dns_query *q)
{
	return (q->flags & DNS_AD) != 0 || q->dnssec_ok;
}

#endif
