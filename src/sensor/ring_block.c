/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/ring_block.h"

#include <linux/if_packet.h>
#include <string.h>

#include "base/utc.h"

#define VLAN_TAG        4u /* bytes */
#define MACS            12
#define ETHERTYPE_8021Q 0x8100
#define LINK_ETHERNET   1
/* TPACKET_ALIGN() without its sign. */
#define HEADER ((sizeof(struct tpacket3_hdr) + 15) / 16 * 16)

/* Offsets come from the kernel, and are held against the block all the same. */
static bool inside(const struct ring_block *b, size_t at, size_t len)
{
	return at <= b->size && len <= b->size - at;
}

size_t ring_block_used(const uint8_t *data, size_t size)
{
	struct tpacket_block_desc head;
	if (size < sizeof(head))
		return size;
	memcpy(&head, data, sizeof(head));
	return head.hdr.bh1.blk_len < size ? head.hdr.bh1.blk_len : size;
}

void ring_block_begin(struct ring_block *b, uint8_t *data, size_t size, uint32_t link_type, bool outgoing)
{
	struct tpacket_block_desc head;
	*b = (struct ring_block){.data = data, .size = size, .link_type = link_type, .outgoing = outgoing};
	if (size < sizeof(head))
		return;
	memcpy(&head, data, sizeof(head));
	b->at = head.hdr.bh1.offset_to_first_pkt;
	b->left = head.hdr.bh1.num_pkts;
}

/* The kernel has taken the tag of a VLAN out: it goes back between the addresses and the type. The bytes
 * before the frame are ours (PACKET_RESERVE). @return how many bytes the frame begins earlier */
static size_t put_tag_back(struct ring_block *b, const struct tpacket3_hdr *h, size_t frame, size_t head_end)
{
	if ((h->tp_status & TP_STATUS_VLAN_VALID) == 0 || b->link_type != LINK_ETHERNET ||
	    h->tp_snaplen < MACS || frame < head_end + VLAN_TAG)
		return 0;
	uint16_t type =
		(h->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? h->hv1.tp_vlan_tpid : ETHERTYPE_8021Q;
	uint8_t *to = b->data + frame - VLAN_TAG;
	memmove(to, to + VLAN_TAG, MACS);
	to[MACS] = (uint8_t)(type >> 8);
	to[MACS + 1] = (uint8_t)type;
	to[MACS + 2] = (uint8_t)(h->hv1.tp_vlan_tci >> 8);
	to[MACS + 3] = (uint8_t)h->hv1.tp_vlan_tci;
	return VLAN_TAG;
}

/* @return whether it is one to be looked at */
static bool take_frame(struct ring_block *b, size_t at, const struct tpacket3_hdr *h,
		       struct capture_record *r)
{
	struct sockaddr_ll from;
	size_t head_end = at + HEADER + sizeof(from);
	size_t frame = at + h->tp_mac;

	memcpy(&from, b->data + at + HEADER, sizeof(from));
	if (from.sll_pkttype == PACKET_OUTGOING && !b->outgoing) {
		b->own++;
		return false;
	}
	size_t earlier = put_tag_back(b, h, frame, head_end);
	uint32_t wire = h->tp_len < h->tp_snaplen ? h->tp_snaplen : h->tp_len;
	/* No frame is so long, but the field could say so. */
	if (wire > UINT32_MAX - earlier)
		wire = UINT32_MAX - VLAN_TAG;
	*r = (struct capture_record){.data = b->data + frame - earlier,
				     .len = h->tp_snaplen + (uint32_t)earlier,
				     .wire_len = wire + (uint32_t)earlier,
				     .time_ns = (int64_t)h->tp_sec * NS_SECOND + h->tp_nsec,
				     .link_type = b->link_type};
	b->taken++;
	return true;
}

void ring_block_next(struct ring_block *b, struct capture_batch *out)
{
	const size_t head_size = HEADER + sizeof(struct sockaddr_ll);
	out->count = 0;
	out->hold = NULL;
	while (b->left > 0 && out->count < CAPTURE_BATCH_MAX) {
		struct tpacket3_hdr h;
		size_t at = b->at;
		bool whole = inside(b, at, head_size);
		if (whole) {
			memcpy(&h, b->data + at, sizeof(h));
			whole = h.tp_mac >= head_size && inside(b, at + h.tp_mac, h.tp_snaplen) &&
				h.tp_snaplen <= CAPTURE_RECORD_MAX &&
				(b->left == 1 || h.tp_next_offset >= head_size);
		}
		if (!whole) {
			b->broken += b->left;
			b->left = 0;
			return;
		}
		b->left--;
		b->at = at + h.tp_next_offset;
		if (take_frame(b, at, &h, &out->records[out->count]))
			out->count++;
	}
}
