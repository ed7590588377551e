/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_BLOCKPAGE_H
#define HINOMI_RESOLVER_BLOCKPAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "resolver/config.h"

/*
 * The page that stands where a blocked name was sent: HTTP/1.1 (RFC 9112), in a thread of its own. It reads
 * the request line, Host and Accept-Language, never a body; answers one page, ja or en, without scripts,
 * cookies or anything loaded from elsewhere; and closes. Nothing is served over TLS: we never present a
 * certificate for a name that is not ours.
 */
#define BLOCKPAGE_REQUEST_MAX     8192 /* bytes */
#define BLOCKPAGE_TIMEOUT_MS      5000
#define BLOCKPAGE_CONNECTIONS_MAX 256
#define BLOCKPAGE_NAME_SIZE       254 /* with its NUL */

/** What a request says that matters to us. */
struct blockpage_request {
	char name[BLOCKPAGE_NAME_SIZE]; /* Host without port and last dot, lower case; "" for an address */
	bool head;                      /* HEAD: no page behind the header */
	bool ja; /* Japanese is preferred to English (RFC 9110, 12.5.4), or neither said */
};

/**
 * Reads a request's header section.
 *
 * @return HN_OK; HN_ETRUNC: more bytes are needed; HN_EUNSUPPORTED: another method than GET, HEAD and POST,
 * or not HTTP/1; HN_EFORMAT: no or two Host fields, a Host that is no name, broken lines
 */
HN_MUST_USE int blockpage_request_read(const char *data, size_t len, struct blockpage_request *out);

/** Why a name is blocked, as the policy in force says now. */
struct blockpage_finding {
	char listed[BLOCKPAGE_NAME_SIZE]; /* the entry, not what was asked for; "": not to be told */
	bool elsewhere;                   /* what is listed is where the name leads, not itself */
	char organisation[256];           /* who ordered it; "" : who runs the resolver */
	char contact[256];                /* where to appeal; "" : that of the configuration */
	enum policy_reason reason;
};

struct blockpage_options {
	const struct resolver_blockpage *config; /* lives as long as the server */
	/** Whether the name is blocked for who asks, and why. In the server's thread; waits for nobody. */
	bool (*find)(void *context, const char *name, const struct ip *client, struct blockpage_finding *out);
	/** A page was shown for this entry, at this minute (ns, cut to it). May be NULL. */
	void (*shown)(void *context, const char *listed, int64_t minute_ns);
	void *context;
};

/**
 * Appends the whole answer: status line, header fields, page. 403, or 451 (RFC 7725) where the law ordered
 * it.
 *
 * @param now_ns   of the Date field
 * @param finding  NULL: the name is not blocked; the page then only says whose server this is
 */
void blockpage_write(const struct blockpage_request *request, const struct resolver_blockpage *config,
		     const struct blockpage_finding *finding, int64_t now_ns, struct buf *out);

/**
 * Binds and listens on each address of the configuration. Before privileges are dropped.
 *
 * @param fds_out  room for config->addresses.count; the caller closes them, or blockpage_start() takes them
 *
 * @return HN_EIO (errno), the fault names the address; nothing is open then
 */
HN_MUST_USE int blockpage_listen(const struct resolver_blockpage *config, int fds_out[], struct fault *fault);

struct blockpage;

/** Starts serving. @return HN_ENOMEM, HN_EIO (errno); the descriptors are the caller's then */
HN_MUST_USE int blockpage_start(const struct blockpage_options *options, const int fds[],
				struct blockpage **out);

/** Ends the thread, closes the sockets. NULL is allowed. */
void blockpage_stop(struct blockpage *page);

#endif
