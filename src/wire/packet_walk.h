/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_PACKET_WALK_H
#define HINOMI_WIRE_PACKET_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "wire/packet.h"

/* What the two readers of packets (packet.c, packet_walk.c) share; nobody else includes it. */

#define ETHERNET_SIZE 14
#define VLAN_SIZE     4
#define IP4_SIZE      20
#define IP6_SIZE      40
#define TCP_SIZE      20
#define UDP_SIZE      8
#define VXLAN_SIZE    8
#define VXLAN_PORT    4789

#define IP4_MORE   0x2000
#define IP4_OFFSET 0x1fff
#define IP6_MORE   0x0001
#define IP6_OFFSET 0xfff8

enum {
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_IP6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_FIRST = 0x0600, /* below: a length (IEEE 802.3, 3.2.6) */
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_NONE = 59,
};

/**
 * As packet_decode(), which calls it for all but the common packet: each header is a function that names the
 * next.
 */
void packet_walk(uint32_t link_type, const uint8_t *data, size_t len, struct packet *out);

#endif
