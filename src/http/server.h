/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_SERVER_H
#define HINOMI_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "http/peer.h"

/*
 * The HTTP server: takes connections, reads requests strictly, finds their route, asks who is there, runs the
 * handler, sends and counts answers.
 */
struct request;
struct router;
struct server;

/** Returned by identify(): the request waits (request_wait() was called); it is asked again once resumed. */
#define IDENTIFY_LATER 1

/** How a request ended. */
struct request_end {
	unsigned status; /* 0: cut before its answer was whole */
	int64_t duration_ns;
	uint64_t objects;             /* request_count() */
	uint64_t bytes_in, bytes_out; /* of the bodies */
};

struct server_options {
	void *program;       /* comes back as r->program */
	const char *metrics; /* begins the names of its counters: "hinomi_hub" */
	const struct router *router;
	const int *listeners; /* sockets that listen; the server closes them */
	size_t listener_count;
	unsigned threads;        /* 1..64 */
	uint32_t connection_max; /* in all */
	uint32_t address_max;    /* of one address (of IPv6 a /64), those of trusted proxies not counted */
	/* of one client's certificate or, where it has one, of its URI; such connections do not count for
	 * their address any more. 0: no limit, and they do */
	uint32_t peer_max;
	int64_t header_ns;  /* until the whole header is there, from the connection's or the last answer's end
			     */
	int64_t idle_ns;    /* nothing moves */
	uint32_t body_rate; /* least bytes a second of a body, after 10 s */
	size_t body_max, bulk_max; /* bytes; where the route does not say */
	uint32_t rate_second;      /* requests a second of one token, person or address; 0: no limit */
	uint32_t rate_burst;
	const struct ip_prefix
		*proxies; /* whose X-Forwarded-For, -Proto and client certificate header hold */
	size_t proxy_count;
	const struct server_tls *tls;   /* used during server_new() only; NULL: in the clear */
	const char *certificate_header; /* in which they hand on a client's certificate; NULL: none */
	/**
	 * Who asks, from the request's headers, into r->who. Nothing presented: HN_OK, not signed in.
	 * @return HN_OK; HN_EAUTH: what was presented does not hold (401); IDENTIFY_LATER; HN_ELIMIT (429);
	 * HN_EIO: nobody can be known now (503, but for routes of health, which go on with who is there)
	 */
	int (*identify)(struct request *r);
	/**
	 * A streamed answer of a ROUTE_LASTING goes on: whether who asks still may, at r->asked_ns; it may
	 * fill r->who anew and must not wait. False ends the answer as if it were all. NULL: it goes on. A
	 * client's certificate is judged again in any case.
	 */
	bool (*still)(struct request *r);
	int64_t still_ns; /* how often that is; 0: each minute */
	/** Whether who asks has the route's scopes and roles; asked for routes that are not public. NULL: who
	 * signed in. */
	bool (*allowed)(const struct request *r);
	/**
	 * The answer is whole and its status below 400: what must be done before it leaves. It may
	 * request_wait(); resumed, it is called again. It may answer otherwise (answer_restart()). NULL:
	 * nothing.
	 */
	void (*seal)(struct request *r);
	/**
	 * Writes the error of a path that no route answers for in a standard's own form, as route->problem
	 * does.
	 * @return whether the path is that standard's. NULL: none is
	 */
	bool (*problem)(struct request *r, unsigned status, const char *title, const char *detail);
	/** The request is over: a line of the access log. NULL: none is kept. */
	void (*finished)(const struct request *r, const struct request_end *end);
};

/** Binds and listens. @return HN_EEXIST: the address is taken, HN_EIO; the fault says which */
HN_MUST_USE int server_listen(const struct endpoint *address, int *fd_out, struct fault *fault);

/** Makes it, without threads. @return HN_ENOMEM, HN_EIO; HN_EFORMAT: keys; the fault's place is
 * "certificate", "key" or "client_root" */
HN_MUST_USE int server_new(const struct server_options *options, struct server **out, struct fault *fault);

/** Begins its threads; no connection is taken yet. */
HN_MUST_USE int server_start(struct server *server, struct fault *fault);

/** Takes connections from now on. */
void server_go(struct server *server);

/** No new connections; waits until the requests under way are answered, at most so long; then cuts what is
 * left. Requests that somebody else has (request_wait()) stay until they are resumed. */
void server_drain(struct server *server, int64_t limit_ns);

/** Whether server_drain() was called: who lets requests wait for something lets them go now. */
bool server_draining(const struct server *server);

/** Waits for the threads after server_drain(): all requests have come back. */
void server_join(struct server *server);

/**
 * Other keys for a server that has some; connections that are open go on with theirs. The judge stays the
 * same. From any thread.
 *
 * @return as server_new(); then nothing has changed
 */
HN_MUST_USE int server_tls_replace(struct server *server, const struct server_tls *tls, struct fault *fault);

/**
 * Ends all connections and streams of a client's certificate at once: first make the judge refuse it, then
 * call this. From any thread, also from a handler.
 *
 * @param serial  as in struct peer
 * @return HN_ENOMEM: not all may have ended
 */
HN_MUST_USE int server_cut_peer(struct server *server, const char *serial);

/** NULL is allowed. */
void server_free(struct server *server);

/** Appends the counters in the text form of Prometheus (0.0.4). */
void server_metrics(const struct server *server, struct buf *out);

#endif
