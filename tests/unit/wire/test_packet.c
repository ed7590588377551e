/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/packet.h"

#include <stdio.h>

#include "base/ip.h"

#include "../check.h"
#include "build.h"
#include "packet_check.h"

#define A4  "192.0.2.1"
#define B4  "198.51.100.2"
#define C4  "203.0.113.3"
#define D4  "203.0.113.4"
#define A6  "2001:db8::1"
#define B6  "2001:db8::2"
#define IN1 "10.0.0.1"
#define IN2 "10.0.0.2"

static void text_of(uint8_t version, const uint8_t *bytes, char out[IP_TEXT_SIZE])
{
	struct ip ip = {.version = version};
	memcpy(ip.bytes, bytes, version == 4 ? 4 : 16);
	ip_format(&ip, out);
}

/* The packet in one line, so that a case is one line. */
static void describe(const struct packet *p, char out[400])
{
	char src[IP_TEXT_SIZE], dst[IP_TEXT_SIZE], class_src[IP_TEXT_SIZE], class_dst[IP_TEXT_SIZE];
	int n = snprintf(out, 400, "%s", packet_reason_name(p->reason));
	if (p->ip_version == 0)
		return;
	text_of(p->ip_version, p->src, src);
	text_of(p->ip_version, p->dst, dst);
	n += snprintf(out + n, 400 - (size_t)n, " %u %s.%u > %s.%u len %u", p->protocol, src, p->src_port,
		      dst, p->dst_port, p->payload_len);
	if (p->protocol == 6 && p->fragment == FRAGMENT_NONE && p->reason == PACKET_OK)
		n += snprintf(out + n, 400 - (size_t)n, " seq %u flags %u", p->tcp_seq, p->tcp_flags);
	if (p->fragment != FRAGMENT_NONE)
		n += snprintf(out + n, 400 - (size_t)n, " id %u off %u%s", p->fragment_id, p->fragment_offset,
			      p->fragment_more ? " more" : "");
	if (p->cut)
		n += snprintf(out + n, 400 - (size_t)n, " cut");
	if (p->tunnelled)
		n += snprintf(out + n, 400 - (size_t)n, " tunnelled");
	if (p->class_src != p->src) {
		text_of(p->class_version, p->class_src, class_src);
		text_of(p->class_version, p->class_dst, class_dst);
		(void)snprintf(out + n, 400 - (size_t)n, " class %s > %s", class_src, class_dst);
	}
}

/* --- the packets --- */

static void tcp4(struct build *b)
{
	build_text(b, "hello");
	build_tcp(b, 1000, 80, 7, 24);
	build_ip4(b, A4, B4, 6);
}

static void udp4(struct build *b)
{
	build_text(b, "hello");
	build_udp(b, 1000, 53);
	build_ip4(b, A4, B4, 17);
}

static void udp6(struct build *b)
{
	build_text(b, "hello");
	build_udp(b, 1000, 53);
	build_ip6(b, A6, B6, 17);
}

static void inner4(struct build *b)
{
	build_text(b, "inner");
	build_tcp(b, 2000, 443, 9, 2);
	build_ip4(b, IN1, IN2, 6);
}

static void ether_tcp4(struct build *b)
{
	tcp4(b);
	build_ethernet(b, 0x0800);
}

static void ether_tcp6(struct build *b)
{
	build_text(b, "hello");
	build_tcp(b, 1000, 80, 7, 24);
	build_ip6(b, A6, B6, 6);
	build_ethernet(b, 0x86dd);
}

static void ether_udp4(struct build *b)
{
	udp4(b);
	build_ethernet(b, 0x0800);
}

static void ether_udp6(struct build *b)
{
	udp6(b);
	build_ethernet(b, 0x86dd);
}

static void padded(struct build *b)
{
	(void)build_push(b, NULL, 13); /* the link's, no payload */
	build_tcp(b, 1, 2, 3, 16);
	uint8_t *ip = build_ip4(b, A4, B4, 6);
	put16(ip + 2, 40);
	build_ethernet(b, 0x0800);
}

static void padded_udp(struct build *b)
{
	(void)build_push(b, NULL, 13);
	uint8_t *udp = build_udp(b, 5, 6);
	put16(udp + 4, 8);
	uint8_t *ip = build_ip4(b, A4, B4, 17);
	put16(ip + 2, 28);
	build_ethernet(b, 0x0800);
}

static void offloaded(struct build *b)
{
	ether_tcp4(b);
	put16(build_bytes(b) + 14 + 2, 0);
}

static void tcp_options(struct build *b)
{
	build_text(b, "hello");
	(void)build_push(b, NULL, 12);
	uint8_t *tcp = build_tcp(b, 1000, 80, 7, 24);
	tcp[12] = 8 << 4;
	build_ip4(b, A4, B4, 6);
	build_ethernet(b, 0x0800);
}

static void ip_options(struct build *b)
{
	build_text(b, "hello");
	build_udp(b, 1000, 53);
	(void)build_push(b, NULL, 8);
	uint8_t *ip = build_ip4(b, A4, B4, 17);
	ip[0] = 0x47;
	build_ethernet(b, 0x0800);
}

static void vlan(struct build *b)
{
	tcp4(b);
	build_pair(b, 100, 0x0800);
	build_ethernet(b, 0x8100);
}

static void vlan_stack(struct build *b)
{
	udp6(b);
	build_pair(b, 1, 0x86dd);
	build_pair(b, 2, 0x8100);
	build_pair(b, 3, 0x9100);
	build_ethernet(b, 0x88a8);
}

static void backbone(struct build *b)
{
	ether_udp4(b);
	(void)build_push(b, NULL, 4);
	build_ethernet(b, 0x88e7);
}

static void fabric(struct build *b)
{
	ether_udp4(b);
	(void)build_push(b, NULL, 2);
	build_ethernet(b, 0x8903);
}

static void vn_tag(struct build *b)
{
	udp4(b);
	put16(build_push(b, NULL, 6) + 4, 0x0800);
	build_ethernet(b, 0x8926);
}

static void snap(struct build *b)
{
	static const uint8_t llc[8] = {0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
	udp4(b);
	(void)build_push(b, llc, sizeof(llc));
	build_ethernet(b, 49);
}

static void spanning_tree(struct build *b)
{
	static const uint8_t llc[8] = {0x42, 0x42, 3};
	(void)build_push(b, llc, sizeof(llc));
	build_ethernet(b, 8);
}

static void arp(struct build *b)
{
	(void)build_push(b, NULL, 28);
	build_ethernet(b, 0x0806);
}

static void mpls(struct build *b)
{
	static const uint8_t labels[8] = {0, 1, 0x00, 64, 0, 2, 0x01, 64};
	udp4(b);
	(void)build_push(b, labels, sizeof(labels));
	build_ethernet(b, 0x8847);
}

static void mpls_pseudo_wire(struct build *b)
{
	static const uint8_t label_and_word[8] = {0, 2, 0x01, 64, 0, 0, 0, 0};
	ether_tcp4(b);
	(void)build_push(b, label_and_word, sizeof(label_and_word));
	build_ethernet(b, 0x8847);
}

static void pppoe(struct build *b)
{
	udp4(b);
	static const uint8_t session[8] = {0x11, 0, 0, 1, 0, 0, 0, 0x21};
	(void)build_push(b, session, sizeof(session));
	build_ethernet(b, 0x8864);
}

static void ppp(struct build *b)
{
	static const uint8_t head[4] = {0xff, 3, 0, 0x57};
	udp6(b);
	(void)build_push(b, head, sizeof(head));
}

static void ppp_short(struct build *b)
{
	udp4(b);
	(void)build_push(b, "\x21", 1);
}

static void cisco_hdlc(struct build *b)
{
	udp4(b);
	(void)build_push(b, "\x0f\x00\x08\x00", 4);
}

static void cooked(struct build *b)
{
	udp4(b);
	put16(build_push(b, NULL, 16) + 14, 0x0800);
}

static void cooked2(struct build *b)
{
	udp6(b);
	put16(build_push(b, NULL, 20), 0x86dd);
}

static void cooked_vlan(struct build *b)
{
	udp4(b);
	build_pair(b, 9, 0x0800);
	put16(build_push(b, NULL, 16) + 14, 0x8100);
}

static void loopback_little(struct build *b)
{
	udp4(b);
	(void)build_push(b, "\2\0\0\0", 4);
}

static void loopback_big(struct build *b)
{
	udp6(b);
	(void)build_push(b, "\0\0\0\x1e", 4);
}

static void icmp(struct build *b)
{
	udp4(b); /* what it quotes */
	(void)build_push(b, "\3\3\0\0\0\0\0\0", 8);
	build_ip4(b, B4, A4, 1);
	build_ethernet(b, 0x0800);
}

static void extensions(struct build *b)
{
	build_text(b, "hello");
	build_udp(b, 1000, 53);
	build_extension(b, 17); /* destination options */
	build_extension(b, 60); /* routing */
	build_extension(b, 43); /* hop-by-hop */
	build_ip6(b, A6, B6, 0);
	build_ethernet(b, 0x86dd);
}

static void authenticated(struct build *b)
{
	build_text(b, "hello");
	build_udp(b, 1000, 53);
	uint8_t *ah = build_push(b, NULL, 24);
	ah[0] = 17;
	ah[1] = 4;
	build_ip4(b, A4, B4, 51);
}

static void esp(struct build *b)
{
	(void)build_push(b, NULL, 32);
	build_ip6(b, A6, B6, 50);
}

static void nothing_follows(struct build *b)
{
	(void)build_push(b, NULL, 6); /* link padding */
	uint8_t *ip = build_ip6(b, A6, B6, 59);
	put16(ip + 4, 0);
	build_ethernet(b, 0x86dd);
}

static void fragment4_first(struct build *b)
{
	(void)build_push(b, NULL, 8);
	build_udp(b, 1000, 53);
	uint8_t *ip = build_ip4(b, A4, B4, 17);
	put16(ip + 4, 77);
	put16(ip + 6, 0x2000);
	build_ethernet(b, 0x0800);
}

static void fragment4_later(struct build *b)
{
	(void)build_push(b, NULL, 8);
	uint8_t *ip = build_ip4(b, A4, B4, 17);
	put16(ip + 4, 77);
	put16(ip + 6, 2);
	build_ethernet(b, 0x0800);
}

static void fragment6_later(struct build *b)
{
	(void)build_push(b, NULL, 16);
	uint8_t *f = build_extension(b, 6);
	put16(f + 2, 24 | 1);
	put32(f + 4, 0xdeadbeef);
	build_ip6(b, A6, B6, 44);
	build_ethernet(b, 0x86dd);
}

static void fragment6_alone(struct build *b)
{
	build_text(b, "hello");
	build_udp(b, 1000, 53);
	build_extension(b, 17);
	build_ip6(b, A6, B6, 44);
	build_ethernet(b, 0x86dd);
}

static void ip_in_ip(struct build *b)
{
	inner4(b);
	build_ip4(b, A4, B4, 4);
	build_ethernet(b, 0x0800);
}

static void ip_in_ip_global(struct build *b)
{
	tcp4(b);
	build_ip4(b, C4, D4, 4);
	build_ip4(b, IN1, IN2, 4);
	build_ethernet(b, 0x0800);
}

static void none_global(struct build *b)
{
	inner4(b);
	build_ip4(b, "192.168.0.1", B4, 4);
}

static void six_in_four(struct build *b)
{
	udp6(b);
	build_ip4(b, C4, D4, 41);
	build_ethernet(b, 0x0800);
}

static void gre(struct build *b)
{
	inner4(b);
	build_pair(b, 0, 0x0800);
	build_ip4(b, C4, D4, 47);
	build_ethernet(b, 0x0800);
}

static void gre_options(struct build *b)
{
	inner4(b);
	(void)build_push(b, NULL, 12);
	build_pair(b, 0xb000, 0x0800);
	build_ip4(b, C4, D4, 47);
	build_ethernet(b, 0x0800);
}

static void gre_ethernet(struct build *b)
{
	inner4(b);
	build_ethernet(b, 0x0800);
	build_pair(b, 0, 0x6558);
	build_ip6(b, A6, B6, 47);
}

static void gre_arp(struct build *b)
{
	(void)build_push(b, NULL, 28);
	build_pair(b, 0, 0x0806);
	build_ip4(b, C4, D4, 47);
	build_ethernet(b, 0x0800);
}

static void erspan(struct build *b)
{
	ether_udp4(b);
	(void)build_push(b, NULL, 12); /* sequence number and header of type II */
	build_pair(b, 0x1000, 0x88be);
	build_ip4(b, IN1, IN2, 47);
}

static void pptp(struct build *b)
{
	udp4(b);
	(void)build_push(b, "\xff\x03\x00\x21", 4);
	(void)build_push(b, NULL, 8);
	build_pair(b, 0x3001, 0x880b);
	build_ip4(b, C4, D4, 47);
}

static void vxlan(struct build *b)
{
	inner4(b);
	build_ethernet(b, 0x0800);
	(void)build_push(b, "\x08\0\0\0\0\0\x2a\0", 8);
	build_udp(b, 55555, 4789);
	build_ip4(b, C4, D4, 17);
	build_ethernet(b, 0x0800);
}

static void not_vxlan(struct build *b)
{
	build_text(b, "some other datagram to this port");
	build_udp(b, 53, 4789);
	build_ip4(b, C4, D4, 17);
	build_ethernet(b, 0x0800);
}

/* --- broken ones --- */

static void header_too_small(struct build *b)
{
	ether_tcp4(b);
	build_bytes(b)[14] = 0x44;
}

static void wrong_version(struct build *b)
{
	ether_tcp4(b);
	build_bytes(b)[14] = 0x65;
}

static void total_below_header(struct build *b)
{
	ether_tcp4(b);
	put16(build_bytes(b) + 14 + 2, 19);
}

static void tcp_header_too_small(struct build *b)
{
	ether_tcp4(b);
	build_bytes(b)[14 + 20 + 12] = 4 << 4;
}

static void tcp_header_too_long(struct build *b)
{
	ether_tcp4(b);
	build_bytes(b)[14 + 20 + 12] = 15 << 4;
}

static void udp_too_long(struct build *b)
{
	ether_udp4(b);
	put16(build_bytes(b) + 14 + 20 + 4, 100);
}

static void udp_too_small(struct build *b)
{
	ether_udp4(b);
	put16(build_bytes(b) + 14 + 20 + 4, 7);
}

static void inner_too_long(struct build *b)
{
	ip_in_ip(b);
	put16(build_bytes(b) + 14 + 20 + 2, 1000);
}

static void extension_too_long(struct build *b)
{
	extensions(b);
	build_bytes(b)[14 + 40 + 1] = 200;
}

static void ip_longer_than_captured(struct build *b)
{
	ether_tcp4(b);
	put16(build_bytes(b) + 14 + 2, 1500);
}

static void nested(struct build *b)
{
	tcp4(b);
	for (int i = 0; i < 3000; i++)
		build_ip4(b, A4, B4, 4);
	build_ethernet(b, 0x0800);
}

/* As many as there are numbers, with lengths that say "as many as there are". */
static void nested_more(struct build *b)
{
	tcp4(b);
	for (int i = 0; i < 65535; i++)
		put16(build_ip4(b, A4, B4, 4) + 2, 0);
	build_ethernet(b, 0x0800);
}

static void labels_without_end(struct build *b)
{
	(void)build_push(b, NULL, 4000);
	build_ethernet(b, 0x8847);
}

static const struct {
	const char *name;
	uint32_t link_type;
	void (*make)(struct build *b);
	const char *expect;
} cases[] = {
	{"ethernet, ipv4, tcp", 1, ether_tcp4, "ok 6 192.0.2.1.1000 > 198.51.100.2.80 len 5 seq 7 flags 24"},
	{"ethernet, ipv6, tcp", 1, ether_tcp6, "ok 6 2001:db8::1.1000 > 2001:db8::2.80 len 5 seq 7 flags 24"},
	{"ethernet, ipv4, udp", 1, ether_udp4, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"ethernet, ipv6, udp", 1, ether_udp6, "ok 17 2001:db8::1.1000 > 2001:db8::2.53 len 5"},
	{"link padding", 1, padded, "ok 6 192.0.2.1.1 > 198.51.100.2.2 len 0 seq 3 flags 16"},
	{"link padding behind udp", 1, padded_udp, "ok 17 192.0.2.1.5 > 198.51.100.2.6 len 0"},
	{"total length 0", 1, offloaded, "ok 6 192.0.2.1.1000 > 198.51.100.2.80 len 5 seq 7 flags 24"},
	{"tcp options", 1, tcp_options, "ok 6 192.0.2.1.1000 > 198.51.100.2.80 len 5 seq 7 flags 24"},
	{"ip options", 1, ip_options, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"vlan", 1, vlan, "ok 6 192.0.2.1.1000 > 198.51.100.2.80 len 5 seq 7 flags 24"},
	{"vlan stack", 1, vlan_stack, "ok 17 2001:db8::1.1000 > 2001:db8::2.53 len 5"},
	{"provider backbone", 1, backbone, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"fabric path", 1, fabric, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"vn tag", 1, vn_tag, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"snap", 1, snap, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"spanning tree", 1, spanning_tree, "not_ip"},
	{"arp", 1, arp, "not_ip"},
	{"mpls", 1, mpls, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"mpls, pseudo-wire", 1, mpls_pseudo_wire,
	 "ok 6 192.0.2.1.1000 > 198.51.100.2.80 len 5 seq 7 flags 24"},
	{"pppoe", 1, pppoe, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"ppp", 9, ppp, "ok 17 2001:db8::1.1000 > 2001:db8::2.53 len 5"},
	{"ppp, compressed protocol", 9, ppp_short, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"cisco hdlc", 104, cisco_hdlc, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"linux cooked", 113, cooked, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"linux cooked, vlan", 113, cooked_vlan, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"linux cooked v2", 276, cooked2, "ok 17 2001:db8::1.1000 > 2001:db8::2.53 len 5"},
	{"loopback", 0, loopback_little, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"loopback, network order", 108, loopback_big, "ok 17 2001:db8::1.1000 > 2001:db8::2.53 len 5"},
	{"raw", 101, udp4, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"raw, the other", 12, udp6, "ok 17 2001:db8::1.1000 > 2001:db8::2.53 len 5"},
	{"raw ipv4", 228, udp4, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"raw ipv6", 229, udp6, "ok 17 2001:db8::1.1000 > 2001:db8::2.53 len 5"},
	{"link unknown", 147, udp4, "link_unknown"},
	{"icmp", 1, icmp, "ok 1 198.51.100.2.0 > 192.0.2.1.0 len 41"},
	{"extension headers", 1, extensions, "ok 17 2001:db8::1.1000 > 2001:db8::2.53 len 5"},
	{"authentication header", 101, authenticated, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
	{"esp", 101, esp, "ok 50 2001:db8::1.0 > 2001:db8::2.0 len 32"},
	{"no next header", 1, nothing_follows, "ok 59 2001:db8::1.0 > 2001:db8::2.0 len 0"},
	{"ipv4, first fragment", 1, fragment4_first,
	 "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 16 id 77 off 0 more"},
	{"ipv4, last fragment", 1, fragment4_later, "ok 17 192.0.2.1.0 > 198.51.100.2.0 len 8 id 77 off 16"},
	{"ipv6, later fragment", 1, fragment6_later,
	 "ok 6 2001:db8::1.0 > 2001:db8::2.0 len 16 id 3735928559 off 24 more"},
	{"ipv6, one fragment", 1, fragment6_alone, "ok 17 2001:db8::1.1000 > 2001:db8::2.53 len 5"},
	{"ip in ip, inner private", 1, ip_in_ip,
	 "ok 6 10.0.0.1.2000 > 10.0.0.2.443 len 5 seq 9 flags 2 tunnelled class 192.0.2.1 > 198.51.100.2"},
	{"ip in ip, inner global", 1, ip_in_ip_global,
	 "ok 6 192.0.2.1.1000 > 198.51.100.2.80 len 5 seq 7 flags 24 tunnelled"},
	{"ip in ip, none global", 101, none_global,
	 "ok 6 10.0.0.1.2000 > 10.0.0.2.443 len 5 seq 9 flags 2 tunnelled"},
	{"6in4", 1, six_in_four, "ok 17 2001:db8::1.1000 > 2001:db8::2.53 len 5 tunnelled"},
	{"gre", 1, gre,
	 "ok 6 10.0.0.1.2000 > 10.0.0.2.443 len 5 seq 9 flags 2 tunnelled class 203.0.113.3 > 203.0.113.4"},
	{"gre, checksum, key, sequence", 1, gre_options,
	 "ok 6 10.0.0.1.2000 > 10.0.0.2.443 len 5 seq 9 flags 2 tunnelled class 203.0.113.3 > 203.0.113.4"},
	{"gre, ethernet", 101, gre_ethernet,
	 "ok 6 10.0.0.1.2000 > 10.0.0.2.443 len 5 seq 9 flags 2 tunnelled class 2001:db8::1 > 2001:db8::2"},
	{"gre without ip", 1, gre_arp, "ok 47 203.0.113.3.0 > 203.0.113.4.0 len 32"},
	{"erspan", 101, erspan, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5 tunnelled"},
	{"pptp", 101, pptp, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5 tunnelled"},
	{"vxlan", 1, vxlan,
	 "ok 6 10.0.0.1.2000 > 10.0.0.2.443 len 5 seq 9 flags 2 tunnelled class 203.0.113.3 > 203.0.113.4"},
	{"not vxlan", 1, not_vxlan, "ok 17 203.0.113.3.53 > 203.0.113.4.4789 len 32"},
	{"capture shorter than ip", 1, ip_longer_than_captured,
	 "ok 6 192.0.2.1.1000 > 198.51.100.2.80 len 5 seq 7 flags 24 cut"},
};

static const struct {
	const char *name;
	void (*make)(struct build *b);
	const char *expect;
} broken[] = {
	{"ip header below 20", header_too_small, "malformed"},
	{"ip version", wrong_version, "malformed"},
	{"total length below header", total_below_header, "malformed"},
	{"tcp header below 20", tcp_header_too_small, "malformed 6 192.0.2.1.0 > 198.51.100.2.0 len 25"},
	{"tcp header past the end", tcp_header_too_long, "malformed 6 192.0.2.1.0 > 198.51.100.2.0 len 25"},
	{"udp longer than ip", udp_too_long, "malformed 17 192.0.2.1.0 > 198.51.100.2.0 len 13"},
	{"udp below 8", udp_too_small, "malformed 17 192.0.2.1.0 > 198.51.100.2.0 len 13"},
	{"inner longer than outer", inner_too_long, "malformed 4 192.0.2.1.0 > 198.51.100.2.0 len 45"},
	{"extension past the end", extension_too_long, "malformed 0 2001:db8::1.0 > 2001:db8::2.0 len 37"},
	{"nested tunnels", nested, "too_deep 4 192.0.2.1.0 > 198.51.100.2.0 len 59425 tunnelled"},
	{"65,535 nested tunnels", nested_more,
	 "too_deep 4 192.0.2.1.0 > 198.51.100.2.0 len 1310125 tunnelled"},
	{"labels without end", labels_without_end, "too_deep"},
};

static struct build build;

static void packets_are_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[400];
		build_init(&build);
		cases[i].make(&build);
		uint8_t *copy = exact_copy(build_bytes(&build), build_len(&build));
		struct packet p = packet_decode_checked(cases[i].link_type, copy, build_len(&build));
		describe(&p, text);
		if (strcmp(text, cases[i].expect) != 0)
			fail_msg("%s: %s, not %s", cases[i].name, text, cases[i].expect);
		free(copy);
	}
}

static void broken_packets_are_refused_for_their_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		char text[400];
		build_init(&build);
		broken[i].make(&build);
		uint8_t *copy = exact_copy(build_bytes(&build), build_len(&build));
		struct packet p = packet_decode_checked(1, copy, build_len(&build));
		describe(&p, text);
		if (strcmp(text, broken[i].expect) != 0)
			fail_msg("%s: %s, not %s", broken[i].name, text, broken[i].expect);
		free(copy);
	}
}

/* A capture that was cut is no fault of the packet. */
static void a_prefix_is_cut_and_never_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (strcmp(cases[i].name, "link unknown") == 0)
			continue;
		build_init(&build);
		cases[i].make(&build);
		for (size_t len = 0; len < build_len(&build); len++) {
			uint8_t *copy = exact_copy(build_bytes(&build), len);
			struct packet p = packet_decode_checked(cases[i].link_type, copy, len);
			if (p.reason == PACKET_MALFORMED || p.reason == PACKET_LINK_UNKNOWN)
				fail_msg("%s, %zu bytes: %s", cases[i].name, len,
					 packet_reason_name(p.reason));
			free(copy);
		}
	}
}

static void any_byte_may_be_anything(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		build_init(&build);
		cases[i].make(&build);
		size_t len = build_len(&build);
		uint8_t *copy = exact_copy(build_bytes(&build), len);
		for (size_t at = 0; at < len; at++) {
			uint8_t good = copy[at];
			for (unsigned value = 0; value < 256; value++) {
				copy[at] = (uint8_t)value;
				(void)packet_decode_checked(cases[i].link_type, copy, len);
			}
			copy[at] = good;
		}
		free(copy);
	}
}

static void every_reason_has_its_own_name(void **state)
{
	(void)state;
	for (unsigned a = 0; a < PACKET_REASON_COUNT; a++) {
		for (unsigned b = 0; b < a; b++)
			assert_string_not_equal(packet_reason_name(a), packet_reason_name(b));
	}
	assert_string_equal(packet_reason_name(PACKET_REASON_COUNT), "unknown");
}

/* Behind a reassembled datagram, transport and tunnels are read as in a packet. */
static void a_reassembled_datagram_goes_on(void **state)
{
	static const struct {
		void (*make)(struct build *b); /* an IPv4 packet, whose header is taken off */
		uint8_t protocol;
		const char *expect;
	} datagrams[] = {
		{udp4, 17, "ok 17 192.0.2.1.1000 > 198.51.100.2.53 len 5"},
		{tcp4, 6, "ok 6 192.0.2.1.1000 > 198.51.100.2.80 len 5 seq 7 flags 24"},
		{none_global, 4,
		 "ok 6 10.0.0.1.2000 > 10.0.0.2.443 len 5 seq 9 flags 2 tunnelled class 192.0.2.1 > "
		 "198.51.100.2"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(datagrams); i++) {
		char text[400];
		struct packet p;
		build_init(&build);
		fragment4_later(&build);
		uint8_t *fragment = exact_copy(build_bytes(&build), build_len(&build));
		packet_decode(1, fragment, build_len(&build), &p);
		assert_int_equal(p.fragment, FRAGMENT_LATER);
		build_init(&build);
		datagrams[i].make(&build);
		uint8_t *whole = exact_copy(build_bytes(&build) + 20, build_len(&build) - 20);
		p.protocol = datagrams[i].protocol;
		packet_decode_reassembled(&p, whole, build_len(&build) - 20);
		describe(&p, text);
		assert_string_equal(text, datagrams[i].expect);
		free(whole);
		free(fragment);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_what_they_say),
		cmocka_unit_test(broken_packets_are_refused_for_their_reason),
		cmocka_unit_test(a_prefix_is_cut_and_never_malformed),
		cmocka_unit_test(any_byte_may_be_anything),
		cmocka_unit_test(every_reason_has_its_own_name),
		cmocka_unit_test(a_reassembled_datagram_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
