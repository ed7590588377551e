/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_FORWARDER_CONNECTION_H
#define HINOMI_RESOLVER_FORWARDER_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"
#include "resolver/reactor.h"
#include "resolver/recursor.h"

/*
 * A TLS connection to an upstream (RFC 7858), whose certificate is checked before the first question leaves.
 * The only file of the forwarder that knows OpenSSL.
 */

/** What all connections need; shared by threads. */
struct forwarder_tls;

/**
 * Reads the certificates of authorities, if any upstream is checked by its name.
 *
 * @return HN_ENOENT, HN_EIO, HN_EFORMAT: the file; HN_ENOMEM
 */
HN_MUST_USE int forwarder_tls_new(const char *ca_file, bool needed, struct forwarder_tls **out,
				  struct fault *fault);
/** NULL is allowed. After all connections. */
void forwarder_tls_free(struct forwarder_tls *tls);

enum connection_end {
	CONNECTION_CLOSED,  /* the peer ended it, in order or not */
	CONNECTION_FAILED,  /* it could not be made, or took too long */
	CONNECTION_REFUSED, /* by us: the certificate is not the upstream's */
};

struct connection;

struct connection_calls {
	/** A message, without its length; never shorter than a header. */
	void (*message)(void *context, const uint8_t *data, size_t len);
	/** The certificate was good. */
	void (*ready)(void *context);
	/** It is over. Nothing is called any more; connection_free() may be called in this. */
	void (*ended)(void *context, enum connection_end end, const char *why);
	void *context;
};

/**
 * Begins to connect. What is sent meanwhile waits for the handshake.
 *
 * @return HN_EIO (errno), HN_ENOMEM; nothing is called then
 */
HN_MUST_USE int connection_new(struct reactor *reactor, struct forwarder_tls *tls,
			       const struct recursor_forward *upstream, const struct connection_calls *calls,
			       struct connection **out);
/** NULL is allowed. */
void connection_free(struct connection *c);

/** Sends a message behind its length, as soon as may be. `ended` is not called in it. @return HN_ELIMIT,
 * HN_ENOMEM
 */
HN_MUST_USE int connection_send(struct connection *c, const uint8_t *data, size_t len);

#endif
