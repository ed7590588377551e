/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_TLS_H
#define HINOMI_HTTP_TLS_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/fault.h"
#include "http/peer.h"

/*
 * TLS 1.3 of the server (RFC 8446), and no other version: without early data, compression, renegotiation, and
 * without resumption where clients show certificates, so that each connection is judged anew. The only file
 * of this room that knows OpenSSL. Inside the folder only; struct server_tls (http/peer.h) is what programs
 * say.
 */
struct tls_context;
struct tls;

/** Keys and judge of a server; its threads share it. @return as server_tls_replace() */
HN_MUST_USE int tls_context_new(const struct server_tls *options, void *program, struct tls_context **out,
				struct fault *fault);
/** NULL is allowed. */
void tls_context_free(struct tls_context *context);

/** Puts other keys in place; connections that are open go on with theirs. Nothing changes on an error. */
HN_MUST_USE int tls_context_replace(struct tls_context *context, const struct server_tls *options,
				    struct fault *fault);

/** One connection's, over a socket that does not block. @return NULL: no memory */
struct tls *tls_new(struct tls_context *context, int fd);
/** NULL is allowed. The socket stays open. */
void tls_free(struct tls *tls);

/** Goes on with the handshake. @return 1: done; 0: the socket has to move first; HN_EAUTH: refused, or ended
 */
int tls_handshake(struct tls *tls);

/** As recv(): 0 is the end, which the peer may have announced or not; -1 with EAGAIN, or another errno where
 * the connection is broken for good. */
ssize_t tls_recv(struct tls *tls, void *room, size_t size);
/** As send(). After EAGAIN it must be called with the same bytes again, or more of them. */
ssize_t tls_send(struct tls *tls, const void *data, size_t len);

/** After a tls_recv() that gave bytes: whether there may be more without an event of the socket. */
bool tls_has_more(const struct tls *tls);

/** Says that we send no more (close_notify), as far as that goes without waiting. */
void tls_end(struct tls *tls);

/** The client's certificate, verified and judged; NULL: it showed none. */
const struct peer *tls_peer(const struct tls *tls);

/** Asks the judge again. True where there is no certificate or no judge. */
bool tls_peer_holds(const struct tls *tls);

#endif
