/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/proxy_header.h"

#include <string.h>

#include "base/cur.h"

#define SIGNATURE     "\r\n\r\n\0\r\nQUIT\n"
#define SIGNATURE_LEN 12
#define LENGTH_AT     14 /* bytes before that of what follows */

/* Version and command. */
#define LOCAL 0x20
#define PROXY 0x21

/* The upper half of the family byte; the lower one says stream or datagram, which we know. */
#define FAMILY_IPV4 1
#define FAMILY_IPV6 2

/* A balancer that listens on both versions with one socket tells IPv4 clients so (RFC 4291, 2.5.5.2). */
static void unmap(struct ip *ip)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	if (ip->version != 6 || memcmp(ip->bytes, mapped, sizeof(mapped)) != 0)
		return;
	struct ip v4 = {.version = 4};
	memcpy(v4.bytes, ip->bytes + sizeof(mapped), 4);
	*ip = v4;
}

static int read_client(struct cur *body, uint8_t family, struct ip *out)
{
	size_t size = family == FAMILY_IPV4 ? 4 : 16;
	const uint8_t *source = cur_take(body, size);
	/* The other address and the two ports must be there too. */
	cur_skip(body, size + 4);
	if (!cur_ok(body))
		return HN_EFORMAT;
	memcpy(out->bytes, source, size);
	out->version = family == FAMILY_IPV4 ? 4 : 6;
	unmap(out);
	return HN_OK;
}

int proxy_header_read(const uint8_t *data, size_t len, struct proxy_header *out)
{
	struct cur c = cur_of(data, len);
	size_t seen = len < SIGNATURE_LEN ? len : SIGNATURE_LEN;
	if (memcmp(data, SIGNATURE, seen) != 0)
		return HN_EFORMAT;
	cur_skip(&c, SIGNATURE_LEN);
	uint8_t command = cur_u8(&c);
	uint8_t family = cur_u8(&c);
	uint16_t body_len = cur_be16(&c);
	if (!cur_ok(&c))
		return HN_ETRUNC;
	if (command != LOCAL && command != PROXY)
		return HN_EUNSUPPORTED;
	if (PROXY_HEADER_FIXED + body_len > PROXY_HEADER_MAX)
		return HN_ELIMIT;
	struct cur body = cur_sub(&c, body_len);
	if (!cur_ok(&body))
		return HN_ETRUNC;
	struct ip client = {0};
	family >>= 4;
	if (command == PROXY && family != FAMILY_IPV4 && family != FAMILY_IPV6)
		return HN_EUNSUPPORTED;
	int rc = command == PROXY ? read_client(&body, family, &client) : HN_OK;
	if (rc == HN_OK)
		*out = (struct proxy_header){.len = PROXY_HEADER_FIXED + (size_t)body_len, .client = client};
	return rc;
}

size_t proxy_header_need(const uint8_t *data, size_t len)
{
	return len < PROXY_HEADER_FIXED ? PROXY_HEADER_FIXED
					: PROXY_HEADER_FIXED + (size_t)load_be16(data + LENGTH_AT);
}
