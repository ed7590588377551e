/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/packet.h"

#include "base/cur.h"
#include "wire/packet_walk.h"

/*
 * The common packet (Ethernet, at most one VLAN tag, IP without options or extension headers, TCP or UDP) is
 * read straight down here, a whole header at a time. Whatever is not expected goes from its start to
 * packet_walk().
 */

const char *packet_reason_name(enum packet_reason reason)
{
	static const char *const names[PACKET_REASON_COUNT] = {
		[PACKET_OK] = "ok",
		[PACKET_LINK_UNKNOWN] = "link_unknown",
		[PACKET_NOT_IP] = "not_ip",
		[PACKET_TRUNCATED] = "truncated",
		[PACKET_MALFORMED] = "malformed",
		[PACKET_TOO_DEEP] = "too_deep",
	};
	return reason < PACKET_REASON_COUNT ? names[reason] : "unknown";
}

struct fast {
	const uint8_t *src;
	const uint8_t *dst;
	struct cur body; /* behind the IP header */
	uint8_t version;
	uint8_t protocol;
	bool cut;
};

/* Cuts the body to what the IP header says; less may have been captured. */
static inline void fast_body(struct fast *f, struct cur c, size_t len)
{
	f->cut = len > cur_left(&c);
	f->body = cur_sub(&c, f->cut ? cur_left(&c) : len);
}

static inline bool fast_ip4(struct cur c, struct fast *f)
{
	const uint8_t *ip = cur_take(&c, IP4_SIZE);
	if (ip == NULL || ip[0] != 0x45 || (load_be16(ip + 6) & (IP4_MORE | IP4_OFFSET)) != 0)
		return false;
	size_t total = load_be16(ip + 2);
	if (total < IP4_SIZE)
		return false;
	fast_body(f, c, total - IP4_SIZE);
	f->src = ip + 12;
	f->dst = ip + 16;
	f->version = 4;
	f->protocol = ip[9];
	return true;
}

static inline bool fast_ip6(struct cur c, struct fast *f)
{
	const uint8_t *ip = cur_take(&c, IP6_SIZE);
	if (ip == NULL || ip[0] >> 4 != 6)
		return false;
	size_t len = load_be16(ip + 4);
	if (len == 0)
		return false;
	fast_body(f, c, len);
	f->src = ip + 8;
	f->dst = ip + 24;
	f->version = 6;
	f->protocol = ip[6];
	return true;
}

/* Field by field: a struct that is built aside and copied waits for its own narrow stores (22 ns against 5).
 */
static inline void fast_fill(const struct fast *f, const uint8_t *ports, struct packet *out)
{
	out->src = f->src;
	out->dst = f->dst;
	out->class_src = f->src;
	out->class_dst = f->dst;
	out->payload = f->body.at;
	out->payload_len = (uint32_t)cur_left(&f->body);
	out->fragment_id = 0;
	out->fragment_offset = 0;
	out->src_port = load_be16(ports);
	out->dst_port = load_be16(ports + 2);
	out->ip_version = f->version;
	out->class_version = f->version;
	out->protocol = f->protocol;
	out->fragment = FRAGMENT_NONE;
	out->fragment_more = false;
	out->cut = f->cut;
	out->tunnelled = false;
	out->reason = PACKET_OK;
}

static inline bool fast_tcp(struct fast *f, struct packet *out)
{
	const uint8_t *tcp = cur_take(&f->body, TCP_SIZE);
	if (tcp == NULL)
		return false;
	size_t header = (size_t)(tcp[12] >> 4) * 4;
	if (header < TCP_SIZE || cur_take(&f->body, header - TCP_SIZE) == NULL)
		return false;
	fast_fill(f, tcp, out);
	out->tcp_seq = load_be32(tcp + 4);
	out->tcp_flags = tcp[13];
	return true;
}

static inline bool fast_udp(struct fast *f, struct packet *out)
{
	const uint8_t *udp = cur_take(&f->body, UDP_SIZE);
	if (udp == NULL || load_be16(udp + 2) == VXLAN_PORT)
		return false;
	size_t len = load_be16(udp + 4);
	if (len < UDP_SIZE)
		return false;
	len -= UDP_SIZE;
	if (len > cur_left(&f->body) && !f->cut)
		return false;
	if (len < cur_left(&f->body))
		f->body.end = f->body.at + len;
	fast_fill(f, udp, out);
	out->tcp_seq = 0;
	out->tcp_flags = 0;
	return true;
}

/* @return false: not the common packet; then nothing was written */
static inline bool fast_ethernet(const uint8_t *data, size_t len, struct packet *out)
{
	struct cur c = cur_of(data, len);
	struct fast f;

	const uint8_t *ethernet = cur_take(&c, ETHERNET_SIZE);
	if (ethernet == NULL)
		return false;
	uint16_t type = load_be16(ethernet + 12);
	if (type == ETHERTYPE_VLAN) {
		const uint8_t *tag = cur_take(&c, VLAN_SIZE);
		if (tag == NULL)
			return false;
		type = load_be16(tag + 2);
	}
	if (type == ETHERTYPE_IP4) {
		if (!fast_ip4(c, &f))
			return false;
	} else if (type != ETHERTYPE_IP6 || !fast_ip6(c, &f)) {
		return false;
	}
	if (f.protocol == PROTOCOL_TCP)
		return fast_tcp(&f, out);
	return f.protocol == PROTOCOL_UDP && fast_udp(&f, out);
}

void packet_decode(uint32_t link_type, const uint8_t *data, size_t len, struct packet *out)
{
	if (__builtin_expect(link_type != 1 || !fast_ethernet(data, len, out), 0))
		packet_walk(link_type, data, len, out);
}
