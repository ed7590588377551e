/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_WIRE_PACKET_CHECK_H
#define HINOMI_TESTS_UNIT_WIRE_PACKET_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "wire/packet.h"
#include "wire/packet_walk.h"

static inline void packet_require(bool holds)
{
	if (!holds)
		abort();
}

static inline bool packet_within(const uint8_t *at, size_t size, const uint8_t *data, size_t len)
{
	return at >= data && size <= len && (size_t)(at - data) <= len - size;
}

/* What holds for every packet, whatever its bytes. */
static inline void packet_check(const struct packet *p, const uint8_t *data, size_t len)
{
	packet_require(p->reason < PACKET_REASON_COUNT);
	packet_require(p->reason != PACKET_OK || p->ip_version != 0);
	if (p->ip_version == 0) {
		packet_require(p->src == NULL && p->class_src == NULL && p->payload_len == 0);
		return;
	}
	size_t size = p->ip_version == 4 ? 4 : 16, class_size = p->class_version == 4 ? 4 : 16;
	packet_require(p->ip_version == 4 || p->ip_version == 6);
	packet_require(p->class_version == 4 || p->class_version == 6);
	packet_require(packet_within(p->src, size, data, len) && p->dst == p->src + size);
	packet_require(packet_within(p->class_src, class_size, data, len) &&
		       p->class_dst == p->class_src + class_size);
	packet_require(packet_within(p->payload, p->payload_len, data, len));
	packet_require(p->tunnelled || p->class_src == p->src);
	packet_require(p->fragment <= FRAGMENT_LATER);
	packet_require((p->fragment == FRAGMENT_LATER) == (p->fragment_offset != 0));
	packet_require(p->fragment == FRAGMENT_NONE ? !p->fragment_more : p->reason == PACKET_OK);
}

static inline bool packet_equal(const struct packet *a, const struct packet *b)
{
	return a->src == b->src && a->dst == b->dst && a->class_src == b->class_src &&
	       a->class_dst == b->class_dst && a->payload == b->payload && a->payload_len == b->payload_len &&
	       a->tcp_seq == b->tcp_seq && a->fragment_id == b->fragment_id &&
	       a->fragment_offset == b->fragment_offset && a->src_port == b->src_port &&
	       a->dst_port == b->dst_port && a->ip_version == b->ip_version &&
	       a->class_version == b->class_version && a->protocol == b->protocol &&
	       a->tcp_flags == b->tcp_flags && a->fragment == b->fragment &&
	       a->fragment_more == b->fragment_more && a->cut == b->cut && a->tunnelled == b->tunnelled &&
	       a->reason == b->reason;
}

/* Decodes in both ways, which must agree, and checks the result. */
static inline struct packet packet_decode_checked(uint32_t link_type, const uint8_t *data, size_t len)
{
	struct packet p, walked;
	memset(&p, 0xa5, sizeof(p));
	packet_decode(link_type, data, len, &p);
	packet_check(&p, data, len);
	packet_walk(link_type, data, len, &walked);
	packet_require(packet_equal(&p, &walked));
	return p;
}

#endif
