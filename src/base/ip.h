/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_IP_H
#define HINOMI_BASE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define IP_TEXT_SIZE        46 /* INET6_ADDRSTRLEN */
#define IP_PREFIX_TEXT_SIZE 50

/** An address. IPv4 stands in the first four bytes, the others zero. Bytes in network order. */
struct ip {
	uint8_t bytes[16];
	uint8_t version; /* 4 or 6 */
};

/** A prefix; host bits are zero. */
struct ip_prefix {
	struct ip addr;
	uint8_t len; /* 0..32 or 0..128 */
};

/** IPv4 dotted quad (no leading zeros) or IPv6 (RFC 4291, 2.2) without scope. @return HN_EFORMAT. */
HN_MUST_USE int ip_parse(const char *text, size_t len, struct ip *out);
/** IPv6 after RFC 5952. */
void ip_format(const struct ip *ip, char out[IP_TEXT_SIZE]);
/** "addr/len" or a lone address. @return HN_EFORMAT, also when host bits are set. */
HN_MUST_USE int ip_prefix_parse(const char *text, size_t len, struct ip_prefix *out);
void ip_prefix_format(const struct ip_prefix *p, char out[IP_PREFIX_TEXT_SIZE]);
bool ip_prefix_has(const struct ip_prefix *p, const struct ip *ip);
/** The address with all but the first len bits cleared. */
struct ip ip_mask(const struct ip *ip, unsigned len);

/** 127.0.0.0/8 and ::1. */
bool ip_is_loopback(const struct ip *ip);

/**
 * Whether the address is globally reachable: not private, loopback, link-local, shared
 * (100.64.0.0/10), multicast, unspecified, reserved or broadcast (IANA special-purpose
 * registries, RFC 6890), and in IPv6 not outside what is given out for global unicast. An address
 * that carries an IPv4 one by 64:ff9b::/96 is what that one is. Documentation prefixes (RFC 5737, 3849) count
 * as global: the lab and the tests live there and nothing real does.
 */
bool ip_is_global(const struct ip *ip);

#endif
