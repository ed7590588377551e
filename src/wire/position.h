/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_POSITION_H
#define HINOMI_WIRE_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/decoder.h"

/*
 * Named places in the first PATTERN_WINDOW bytes of a direction of a flow where command information may be
 * looked for. An authorisation names the place of each byte pattern. Bodies of web, mail and messages are no
 * such place.
 */

enum position {
	/** "tcp.opening": the first window of a direction of a TCP flow, unless the flow is web, mail or
	 * messages */
	POSITION_TCP_OPENING,
	/** "udp.opening": the first datagram of a direction of a UDP flow, with the same exception */
	POSITION_UDP_OPENING,
	/** "http.request_line": the first request's line, without its end */
	POSITION_HTTP_REQUEST_LINE,
	/** "ssh.banner": the identification string (RFC 4253, 4.2), without its end */
	POSITION_SSH_BANNER,
	/** "tls.client_hello": the record that begins the hello (RFC 8446, 4.1.2 and 5.1), from its header on
	 */
	POSITION_TLS_CLIENT_HELLO,
	POSITION_COUNT,
};

#define PATTERN_WINDOW 1024 /* bytes from the start of a direction of a flow */

/** The name in authorisations; NULL for a value that is none. */
const char *position_name(enum position position);

/** @return HN_ENOENT for an unknown name */
HN_MUST_USE int position_parse(const char *name, size_t len, enum position *out);

struct position_window {
	uint32_t from;
	uint32_t len; /* from + len never passes PATTERN_WINDOW nor the data */
	bool whole;   /* more data of this direction would not lengthen it */
};

/**
 * Whether flows that this row recognised (in either direction) are web, mail or messages: then neither
 * direction has an opening. NULL is allowed.
 */
bool position_openings_barred(const struct decoder *decoder);

/**
 * Which bytes of a direction are the position.
 *
 * @param protocol  6 or 17
 * @param decoder   the row that recognised the flow (either direction's counts: the mail row of one covers
 *                  both); NULL when none did. Not to be asked while a row still says GUESS_MAYBE.
 * @param data      the direction's first bytes (UDP: its first datagram), from the very start
 *
 * @return false when the position is not in this direction; then nothing is written
 */
bool position_find(enum position position, uint8_t protocol, const struct decoder *decoder,
		   const uint8_t *data, size_t len, struct position_window *out);

#endif
