/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_DNS_ANSWER_H
#define HINOMI_WIRE_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/dns_query.h"
#include "wire/dns_rr.h"

/*
 * From what a recursion found to what clients get.
 *
 * A *shaped* answer is what a cache keeps: header, question, records, no OPT. It is given to a client so:
 *
 *     memcpy(out, shaped, len);
 *     dns_answer_age(out, ttl_at, ttl_count, elapsed_s, expired_ttl);
 *     dns_answer_address(out, q, query);          the client's id, flags, letters
 *     if (len + dns_opt_size(&opt) > limit)
 *             len = dns_answer_cut(out, len, limit - dns_opt_size(&opt));
 *     if (q->edns)
 *             len = dns_opt_append(&opt, out, len, limit);
 */

/** What dns_answer_shape() says of its result. */
struct dns_shaped {
	size_t len;
	size_t ttl_count;
	uint32_t ttl; /* seconds: the lowest of the answer's, and of a negative one RFC 2308's; 0: not to be
			 kept */
	uint16_t qtype;
	uint8_t rcode;
	bool negative; /* NXDOMAIN, or no record of the type asked for at the end of the chain */
};

/**
 * From a full answer (with what DNSSEC needs) the answer for a kind of client.
 *
 * Without dnssec_ok, RRSIG, NSEC, NSEC3, NSEC3PARAM, DS, DNSKEY, SIG, KEY and NXT go, unless the answer
 * section has them because they, or ANY, were asked for (RFC 4035, 3.2.1). A positive answer loses its
 * authority and additional sections, unless NS was asked for or the authority section proves a wildcard
 * (Unbound's minimal-responses). The SOA of a negative answer gets the lower of its time to live and its
 * MINIMUM (RFC 2308, 5), and the answer that time to live; a negative answer without a SOA is not to be kept.
 * A time to live over 2^31-1 is 0 (RFC 2181, 8). Order of records and letters stay. AA, TC and the OPT go;
 * the rest of the header stays, and RA is set.
 *
 * @param out        at most limit bytes (up to DNS_MESSAGE_MAX) are written, also on an error
 * @param ttl_at     offsets in out of the times to live, in rising order; room for ttl_max
 * @return HN_ELIMIT when out or ttl_at is too small; HN_ETRUNC, HN_EFORMAT, HN_EUNSUPPORTED when full is
 *         broken or has no question. *shaped_out is then untouched.
 */
HN_MUST_USE int dns_answer_shape(const uint8_t *full, size_t len, bool dnssec_ok, uint8_t *out, size_t limit,
				 uint16_t *ttl_at, size_t ttl_max, struct dns_shaped *shaped_out);

/**
 * Lowers times to live by the seconds since the answer was shaped.
 *
 * @param expired_ttl  what one becomes that ran out: 0, or what RFC 8767, 4 says of stale answers (30)
 */
void dns_answer_age(uint8_t *msg, const uint16_t *ttl_at, size_t ttl_count, uint32_t elapsed_s,
		    uint32_t expired_ttl);

/**
 * Makes a shaped answer this client's: its id, its letters of the question, its RD and CD; AD only for who
 * wants it (RFC 6840, 5.8).
 *
 * @param msg    an answer to the same name, type and class
 * @param query  the message that q was read from
 */
void dns_answer_address(uint8_t *msg, const struct dns_query *q, const uint8_t *query);

/**
 * Leaves out whole sets of records (RFC 2181, 5) from the end until the message is at most limit long: of the
 * additional section without a word, of the others with TC set.
 *
 * @param msg    well formed, as dns_answer_shape() makes it; no OPT
 * @param limit  at least DNS_HEADER_LEN; header and question stay whatever it says
 * @return the new length
 */
size_t dns_answer_cut(uint8_t *msg, size_t len, size_t limit);

#endif
