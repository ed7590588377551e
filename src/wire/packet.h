/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_PACKET_H
#define HINOMI_WIRE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Why a packet could not be decoded to a flow; each is a reason in the receipt. */
enum packet_reason {
	PACKET_OK,
	PACKET_LINK_UNKNOWN, /* a link type we do not read */
	PACKET_NOT_IP,       /* ARP, LLDP and whatever else is not IP */
	PACKET_TRUNCATED,    /* the capture ends inside a header that is needed */
	PACKET_MALFORMED,    /* a header breaks its own format, or is longer than what carries it */
	PACKET_TOO_DEEP,     /* more nested headers than PACKET_LAYERS_MAX */
	PACKET_REASON_COUNT,
};

/** The reason's name in receipts: "link_unknown", "not_ip", ... ("ok" for PACKET_OK). */
const char *packet_reason_name(enum packet_reason reason);

/** Headers (VLAN tags, MPLS labels, tunnels, IP and extension headers) that are followed in one packet. */
#define PACKET_LAYERS_MAX 32

enum packet_fragment {
	FRAGMENT_NONE,
	FRAGMENT_FIRST, /* offset 0, more follow; ports are those of the whole datagram when present */
	FRAGMENT_LATER, /* no transport header here */
};

/**
 * What the headers of one packet say, down to the transport. Pointers point into the packet.
 * `ip_version` 0 means that no IP header was found; then only `reason` is meaningful.
 */
struct packet {
	/* The innermost IP header. Addresses are 4 or 16 bytes in network order. */
	const uint8_t *src;
	const uint8_t *dst;
	/* The innermost IP header whose addresses are both global (ip_is_global()), which decides the class;
	 * where no header has two, the innermost. So without a tunnel these are src and dst, whatever they
	 * are: the domestic table says what private addresses count as. */
	const uint8_t *class_src;
	const uint8_t *class_dst;
	/* Behind the transport header; for a fragment (then fragment_add() wants it), for ICMP and other
	 * protocols behind the IP and extension headers. Only bytes that were captured and that belong to the
	 * IP packet (no link padding). An IP length of zero, as captures of segmentation offload show, means
	 * all captured bytes. */
	const uint8_t *payload;
	uint32_t payload_len;
	uint32_t tcp_seq;
	uint32_t fragment_id;
	uint16_t fragment_offset; /* bytes */
	uint16_t src_port;        /* host order; ICMP and others: 0 */
	uint16_t dst_port;
	uint8_t ip_version;    /* 4, 6 or 0 */
	uint8_t class_version; /* 4, 6 or 0 */
	/* Of the innermost header, behind extension headers: 6, 17, 1, 58, ... A tunnel that carries no IP
	 * packet is itself the flow: 47 for GRE, 17 and its ports for VXLAN, 50 for ESP. */
	uint8_t protocol;
	uint8_t tcp_flags; /* RFC 9293, 3.1: FIN 1, SYN 2, RST 4, PSH 8, ACK 16 */
	uint8_t fragment;  /* enum packet_fragment */
	bool fragment_more;
	bool cut;       /* the capture ends before the IP packet does (snap length) */
	bool tunnelled; /* an outer IP header was passed */
	uint8_t reason; /* enum packet_reason */
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/**
 * Decodes link, VLAN (802.1Q, 802.1ad, 802.1ah; VN-Tag, FabricPath), PPPoE, MPLS (RFC 3032, 4385), GRE (RFC
 * 2784, 2890, 2637; ERSPAN), IP-in-IP, 6in4, VXLAN (RFC 7348), IPv4 (RFC 791) and IPv6 with extension headers
 * (RFC 8200) down to TCP, UDP, ICMP. What an ICMP message quotes is not looked at.
 *
 * @param link_type  LINKTYPE_ of the capture: 1 Ethernet; 113 and 276 Linux cooked; 12, 14, 101, 228, 229 raw
 * IP; 0 and 108 BSD loopback; 9 and 50 PPP; the others are PACKET_LINK_UNKNOWN
 * @param len        captured bytes
 *
 * Always fills *out. When `out->reason` is not PACKET_OK but an IP header was read, addresses and class
 * addresses are those of the innermost complete IP header, so the packet can still be counted in its class.
 */
void packet_decode(uint32_t link_type, const uint8_t *data, size_t len, struct packet *out);

/**
 * Goes on where a reassembled datagram allows it: *p is the packet of the fragment that completed it
 * (addresses, protocol), data its whole IP payload. Follows tunnels in it as packet_decode() does. Clears the
 * fragment fields, which are set again when a tunnel in it carries fragments (fragment_add_carried()).
 */
void packet_decode_reassembled(struct packet *p, const uint8_t *data, size_t len);

#endif
