/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

int ip_parse(const char *text, size_t len, struct ip *out)
{
	char copy[IP_TEXT_SIZE];
	struct ip ip = {0};

	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return HN_EFORMAT;
	memcpy(copy, text, len);
	copy[len] = '\0';
	ip.version = strchr(copy, ':') != NULL ? 6 : 4;
	if (inet_pton(ip.version == 6 ? AF_INET6 : AF_INET, copy, ip.bytes) != 1)
		return HN_EFORMAT;
	*out = ip;
	return HN_OK;
}

void ip_format(const struct ip *ip, char out[IP_TEXT_SIZE])
{
	if (inet_ntop(ip->version == 6 ? AF_INET6 : AF_INET, ip->bytes, out, IP_TEXT_SIZE) == NULL)
		out[0] = '\0';
}

struct ip ip_mask(const struct ip *ip, unsigned len)
{
	struct ip masked = *ip;
	for (unsigned i = 0; i < sizeof(masked.bytes); i++) {
		unsigned first = i * 8;
		if (first >= len)
			masked.bytes[i] = 0;
		else if (len - first < 8)
			masked.bytes[i] &= (uint8_t)(0xff00u >> (len - first));
	}
	return masked;
}

int ip_prefix_parse(const char *text, size_t len, struct ip_prefix *out)
{
	if (len == 0)
		return HN_EFORMAT;
	const char *slash = memchr(text, '/', len);
	size_t addr_len = slash == NULL ? len : (size_t)(slash - text);
	struct ip_prefix p;

	int rc = ip_parse(text, addr_len, &p.addr);
	if (rc != HN_OK)
		return rc;
	unsigned width = p.addr.version == 4 ? 32 : 128;
	unsigned bits = slash == NULL ? width : 0;
	if (slash != NULL) {
		const char *at = slash + 1;
		size_t n = len - addr_len - 1;
		if (n == 0 || n > 3 || (n > 1 && at[0] == '0'))
			return HN_EFORMAT;
		for (size_t i = 0; i < n; i++) {
			if (at[i] < '0' || at[i] > '9')
				return HN_EFORMAT;
			bits = bits * 10 + (unsigned)(at[i] - '0');
		}
		if (bits > width)
			return HN_EFORMAT;
	}
	struct ip masked = ip_mask(&p.addr, bits);
	if (memcmp(masked.bytes, p.addr.bytes, sizeof(masked.bytes)) != 0)
		return HN_EFORMAT;
	p.len = (uint8_t)bits;
	*out = p;
	return HN_OK;
}

void ip_prefix_format(const struct ip_prefix *p, char out[IP_PREFIX_TEXT_SIZE])
{
	char addr[IP_TEXT_SIZE];
	ip_format(&p->addr, addr);
	(void)snprintf(out, IP_PREFIX_TEXT_SIZE, "%s/%u", addr, p->len);
}

bool ip_prefix_has(const struct ip_prefix *p, const struct ip *ip)
{
	if (p->addr.version != ip->version)
		return false;
	struct ip masked = ip_mask(ip, p->len);
	return memcmp(masked.bytes, p->addr.bytes, sizeof(masked.bytes)) == 0;
}

static bool global4(const uint8_t *b)
{
	uint32_t a = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	return !(b[0] == 0 || b[0] == 10 || b[0] == 127 || b[0] >= 224 ||
		 (a >> 22) == 0x191 /* 100.64/10 */ || (a >> 16) == 0xA9FE /* 169.254/16 */ ||
		 (a >> 20) == 0xAC1 /* 172.16/12 */ || (a >> 16) == 0xC0A8 /* 192.168/16 */ ||
		 (a >> 8) == 0xC00000 /* 192.0.0/24 */ || (a >> 17) == 0x6309 /* 198.18/15 */);
}

bool ip_is_loopback(const struct ip *ip)
{
	static const uint8_t one[16] = {[15] = 1};
	return ip->version == 4 ? ip->bytes[0] == 127 : memcmp(ip->bytes, one, sizeof(one)) == 0;
}

bool ip_is_global(const struct ip *ip)
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};    /* 64:ff9b::/96, RFC 6052 */
	static const uint8_t benchmark[6] = {0x20, 0x01, 0x00, 0x02}; /* 2001:2::/48, RFC 5180 */
	const uint8_t *b = ip->bytes;

	if (ip->version == 4)
		return global4(b);
	/* All else outside 2000::/3 is special or given to nobody (RFC 4291, 2.4). */
	if ((b[0] & 0xe0) != 0x20)
		return memcmp(b, nat64, sizeof(nat64)) == 0 && global4(b + 12);
	return memcmp(b, benchmark, sizeof(benchmark)) != 0;
}
