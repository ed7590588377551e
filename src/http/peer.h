/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_PEER_H
#define HINOMI_HTTP_PEER_H

#include <stdbool.h>
#include <stdint.h>

/* Keys of a server that speaks TLS, and what a client's certificate says. */

#define PEER_SERIAL_SIZE 41 /* lower-case hex of at most 20 bytes (RFC 5280, 4.1.2.2), and NUL */
#define PEER_URI_SIZE    256

/** A client's certificate. Its chain, purpose (clientAuth, which it must name) and dates were verified. */
struct peer {
	char serial[PEER_SERIAL_SIZE]; /* lower-case hex, at least 32 digits */
	uint8_t digest[32];            /* SHA-256 of the DER */
	char uri[PEER_URI_SIZE]; /* its URI among the subject's alternative names; "": none, or several */
};

enum peer_wish {
	PEER_NONE,     /* clients are not asked for certificates */
	PEER_ASKED,    /* who shows none may come too; one that does not hold ends the handshake */
	PEER_DEMANDED, /* who shows none does not come in */
};

struct server_tls {
	const char *certificate; /* PEM: the server's own, then what is between it and the root */
	const char *key;         /* PEM, without a passphrase */
	enum peer_wish clients;
	const char *client_root; /* PEM: whose certificates are taken; NULL with PEER_NONE */
	/**
	 * Whether this client may come (serial known, not revoked): asked at the handshake and again at each
	 * request, on the server's threads; it must not block. NULL: all that are verified.
	 */
	bool (*judge)(void *program, const struct peer *peer);
};

#endif
