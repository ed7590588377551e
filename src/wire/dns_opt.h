/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_DNS_OPT_H
#define HINOMI_WIRE_DNS_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/dns_number.h"

/* The OPT record of an answer (RFC 6891) and the options a resolver gives. */

#define DNS_PADDING_BLOCK 468 /* bytes; RFC 8467, 4.1: what answers are padded to a multiple of */

/** What the record says. Zeroed: an OPT without options, of udp_size 0. */
struct dns_opt {
	uint16_t udp_size;  /* what we take */
	uint16_t rcode;     /* in full, 12 bits; its lower four stand in the header */
	bool dnssec_ok;     /* DO, as the client sent it */
	bool keepalive;     /* tell keepalive_100ms */
	bool ede;           /* tell ede_code and the text */
	uint8_t cookie_len; /* client's and server's part; 0: none */
	uint16_t keepalive_100ms;
	uint16_t ede_code;      /* enum dns_ede */
	uint16_t ede_text_len;  /* bytes of UTF-8 */
	uint16_t padding_block; /* pad the message to a multiple; 0: no padding */
	const uint8_t *cookie;
	const char *ede_text;
};

/** Bytes that the record takes, without padding. */
size_t dns_opt_size(const struct dns_opt *opt);

/**
 * Appends the record to a message and counts it there. Where it does not fit into limit, what is not needed
 * goes first: padding shrinks, then the EDE's text is left out, then keepalive, EDE, cookie.
 *
 * @param msg    of len bytes, room for limit; its additional section is open (nothing stands behind it)
 * @param limit  at least len + DNS_OPT_LEN
 * @return the new length
 */
size_t dns_opt_append(const struct dns_opt *opt, uint8_t *msg, size_t len, size_t limit);

#endif
