/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_COOKIE_H
#define HINOMI_RESOLVER_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/siphash.h"
#include "wire/dns_query.h"

/*
 * DNS cookies (RFC 7873) with the server cookies of RFC 9018, which every server of an anycast set that holds
 * the same secret makes and takes. To change the secret (RFC 9018, 5): first every server accepts the new one
 * beside its own, then every server makes cookies with it and accepts the old one, then the old one goes.
 */

#define COOKIE_SERVER   16 /* bytes of a server cookie: version, reserved, time, hash */
#define COOKIE_SIZE     (DNS_COOKIE_CLIENT + COOKIE_SERVER)
#define COOKIE_PAST_S   3600 /* older ones are no longer taken; RFC 9018, 4.3 */
#define COOKIE_FUTURE_S 300  /* clocks may differ by this much */
#define COOKIE_RENEW_S  1800 /* older ones are taken, and replaced */

/** Who keeps this keeps it in sodium_malloc() memory. */
struct cookie_secrets {
	uint8_t made_with[SIPHASH_KEY]; /* makes cookies, and accepts them */
	uint8_t accepted[SIPHASH_KEY];  /* only accepts them; where two is set */
	bool two;
};

/** What a query's cookie says of its sender. */
enum cookie_state {
	COOKIE_NONE,   /* no cookie: gets none */
	COOKIE_CLIENT, /* a client's alone: gets one */
	COOKIE_VALID,  /* the address is not forged: gets the same back */
	COOKIE_RENEW,  /* the same, but old or made with the other secret: gets a new one */
	COOKIE_BAD,    /* not ours, for another address, or too old: as COOKIE_CLIENT; RFC 7873, 5.2.4 */
};

/**
 * Judges a cookie in constant time for its length.
 *
 * @param option  q->cookie and q->cookie_len of dns_query.h
 * @param client  where the query came from; IPv4 as such, not mapped into IPv6
 * @param now_s   seconds since 1970; compared in the arithmetic of RFC 1982
 */
enum cookie_state cookie_check(const struct cookie_secrets *secrets, const uint8_t *option, size_t len,
			       const struct ip *client, uint32_t now_s);

/** The option's value for an answer: the client's part, and a server cookie made now. out may hold the
 * client's part already. */
void cookie_make(const struct cookie_secrets *secrets, const uint8_t client_cookie[DNS_COOKIE_CLIENT],
		 const struct ip *client, uint32_t now_s, uint8_t out[COOKIE_SIZE]);

#endif
