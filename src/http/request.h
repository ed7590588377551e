/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_REQUEST_H
#define HINOMI_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "base/lang.h"
#include "base/uuid.h"
#include "stix/object.h"

/*
 * One HTTP request, as a handler has it. Everything in it was checked before: method, path parameters, query,
 * media types, size, rights, rate. Everything lives until the answer is sent.
 *
 * A handler runs on one of the server's threads and blocks on nothing but a short read of the store. It
 * answers (http/answer.h) and returns HN_OK, or returns an error that becomes a problem (see below), or
 * leaves the answer to later: request_wait() for all that takes time; another thread then answers and calls
 * request_resume().
 */
struct arena;
struct asker;
struct peer;
struct route;

#define REQUEST_PARAMS_MAX 8
#define REQUEST_ARENA_MAX  (4u << 20) /* bytes that a request's arena gives */

enum http_method {
	HTTP_GET = 1, /* HEAD comes as GET; its body is not sent */
	HTTP_POST = 2,
	HTTP_PUT = 4,
	HTTP_PATCH = 8,
	HTTP_DELETE = 16,
};

/** A path parameter; `text` always, the others by the kind that the route's pattern gives it. */
struct request_param {
	const char *text; /* decoded, UTF-8, NUL-terminated */
	size_t len;
	struct uuid uuid;  /* {name:uuid} */
	struct stix_id id; /* {name:stix} */
	uint64_t number;   /* {name:number} */
};

/** Who is behind a request; the program fills it (struct server_options, identify). All zero: nobody. */
struct request_identity {
	const struct asker *asker; /* the program's own; the server does not look into it */
	bool signed_in;
	unsigned scopes;       /* the program's bits */
	struct uuid account;   /* the person's or the token's outer name, for access log and ledger */
	const char *how;       /* "password", "token", "certificate"; a static word */
	uint64_t limit_key;    /* whose rate is counted: the same for all requests of one token or person */
	uint32_t limit_second; /* requests a second; 0: the configuration's */
};

struct request {
	void *program; /* of server_options */
	const struct route *route;
	enum http_method method;
	enum lang lang;    /* of this asker; also what tr() gives on this thread */
	const char *path;  /* as it came, without the query */
	struct ip address; /* the client's own, where a trusted proxy said so */
	struct request_identity who;
	struct uuid uid;     /* of this request: header X-Request-Id, access log, problems' instance */
	int64_t received_ns; /* base/utc.h */
	int64_t asked_ns;    /* when who asks was last asked for; at first received_ns */
	struct arena *arena;
	struct request_param params[REQUEST_PARAMS_MAX]; /* in the pattern's order */
	size_t param_count;
	struct buf body;    /* gathered; empty where the route takes pieces */
	const char *media;  /* the body's media type without parameters, lower case; NULL: no body */
	struct fault fault; /* filled by what fails: place (a JSON pointer or parameter) and message */
	void *state;        /* the route's own, e.g. between pieces; route->end frees what hangs on it */
	void *own;          /* the program's own, for what it does for all routes; NULL at first */
	struct buf note;    /* the same: empty at first, emptied behind the request */
};

/* ---- what was asked ---- */

/** A query parameter that the route's table has, decoded. @return NULL: not given */
const char *request_query(const struct request *r, const char *name, size_t *len_out);
/** The same as a number; the table's kind is QUERY_NUMBER. */
uint64_t request_query_number(const struct request *r, const char *name, uint64_t absent);
bool request_query_flag(const struct request *r, const char *name);
/** The next of a parameter that may come several times; *at starts at 0. @return NULL: no more */
const char *request_query_next(const struct request *r, const char *name, size_t *at, size_t *len_out);

/** A header's value, trimmed. Names in any case. @return NULL: not there, or several times */
const char *request_header(const struct request *r, const char *name, size_t *len_out);

/** The client's certificate as a trusted proxy hands it on (server_options.certificate_header). @return NULL:
 * none, or the header came from somebody else */
const char *request_certificate(const struct request *r, size_t *len_out);

/** Whether the client speaks TLS: with this server, or with a trusted proxy, which says so in
 * X-Forwarded-Proto (one that says only for whom it asks is taken to speak TLS). */
bool request_secure(const struct request *r);

/** Whether somebody other than a trusted proxy says to hand the request on for another (X-Forwarded-For,
 * Forwarded): then r->address is not the client's own. */
bool request_handed_on(const struct request *r);

/** The client's certificate of this connection, verified and judged (struct server_tls). @return NULL: none
 */
const struct peer *request_peer(const struct request *r);

/** Whether the Accept header takes this media type (RFC 9110, 12.5.1); parameters of ours are compared where
 * the asker names them. No Accept header takes everything. */
bool request_accepts(const struct request *r, const char *media);

/** The media type of route->gives that the asker likes best; never NULL in a handler. */
const char *request_gives(const struct request *r);

/** Whether If-None-Match names this entity tag (without quotes): answer 304. */
bool request_has_etag(const struct request *r, const char *etag);

/**
 * Checks If-Match against what is there now.
 *
 * @param etag  without quotes; NULL: nothing is there
 * @return HN_OK; HN_ESTATE: 412 or, where the header is missing and `required`, 428 is answered: return it
 */
HN_MUST_USE int request_if_match(struct request *r, const char *etag, bool required);

/** The method as it came ("HEAD" is HTTP_GET in r->method). Empty where the head could not be read. */
const char *request_method(const struct request *r, size_t *len_out);

/** The query as it came, without the question mark. @return NULL: none */
const char *request_query_text(const struct request *r, size_t *len_out);

/* ---- later ---- */

/** What the access log says beside the route: how many objects went out or came in. */
void request_count(struct request *r, uint64_t objects);

/** Suspends: the handler returns HN_OK at once, touching nothing of the request any more. Call it before the
 * work is handed to another thread. */
void request_wait(struct request *r);

/**
 * From any thread: the request goes on. Either an answer was written, or `again` is called on a server's
 * thread and does what a handler does.
 */
void request_resume(struct request *r, int (*again)(struct request *r));

#endif
