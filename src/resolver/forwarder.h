/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_FORWARDER_H
#define HINOMI_RESOLVER_FORWARDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"
#include "resolver/forwarder_connection.h"
#include "resolver/reactor.h"
#include "resolver/recursor.h"

/*
 * Forwarding over TLS, which Debian's libunbound cannot: it believes to forward to a name server on a
 * loopback address, and that is this, on the same thread. Questions go on over a few kept connections, many
 * at once and answered in any order, to the first upstream that works; libunbound validates what comes back.
 *
 * libunbound's questions carry a secret of this run as an EDNS option, so another process on this machine
 * cannot use the upstreams through the loopback socket, and its questions are dropped. What remains: whoever
 * may read this machine's loopback traffic (root) sees the questions, and the secret. The secret and
 * any other option are taken out before a question leaves; no client subnet was ever in it.
 *
 * All calls are from the reactor's thread, or before it runs, but for forwarder_upstreams().
 */
#define FORWARDER_QUERIES_MAX 8192 /* under way */
#define FORWARDER_WAIT_MS     2500 /* libunbound must not ask again, or give up the socket, before that */

struct forwarder;

/**
 * Opens the loopback socket, connects to nobody yet.
 *
 * @param upstreams  copied; the first that works is asked
 * @param tls        stays the caller's
 *
 * @return HN_EIO (errno), HN_ENOMEM
 */
HN_MUST_USE int forwarder_new(struct reactor *reactor, struct forwarder_tls *tls,
			      const struct recursor_forward *upstreams, size_t count, struct forwarder **out);
/** Ends connections; NULL is allowed. */
void forwarder_free(struct forwarder *f);

/** What libunbound is to forward to. */
struct endpoint forwarder_endpoint(const struct forwarder *f);
/** A file for libunbound's options that make it send the secret; readable as long as the forwarder lives. */
const char *forwarder_config_file(const struct forwarder *f);
/** The secret, for tests. */
const char *forwarder_secret(const struct forwarder *f);

/** Adds what is known of each upstream to out[0..count-1], at most max. From any thread. @return count */
size_t forwarder_upstreams(const struct forwarder *f, struct recursor_upstream *out, size_t max);

#endif
