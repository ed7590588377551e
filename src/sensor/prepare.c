/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/prepare.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "authority/verify.h"
#include "base/cur.h"
#include "base/locked.h"
#include "sensor/facilities.h"
#include "wire/fragment.h"
#include "wire/packet.h"

#define WHOLE_SIZE ((size_t)PREPARE_BATCHES * PREPARE_WHOLE_BYTES)

struct prepare {
	struct prepare_options options;
	struct fragment_table *fragments;
	struct facilities *facilities; /* NULL: the basis names none */
	bool borrowed;                 /* they are the caller's */
	struct sums sums;
	uint8_t *whole;   /* PREPARE_WHOLE_BYTES for each of PREPARE_BATCHES */
	unsigned batches; /* that have their part of it */
};

static void dropped(void *context, const struct fragment_sum *sum)
{
	struct prepare *p = context;
	tally_add(&p->sums.erased[sum->class][ERASED_FRAGMENT], sum->packets, sum->bytes);
}

int prepare_new(const struct prepare_options *options, struct prepare **out, bool *locked_out)
{
	uint8_t key[16];
	struct prepare *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	p->options = *options;
	randombytes_buf(key, sizeof(key));
	bool whole_locked = true;
	p->whole = locked_alloc(WHOLE_SIZE, &whole_locked);
	int rc = p->whole == NULL ? HN_ENOMEM : HN_OK;
	if (rc == HN_OK && options->authorization != NULL && options->authorization->facility_count > 0)
		rc = facilities_new(options->authorization, &p->facilities);
	if (rc == HN_OK)
		rc = fragment_table_new(key, dropped, p, &p->fragments, locked_out);
	if (rc != HN_OK) {
		prepare_free(p);
		return rc;
	}
	*locked_out = *locked_out && whole_locked;
	*out = p;
	return HN_OK;
}

void unit_batch_clear(struct unit_batch *batch)
{
	if (batch->whole_used > 0)
		locked_wipe(batch->whole, batch->whole_used);
	batch->whole_used = 0;
}

void prepare_free(struct prepare *p)
{
	if (p == NULL)
		return;
	fragment_table_free(p->fragments);
	if (!p->borrowed)
		facilities_free(p->facilities);
	locked_free(p->whole, WHOLE_SIZE);
	free(p);
}

void prepare_adopt(struct prepare *p, const struct prepare_options *options, struct facilities *facilities)
{
	if (!p->borrowed)
		facilities_free(p->facilities);
	p->borrowed = true;
	p->facilities = facilities;
	p->options = *options;
}

static enum flow_class class_of(const struct domestic *d, const struct packet *packet)
{
	if (packet->class_version == 4)
		return flow_class_of(domestic_has4(d, load_be32(packet->class_src)),
				     domestic_has4(d, load_be32(packet->class_dst)));
	return flow_class_of(domestic_has6(d, packet->class_src), domestic_has6(d, packet->class_dst));
}

/* What the packet alone decides. */
static enum erased_reason judge(const struct prepare *p, const struct packet *packet, enum flow_class c,
				int64_t time_ns)
{
	const struct authorization *a = p->options.authorization;
	if (a == NULL || (p->options.stops_ns != 0 && time_ns >= p->options.stops_ns))
		return ERASED_NOT_AUTHORISED;
	if (!authorization_has_class(a, c))
		return ERASED_CLASS;
	if (!verify_packet_time(a, time_ns))
		return ERASED_OUTSIDE_TIME;
	if (p->facilities != NULL &&
	    !facilities_has(p->facilities, c, packet->class_version,
			    c == DOMESTIC_FOREIGN ? packet->class_dst : packet->class_src))
		return ERASED_FACILITY;
	if (packet->reason != PACKET_OK)
		return (enum erased_reason)packet->reason;
	return ERASED_NOTHING;
}

static uint64_t load64(const uint8_t *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Whether the source is the low end: ends are ordered by address, then by port, so both directions have one
 * key. */
static bool source_is_low(const uint64_t src[2], const uint64_t dst[2], const struct packet *packet)
{
	uint64_t a = __builtin_bswap64(src[0]), b = __builtin_bswap64(dst[0]);
	if (a != b)
		return a < b;
	a = __builtin_bswap64(src[1]);
	b = __builtin_bswap64(dst[1]);
	if (a != b)
		return a < b;
	return packet->src_port <= packet->dst_port;
}

/*
 * Makes the key in words and hashes them before they are stored: reading back what was written byte by byte
 * would wait for the stores; measured, a twentieth of the whole.
 */
static void make_key(struct unit *u, const struct packet *packet)
{
	uint64_t src[2] = {0}, dst[2] = {0}, word[5];
	if (packet->ip_version == 4) {
		src[0] = load_le32(packet->src);
		dst[0] = load_le32(packet->dst);
	} else {
		src[0] = load64(packet->src);
		src[1] = load64(packet->src + 8);
		dst[0] = load64(packet->dst);
		dst[1] = load64(packet->dst + 8);
	}
	bool from_low = source_is_low(src, dst, packet);
	const uint64_t *low = from_low ? src : dst, *high = from_low ? dst : src;
	uint16_t low_port = from_low ? packet->src_port : packet->dst_port;
	uint16_t high_port = from_low ? packet->dst_port : packet->src_port;
	/* Reversing a class swaps 1 and 2. */
	uint64_t class_low = from_low || u->class == 0 || u->class == 3 ? u->class : 3u - u->class;

	word[0] = low[0];
	word[1] = low[1];
	word[2] = high[0];
	word[3] = high[1];
	word[4] = low_port | (uint64_t)high_port << 16 | (uint64_t)packet->protocol << 32 |
		  (uint64_t)packet->ip_version << 40 | class_low << 48;
	_Static_assert(
		offsetof(struct flow_key, low_port) == 32 && offsetof(struct flow_key, high_port) == 34 &&
			offsetof(struct flow_key, protocol) == 36 &&
			offsetof(struct flow_key, ip_version) == 37 &&
			offsetof(struct flow_key, class_low) == 38 && sizeof(struct flow_key) == sizeof(word),
		"the words lie in memory as the key does");
	u->hash = flow_hash_words(word, packet->ip_version);
	memcpy(&u->key, word, sizeof(word));
	u->direction = from_low ? 0 : 1;
}

static void fill(struct unit *u, const struct packet *packet)
{
	make_key(u, packet);
	u->tcp_seq = packet->tcp_seq;
	u->tcp_flags = packet->tcp_flags;
	u->payload = packet->payload;
	u->payload_len = packet->payload_len;
	u->cut = packet->cut;
}

/*
 * A datagram that becomes whole must live as long as the batch: it is put together in the batch's memory, or,
 * when less is left of that than the longest takes, in the table's, and copied if it fits.
 */
static void make_room(struct prepare *p, struct unit_batch *batch)
{
	bool room = PREPARE_WHOLE_BYTES - batch->whole_used >= FRAGMENT_BYTES;
	fragment_put_into(p->fragments, room ? batch->whole + batch->whole_used : NULL);
}

static const uint8_t *keep_whole(struct unit_batch *batch, const uint8_t *data, size_t len)
{
	if (len == 0 || len > PREPARE_WHOLE_BYTES - batch->whole_used)
		return NULL;
	uint8_t *kept = batch->whole + batch->whole_used;
	if (kept != data)
		memcpy(kept, data, len);
	batch->whole_used += len;
	return kept;
}

static void erase_fragments(struct prepare *p, struct unit *u, uint64_t packets, uint64_t bytes)
{
	tally_add(&p->sums.erased[u->class][ERASED_FRAGMENT], packets, bytes);
	u->packets = 0;
}

/*
 * Fragments are counted as seen when they come, in the class of the header they had. When the datagram is
 * whole its unit stands for all of them. A tunnel may have been cut up that carries fragments itself, hence
 * the loop; each turn goes one header deeper, which packet_decode_reassembled() bounds.
 */
static void take_fragment(struct prepare *p, struct packet *packet, struct unit *u, struct unit_batch *batch)
{
	struct fragment_result result;

	tally_add(&p->sums.seen[u->class], 1, u->bytes);
	u->counted = true;
	make_room(p, batch);
	fragment_add(p->fragments, packet, (uint32_t)u->bytes, u->time_ns, u->class, &result);
	if (result.state == FRAGMENT_REFUSED) {
		erase_fragments(p, u, 1, u->bytes);
		return;
	}
	u->packets = 0;
	for (int depth = 0; result.state == FRAGMENT_COMPLETE; depth++) {
		const uint8_t *data = keep_whole(batch, result.data, result.len);
		if (data == NULL || depth == PACKET_LAYERS_MAX) {
			erase_fragments(p, u, result.sum.packets, result.sum.bytes);
			return;
		}
		packet_decode_reassembled(packet, data, result.len);
		if (packet->fragment == FRAGMENT_NONE) {
			u->packets = (uint32_t)result.sum.packets;
			u->bytes = result.sum.bytes;
			/* What is inside must be authorised too. */
			u->erased =
				(uint8_t)judge(p, packet, class_of(p->options.domestic, packet), u->time_ns);
			if (u->erased == ERASED_NOTHING)
				fill(u, packet);
			return;
		}
		const struct fragment_sum carrier = result.sum;
		make_room(p, batch);
		fragment_add_carried(p->fragments, packet, &carrier, u->class, &result);
		if (result.state == FRAGMENT_REFUSED) {
			erase_fragments(p, u, carrier.packets, carrier.bytes);
			return;
		}
	}
}

static void make_unit(struct prepare *p, const struct capture_record *record, struct unit *u,
		      struct unit_batch *batch)
{
	struct packet packet;

	packet_decode(record->link_type, record->data, record->len, &packet);
	u->time_ns = record->time_ns;
	u->bytes = record->wire_len;
	u->packets = 1;
	u->counted = false;
	if (packet.ip_version == 0) {
		u->class = SUMS_UNDECODED;
		u->erased = packet.reason;
		return;
	}
	enum flow_class c = class_of(p->options.domestic, &packet);
	u->class = (uint8_t)c;
	u->erased = (uint8_t)judge(p, &packet, c, record->time_ns);
	if (u->erased != ERASED_NOTHING)
		return;
	if (packet.fragment != FRAGMENT_NONE)
		take_fragment(p, &packet, u, batch);
	else
		fill(u, &packet);
}

void prepare_batch(struct prepare *p, const struct capture_batch *in, struct unit_batch *out)
{
	_Static_assert(CAPTURE_BATCH_MAX <= UNITS_MAX, "a batch of records fits a batch of units");
	if (out->whole == NULL) {
		assert(p->batches < PREPARE_BATCHES);
		out->whole = p->whole + (size_t)p->batches++ * PREPARE_WHOLE_BYTES;
	}
	out->whole_used = 0;
	for (size_t i = 0; i < in->count; i++)
		make_unit(p, &in->records[i], &out->units[i], out);
	out->count = in->count;
}

void prepare_end(struct prepare *p)
{
	fragment_end(p->fragments);
}

void prepare_sums(struct prepare *p, struct sums *out)
{
	for (uint8_t c = 0; c < SUMS_CLASSES; c++)
		fragment_pending(p->fragments, c, &p->sums.pending_after[c].packets,
				 &p->sums.pending_after[c].bytes);
	*out = p->sums;
	sums_next(&p->sums);
}
