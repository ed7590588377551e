/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_STREAM_H
#define HINOMI_RESOLVER_STREAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "resolver/exchange.h"
#include "resolver/loop.h"
#include "resolver/tls.h"

/*
 * Questions over streams, of one serving thread: DNS over TCP (RFC 7766), TLS (RFC 7858) and HTTPS (RFC
 * 8484). Questions are taken as they come and answered as answers are there, in any order.
 *
 * Bounded: STREAM_CONNECTIONS at once, of one client prefix at most STREAM_PER_PREFIX; the one that has been
 * idle longest gives way to a new one. A connection that completes no question for STREAM_IDLE_MS is closed,
 * however many bytes it dribbles. What a client does not read is kept up to STREAM_UNREAD bytes; then nothing
 * more of it is read, and it is closed if answers that it waited for come to twice that. All connections
 * together hold STREAM_HELD bytes: beyond, those that leave answers unread are closed.
 */
#define STREAM_CONNECTIONS 4096
#define STREAM_PER_PREFIX  256 /* prefixes that share a place in a table share this */
#define STREAM_IDLE_MS     10000
#define STREAM_UNDER_WAY   64
#define STREAM_UNREAD      (256u << 10)
#define STREAM_HELD        (64u << 20)

struct stream_counts {
	_Atomic uint64_t opened;
	_Atomic uint64_t refused; /* not of any group, or too many of one prefix */
	_Atomic uint64_t displaced;
	_Atomic uint64_t idle;   /* closed for that */
	_Atomic uint64_t broken; /* closed for what they sent, or a handshake that failed */
	_Atomic uint64_t open;   /* now */
};

struct streams;

/**
 * Opens listening sockets of its own (SO_REUSEPORT).
 *
 * @param tls  outlives it
 * @return HN_EIO (errno), HN_ENOMEM; the fault names the listener
 */
HN_MUST_USE int streams_new(const struct service *service, struct tls_contexts *tls, struct loop *loop,
			    struct exchange *exchange, struct streams **out, struct fault *fault);
/** Closes every connection. NULL is allowed. */
void streams_free(struct streams *s);

/** What it counted since its beginning; its own. */
const struct stream_counts *stream_counts(const struct streams *s);

#endif
