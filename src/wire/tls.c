/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/tls.h"

#include <string.h>

#include "wire/ja4.h"
#include "wire/name.h"

#define RECORD_HEADER     5
#define RECORD_MAX        (16384 + 2048) /* RFC 5246, 6.2.3 */
#define RECORD_ALERT      21
#define RECORD_HANDSHAKE  22
#define HANDSHAKE_HEADER  4
#define CLIENT_HELLO      1
#define SERVER_HELLO      2
#define VERSION_MINOR_MAX 4
#define SESSION_ID_MAX    32
#define RANDOM_SIZE       32

#define EXT_SERVER_NAME 0
#define EXT_SIGNATURES  13
#define EXT_ALPN        16
#define EXT_VERSIONS    43
#define NAME_TYPE_HOST  0

#define GATHER_SPARE 320 /* bytes of scratch left for the values of a hello that was gathered there */

/* The first host_name of a server_name extension; the list fills the extension. */
static void server_name_read(struct cur ext, struct client_hello *out)
{
	struct cur list = cur_sub(&ext, cur_be16(&ext));
	out->has_name = true;
	while (cur_left(&list) > 0) {
		uint8_t type = cur_u8(&list);
		struct cur name = cur_sub(&list, cur_be16(&list));
		if (!cur_ok(&name))
			return;
		if (type == NAME_TYPE_HOST) {
			out->name = name;
			return;
		}
	}
}

static struct cur empty_window(void)
{
	static const uint8_t nothing[1];
	return cur_of(nothing, 0);
}

/* A window over a list of two-byte values; empty when its length does not fit. */
static struct cur list_window(struct cur *ext, size_t len)
{
	struct cur list = cur_sub(ext, len);
	return cur_ok(&list) ? list : empty_window();
}

static void alpn_read(struct cur ext, struct client_hello *out)
{
	struct cur list = cur_sub(&ext, cur_be16(&ext));
	struct cur first = cur_sub(&list, cur_u8(&list));
	if (cur_ok(&first))
		out->alpn = first;
}

static void extension_read(uint16_t type, struct cur body, struct client_hello *out)
{
	switch (type) {
	case EXT_SERVER_NAME:
		if (!out->has_name)
			server_name_read(body, out);
		break;
	case EXT_SIGNATURES:
		if (cur_left(&out->signatures) == 0)
			out->signatures = list_window(&body, cur_be16(&body));
		break;
	case EXT_ALPN:
		if (cur_left(&out->alpn) == 0)
			alpn_read(body, out);
		break;
	case EXT_VERSIONS:
		if (cur_left(&out->versions) == 0)
			out->versions = list_window(&body, cur_u8(&body));
		break;
	default:
		break;
	}
}

/* A window of len bytes; of a body that is cut it is what is left. */
static struct cur window(struct cur *c, size_t len, bool whole)
{
	if (!whole && len > cur_left(c))
		len = cur_left(c);
	return cur_sub(c, len);
}

static int extensions_read(struct cur block, bool whole, struct client_hello *out)
{
	while (cur_left(&block) > 0) {
		uint16_t type = cur_be16(&block);
		struct cur body = cur_sub(&block, cur_be16(&block));
		if (!cur_ok(&body))
			return whole ? HN_ETRUNC : HN_OK;
		extension_read(type, body, out);
	}
	return HN_OK;
}

int client_hello_parse(struct cur body, bool whole, struct client_hello *out)
{
	struct client_hello hello = {
		.signatures = empty_window(),
		.versions = empty_window(),
		.extensions = empty_window(),
		.alpn = empty_window(),
		.name = empty_window(),
	};

	hello.version = cur_be16(&body);
	cur_skip(&body, RANDOM_SIZE);
	uint8_t session_len = cur_u8(&body);
	cur_skip(&body, session_len);
	uint16_t ciphers_len = cur_be16(&body);
	hello.ciphers = window(&body, ciphers_len, whole);
	uint8_t compressions = cur_u8(&body);
	cur_skip(&body, compressions);
	if (!cur_ok(&body))
		return HN_ETRUNC;
	if (session_len > SESSION_ID_MAX || ciphers_len % 2 != 0 || ciphers_len == 0 || compressions == 0)
		return HN_EFORMAT;
	if (cur_left(&body) > 0) { /* RFC 5246, 7.4.1.2: extensions may be absent altogether */
		struct cur block = window(&body, cur_be16(&body), whole);
		if (!cur_ok(&block))
			return HN_ETRUNC;
		if (cur_left(&body) > 0)
			return HN_EFORMAT;
		hello.extensions = block;
		int rc = extensions_read(block, whole, &hello);
		if (rc != HN_OK)
			return rc;
	}
	*out = hello;
	return HN_OK;
}

static void ja4_add(const struct client_hello *hello, bool quic, struct extract *out)
{
	char ja4[JA4_SIZE];
	if (ja4_make(hello, quic ? 'q' : 't', ja4) != HN_OK) {
		out->dropped++;
		return;
	}
	uint8_t *room = extract_alloc(out, JA4_SIZE);
	if (room == NULL)
		return;
	memcpy(room, ja4, JA4_SIZE);
	extract_add(out, quic ? FIELD_QUIC_JA4 : FIELD_TLS_JA4, VALUE_JA4, room, JA4_SIZE);
}

void client_hello_extract(const struct client_hello *hello, bool whole, bool quic, struct extract *out)
{
	size_t name_len = cur_left(&hello->name);
	if (name_len > 0)
		host_add(out, quic ? FIELD_QUIC_SNI : FIELD_TLS_SNI, hello->name.at, name_len);
	if (whole && (out->wanted & 1u << VALUE_JA4) != 0)
		ja4_add(hello, quic, out);
}

enum decode_guess tls_guess(const uint8_t *data, size_t len)
{
	struct cur c = cur_of(data, len);
	uint8_t type = cur_u8(&c);
	if (type != RECORD_HANDSHAKE && type != RECORD_ALERT)
		return GUESS_NO;
	if (len > 1 && data[1] != 3)
		return GUESS_NO;
	if (len > 2 && data[2] > VERSION_MINOR_MAX)
		return GUESS_NO;
	if (len <= RECORD_HEADER)
		return GUESS_MAYBE;
	uint16_t record_len = load_be16(data + 3);
	if (type == RECORD_ALERT) /* level and description */
		return record_len == 2 && (data[5] == 1 || data[5] == 2) ? GUESS_YES : GUESS_NO;
	if (record_len == 0 || record_len > RECORD_MAX)
		return GUESS_NO;
	return data[5] == CLIENT_HELLO || data[5] == SERVER_HELLO ? GUESS_YES : GUESS_NO;
}

/* Copies the first max bytes of the handshake out of its records; gives how many there were. */
static size_t handshake_gather(struct cur data, uint8_t *to, size_t max)
{
	size_t got = 0;
	while (got < max && cur_left(&data) > RECORD_HEADER) {
		const uint8_t *header = cur_take(&data, RECORD_HEADER);
		size_t part = load_be16(header + 3);
		if (part > cur_left(&data))
			part = cur_left(&data);
		if (part > max - got)
			part = max - got;
		if (part == 0) /* not allowed, RFC 8446, 5.1; and the loop must end */
			break;
		memcpy(to + got, cur_take(&data, part), part);
		got += part;
	}
	return got;
}

/* A hello that lies in one record is read where it is; another is put together in scratch. */
static enum decode_result hello_finish(struct cur data, size_t want, bool whole, struct extract *out)
{
	struct client_hello hello;
	struct cur body;
	size_t first = load_be16(data.at + 3);

	if (want <= first && whole) {
		body = cur_of(data.at + RECORD_HEADER, want);
	} else {
		size_t room = EXTRACT_SCRATCH - out->used;
		if (room < GATHER_SPARE)
			return DECODE_DONE;
		room -= GATHER_SPARE;
		whole = whole && want <= room;
		uint8_t *to = out->scratch + out->used;
		size_t got = handshake_gather(data, to, want < room ? want : room);
		out->used += (uint32_t)got;
		body = cur_of(to, got);
	}
	const uint8_t *header = cur_take(&body, HANDSHAKE_HEADER);
	if (header == NULL || client_hello_parse(body, whole, &hello) != HN_OK)
		return DECODE_NO;
	client_hello_extract(&hello, whole, false, out);
	return DECODE_DONE;
}

/*
 * How many bytes of handshake the hello is, as far as its four bytes of header are there; they may lie in as
 * many records, no more are looked at.
 */
static size_t hello_size(struct cur data)
{
	uint8_t h[HANDSHAKE_HEADER];
	if (handshake_gather(data, h, sizeof(h)) < sizeof(h))
		return HANDSHAKE_HEADER;
	return HANDSHAKE_HEADER + ((size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3]);
}

static bool record_valid(const uint8_t *header)
{
	uint16_t len = load_be16(header + 3);
	return header[0] == RECORD_HANDSHAKE && header[1] == 3 && header[2] <= VERSION_MINOR_MAX && len > 0 &&
	       len <= RECORD_MAX;
}

/*
 * state->scanned is where the header of the record stands that is not passed yet, state->own how many bytes
 * of handshake lie before it. A record is passed once, so the work is linear however the hello is cut.
 */
enum decode_result tls_decode(struct cur data, bool ended, struct decode_state *state, struct extract *out)
{
	size_t have = cur_left(&data);
	state->consumed = 0;
	if (have > RECORD_HEADER && (data.at[0] != RECORD_HANDSHAKE || data.at[5] != CLIENT_HELLO))
		return tls_guess(data.at, have) == GUESS_YES ? DECODE_DONE : DECODE_NO;

	size_t want = hello_size(data);
	for (;;) {
		size_t at = state->scanned;
		state->need = (uint32_t)at + RECORD_HEADER + 1;
		if (have < state->need)
			break;
		const uint8_t *header = data.at + at;
		if (!record_valid(header))
			return DECODE_NO;
		size_t part = load_be16(header + 3);
		size_t missing = want - state->own;
		state->need = (uint32_t)(at + RECORD_HEADER + (part < missing ? part : missing));
		if (have < state->need)
			break;
		if (part >= missing) {
			if (want > HANDSHAKE_HEADER)
				return hello_finish(data, want, true, out);
			return DECODE_NO; /* an empty hello */
		}
		state->scanned = state->need;
		state->own += (uint32_t)part;
	}
	if (!ended)
		return DECODE_MORE;
	return have > RECORD_HEADER ? hello_finish(data, want, false, out) : DECODE_NO;
}

bool tls_window(const uint8_t *data, size_t len, struct position_window *out)
{
	if (tls_guess(data, len) != GUESS_YES || data[0] != RECORD_HANDSHAKE || data[5] != CLIENT_HELLO)
		return false;
	size_t size = (size_t)RECORD_HEADER + load_be16(data + 3);
	if (size > PATTERN_WINDOW)
		size = PATTERN_WINDOW;
	bool whole = len >= size;
	*out = (struct position_window){0, (uint32_t)(whole ? size : len), whole};
	return true;
}
