/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/packet_walk.h"

#include "base/cur.h"
#include "base/ip.h"

/* What comes next. The values up to END_TOO_DEEP end the walk. */
enum layer {
	END_OK,
	END_NOT_IP, /* in a tunnel: the tunnel itself is the flow */
	END_TRUNCATED,
	END_MALFORMED,
	LAYER_ETHERNET,
	LAYER_COOKED,
	LAYER_COOKED2,
	LAYER_LOOPBACK,
	LAYER_PPP,
	LAYER_VLAN,
	LAYER_VN_TAG,
	LAYER_BACKBONE,
	LAYER_FABRIC,
	LAYER_LLC,
	LAYER_MPLS,
	LAYER_PPPOE,
	LAYER_IP,
	LAYER_IP4,
	LAYER_IP6,
	LAYER_OPTIONS,
	LAYER_FRAGMENT,
	LAYER_AUTHENTICATION,
	LAYER_GRE,
	LAYER_TCP,
	LAYER_UDP,
	LAYER_COUNT,
};

struct walk {
	struct packet *out;
	struct cur c; /* what the headers so far leave */
	bool open;    /* c ends where the capture ends, so the packet may have been longer */
};

/* A row of the tables in which a number names the next header. */
struct next {
	uint32_t number;
	uint8_t layer;
};

static enum layer next_of(const struct next *rows, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].number == number)
			return rows[i].layer;
	}
	return END_NOT_IP;
}

#define NEXT_OF(rows, number) next_of(rows, sizeof(rows) / sizeof((rows)[0]), number)

/* A header does not fit: the capture is short, or what carries the header is. */
static enum layer ends_early(const struct walk *w)
{
	return w->open ? END_TRUNCATED : END_MALFORMED;
}

static enum layer next_of_ethertype(uint16_t type)
{
	static const struct next ethertypes[] = {
		{ETHERTYPE_IP4, LAYER_IP4}, {ETHERTYPE_IP6, LAYER_IP6}, {ETHERTYPE_VLAN, LAYER_VLAN},
		{0x88a8, LAYER_VLAN},       {0x9100, LAYER_VLAN},       {0x8847, LAYER_MPLS},
		{0x8926, LAYER_VN_TAG},     {0x88e7, LAYER_BACKBONE},   {0x8903, LAYER_FABRIC},
		{0x8848, LAYER_MPLS},       {0x8864, LAYER_PPPOE},
	};
	return type < ETHERTYPE_FIRST ? LAYER_LLC : NEXT_OF(ethertypes, type);
}

static enum layer read_ethernet(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, ETHERNET_SIZE);
	return p == NULL ? ends_early(w) : next_of_ethertype(load_be16(p + 12));
}

static enum layer read_vlan(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, VLAN_SIZE);
	return p == NULL ? ends_early(w) : next_of_ethertype(load_be16(p + 2));
}

/* IEEE 802.1BR, draft form: the tag, then as behind a VLAN tag. */
static enum layer read_vn_tag(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 6);
	return p == NULL ? ends_early(w) : next_of_ethertype(load_be16(p + 4));
}

/* IEEE 802.1ah: the rest of a service tag, then the customer's whole frame. */
static enum layer read_backbone(struct walk *w)
{
	return cur_take(&w->c, 4) == NULL ? ends_early(w) : LAYER_ETHERNET;
}

/* FabricPath: a tag of two bytes, then the whole frame. */
static enum layer read_fabric(struct walk *w)
{
	return cur_take(&w->c, 2) == NULL ? ends_early(w) : LAYER_ETHERNET;
}

/* IEEE 802.2 with SNAP (RFC 1042); whatever else stands in an LLC frame is not IP. */
static enum layer read_llc(struct walk *w)
{
	static const uint8_t snap[6] = {0xaa, 0xaa, 3, 0, 0, 0};
	const uint8_t *p = cur_take(&w->c, 8);
	if (p == NULL || memcmp(p, snap, sizeof(snap)) != 0)
		return END_NOT_IP;
	uint16_t type = load_be16(p + 6);
	return type < ETHERTYPE_FIRST ? END_NOT_IP : next_of_ethertype(type);
}

/* LINKTYPE_LINUX_SLL: type, ARPHRD_, length, address (8 bytes), protocol. */
static enum layer read_cooked(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 16);
	if (p == NULL)
		return ends_early(w);
	uint16_t type = load_be16(p + 14);
	return type < ETHERTYPE_FIRST ? END_NOT_IP : next_of_ethertype(type);
}

/* LINKTYPE_LINUX_SLL2: protocol first, 20 bytes. */
static enum layer read_cooked2(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 20);
	if (p == NULL)
		return ends_early(w);
	uint16_t type = load_be16(p);
	return type < ETHERTYPE_FIRST ? END_NOT_IP : next_of_ethertype(type);
}

/* LINKTYPE_NULL and LINKTYPE_LOOP: the address family of the machine that captured, in its or in network
 * order. */
static enum layer read_loopback(struct walk *w)
{
	static const struct next families[] = {
		{2, LAYER_IP4}, {10, LAYER_IP6}, {24, LAYER_IP6}, {28, LAYER_IP6}, {30, LAYER_IP6},
	};
	const uint8_t *p = cur_take(&w->c, 4);
	if (p == NULL)
		return ends_early(w);
	uint32_t family = load_le32(p);
	if (family > 0xffff)
		family = load_be32(p);
	return NEXT_OF(families, family);
}

/* RFC 1661, 2, with or without address and control (RFC 1662), the protocol of one or two bytes; Cisco's HDLC
 * too. */
static enum layer read_ppp(struct walk *w)
{
	static const struct next protocols[] = {
		{0x0021, LAYER_IP4}, {0x0057, LAYER_IP6}, {0x0281, LAYER_MPLS}, {0x0283, LAYER_MPLS}};
	const uint8_t *p = cur_peek(&w->c, 4);
	if (p == NULL)
		return ends_early(w);
	if ((p[0] == 0x0f || p[0] == 0x8f) && p[1] == 0) {
		cur_skip(&w->c, 4);
		return next_of_ethertype(load_be16(p + 2));
	}
	if (p[0] == 0xff && p[1] == 3)
		cur_skip(&w->c, 2);
	uint32_t protocol = cur_u8(&w->c);
	if ((protocol & 1) == 0)
		protocol = protocol << 8 | cur_u8(&w->c);
	return NEXT_OF(protocols, protocol);
}

/* RFC 2516, 4: version and type 1, code 0 (session data). */
static enum layer read_pppoe(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 6);
	if (p == NULL)
		return ends_early(w);
	return p[0] != 0x11 || p[1] != 0 ? END_NOT_IP : LAYER_PPP;
}

/* RFC 3032; behind the last label the first nibble tells IP from a pseudo-wire's control word (RFC 4385, 3).
 */
static enum layer read_mpls(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 4);
	if (p == NULL)
		return ends_early(w);
	if ((p[2] & 1) == 0)
		return LAYER_MPLS;
	const uint8_t *first = cur_peek(&w->c, 1);
	if (first == NULL)
		return ends_early(w);
	if (first[0] >> 4 == 0) {
		cur_skip(&w->c, 4);
		return LAYER_ETHERNET;
	}
	return first[0] >> 4 == 4 || first[0] >> 4 == 6 ? LAYER_IP : END_NOT_IP;
}

static bool both_global(uint8_t version, const uint8_t *src, const uint8_t *dst)
{
	struct ip a = {.version = version}, b = {.version = version};
	memcpy(a.bytes, src, version == 4 ? 4 : 16);
	memcpy(b.bytes, dst, version == 4 ? 4 : 16);
	return ip_is_global(&a) && ip_is_global(&b);
}

/* A complete IP header becomes the innermost. */
static void enter_ip(struct walk *w, uint8_t version, const uint8_t *src, const uint8_t *dst, bool cut)
{
	struct packet *p = w->out;
	bool tunnelled = p->ip_version != 0;
	bool keep = tunnelled && !both_global(version, src, dst) &&
		    both_global(p->class_version, p->class_src, p->class_dst);
	if (!keep) {
		p->class_src = src;
		p->class_dst = dst;
		p->class_version = version;
	}
	p->src = src;
	p->dst = dst;
	p->ip_version = version;
	p->cut = cut;
	p->tunnelled = tunnelled;
	/* What an outer UDP header left. */
	p->src_port = 0;
	p->dst_port = 0;
}

/* Narrows the window to what a length field says. False: it says more than carries it. */
static bool narrow(struct walk *w, size_t len, bool *cut)
{
	size_t left = cur_left(&w->c);
	*cut = len > left;
	if (*cut)
		return w->open;
	w->c.end = w->c.at + len;
	w->open = false;
	return true;
}

/* Whatever has no function of its own is the flow's protocol. */
static enum layer enter_protocol(struct walk *w, uint8_t protocol)
{
	static const uint8_t in_both[256] = {[4] = LAYER_IP4,           [41] = LAYER_IP6,
					     [47] = LAYER_GRE,          [PROTOCOL_TCP] = LAYER_TCP,
					     [137] = LAYER_MPLS,        [51] = LAYER_AUTHENTICATION,
					     [PROTOCOL_UDP] = LAYER_UDP};
	static const uint8_t in_ip6[256] = {
		[0] = LAYER_OPTIONS, [43] = LAYER_OPTIONS, [60] = LAYER_OPTIONS, [44] = LAYER_FRAGMENT};

	w->out->protocol = protocol;
	w->out->payload = w->c.at;
	w->out->payload_len = (uint32_t)cur_left(&w->c);
	if (w->out->ip_version == 6 && in_ip6[protocol] != 0)
		return in_ip6[protocol];
	return in_both[protocol];
}

/* A fragment's payload is what stands behind its IP header. Only the first one may show ports. */
static enum layer enter_fragment(struct walk *w, uint8_t protocol, uint16_t offset, bool more, uint32_t id)
{
	struct packet *p = w->out;
	p->protocol = protocol;
	p->payload = w->c.at;
	p->payload_len = (uint32_t)cur_left(&w->c);
	p->fragment = offset == 0 ? FRAGMENT_FIRST : FRAGMENT_LATER;
	p->fragment_offset = offset;
	p->fragment_more = more;
	p->fragment_id = id;
	const uint8_t *ports = cur_peek(&w->c, 4);
	if (offset == 0 && ports != NULL && (protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP)) {
		p->src_port = load_be16(ports);
		p->dst_port = load_be16(ports + 2);
	}
	return END_OK;
}

static enum layer read_ip4(struct walk *w)
{
	const uint8_t *ip = cur_peek(&w->c, IP4_SIZE);
	bool cut = false;
	if (ip == NULL)
		return ends_early(w);
	size_t header = (size_t)(ip[0] & 0x0f) * 4;
	size_t total = load_be16(ip + 2);
	if (ip[0] >> 4 != 4 || header < IP4_SIZE || (total != 0 && total < header))
		return END_MALFORMED;
	if (total != 0 && !narrow(w, total, &cut))
		return END_MALFORMED;
	if (cur_take(&w->c, header) == NULL)
		return ends_early(w);
	enter_ip(w, 4, ip + 12, ip + 16, cut);

	uint16_t fragment = load_be16(ip + 6);
	if ((fragment & (IP4_MORE | IP4_OFFSET)) != 0) {
		uint16_t offset = (uint16_t)((fragment & IP4_OFFSET) * 8);
		return enter_fragment(w, ip[9], offset, (fragment & IP4_MORE) != 0, load_be16(ip + 4));
	}
	return enter_protocol(w, ip[9]);
}

static enum layer read_ip6(struct walk *w)
{
	const uint8_t *ip = cur_take(&w->c, IP6_SIZE);
	bool cut = false;
	if (ip == NULL)
		return ends_early(w);
	if (ip[0] >> 4 != 6)
		return END_MALFORMED;
	size_t len = load_be16(ip + 4);
	/* A length of zero: a jumbogram (RFC 2675) or a segment not yet cut up, unless nothing is to follow.
	 */
	if ((len != 0 || ip[6] == PROTOCOL_NONE) && !narrow(w, len, &cut))
		return END_MALFORMED;
	enter_ip(w, 6, ip + 8, ip + 24, cut);
	return enter_protocol(w, ip[6]);
}

static enum layer read_ip(struct walk *w)
{
	const uint8_t *first = cur_peek(&w->c, 1);
	if (first == NULL)
		return ends_early(w);
	return first[0] >> 4 == 6 ? LAYER_IP6 : LAYER_IP4;
}

/* Hop-by-hop options, routing, destination options (RFC 8200, 4.3, 4.4, 4.6). */
static enum layer read_options(struct walk *w)
{
	const uint8_t *p = cur_peek(&w->c, 8);
	if (p == NULL || cur_take(&w->c, ((size_t)p[1] + 1) * 8) == NULL)
		return ends_early(w);
	return enter_protocol(w, p[0]);
}

/* RFC 8200, 4.5. A datagram in one fragment is as good as whole (RFC 6946). */
static enum layer read_fragment(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 8);
	if (p == NULL)
		return ends_early(w);
	uint16_t field = load_be16(p + 2);
	if ((field & (IP6_OFFSET | IP6_MORE)) == 0)
		return enter_protocol(w, p[0]);
	return enter_fragment(w, p[0], field & IP6_OFFSET, (field & IP6_MORE) != 0, load_be32(p + 4));
}

/* RFC 4302, 2: its length counts words of four bytes, less two. */
static enum layer read_authentication(struct walk *w)
{
	const uint8_t *p = cur_peek(&w->c, 12);
	if (p == NULL || cur_take(&w->c, ((size_t)p[1] + 2) * 4) == NULL)
		return ends_early(w);
	return enter_protocol(w, p[0]);
}

/* ERSPAN: without a sequence number no header (type I), else 8 bytes (II); 0x22eb: 12, and 8 more with its
 * last bit. */
static enum layer read_erspan(struct walk *w, uint16_t type, bool sequence)
{
	if (type == 0x22eb) {
		const uint8_t *p = cur_take(&w->c, 12);
		if (p == NULL || cur_take(&w->c, (p[11] & 1) != 0 ? 8 : 0) == NULL)
			return ends_early(w);
	} else if (sequence && cur_take(&w->c, 8) == NULL) {
		return ends_early(w);
	}
	return LAYER_ETHERNET;
}

/* RFC 2784 and 2890; version 1 carries PPP (RFC 2637, 4.1). Source routes (RFC 1701) are not followed. */
static enum layer read_gre(struct walk *w)
{
	enum {
		CHECKSUM = 0x8000,
		ROUTING = 0x4000,
		KEY = 0x2000,
		SEQUENCE = 0x1000,
		ACKNOWLEDGED = 0x0080,
		VERSION = 7
	};
	const uint8_t *p = cur_take(&w->c, 4);
	if (p == NULL)
		return ends_early(w);
	uint16_t flags = load_be16(p);
	uint16_t type = load_be16(p + 2);
	unsigned version = flags & VERSION;
	if (version > 1 || (flags & ROUTING) != 0)
		return END_OK;
	size_t words = (size_t)((flags & CHECKSUM) != 0) + ((flags & KEY) != 0) + ((flags & SEQUENCE) != 0) +
		       (version == 1 && (flags & ACKNOWLEDGED) != 0);
	if (cur_take(&w->c, words * 4) == NULL)
		return ends_early(w);
	if (version == 1)
		return type == 0x880b && (flags & SEQUENCE) != 0 ? LAYER_PPP : END_OK;
	if (type == 0x88be || type == 0x22eb)
		return read_erspan(w, type, (flags & SEQUENCE) != 0);
	if (type == 0x6558)
		return LAYER_ETHERNET;
	return type < ETHERTYPE_FIRST ? END_OK : next_of_ethertype(type);
}

static enum layer read_tcp(struct walk *w)
{
	struct packet *out = w->out;
	const uint8_t *p = cur_peek(&w->c, TCP_SIZE);
	if (p == NULL)
		return ends_early(w);
	size_t header = (size_t)(p[12] >> 4) * 4;
	if (header < TCP_SIZE)
		return END_MALFORMED;
	if (cur_take(&w->c, header) == NULL)
		return ends_early(w);
	out->src_port = load_be16(p);
	out->dst_port = load_be16(p + 2);
	out->tcp_seq = load_be32(p + 4);
	out->tcp_flags = p[13];
	out->payload = w->c.at;
	out->payload_len = (uint32_t)cur_left(&w->c);
	return END_OK;
}

/* The flags that VXLAN (RFC 7348, 5) and its group policy extension set, the rest zero: not any datagram to
 * the port. */
static bool is_vxlan(const struct cur *payload)
{
	const uint8_t *p = cur_peek(payload, VXLAN_SIZE + ETHERNET_SIZE);
	return p != NULL && p[7] == 0 &&
	       ((p[0] == 0x08 && p[1] == 0 && load_be16(p + 2) == 0) || p[0] == 0x88);
}

static enum layer read_udp(struct walk *w)
{
	struct packet *out = w->out;
	const uint8_t *p = cur_take(&w->c, UDP_SIZE);
	bool cut;
	if (p == NULL)
		return ends_early(w);
	size_t len = load_be16(p + 4);
	/* Zero: a jumbogram (RFC 2675, 4) or offload, as for IP. */
	if (len != 0 && (len < UDP_SIZE || !narrow(w, len - UDP_SIZE, &cut)))
		return END_MALFORMED;
	out->src_port = load_be16(p);
	out->dst_port = load_be16(p + 2);
	out->payload = w->c.at;
	out->payload_len = (uint32_t)cur_left(&w->c);
	if (out->dst_port != VXLAN_PORT || !is_vxlan(&w->c))
		return END_OK;
	cur_skip(&w->c, VXLAN_SIZE);
	return LAYER_ETHERNET;
}

static enum layer (*const readers[LAYER_COUNT])(struct walk *w) = {
	[LAYER_ETHERNET] = read_ethernet,
	[LAYER_COOKED] = read_cooked,
	[LAYER_COOKED2] = read_cooked2,
	[LAYER_LOOPBACK] = read_loopback,
	[LAYER_PPP] = read_ppp,
	[LAYER_VLAN] = read_vlan,
	[LAYER_VN_TAG] = read_vn_tag,
	[LAYER_BACKBONE] = read_backbone,
	[LAYER_FABRIC] = read_fabric,
	[LAYER_LLC] = read_llc,
	[LAYER_MPLS] = read_mpls,
	[LAYER_PPPOE] = read_pppoe,
	[LAYER_IP] = read_ip,
	[LAYER_IP4] = read_ip4,
	[LAYER_IP6] = read_ip6,
	[LAYER_OPTIONS] = read_options,
	[LAYER_FRAGMENT] = read_fragment,
	[LAYER_AUTHENTICATION] = read_authentication,
	[LAYER_GRE] = read_gre,
	[LAYER_TCP] = read_tcp,
	[LAYER_UDP] = read_udp,
};

static void walk(struct walk *w, enum layer layer)
{
	static const uint8_t reasons[LAYER_ETHERNET] = {
		[END_OK] = PACKET_OK,
		[END_NOT_IP] = PACKET_NOT_IP,
		[END_TRUNCATED] = PACKET_TRUNCATED,
		[END_MALFORMED] = PACKET_MALFORMED,
	};

	for (unsigned n = 0; layer >= LAYER_ETHERNET && n < PACKET_LAYERS_MAX; n++)
		layer = readers[layer](w);
	if (layer >= LAYER_ETHERNET)
		w->out->reason = PACKET_TOO_DEEP;
	else if (layer == END_NOT_IP && w->out->ip_version != 0)
		w->out->reason = PACKET_OK;
	else
		w->out->reason = reasons[layer];
}

void packet_walk(uint32_t link_type, const uint8_t *data, size_t len, struct packet *out)
{
	static const struct next links[] = {{1, LAYER_ETHERNET},  {101, LAYER_IP},     {113, LAYER_COOKED},
					    {276, LAYER_COOKED2}, {0, LAYER_LOOPBACK}, {108, LAYER_LOOPBACK},
					    {12, LAYER_IP},       {14, LAYER_IP},      {228, LAYER_IP4},
					    {229, LAYER_IP6},     {9, LAYER_PPP},      {50, LAYER_PPP},
					    {51, LAYER_PPPOE},    {104, LAYER_PPP}};

	*out = (struct packet){.reason = PACKET_LINK_UNKNOWN};
	enum layer layer = NEXT_OF(links, link_type);
	if (layer == END_NOT_IP)
		return;
	struct walk w = {.out = out, .c = cur_of(data, len), .open = true};
	walk(&w, layer);
}

void packet_decode_reassembled(struct packet *p, const uint8_t *data, size_t len)
{
	struct walk w = {.out = p, .c = cur_of(data, len)};

	p->fragment = FRAGMENT_NONE;
	p->fragment_more = false;
	p->fragment_offset = 0;
	p->fragment_id = 0;
	p->src_port = 0;
	p->dst_port = 0;
	p->cut = false;
	walk(&w, enter_protocol(&w, p->protocol));
}
