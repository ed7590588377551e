/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_FIELD_H
#define HINOMI_WIRE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a protocol field holds, which is what an indicator is looked up as. */
enum value_kind {
	VALUE_IP4,  /* 4 bytes, network order */
	VALUE_IP6,  /* 16 bytes */
	VALUE_NAME, /* a host name in wire form (RFC 1035, 3.1): length-prefixed labels, lower case, without
		       the root's zero byte */
	VALUE_URL,  /* host name in text, lower case, then path and query as on the wire: "www.example/a?b" */
	VALUE_JA4,  /* 36 characters */
	VALUE_KIND_COUNT,
};

/** Protocol fields that can be matched. Their names stand in records as unmapped.hinomi.field. */
enum field {
	FIELD_IP_SRC,
	FIELD_IP_DST,
	FIELD_DNS_QUERY_NAME,
	FIELD_DNS_ANSWER_NAME,    /* owner or target (CNAME, MX, NS, SRV, PTR ...) of an answer record */
	FIELD_DNS_ANSWER_ADDRESS, /* A and AAAA */
	FIELD_TLS_SNI,
	FIELD_TLS_JA4,
	FIELD_QUIC_SNI,
	FIELD_QUIC_JA4,
	FIELD_HTTP_HOST,
	FIELD_HTTP_URL,
	FIELD_PATTERN, /* command information; has no value */
	FIELD_COUNT,
};

/** "ip.src", "dns.query.name", "tls.sni", ... */
const char *field_name(enum field field);

/** One value that a decoder found. data points into the packet or into the extract's scratch. */
struct observed {
	const uint8_t *data;
	uint16_t len;
	uint8_t field; /* enum field */
	uint8_t kind;  /* enum value_kind */
};

#define EXTRACT_MAX     128   /* values of one message */
#define EXTRACT_SCRATCH 16384 /* bytes of decoded names and URLs of one message */

/** What one message gave. The caller keeps one for each thread and resets it. */
struct extract {
	uint32_t count;
	uint32_t used;    /* bytes of scratch */
	uint32_t dropped; /* values that found no place; counted in the receipt */
	uint32_t wanted;  /* bit (1 << enum value_kind): kinds worth computing; set by the caller, kept by
			     reset */
	/* DNS: type of the first question and the response code, for the record (they are no personal value).
	 */
	uint16_t dns_type;
	uint8_t dns_rcode;
	bool dns_response;
	struct observed items[EXTRACT_MAX];
	uint8_t scratch[EXTRACT_SCRATCH];
};

/** Empties it; `wanted` stays. */
static inline void extract_reset(struct extract *x)
{
	x->count = 0;
	x->used = 0;
	x->dropped = 0;
	x->dns_type = 0;
	x->dns_rcode = 0;
	x->dns_response = false;
}

/** Adds a value whose bytes outlive the extract's use. One without a place counts as dropped. */
static inline void extract_add(struct extract *x, enum field field, enum value_kind kind, const uint8_t *data,
			       size_t len)
{
	if (x->count >= EXTRACT_MAX || len > UINT16_MAX) {
		x->dropped++;
		return;
	}
	x->items[x->count++] = (struct observed){data, (uint16_t)len, (uint8_t)field, (uint8_t)kind};
}

/** Room in scratch for len bytes, or NULL (then the value counts as dropped). */
static inline uint8_t *extract_alloc(struct extract *x, size_t len)
{
	if (len > EXTRACT_SCRATCH - x->used) {
		x->dropped++;
		return NULL;
	}
	uint8_t *room = x->scratch + x->used;
	x->used += (uint32_t)len;
	return room;
}

#endif
