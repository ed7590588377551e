/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/messages.h"

#include "base/cur.h"
#include "wire/guess.h"

enum decode_guess xmpp_guess(const uint8_t *data, size_t len)
{
	static const char *const openings[] = {"<?xml ", "<stream:stream", NULL};

	enum decode_guess guess = guess_prefixes(data, len, openings, false);
	if (guess != GUESS_YES || data[1] != '?')
		return guess;
	size_t n = len < GUESS_LINE_MAX ? len : GUESS_LINE_MAX;
	if (guess_contains(data, n, "<stream:stream"))
		return GUESS_YES;
	return n == GUESS_LINE_MAX ? GUESS_NO : GUESS_MAYBE;
}

enum decode_guess irc_guess(const uint8_t *data, size_t len)
{
	static const char *const openings[] = {"NICK ",   "PASS ",       "CAP LS",    "CAP REQ",
					       "CAP END", "NOTICE AUTH", "NOTICE * ", NULL};

	if (len == 0 || data[0] != ':')
		return guess_prefixes(data, len, openings, true);
	/* A server: ":name NOTICE ..." or ":name 001 ..." (RFC 2812, 2.3.1). */
	bool whole;
	size_t line = guess_line(data, len, &whole);
	if (guess_contains(data, line, " NOTICE ") || guess_contains(data, line, " 001 "))
		return GUESS_YES;
	return whole ? GUESS_NO : GUESS_MAYBE;
}

enum decode_guess sip_guess(const uint8_t *data, size_t len)
{
	static const char *const openings[] = {
		"INVITE sip", "INVITE tel:", "REGISTER sip",  "OPTIONS sip", "ACK sip",     "BYE sip",
		"CANCEL sip", "MESSAGE sip", "SUBSCRIBE sip", "NOTIFY sip",  "PUBLISH sip", "INFO sip",
		"REFER sip",  "UPDATE sip",  "PRACK sip",     "SIP/2.0 ",    NULL,
	};
	return guess_prefixes(data, len, openings, false);
}

enum decode_guess mqtt_guess(const uint8_t *data, size_t len)
{
	static const char *const names[] = {"MQTT", "MQIsdp", NULL};
	struct cur c = cur_of(data, len);

	if (cur_u8(&c) != 0x10) /* CONNECT */
		return GUESS_NO;
	unsigned more = 0;
	while (cur_left(&c) > 0 && (cur_u8(&c) & 0x80) != 0)
		if (++more == 4) /* a length is at most four bytes */
			return GUESS_NO;
	if (cur_left(&c) < 2)
		return GUESS_MAYBE;
	uint16_t name_len = cur_be16(&c);
	if (name_len != 4 && name_len != 6)
		return GUESS_NO;
	return guess_prefixes(c.at, cur_left(&c), names, false);
}

enum decode_guess smpp_guess(const uint8_t *data, size_t len)
{
	struct cur c = cur_of(data, len);
	uint32_t size = cur_be32(&c);
	uint32_t command = cur_be32(&c);
	uint32_t status = cur_be32(&c);
	uint32_t sequence = cur_be32(&c);

	if (len > 0 && data[0] != 0)
		return GUESS_NO;
	if (!cur_ok(&c))
		return GUESS_MAYBE;
	/* Binding as receiver, transmitter or both, or the answer to it (SMPP 3.4, 5.1.2.1). */
	uint32_t kind = command & 0x7fffffff;
	bool bind = kind == 1 || kind == 2 || kind == 9;
	return bind && size >= 16 && size <= 256 && status < 0x800 && sequence - 1 < 0xffff ? GUESS_YES
											    : GUESS_NO;
}
