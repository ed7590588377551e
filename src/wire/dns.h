/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_DNS_H
#define HINOMI_WIRE_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "wire/decoder.h"

/*
 * DNS messages (RFC 1035, 6891, 9460; what RFC 9267 warns of): names of questions; owner and target names
 * (NS, CNAME, PTR, MX, SRV, DNAME, SVCB, HTTPS) of all records; A and AAAA of the answer section; first
 * question's type; response code.
 *
 * A name that a message repeats by pointing at it is given once. Compression pointers go strictly backwards.
 * Work on one message is bounded by its length and by EXTRACT_SCRATCH; what found no place counts as dropped.
 * A message that breaks off keeps what stood before the break.
 */

#define DNS_HEADER_SIZE 12
#define DNS_BROKEN_MAX  8 /* broken messages of one flow until it is not looked at any more */

/** For the well-known port: a header that a name server would look at. */
enum decode_guess dns_guess(const uint8_t *data, size_t len);

/** For other ports: exactly one valid message with one question and nothing behind it. */
enum decode_guess dns_guess_strict(const uint8_t *data, size_t len);

/** A datagram. DECODE_DONE also for a broken one, until DNS_BROKEN_MAX of them. */
enum decode_result dns_decode(struct cur data, bool ended, struct decode_state *state, struct extract *out);

/** The same over TCP (RFC 7766): each message behind its length in two bytes. */
enum decode_guess dns_tcp_guess(const uint8_t *data, size_t len);
/** For other ports: the whole first question must be there and valid. */
enum decode_guess dns_tcp_guess_strict(const uint8_t *data, size_t len);
/** One message a call: DECODE_MORE with consumed set, as decoder.h says. */
enum decode_result dns_tcp_decode(struct cur data, bool ended, struct decode_state *state,
				  struct extract *out);

/**
 * Extracts one message.
 *
 * @return HN_OK; HN_ETRUNC or HN_EFORMAT when it breaks (what stood before the break is extracted)
 */
HN_MUST_USE int dns_extract(struct cur message, struct extract *out);

#endif
