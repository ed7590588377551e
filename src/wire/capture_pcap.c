/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/cur.h"
#include "base/lang.h"
#include "base/utc.h"
#include "wire/capture_parts.h"

#define MAGIC_MICRO    0xa1b2c3d4u
#define MAGIC_NANO     0xa1b23c4du
#define MAGIC_MODIFIED 0xa1b2cd34u /* record headers hold interface, protocol and packet type too */

#define RECORD_HEADER          16
#define RECORD_HEADER_MODIFIED 24

static inline uint32_t load32(const uint8_t *p, bool swapped)
{
	return swapped ? load_be32(p) : load_le32(p);
}

static inline uint16_t load16(const uint8_t *p, bool swapped)
{
	return swapped ? load_be16(p) : load_le16(p);
}

static int pcap_open(struct capture *c, const char *name, struct fault *fault)
{
	struct capture_pcap *f = &c->pcap;
	const uint8_t *head = c->at;
	uint32_t magic = load_le32(head);

	f->swapped = magic != MAGIC_MICRO && magic != MAGIC_NANO && magic != MAGIC_MODIFIED;
	magic = load32(head, f->swapped);
	uint16_t major = load16(head + 4, f->swapped), minor = load16(head + 6, f->swapped);
	if (major != 2)
		return fault_set(fault, HN_EUNSUPPORTED, name,
				 tr("a pcap file of version %u.%u; versions 2.x can be read",
				    "pcap のバージョン %u.%u です。読めるのは 2.x です"),
				 major, minor);
	f->old = minor < 4;
	f->fraction_ns = magic == MAGIC_NANO ? 1 : 1000;
	f->header = magic == MAGIC_MODIFIED ? RECORD_HEADER_MODIFIED : RECORD_HEADER;
	/* Above the type stand the length of a frame check sequence and flags; it is dropped as link padding
	 * is. */
	f->link_type = load32(head + 20, f->swapped) & 0xffff;
	c->at += CAPTURE_HEAD_SIZE;
	return HN_OK;
}

static inline __attribute__((always_inline)) enum capture_scan scan(struct capture *c,
								    struct capture_batch *batch, bool swapped)
{
	struct cur w = {c->at, c->end, false};
	const size_t header = c->pcap.header;
	const uint32_t fraction_ns = c->pcap.fraction_ns, link_type = c->pcap.link_type;
	const uint8_t *asked = c->at;
	enum capture_scan result = SCAN_FULL;

	while (batch->count < CAPTURE_BATCH_MAX) {
		const uint8_t *h = cur_peek(&w, header);
		if (h == NULL) {
			c->want = header;
			result = SCAN_MORE;
			break;
		}
		uint32_t len = load32(h + 8, swapped), wire_len = load32(h + 12, swapped);
		if (__builtin_expect(len > wire_len, 0) && c->pcap.old) {
			uint32_t other = len;
			len = wire_len;
			wire_len = other;
		}
		if (len > CAPTURE_RECORD_MAX) {
			/* With records before it, the next call comes here again. */
			c->stats.records_refused += batch->count == 0;
			result = SCAN_STOP;
			break;
		}
		if (header + len > cur_left(&w)) {
			c->want = header + len;
			result = SCAN_MORE;
			break;
		}
		capture_ask_ahead(h + header + len, w.end, &asked);
		cur_skip(&w, header);
		batch->records[batch->count++] = (struct capture_record){
			.data = cur_take(&w, len),
			.len = len,
			.wire_len = wire_len < len ? len : wire_len,
			.time_ns = (int64_t)load32(h, swapped) * NS_SECOND +
				   (int64_t)load32(h + 4, swapped) * fraction_ns,
			.link_type = link_type,
		};
	}
	c->at = w.at;
	return result;
}

static enum capture_scan pcap_scan(struct capture *c, struct capture_batch *batch)
{
	return c->pcap.swapped ? scan(c, batch, true) : scan(c, batch, false);
}

static void pcap_close(struct capture *c)
{
	(void)c;
}

const struct capture_format capture_format_pcap = {pcap_open, pcap_scan, pcap_close};
