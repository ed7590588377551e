/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>

#include "base/cur.h"
#include "base/lang.h"
#include "base/utc.h"
#include "wire/capture_parts.h"

/* draft-ietf-opsawg-pcapng: section 4 has the blocks, 3.5 the options. */

#define CAPTURE_INTERFACES_MAX 4096
#define BLOCK_OVERHEAD         12 /* type, length, and the length again behind the body */
#define BLOCK_READ_MAX         (CAPTURE_RECORD_MAX + 65536) /* bytes of a block that is read and not passed over */
#define PACKET_FIXED           20 /* enhanced and obsolete packet blocks, before the packet's bytes */
#define BYTE_ORDER_MAGIC       0x1a2b3c4du

_Static_assert(BLOCK_READ_MAX <= CAPTURE_CARRY_MAX, "what is read fits into a block of the pool");

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2,
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	OPTION_END = 0,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,
};

struct capture_interface {
	uint32_t link_type;
	uint32_t snap_len; /* 0: none */
	int64_t offset_s;
	uint8_t resolution; /* if_tsresol: negative power of ten, or of two with the top bit */
};

static inline uint32_t load32(const struct capture *c, const uint8_t *p)
{
	return c->pcapng.swapped ? load_be32(p) : load_le32(p);
}

static inline uint16_t load16(const struct capture *c, const uint8_t *p)
{
	return c->pcapng.swapped ? load_be16(p) : load_le16(p);
}

static int64_t time_of(const struct capture_interface *interface, uint64_t units)
{
	static const uint64_t powers[] = {1,
					  10,
					  100,
					  1000,
					  10000,
					  100000,
					  1000000,
					  10000000,
					  100000000,
					  1000000000,
					  10000000000,
					  100000000000,
					  1000000000000,
					  10000000000000,
					  100000000000000,
					  1000000000000000,
					  10000000000000000,
					  100000000000000000,
					  1000000000000000000,
					  10000000000000000000u};
	unsigned exponent = interface->resolution & 0x7f;
	__int128 ns;

	if ((interface->resolution & 0x80) != 0)
		ns = (__int128)(((unsigned __int128)units * NS_SECOND) >> exponent);
	else if (exponent <= 9)
		ns = (__int128)((unsigned __int128)units * powers[9 - exponent]);
	else if (exponent - 9 < sizeof(powers) / sizeof(powers[0]))
		ns = (__int128)(units / powers[exponent - 9]);
	else
		ns = 0;
	ns += (__int128)interface->offset_s * NS_SECOND;
	if (ns < 0)
		return 0;
	return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

static bool read_section(struct capture *c, struct cur body)
{
	/* The order of bytes was learnt from the magic when the length was read. */
	cur_skip(&body, 4);
	const uint8_t *version = cur_take(&body, 4);
	if (version == NULL || load16(c, version) != 1)
		return false;
	c->pcapng.in_section = true;
	c->pcapng.interface_count = 0;
	return true;
}

static bool read_interface(struct capture *c, struct cur body)
{
	const uint8_t *p = cur_take(&body, 8);
	if (p == NULL || !c->pcapng.in_section)
		return false;
	if (c->pcapng.interface_count == CAPTURE_INTERFACES_MAX)
		return true; /* its packets are refused, for they name an interface that is not known */
	struct capture_interface *interface = &c->pcapng.interfaces[c->pcapng.interface_count++];
	*interface = (struct capture_interface){
		.link_type = load16(c, p), .snap_len = load32(c, p + 4), .resolution = 6};
	for (;;) {
		const uint8_t *option = cur_take(&body, 4);
		if (option == NULL || load16(c, option) == OPTION_END)
			return true;
		size_t len = load16(c, option + 2);
		const uint8_t *value = cur_take(&body, len);
		cur_skip(&body, -len & 3);
		if (value != NULL && load16(c, option) == OPTION_TSRESOL && len == 1)
			interface->resolution = value[0];
		if (value != NULL && load16(c, option) == OPTION_TSOFFSET && len == 8)
			interface->offset_s =
				(int64_t)(c->pcapng.swapped ? load_be64(value) : load_le64(value));
	}
}

/* @return false: the block contradicts itself */
static bool add_record(struct capture_batch *batch, struct cur *data, uint32_t len, uint32_t wire_len,
		       int64_t time_ns, uint32_t link_type)
{
	if (len > CAPTURE_RECORD_MAX)
		return false;
	const uint8_t *bytes = cur_take(data, len);
	if (bytes == NULL)
		return false;
	batch->records[batch->count++] = (struct capture_record){
		.data = bytes,
		.len = len,
		.wire_len = wire_len < len ? len : wire_len,
		.time_ns = time_ns,
		.link_type = link_type,
	};
	return true;
}

static bool read_packet(struct capture *c, struct cur body, uint32_t type, struct capture_batch *batch)
{
	const uint8_t *p = cur_take(&body, PACKET_FIXED);
	if (p == NULL)
		return false;
	/* The obsolete block has 16 bits for the interface, and 16 for dropped packets behind them. */
	uint32_t id = type == BLOCK_PACKET ? load16(c, p) : load32(c, p);
	if (id >= c->pcapng.interface_count)
		return false;
	const struct capture_interface *interface = &c->pcapng.interfaces[id];
	int64_t time_ns = time_of(interface, (uint64_t)load32(c, p + 4) << 32 | load32(c, p + 8));
	return add_record(batch, &body, load32(c, p + 12), load32(c, p + 16), time_ns, interface->link_type);
}

static bool read_simple(struct capture *c, struct cur body, struct capture_batch *batch)
{
	const uint8_t *p = cur_take(&body, 4);
	if (p == NULL || c->pcapng.interface_count == 0)
		return false;
	const struct capture_interface *interface = &c->pcapng.interfaces[0];
	uint32_t wire_len = load32(c, p), len = wire_len;
	if (interface->snap_len != 0 && len > interface->snap_len)
		len = interface->snap_len;
	return add_record(batch, &body, len, wire_len, 0, interface->link_type);
}

/* @return false: nothing behind can be trusted */
static bool read_block(struct capture *c, uint32_t type, struct cur body, struct capture_batch *batch)
{
	bool good;
	switch (type) {
	case BLOCK_SECTION:
		return read_section(c, body);
	case BLOCK_INTERFACE:
		return read_interface(c, body);
	case BLOCK_SIMPLE:
		good = read_simple(c, body, batch);
		break;
	default:
		good = read_packet(c, body, type, batch);
		break;
	}
	if (!good)
		c->stats.records_refused++;
	return true;
}

static bool is_read(uint32_t type)
{
	return type == BLOCK_ENHANCED || type == BLOCK_SIMPLE || type == BLOCK_PACKET ||
	       type == BLOCK_INTERFACE || type == BLOCK_SECTION;
}

/* The block at the front of the window: read whole, or passed over. */
static enum capture_scan scan_block(struct capture *c, struct capture_batch *batch, const uint8_t **asked)
{
	struct cur w = {c->at, c->end, false};
	const uint8_t *head = cur_peek(&w, BLOCK_OVERHEAD);
	c->want = BLOCK_OVERHEAD;
	if (head == NULL)
		return SCAN_MORE;
	if (load_le32(head) == BLOCK_SECTION) {
		c->pcapng.swapped = load_be32(head + 8) == BYTE_ORDER_MAGIC;
		if (!c->pcapng.swapped && load_le32(head + 8) != BYTE_ORDER_MAGIC)
			return SCAN_STOP;
	}
	uint32_t type = load32(c, head), len = load32(c, head + 4);
	if (len < BLOCK_OVERHEAD || len % 4 != 0)
		return SCAN_STOP;
	if (!is_read(type) || len > BLOCK_READ_MAX) {
		if (type == BLOCK_INTERFACE || type == BLOCK_SECTION)
			return SCAN_STOP;
		if (is_read(type))
			c->stats.records_refused++;
		else
			c->stats.blocks_skipped++;
		c->skip = len;
		return SCAN_FULL;
	}
	c->want = len;
	const uint8_t *block = cur_take(&w, len);
	if (block == NULL)
		return SCAN_MORE;
	if (load32(c, block + len - 4) != len ||
	    !read_block(c, type, cur_of(block + 8, len - BLOCK_OVERHEAD), batch))
		return SCAN_STOP;
	c->at = w.at;
	capture_ask_ahead(c->at, c->end, asked);
	return SCAN_FULL;
}

static enum capture_scan pcapng_scan(struct capture *c, struct capture_batch *batch)
{
	const uint8_t *asked = c->at;
	while (batch->count < CAPTURE_BATCH_MAX) {
		size_t left = (size_t)(c->end - c->at);
		size_t passed = c->skip < left ? (size_t)c->skip : left;
		c->at += passed;
		c->skip -= passed;
		c->want = 1;
		if (c->skip > 0)
			return SCAN_MORE;
		enum capture_scan result = scan_block(c, batch, &asked);
		if (result != SCAN_FULL)
			return result;
	}
	return SCAN_FULL;
}

static int pcapng_open(struct capture *c, const char *name, struct fault *fault)
{
	(void)name;
	(void)fault;
	c->pcapng.interfaces = calloc(CAPTURE_INTERFACES_MAX, sizeof(*c->pcapng.interfaces));
	return c->pcapng.interfaces == NULL ? HN_ENOMEM : HN_OK;
}

static void pcapng_close(struct capture *c)
{
	free(c->pcapng.interfaces);
}

const struct capture_format capture_format_pcapng = {pcapng_open, pcapng_scan, pcapng_close};
