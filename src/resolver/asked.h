/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_ASKED_H
#define HINOMI_RESOLVER_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/ip.h"
#include "resolver/config.h"
#include "resolver/cookie.h"
#include "wire/dns_query.h"

/** What, beside its address, says whose client asks. */
enum asker_proof {
	ASKER_ADDRESS, /* nothing */
	ASKER_CERTIFICATE,
	ASKER_TOKEN, /* it alone counts */
};

/** Who asks, and by which way. */
struct asker {
	struct ip client;
	uint32_t group; /* under the policy by which it is judged; the exchange's. GROUP_NONE: nobody we serve
			 */
	enum resolver_transport transport;
	enum asker_proof proof;
	uint8_t print[SHA256_SIZE]; /* of the certificate (DER); groups_print_token() of the token */
};

/** One question: all that an answer to it depends on. */
struct asked {
	struct asker asker;
	const uint8_t *message; /* header and question at least, as sent */
	size_t len;
	struct dns_query query;
	enum cookie_state cookie;
	bool generous; /* its address is proved, or its group's limit bounds what it can draw */
};

#define ASKED_UDP_MAX 1232 /* bytes of an answer over UDP; RFC 9715 */

/** The longest answer that may go back. */
static inline size_t asked_limit(const struct asked *a)
{
	if (a->asker.transport != RESOLVER_UDP)
		return DNS_MESSAGE_MAX;
	return a->query.udp_size < ASKED_UDP_MAX ? a->query.udp_size : ASKED_UDP_MAX;
}

/** Whether DNSSEC records go into the answer, and bogus data: enum answer_variant. */
unsigned asked_variant(const struct asked *a);

#endif
