/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/quic.h"

#include <string.h>

#include "wire/quic_crypto.h"
#include "wire/tls.h"

#define FORM_LONG 0x80
#define FIXED_BIT 0x40

#define FRAME_PADDING    0x00
#define FRAME_PING       0x01
#define FRAME_ACK        0x02
#define FRAME_ACK_ECN    0x03
#define FRAME_CRYPTO     0x06
#define CLIENT_HELLO     1
#define HANDSHAKE_HEADER 4
#define RANGES_MAX       64 /* pieces of the hello that are not joined yet */

struct cid {
	uint8_t bytes[QUIC_CID_MAX];
	uint8_t len;
};

/* A part of the crypto stream that is there: from <= offset < to. */
struct range {
	uint16_t from;
	uint16_t to;
};

/* What is remembered of a flow, in its block. */
struct quic_head {
	struct quic_keys keys;
	struct cid keyed;  /* the keys' id */
	struct cid source; /* the client's own id, by which the server's packets are known */
	uint32_t version;
	uint8_t tries;
	uint8_t datagrams;
	bool has_keys;
	uint16_t count;
	struct range ranges[RANGES_MAX]; /* in order, with gaps between them */
};

#define ALIGNMENT  8 /* the block may begin anywhere */
#define CRYPTO_MAX (DECODE_BLOCK - ALIGNMENT - sizeof(struct quic_head))

struct quic_flow {
	struct quic_head head;
	uint8_t crypto[CRYPTO_MAX];
};

_Static_assert(sizeof(struct quic_flow) == DECODE_BLOCK - ALIGNMENT, "the flow fills its block");
_Static_assert(_Alignof(struct quic_flow) <= ALIGNMENT, "the flow can be aligned in its block");

/* A long header (RFC 9000, 17.2). */
struct long_header {
	uint32_t version;
	struct cid destination;
	struct cid source;
	bool initial;
	const uint8_t *packet; /* from its first byte to its end */
	size_t len;
	size_t pn_offset;
};

/* RFC 9000, 16 */
static uint64_t varint(struct cur *c)
{
	const uint8_t *p = cur_peek(c, 1);
	switch (p == NULL ? 0 : *p >> 6) {
	case 1:
		return cur_be16(c) & 0x3fff;
	case 2:
		return cur_be32(c) & 0x3fffffff;
	case 3:
		return cur_be64(c) & 0x3fffffffffffffff;
	default:
		return cur_u8(c);
	}
}

static void cid_read(struct cur *c, struct cid *out)
{
	uint8_t len = cur_u8(c);
	if (len > QUIC_CID_MAX) {
		c->bad = true;
		return;
	}
	const uint8_t *p = cur_take(c, len);
	if (p == NULL)
		return;
	memcpy(out->bytes, p, len);
	out->len = len;
}

static bool cid_same(const struct cid *a, const struct cid *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool version_known(uint32_t version)
{
	return version == QUIC_V1 || version == QUIC_V2;
}

/* RFC 9000, 17.2: Initial, 0-RTT, Handshake, Retry; RFC 9369, 3.2 counts them from Retry on. */
enum packet_type { PACKET_INITIAL, PACKET_0RTT, PACKET_HANDSHAKE, PACKET_RETRY };

static enum packet_type packet_type(uint8_t first, uint32_t version)
{
	unsigned bits = first >> 4 & 3;
	return (enum packet_type)(version == QUIC_V2 ? (bits + 3) % 4 : bits);
}

/* Takes the next packet off a datagram. @return false when what follows cannot be told apart any more */
static bool packet_take(struct cur *c, struct long_header *out)
{
	const uint8_t *start = c->at;
	uint8_t first = cur_u8(c);
	out->version = cur_be32(c);
	if (!cur_ok(c) || (first & FORM_LONG) == 0 || !version_known(out->version))
		return false;
	cid_read(c, &out->destination);
	cid_read(c, &out->source);
	enum packet_type type = packet_type(first, out->version);
	if (type == PACKET_RETRY)
		return false;
	out->initial = type == PACKET_INITIAL;
	if (out->initial)
		cur_skip(c, varint(c)); /* token */
	uint64_t len = varint(c);
	out->packet = start;
	out->pn_offset = (size_t)(c->at - start);
	cur_skip(c, len);
	out->len = (size_t)(c->at - start);
	return cur_ok(c);
}

/* Stores the bytes that are not there yet: of what is sent twice the first counts. */
static void crypto_add(struct quic_flow *f, uint64_t offset, const uint8_t *data, size_t len)
{
	struct quic_head *h = &f->head;
	if (offset >= CRYPTO_MAX || len == 0)
		return;
	if (len > CRYPTO_MAX - offset)
		len = CRYPTO_MAX - offset;
	uint16_t from = (uint16_t)offset;
	uint16_t to = (uint16_t)(offset + len);

	/* Ranges first..last-1 touch the new one and become one with it. */
	size_t first = 0;
	while (first < h->count && h->ranges[first].to < from)
		first++;
	size_t last = first;
	uint16_t at = from;
	if (first == h->count || h->ranges[first].from > to) {
		if (h->count == RANGES_MAX)
			return;
		memmove(&h->ranges[first + 1], &h->ranges[first], (h->count - first) * sizeof(struct range));
		h->ranges[first] = (struct range){from, to};
		h->count++;
		memcpy(f->crypto + from, data, len);
		return;
	}
	for (; last < h->count && h->ranges[last].from <= to; last++) {
		if (h->ranges[last].from > at)
			memcpy(f->crypto + at, data + (at - from), (size_t)(h->ranges[last].from - at));
		if (h->ranges[last].to > at)
			at = h->ranges[last].to;
	}
	if (at < to)
		memcpy(f->crypto + at, data + (at - from), (size_t)(to - at));
	struct range *joined = &h->ranges[first];
	if (from < joined->from)
		joined->from = from;
	joined->to = at > to ? at : to;
	memmove(joined + 1, &h->ranges[last], (h->count - last) * sizeof(struct range));
	h->count = (uint16_t)(h->count - (last - first - 1));
}

static void ack_skip(struct cur *c, uint64_t type)
{
	(void)varint(c); /* largest acknowledged */
	(void)varint(c); /* delay */
	uint64_t ranges = varint(c);
	(void)varint(c); /* first range */
	while (ranges-- > 0 && cur_ok(c)) {
		(void)varint(c);
		(void)varint(c);
	}
	for (int i = 0; type == FRAME_ACK_ECN && i < 3; i++)
		(void)varint(c);
}

static void padding_skip(struct cur *c)
{
	const uint8_t *p;
	while ((p = cur_peek(c, 8)) != NULL && load_be64(p) == 0)
		cur_skip(c, 8);
	while ((p = cur_peek(c, 1)) != NULL && *p == FRAME_PADDING)
		cur_skip(c, 1);
}

/* Frames that an Initial packet may hold (RFC 9000, 12.4); at another one reading ends. */
static void frames_read(struct quic_flow *f, struct cur c)
{
	while (cur_left(&c) > 0 && cur_ok(&c)) {
		uint64_t type = varint(&c);
		if (type == FRAME_PADDING) {
			padding_skip(&c);
		} else if (type == FRAME_ACK || type == FRAME_ACK_ECN) {
			ack_skip(&c, type);
		} else if (type == FRAME_CRYPTO) {
			uint64_t offset = varint(&c);
			struct cur data = cur_sub(&c, varint(&c));
			if (cur_ok(&data))
				crypto_add(f, offset, data.at, cur_left(&data));
		} else if (type != FRAME_PING) {
			return;
		}
	}
}

/* Opens the packet with the keys at hand, or with keys of its own id, which then stay. */
static int packet_open(struct quic_flow *f, const struct long_header *p, uint8_t *room, size_t *len_out)
{
	struct quic_head *h = &f->head;
	struct quic_keys own;
	int rc = HN_EAUTH;

	if (h->has_keys && h->version == p->version) {
		h->tries++;
		rc = quic_open(&h->keys, p->packet, p->len, p->pn_offset, room, len_out);
		if (rc == HN_OK || cid_same(&p->destination, &h->keyed))
			return rc;
	}
	if (p->destination.len < QUIC_CID_MIN_FIRST || h->tries >= QUIC_TRIES_MAX)
		return rc;
	h->tries++;
	rc = quic_keys_derive(p->version, p->destination.bytes, p->destination.len, &own);
	if (rc == HN_OK)
		rc = quic_open(&own, p->packet, p->len, p->pn_offset, room, len_out);
	if (rc != HN_OK)
		return rc;
	h->keys = own;
	h->keyed = p->destination;
	h->version = p->version;
	h->has_keys = true;
	h->count = 0; /* the crypto stream begins anew */
	return HN_OK;
}

/* Reads the hello as far as it is there. */
static enum decode_result hello_read(struct quic_flow *f, bool ended, struct extract *out)
{
	struct client_hello hello;
	const struct quic_head *h = &f->head;
	size_t have = h->count > 0 && h->ranges[0].from == 0 ? h->ranges[0].to : 0;

	if (have < HANDSHAKE_HEADER)
		return ended ? DECODE_NO : DECODE_MORE;
	if (f->crypto[0] != CLIENT_HELLO)
		return DECODE_NO;
	size_t want = HANDSHAKE_HEADER + (load_be32(f->crypto) & 0xffffff);
	bool whole = have >= want;
	if (!whole && !ended && have < CRYPTO_MAX)
		return DECODE_MORE;
	struct cur body = cur_of(f->crypto, whole ? want : have);
	cur_skip(&body, HANDSHAKE_HEADER);
	if (client_hello_parse(body, whole, &hello) != HN_OK)
		return DECODE_NO;
	client_hello_extract(&hello, whole, true, out);
	return DECODE_DONE;
}

static enum decode_result initial_read(struct quic_flow *f, const struct long_header *p, struct extract *out)
{
	struct quic_head *h = &f->head;
	uint8_t *room = out->scratch + out->used; /* nothing is kept there until the hello is read */
	size_t len;

	if (h->has_keys && cid_same(&p->destination, &h->source) && !cid_same(&p->destination, &h->keyed))
		return DECODE_MORE; /* the server's */
	if (p->len > EXTRACT_SCRATCH - out->used)
		return DECODE_MORE;
	if (packet_open(f, p, room, &len) != HN_OK) {
		unsigned tries_max = h->has_keys ? QUIC_TRIES_MAX : QUIC_TRIES_BLIND;
		return h->tries < tries_max ? DECODE_MORE : hello_read(f, true, out);
	}
	h->source = p->source;
	frames_read(f, cur_of(room, len));
	return hello_read(f, h->tries >= QUIC_TRIES_MAX, out);
}

static struct quic_flow *flow_in(uint8_t *block)
{
	uintptr_t at = ((uintptr_t)block + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
	return (struct quic_flow *)at;
}

enum decode_result quic_decode(struct cur data, bool ended, struct decode_state *state, struct extract *out)
{
	struct long_header p = {0};
	enum decode_result result = DECODE_MORE;

	(void)ended; /* a flow of datagrams has no end that could be seen */
	state->consumed = 0;
	if (state->block == NULL)
		return DECODE_NO;
	struct quic_flow *f = flow_in(state->block);
	f->head.datagrams++;
	/* Ends by QUIC_TRIES_MAX, or by the datagram: a packet is at least nine bytes. */
	while (result == DECODE_MORE && cur_left(&data) > 0 && packet_take(&data, &p))
		if (p.initial)
			result = initial_read(f, &p, out);
	if (result == DECODE_MORE && f->head.datagrams >= QUIC_DATAGRAMS_MAX)
		return hello_read(f, true, out);
	return result;
}

enum decode_guess quic_guess(const uint8_t *data, size_t len)
{
	struct cur c = cur_of(data, len);
	struct cid destination = {0};
	struct cid source = {0};

	uint8_t first = cur_u8(&c);
	uint32_t version = cur_be32(&c);
	cid_read(&c, &destination);
	cid_read(&c, &source);
	if (!cur_ok(&c) || (first & (FORM_LONG | FIXED_BIT)) != (FORM_LONG | FIXED_BIT))
		return GUESS_NO;
	if (destination.len < QUIC_CID_MIN_FIRST) /* not a client that begins: nothing to derive keys from */
		return GUESS_NO;
	/* RFC 9000, 6.3: a version of this form asks for negotiation; the client then comes back with one we
	 * know. */
	bool reserved = (version & 0x0f0f0f0f) == 0x0a0a0a0a;
	return version_known(version) || reserved ? GUESS_YES : GUESS_NO;
}
