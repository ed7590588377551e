/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_DNS_RR_H
#define HINOMI_WIRE_DNS_RR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "wire/dns_number.h"
#include "wire/name.h"

/*
 * The records of a message, one after the other. Bounded: pointers go strictly backwards, at most
 * DNS_HOPS_NAME_MAX of them in a name and DNS_HOPS_MAX in a walk (under 1 ms of work); records end with the
 * message, whatever the header claims.
 */

#define DNS_HOPS_MAX       131072
#define DNS_HOPS_NAME_MAX  128  /* a pointer behind each label of the longest name */
#define DNS_RDATA_TEXT_MAX 2048 /* bytes of data that holds names, written in full */

/** Where a record stands. */
enum dns_section {
	DNS_ANSWER = 1, /* the header's count of it stands at 4 + 2 * section */
	DNS_AUTHORITY,
	DNS_ADDITIONAL,
};

/** A walk; start it with dns_walk_init(). */
struct dns_walk {
	const uint8_t *msg;
	size_t len;
	struct cur at;
	uint16_t left[4]; /* records of each section that come yet */
	uint8_t section;
	uint32_t hops;
	/* Of the header and the first question, from dns_walk_init() on: */
	uint16_t flags;
	uint16_t qtype;
	uint16_t qclass;
	uint16_t question_len; /* bytes from DNS_HEADER_LEN on; 0: there is no question */
};

/** One record. */
struct dns_rr {
	uint8_t section; /* enum dns_section */
	uint8_t owner_len;
	uint16_t type;
	uint16_t class;
	uint16_t rdata_len;
	uint32_t ttl;      /* as it stands; seconds, unless the type is OPT */
	uint32_t owner_at; /* offsets in the message */
	uint32_t ttl_at;
	uint32_t rdata_at;
	uint8_t owner[NAME_MAX_WIRE]; /* in full, lower case, without the root's byte */
};

/**
 * Reads the header and passes the questions (at most one).
 *
 * @return HN_ETRUNC, HN_EFORMAT; HN_EUNSUPPORTED for more than one question
 */
HN_MUST_USE int dns_walk_init(struct dns_walk *w, const uint8_t *msg, size_t len);

/**
 * The next record.
 *
 * @return HN_ENOENT when there are no more; HN_ETRUNC, HN_EFORMAT, HN_ELIMIT when the message breaks: then no
 *         further call
 */
HN_MUST_USE int dns_walk_next(struct dns_walk *w, struct dns_rr *out);

/** How a name is given: as it is compared, or as its owner wrote it. */
enum dns_case {
	DNS_LOWER,
	DNS_AS_SENT,
};

/**
 * Reads the name at an offset of the walk's message, following pointers.
 *
 * @param end_out  offset behind the name where it stands; may be NULL
 * @return HN_ETRUNC, HN_EFORMAT, HN_ELIMIT
 */
HN_MUST_USE int dns_name_at(struct dns_walk *w, size_t at, enum dns_case letters, uint8_t out[NAME_MAX_WIRE],
			    size_t *len_out, size_t *end_out);

/**
 * The name that a record's data leads to, in lower case: of NS, CNAME, SOA (MNAME), PTR, MX, AFSDB, RT, SRV,
 * NAPTR, KX, DNAME, SVCB, HTTPS and the others of dns_layout(). The root's length is 0.
 *
 * @return HN_ENOENT when the type has none; HN_ETRUNC, HN_EFORMAT, HN_ELIMIT when it is broken
 */
HN_MUST_USE int dns_rr_target(struct dns_walk *w, const struct dns_rr *rr, uint8_t out[NAME_MAX_WIRE],
			      size_t *len_out);

/**
 * A record's data with the names that may be compressed (RFC 3597, 4) written in full, in their own letters.
 * Data without such names is not copied: *data_out then points into the message.
 *
 * @param room  holds what had to be written
 * @return HN_ETRUNC, HN_EFORMAT, HN_ELIMIT, also where the data does not fill the record exactly
 */
HN_MUST_USE int dns_rr_data(struct dns_walk *w, const struct dns_rr *rr, uint8_t room[DNS_RDATA_TEXT_MAX],
			    const uint8_t **data_out, size_t *len_out);

/** How the data of a type is laid out that holds names. */
struct dns_layout {
	uint8_t before;  /* bytes before the first name */
	uint8_t strings; /* character strings behind these (RFC 1035, 3.3) */
	uint8_t names;
	uint8_t after;  /* bytes behind the last name, exactly; DNS_LAYOUT_REST: any number */
	bool may_read;  /* others may have compressed it: pointers are followed */
	bool may_write; /* we may compress it: the types of RFC 1035 alone */
};

#define DNS_LAYOUT_REST 255

/** @return NULL for a type whose data holds no name, or one that we do not know */
const struct dns_layout *dns_layout(uint16_t type);

#endif
