/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/payload.h"

#include <stdlib.h>

#include "sensor/stream.h"
#include "wire/decoder.h"
#include "wire/packet.h"
#include "wire/position.h"

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

/* Datagrams of a direction that nobody recognised, or that were broken, before it is left alone. */
#define DATAGRAM_TRIES 8

#define SCANNED_UNIT 8
#define SCANNED_ALL  255

struct payload {
	struct payload_options options;
	struct stream_pool *streams;
	struct patterns_scratch *scratch;
	bool borrowed; /* scratch is the caller's */
	struct extract extract;
};

/* What is known of a direction while one packet of it is looked at. */
struct look {
	struct flow *flow;
	unsigned direction;
	const uint8_t *data; /* from the direction's start */
	size_t filled;
	size_t start; /* consumed at the front */
	bool ended;
	int64_t time_ns;
	struct decode_state *state;
};

enum step { STEP_MORE, STEP_FINISHED, STEP_FOUND };

int payload_new(const struct payload_options *options, struct payload **out, bool *locked_out)
{
	struct payload *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	p->options = *options;
	p->extract.wanted = options->lookup->wanted;
	int rc = stream_pool_new(options->streams_max, &p->streams, locked_out);
	if (rc == HN_OK && options->patterns != NULL)
		rc = patterns_scratch_new(options->patterns, &p->scratch);
	if (rc != HN_OK) {
		payload_free(p);
		return rc;
	}
	*out = p;
	return HN_OK;
}

void payload_free(struct payload *p)
{
	if (p == NULL)
		return;
	stream_pool_free(p->streams);
	if (!p->borrowed)
		patterns_scratch_free(p->scratch);
	free(p);
}

void payload_adopt(struct payload *p, const struct patterns *patterns, struct patterns_scratch *scratch)
{
	if (!p->borrowed)
		patterns_scratch_free(p->scratch);
	p->borrowed = true;
	p->scratch = scratch;
	p->options.patterns = patterns;
	p->extract.wanted = p->options.lookup->wanted;
}

/* flow.marks: bit d, where direction d is taken to begin; bit 2 + d, its decoder has finished; bit 4 + d, its
 * SYN was seen, so that it does begin there; OPENINGS_BARRED, of the whole flow. */
#define OPENINGS_BARRED 0x40 /* web, mail or messages, as a row has told; stays when the row is done with */

static bool begin_known(const struct flow *flow, unsigned d)
{
	return (flow->marks >> d & 1) != 0;
}

static bool decoder_finished(const struct flow *flow, unsigned d)
{
	return (flow->marks >> (2 + d) & 1) != 0;
}

static void finish_decoder(struct flow *flow, unsigned d)
{
	flow->marks |= (uint8_t)(4u << d);
}

static bool begin_seen(const struct flow *flow, unsigned d)
{
	return (flow->marks >> (4 + d) & 1) != 0;
}

void payload_begin(struct flow *flow, const struct unit *u)
{
	/* Once bytes were taken, a later SYN is a retransmission or a lie: it may not move where the stream
	 * begins. */
	if (flow->stream[u->direction] != 0 || flow->decoder[u->direction] != FLOW_DECODER_NONE)
		return;
	flow->begin_seq[u->direction] = u->tcp_seq + 1;
	flow->marks |= (uint8_t)(0x11u << u->direction);
}

static void drop_stream(struct payload *p, struct flow *flow, unsigned d)
{
	if (flow->stream[d] == 0)
		return;
	stream_give(p->streams, stream_at(p->streams, flow->stream[d]));
	flow->stream[d] = 0;
}

void payload_forget(struct payload *p, struct flow *flow)
{
	drop_stream(p, flow, 0);
	drop_stream(p, flow, 1);
}

static void leave_alone(struct payload *p, struct flow *flow, unsigned d)
{
	drop_stream(p, flow, d);
	flow->decoder[d] = FLOW_DECODER_DONE;
}

/* A buffer for the direction; the direction that has held one longest gives way. */
static struct stream *new_stream(struct payload *p, struct flow *flow, unsigned d)
{
	struct stream *old;
	struct stream *s = stream_take(p->streams, &old);
	if (s == NULL) {
		leave_alone(p, old->owner, old->direction);
		p->options.sums->streams_dropped++;
		s = stream_take(p->streams, &old);
	}
	s->owner = flow;
	s->direction = (uint8_t)d;
	flow->stream[d] = stream_number(p->streams, s);
	return s;
}

static const struct decoder *row_of(const struct flow *flow, unsigned d)
{
	uint8_t n = flow->decoder[d];
	return n == FLOW_DECODER_NONE || n >= FLOW_DECODER_UNKNOWN ? NULL : &decoders[n - 1];
}

static uint16_t port_from(const struct flow *flow, unsigned d)
{
	return d == 0 ? flow->key.low_port : flow->key.high_port;
}

static enum decode_guess recognise(struct look *l)
{
	const struct decoder *row;
	enum decode_guess guess =
		decoder_find(l->flow->key.protocol, port_from(l->flow, l->direction),
			     port_from(l->flow, 1 - l->direction), l->data, l->filled, &row);
	if (guess != GUESS_YES)
		return guess;
	l->flow->decoder[l->direction] = (uint8_t)(row - decoders + 1);
	if (position_openings_barred(row))
		l->flow->marks |= OPENINGS_BARRED;
	return guess;
}

/* Lets the row read one message. */
static enum step read_message(struct payload *p, struct look *l, enum decode_result *result_out,
			      struct selection *out)
{
	struct extract *x = &p->extract;
	extract_reset(x);
	l->state->consumed = 0;
	*result_out =
		row_of(l->flow, l->direction)
			->decode(cur_of(l->data + l->start, l->filled - l->start), l->ended, l->state, x);
	p->options.sums->values_dropped += x->dropped;
	if (x->count > 0 && lookup_extract(p->options.lookup, x, l->time_ns, out) == LOOKUP_FOUND) {
		out->direction = (uint8_t)l->direction;
		return STEP_FOUND;
	}
	return STEP_MORE;
}

/* The decoder's part of a TCP direction. Each turn of the loop consumes at least a byte. */
static enum step decode_stream(struct payload *p, struct look *l, struct selection *out)
{
	unsigned d = l->direction;
	if (decoder_finished(l->flow, d))
		return STEP_FINISHED;
	if (l->flow->decoder[d] == FLOW_DECODER_NONE) {
		enum decode_guess guess = recognise(l);
		if (guess == GUESS_MAYBE && !l->ended)
			return STEP_MORE;
		if (guess != GUESS_YES) {
			l->flow->decoder[d] = FLOW_DECODER_UNKNOWN;
			finish_decoder(l->flow, d);
			return STEP_FINISHED;
		}
	}
	for (;;) {
		size_t left = l->filled - l->start;
		if (!l->ended && (left == 0 || left < l->state->need))
			return STEP_MORE;
		enum decode_result result;
		if (read_message(p, l, &result, out) == STEP_FOUND)
			return STEP_FOUND;
		size_t consumed = l->state->consumed < left ? l->state->consumed : left;
		l->start += consumed;
		if (result != DECODE_MORE || (l->ended && consumed == 0)) {
			finish_decoder(l->flow, d);
			return STEP_FINISHED;
		}
		if (consumed == 0)
			return STEP_MORE;
	}
}

/* The part of command information, for the bytes that came since the last time. */
static enum step scan(struct payload *p, struct look *l, struct selection *out)
{
	struct flow *flow = l->flow;
	unsigned d = l->direction;
	if (p->options.patterns == NULL || flow->scanned[d] == SCANNED_ALL)
		return STEP_FINISHED;
	/* What is not known to be the beginning may be the body of anything: no position is in it. */
	if (flow->key.protocol == PROTOCOL_TCP && !begin_seen(flow, d)) {
		flow->scanned[d] = SCANNED_ALL;
		return STEP_FINISHED;
	}
	/* Either direction's row tells of both: a mail server's greeting says what the client's bytes are. */
	bool barred = (flow->marks & OPENINGS_BARRED) != 0;
	const struct decoder *row = row_of(flow, d);
	size_t before = (size_t)flow->scanned[d] * SCANNED_UNIT;
	bool more = false;
	for (unsigned position = 0; position < POSITION_COUNT; position++) {
		struct position_window w;
		size_t wanted = patterns_window(p->options.patterns, position);
		bool opening = position == POSITION_TCP_OPENING || position == POSITION_UDP_OPENING;
		if (wanted == 0 || (barred && opening) ||
		    !position_find(position, flow->key.protocol, row, l->data, l->filled, &w))
			continue;
		size_t from = before > w.from ? before - w.from : 0;
		if (patterns_find(p->options.patterns, p->scratch, position, l->data + w.from, w.len, from,
				  &out->pattern, &out->pattern_offset)) {
			out->field = FIELD_PATTERN;
			out->direction = (uint8_t)d;
			out->match_ns = l->time_ns;
			return STEP_FOUND;
		}
		more = more || (!w.whole && w.len < wanted);
	}
	flow->scanned[d] = SCANNED_ALL;
	if (!more || l->ended)
		return STEP_FINISHED;
	size_t units = l->filled / SCANNED_UNIT;
	flow->scanned[d] = (uint8_t)(units < SCANNED_ALL ? units : SCANNED_ALL - 1);
	return STEP_MORE;
}

/* Both parts over the bytes that are in order. */
static enum step look_at_stream(struct payload *p, struct look *l, struct selection *out)
{
	enum step decoded = decode_stream(p, l, out);
	if (decoded == STEP_FOUND)
		return STEP_FOUND;
	/* While no row has decided, it is not known whether the bytes may be looked at. */
	if (l->flow->decoder[l->direction] == FLOW_DECODER_NONE)
		return STEP_MORE;
	enum step scanned = scan(p, l, out);
	if (scanned == STEP_FOUND)
		return STEP_FOUND;
	return decoded == STEP_FINISHED && scanned == STEP_FINISHED ? STEP_FINISHED : STEP_MORE;
}

/* The first bytes of a direction came in order: they are read where they lie, and kept only if more is
 * needed. */
static bool look_in_place(struct payload *p, struct look *l, size_t len, struct selection *out)
{
	struct decode_state state = {0};
	l->state = &state;
	l->filled = len < STREAM_BYTES ? len : STREAM_BYTES;
	l->ended = l->ended || len >= STREAM_BYTES;
	switch (look_at_stream(p, l, out)) {
	case STEP_FOUND:
		return true;
	case STEP_FINISHED:
		l->flow->decoder[l->direction] = FLOW_DECODER_DONE;
		return false;
	case STEP_MORE:
		break;
	}
	struct stream *s = new_stream(p, l->flow, l->direction);
	s->state = state;
	s->start = (uint16_t)l->start;
	(void)!stream_put(s, 0, l->data, l->filled); /* an empty stream takes one piece */
	return false;
}

static bool look_in_stream(struct payload *p, struct look *l, struct stream *s, struct selection *out)
{
	l->state = &s->state;
	l->data = s->data;
	l->start = s->start;
	enum step step = look_at_stream(p, l, out);
	s->start = (uint16_t)l->start;
	if (step == STEP_FINISHED)
		leave_alone(p, l->flow, l->direction);
	return step == STEP_FOUND;
}

static bool look_at_segment(struct payload *p, struct flow *flow, const struct unit *u, struct selection *out)
{
	unsigned d = u->direction;
	const uint8_t *data = u->payload;
	size_t len = u->payload_len;
	uint32_t seq = u->tcp_seq + ((u->tcp_flags & TCP_SYN) != 0 ? 1 : 0);
	if (!begin_known(flow, d)) {
		flow->begin_seq[d] = seq;
		flow->marks |= (uint8_t)(1u << d);
	}
	int32_t offset = (int32_t)(seq - flow->begin_seq[d]);
	if (offset < 0) { /* bytes before the first we know of */
		size_t before = (size_t)(-(int64_t)offset);
		if (before >= len)
			return false;
		data += before;
		len -= before;
		offset = 0;
	}
	bool last = (u->tcp_flags & TCP_FIN) != 0 || u->cut;
	struct look l = {.flow = flow, .direction = d, .data = data, .ended = last, .time_ns = u->time_ns};
	struct stream *s = flow->stream[d] == 0 ? NULL : stream_at(p->streams, flow->stream[d]);
	if (s == NULL && offset == 0)
		return look_in_place(p, &l, len, out);
	if (s == NULL)
		s = new_stream(p, flow, d);
	size_t before = stream_filled(s);
	if (stream_put(s, (uint32_t)offset, data, len) != HN_OK) {
		leave_alone(p, flow, d);
		p->options.sums->streams_dropped++;
		return false;
	}
	l.filled = stream_filled(s);
	if (l.filled == before && !last)
		return false;
	l.ended = l.filled == STREAM_BYTES || (last && l.filled == (size_t)offset + len);
	return look_in_stream(p, &l, s, out);
}

static bool look_at_datagram(struct payload *p, struct flow *flow, const struct unit *u,
			     struct selection *out)
{
	unsigned d = u->direction;
	struct decode_state state = {0};
	struct look l = {.flow = flow,
			 .direction = d,
			 .data = u->payload,
			 .filled = u->payload_len,
			 .ended = true,
			 .time_ns = u->time_ns,
			 .state = &state};
	if (flow->decoder[d] == FLOW_DECODER_NONE)
		(void)recognise(&l);
	const struct decoder *row = row_of(flow, d);
	enum decode_result result = DECODE_NO;
	if (row != NULL) {
		if (row->block) {
			struct stream *s = flow->stream[d] == 0 ? new_stream(p, flow, d)
								: stream_at(p->streams, flow->stream[d]);
			s->state.block = s->data;
			l.state = &s->state;
		}
		if (read_message(p, &l, &result, out) == STEP_FOUND)
			return true;
	}
	if (flow->scanned[d] != SCANNED_ALL && scan(p, &l, out) == STEP_FOUND)
		return true;
	flow->scanned[d] = SCANNED_ALL; /* the opening is the first datagram */
	bool again = result == DECODE_MORE || (row != NULL && row->every_datagram && result == DECODE_DONE);
	if (result == DECODE_NO && ++flow->begin_seq[d] < DATAGRAM_TRIES &&
	    (row == NULL || row->every_datagram))
		again = true;
	if (!again)
		leave_alone(p, flow, d);
	return false;
}

bool payload_look(struct payload *p, struct flow *flow, const struct unit *u, struct selection *out)
{
	bool wanted = p->options.patterns != NULL || p->options.lookup->wanted != 0;
	if (wanted && u->key.protocol == PROTOCOL_TCP)
		return look_at_segment(p, flow, u, out);
	if (wanted && u->key.protocol == PROTOCOL_UDP)
		return look_at_datagram(p, flow, u, out);
	flow->decoder[u->direction] = FLOW_DECODER_DONE;
	return false;
}

bool payload_end(struct payload *p, struct flow *flow, struct selection *out)
{
	for (unsigned d = 0; d < 2; d++) {
		if (flow->stream[d] == 0 || flow->key.protocol != PROTOCOL_TCP)
			continue;
		struct stream *s = stream_at(p->streams, flow->stream[d]);
		struct look l = {.flow = flow,
				 .direction = d,
				 .filled = stream_filled(s),
				 .ended = true,
				 .time_ns = flow->last_ns};
		if (l.filled > 0 && look_in_stream(p, &l, s, out))
			return true;
	}
	return false;
}
