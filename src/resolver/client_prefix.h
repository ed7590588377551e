/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_CLIENT_PREFIX_H
#define HINOMI_RESOLVER_CLIENT_PREFIX_H

#include <stdint.h>

#include "base/cur.h"
#include "base/ip.h"

/*
 * Whom limits take for one client: who has one address has its whole /24, or its whole /56 (what a household
 * is given; RFC 6177).
 */
#define CLIENT_PREFIX4 24
#define CLIENT_PREFIX6 56

/** The prefix's bits, as the low ones of a number; of the two families they may be equal. */
static inline uint64_t client_prefix(const struct ip *client)
{
	return client->version == 4 ? load_be32(client->bytes) >> (32 - CLIENT_PREFIX4)
				    : load_be64(client->bytes) >> (64 - CLIENT_PREFIX6);
}

#endif
