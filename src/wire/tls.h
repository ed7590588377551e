/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_TLS_H
#define HINOMI_WIRE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "wire/decoder.h"
#include "wire/position.h"

/*
 * TLS (RFC 5246, 8446): the ClientHello's server name and JA4. A hello may be spread over records and
 * segments; every byte is looked at a bounded number of times however it is cut. The server's direction is
 * recognised and finished.
 */

/** What a ClientHello says, as windows into its bytes. A window is empty when there is no such thing. */
struct client_hello {
	uint16_t version;      /* legacy_version */
	struct cur ciphers;    /* two bytes each */
	struct cur extensions; /* the whole block: type, length, body */
	struct cur versions;   /* supported_versions, two bytes each (RFC 8446, 4.2.1) */
	struct cur signatures; /* signature_algorithms, two bytes each (RFC 8446, 4.2.3) */
	struct cur alpn;       /* the first protocol name (RFC 7301) */
	struct cur name;       /* the first host_name (RFC 6066, 3) */
	bool has_name;         /* the extension server_name is there */
};

/**
 * Reads a ClientHello's body (behind the handshake's type and length).
 *
 * @param whole  false: the body is known to be cut; what stands before the cut is read
 * @return HN_ETRUNC when a length runs past its parent, HN_EFORMAT; on an error nothing is written
 */
HN_MUST_USE int client_hello_parse(struct cur body, bool whole, struct client_hello *out);

/**
 * Adds the hello's values: the server name always, JA4 when out->wanted has it and the hello is whole.
 *
 * @param quic  it came over QUIC: other fields, other letter in JA4
 */
void client_hello_extract(const struct client_hello *hello, bool whole, bool quic, struct extract *out);

enum decode_guess tls_guess(const uint8_t *data, size_t len);
enum decode_result tls_decode(struct cur data, bool ended, struct decode_state *state, struct extract *out);
/** The record that begins a ClientHello, as position.h says. */
bool tls_window(const uint8_t *data, size_t len, struct position_window *out);

#endif
