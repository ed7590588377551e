/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_ONESHOT_H
#define HINOMI_RESOLVER_ONESHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/ip.h"

/*
 * A thread that serves stream sockets the plain way: read one request, write one answer, close. Connections,
 * bytes and time are bounded, so that slow or many clients cost a fixed amount; the oldest connection gives
 * way to a new one. Control socket and block page are such servers.
 */
struct oneshot;

/** What is known of a request after the bytes that came so far. */
enum oneshot_next {
	ONESHOT_MORE,   /* not whole yet */
	ONESHOT_ANSWER, /* the answer is in the buffer; send it and close */
	ONESHOT_CLOSE,  /* close without an answer */
};

struct oneshot_options {
	const int *listeners; /* bound and listening; they become the server's */
	size_t listener_count;
	size_t connections; /* at once */
	size_t request_max; /* bytes */
	size_t answer_max;  /* bytes */
	int64_t timeout_ms; /* for the request, and again for the answer */

	/** Whether to go on with a connection just taken; NULL: with each. */
	bool (*admit)(void *context, int fd);
	/**
	 * Called with all bytes so far, each time more came. Runs in the server's thread, as do all.
	 *
	 * @param peer  who asks; version 0 over a Unix socket
	 * @param last  no more will come: the client ended, or request_max is reached
	 */
	enum oneshot_next (*request)(void *context, const struct ip *peer, const char *data, size_t len,
				     bool last, struct buf *answer);
	void *context;
};

#define ONESHOT_LISTENERS_MAX 16

/**
 * Starts the thread. It allocates nothing later but what `request` and its answer buffer do, and calls poll,
 * accept4, recv, send, shutdown, close, read of an eventfd, clock_gettime.
 *
 * @return HN_ENOMEM, HN_EIO (errno); the listeners are the caller's then
 */
HN_MUST_USE int oneshot_start(const struct oneshot_options *options, struct oneshot **out);

/** Ends the thread, closes listeners and connections. NULL is allowed. */
void oneshot_stop(struct oneshot *server);

#endif
