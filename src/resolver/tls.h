/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_TLS_H
#define HINOMI_RESOLVER_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"
#include "resolver/config.h"

/*
 * TLS of a server (RFC 7858, 8310, 8484): 1.2 and 1.3, application protocol "dot" or "h2". The only file of
 * the serving side that knows OpenSSL.
 */

/** The certificates and keys of all listeners; shared by the threads. */
struct tls_contexts;

/**
 * Reads certificates and keys, before privileges are dropped.
 *
 * @return HN_ENOENT, HN_EIO, HN_EFORMAT, HN_EAUTH (the key is not the certificate's), HN_ENOMEM
 */
HN_MUST_USE int tls_contexts_new(const struct resolver_config *config, struct tls_contexts **out,
				 struct fault *fault);
/** Puts those of `newer`, which is freed, in place; connections that are open go on with what they began
 * with. Both of as many listeners. */
void tls_contexts_replace(struct tls_contexts *contexts, struct tls_contexts *newer);
/** NULL is allowed. */
void tls_contexts_free(struct tls_contexts *contexts);

/** One connection's. Calls never block. */
struct tls;

enum tls_result {
	TLS_DONE,
	TLS_WANTS_READ,
	TLS_WANTS_WRITE,
	TLS_FAILED, /* or ended by the peer */
};

/** @param listener  its place in the configuration. @return NULL without memory */
struct tls *tls_new(struct tls_contexts *contexts, size_t listener, int fd);
void tls_free(struct tls *tls);

enum tls_result tls_handshake(struct tls *tls);
/** Whether the client agreed to HTTP/2. */
bool tls_is_h2(const struct tls *tls);
/** The SHA-256 of the client's certificate (DER), which was verified. @return false: it showed none */
bool tls_client_digest(const struct tls *tls, uint8_t out[SHA256_SIZE]);
enum tls_result tls_read(struct tls *tls, uint8_t *out, size_t room, size_t *len_out);
enum tls_result tls_write(struct tls *tls, const uint8_t *data, size_t len, size_t *len_out);
/** Whether tls_read() has bytes to give that are in no socket any more. */
bool tls_has_pending(const struct tls *tls);
/** Tells the peer that we end, as far as that goes without waiting. */
void tls_end(struct tls *tls);

#endif
