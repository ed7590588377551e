/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SOCKET_ADDRESS_H
#define HINOMI_RESOLVER_SOCKET_ADDRESS_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/ip.h"

/** An address as sockets take and give it. */
union socket_address {
	struct sockaddr any;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

/** @return its length */
static inline socklen_t socket_address_of(const struct ip *ip, uint16_t port, union socket_address *out)
{
	memset(out, 0, sizeof(*out));
	if (ip->version == 4) {
		out->in4.sin_family = AF_INET;
		out->in4.sin_port = htons(port);
		memcpy(&out->in4.sin_addr, ip->bytes, 4);
		return sizeof(out->in4);
	}
	out->in6.sin6_family = AF_INET6;
	out->in6.sin6_port = htons(port);
	memcpy(&out->in6.sin6_addr, ip->bytes, 16);
	return sizeof(out->in6);
}

static inline void socket_address_ip(const union socket_address *address, struct ip *out)
{
	*out = (struct ip){0};
	if (address->any.sa_family == AF_INET6) {
		memcpy(out->bytes, &address->in6.sin6_addr, 16);
		out->version = 6;
	} else {
		memcpy(out->bytes, &address->in4.sin_addr, 4);
		out->version = 4;
	}
}

#endif
