/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_PROXY_HEADER_H
#define HINOMI_RESOLVER_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * The header by which a load balancer says for whom it speaks: PROXY protocol, version 2 (HAProxy,
 * "The PROXY protocol", 2.2). Version 1 is not read.
 */
#define PROXY_HEADER_FIXED 16
#define PROXY_HEADER_MAX   (PROXY_HEADER_FIXED + 520) /* bytes; longer ones are refused */

struct proxy_header {
	size_t len;       /* of the header, extensions included */
	struct ip client; /* version 0: the balancer speaks for itself (LOCAL); IPv4 in IPv6 is IPv4 */
};

/**
 * @return HN_OK; HN_ETRUNC: more bytes are needed; HN_EFORMAT: no such header; HN_EUNSUPPORTED: another
 * command or address family; HN_ELIMIT
 */
HN_MUST_USE int proxy_header_read(const uint8_t *data, size_t len, struct proxy_header *out);

/** After HN_ETRUNC: how many bytes must be there before it can say more; no more than the header has. */
size_t proxy_header_need(const uint8_t *data, size_t len);

#endif
