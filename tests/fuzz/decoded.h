/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_FUZZ_DECODED_H
#define HINOMI_TESTS_FUZZ_DECODED_H

/*
 * Feeds a decoder as the engine does, checks what must hold after every call whatever the input was, and
 * writes down what was found. For the fuzz targets and the unit tests of decoders.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/decoder.h"
#include "wire/ja4.h"
#include "wire/name.h"

#define DIRECTION_MAX 16384 /* bytes of a direction that are kept for decoders */

#define MUST(condition)                                                                                      \
	do {                                                                                                 \
		if (!(condition)) {                                                                          \
			(void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

/** What was found, a line a value: "tls.sni www.example\n"; and how it ended. */
struct transcript {
	char text[1 << 16];
	size_t len;
	enum decode_result result;
	unsigned calls;
	struct extract x;
	uint8_t block[DECODE_BLOCK + 1]; /* used from its second byte: a block may begin anywhere */
};

static inline void transcript_add(struct transcript *t, const char *text, size_t len)
{
	if (len >= sizeof(t->text) - t->len)
		len = sizeof(t->text) - t->len - 1;
	memcpy(t->text + t->len, text, len);
	t->len += len;
	t->text[t->len] = '\0';
}

static inline bool inside(const uint8_t *at, size_t len, const uint8_t *from, size_t size)
{
	return (uintptr_t)at >= (uintptr_t)from && (uintptr_t)at + len <= (uintptr_t)from + size;
}

static inline void transcript_value(struct transcript *t, const struct observed *o, const uint8_t *data,
				    size_t len)
{
	char text[8];
	MUST(o->field < FIELD_COUNT && o->kind < VALUE_KIND_COUNT && o->len > 0);
	MUST(inside(o->data, o->len, data, len) || inside(o->data, o->len, t->x.scratch, t->x.used));
	transcript_add(t, field_name((enum field)o->field), strlen(field_name((enum field)o->field)));
	transcript_add(t, " ", 1);
	switch (o->kind) {
	case VALUE_NAME:
		MUST(name_is_wire(o->data, o->len));
		for (size_t at = 0; at < o->len; at += 1u + o->data[at]) {
			if (at > 0)
				transcript_add(t, ".", 1);
			transcript_add(t, (const char *)o->data + at + 1, o->data[at]);
		}
		break;
	case VALUE_IP4:
	case VALUE_IP6:
		MUST(o->len == (o->kind == VALUE_IP4 ? 4 : 16));
		for (size_t i = 0; i < o->len; i++)
			transcript_add(t, text, (size_t)snprintf(text, sizeof(text), "%02x", o->data[i]));
		break;
	case VALUE_JA4:
		MUST(o->len == JA4_SIZE && o->data[10] == '_' && o->data[23] == '_');
		transcript_add(t, (const char *)o->data, o->len);
		break;
	default:
		for (size_t i = 0; i < o->len; i++)
			MUST(o->data[i] > ' ' && o->data[i] < 0x7f);
		transcript_add(t, (const char *)o->data, o->len);
		break;
	}
	transcript_add(t, "\n", 1);
}

static inline void transcript_message(struct transcript *t, const uint8_t *data, size_t len)
{
	MUST(t->x.count <= EXTRACT_MAX && t->x.used <= EXTRACT_SCRATCH);
	for (uint32_t i = 0; i < t->x.count; i++)
		transcript_value(t, &t->x.items[i], data, len);
}

static inline void transcript_start(struct transcript *t, struct decode_state *state)
{
	t->len = 0;
	t->text[0] = '\0';
	t->calls = 0;
	t->result = DECODE_MORE;
	t->x.wanted =
		1u << VALUE_JA4 | 1u << VALUE_URL | 1u << VALUE_NAME | 1u << VALUE_IP4 | 1u << VALUE_IP6;
	memset(t->block, 0, sizeof(t->block));
	*state = (struct decode_state){.block = t->block + 1};
}

/** One call, with everything that must hold after it. */
static inline void transcript_call(struct transcript *t, const struct decoder *d, struct decode_state *state,
				   const uint8_t *data, size_t len, bool ended)
{
	extract_reset(&t->x);
	t->result = d->decode(cur_of(data, len), ended, state, &t->x);
	t->calls++;
	transcript_message(t, data, len);
	MUST(state->consumed <= len);
	if (d->protocol == 6 && t->result == DECODE_MORE && state->consumed == 0) {
		MUST(!ended);
		MUST(state->need == 0 || state->need > len);
	}
}

/** A direction of a TCP flow that comes in pieces of step bytes and then ends. */
static inline void transcript_stream(struct transcript *t, const struct decoder *d, const uint8_t *data,
				     size_t len, size_t step)
{
	struct decode_state state;
	size_t start = 0;
	size_t have = 0;

	if (len > DIRECTION_MAX)
		len = DIRECTION_MAX;
	transcript_start(t, &state);
	while (t->result == DECODE_MORE && have < len) {
		have = len - have < step ? len : have + step;
		bool again = have - start >= state.need;
		while (again && t->result == DECODE_MORE && have > start) {
			transcript_call(t, d, &state, data + start, have - start, false);
			start += state.consumed;
			again = state.consumed > 0 && state.need > 0 && have - start >= state.need;
			again = again || (state.consumed > 0 && state.need == 0);
		}
	}
	while (t->result == DECODE_MORE) {
		transcript_call(t, d, &state, data + start, have - start, true);
		start += state.consumed;
		if (state.consumed == 0)
			break;
	}
}

/** One datagram on its own. */
static inline void transcript_datagram(struct transcript *t, const struct decoder *d, const uint8_t *data,
				       size_t len)
{
	struct decode_state state;
	transcript_start(t, &state);
	transcript_call(t, d, &state, data, len, false);
}

/** However a direction is cut into pieces, the same is found. */
static inline void decoded_alike(const struct decoder *d, const uint8_t *data, size_t len, size_t step)
{
	static struct transcript once;
	static struct transcript pieces;
	transcript_stream(&once, d, data, len, len);
	transcript_stream(&pieces, d, data, len, step);
	MUST(once.result == pieces.result);
	MUST(once.len == pieces.len && memcmp(once.text, pieces.text, once.len) == 0);
}

#endif
