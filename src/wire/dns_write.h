/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_DNS_WRITE_H
#define HINOMI_WIRE_DNS_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/dns_opt.h"
#include "wire/dns_query.h"
#include "wire/dns_rr.h"

/*
 * Writes a message into the caller's buffer. Names are compressed (RFC 1035, 4.1.4; those inside data only
 * for the types of RFC 1035), comparing letters without case and keeping them as they come.
 *
 *     dns_write_init(&w, out, limit, opt);        opt: NULL, or what dns_write_end() appends
 *     dns_write_question(&w, question, len);      as asked
 *     (void)dns_write_record(&w, DNS_ANSWER, ...) in the order of the sections
 *     len = dns_write_end(&w, id, flags);
 *
 * A record that does not fit is left out whole. Where that was one of the answer or authority section,
 * nothing more is written and TC is set; additional records are left out without a word (RFC 2181, 9). Room
 * for the OPT is kept from the start.
 */

#define DNS_WRITE_SLOTS 128 /* suffixes that later names may point at */

struct dns_writer {
	uint8_t *msg;
	size_t len;
	size_t limit; /* of the records: without what is kept for the OPT */
	size_t room;  /* of the whole */
	const struct dns_opt *opt;
	uint16_t counts[4];
	bool full;      /* a record did not fit: no more are written */
	bool truncated; /* and it was needed */
	struct {
		uint16_t at;     /* offset of a label; 0: free */
		uint16_t parent; /* offset of the suffix behind it; 0: the root */
	} slots[DNS_WRITE_SLOTS];
};

/**
 * @param out    room for limit bytes
 * @param limit  at least DNS_HEADER_LEN and what the question takes and DNS_OPT_LEN if there is an opt; at
 *               most DNS_MESSAGE_MAX
 * @param opt    read at dns_write_end(); NULL: no OPT
 */
void dns_write_init(struct dns_writer *w, uint8_t *out, size_t limit, const struct dns_opt *opt);

/**
 * The question as it was sent: a name without pointers, type, class. Before any record.
 *
 * @return HN_ELIMIT when it does not fit (nothing is written), HN_EFORMAT when it is none
 */
HN_MUST_USE int dns_write_question(struct dns_writer *w, const uint8_t *question, size_t len);

/**
 * @param section     not before that of a record written already
 * @param owner       wire form without the root's byte, in any letters
 * @param rdata       names in it in full
 * @param ttl_at_out  offset of its time to live; may be NULL
 * @return HN_ELIMIT when it does not fit: see above; HN_EFORMAT for an owner that is no name, or data that
 * the type's layout does not fit (more may follow). Then nothing is written.
 */
HN_MUST_USE int dns_write_record(struct dns_writer *w, enum dns_section section, const uint8_t *owner,
				 size_t owner_len, uint16_t type, uint16_t class, uint32_t ttl,
				 const uint8_t *rdata, size_t rdata_len, uint16_t *ttl_at_out);

/**
 * Writes the header, appends the OPT.
 *
 * @param flags  enum dns_flag with the RCODE's lower four bits; TC is added where it is due
 * @return the message's length
 */
size_t dns_write_end(struct dns_writer *w, uint16_t id, uint16_t flags);

/**
 * The start of an answer, which is the whole of many: header and question as sent, QR and RA set, RD, CD and
 * the opcode echoed (RFC 6895, 2). Never longer than the query.
 *
 * @param query  the message that q was read from
 * @param out    room for DNS_HEADER_LEN + q->question_len
 * @param rcode  its lower four bits are used
 * @return the length
 */
size_t dns_reply_begin(uint8_t *out, const struct dns_query *q, const uint8_t *query, unsigned rcode);

#endif
