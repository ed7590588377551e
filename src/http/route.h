/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_ROUTE_H
#define HINOMI_HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "http/request.h"

/*
 * Routes stand in tables, one a folder (TAXII_ROUTES, OBJECT_ROUTES, ...), each ending with {0}; a
 * program has a list of them. From a row comes everything that happens before a handler runs, and the
 * operation in its OpenAPI document.
 *
 * A pattern is a path whose segments are literal or {name:kind}: uuid, stix (type--uuid), number, name
 * (1..128 of [A-Za-z0-9._~-], no lone dots), text (1..1024 bytes of UTF-8, percent-encoded, no control
 * characters). A path may have one more slash at its end than the pattern, which has none. A literal goes
 * before a parameter.
 */

enum query_kind {
	QUERY_TEXT,   /* UTF-8 without control characters; min..max bytes (0: 1..1024) */
	QUERY_NUMBER, /* decimal, min..max */
	QUERY_FLAG,   /* true or false */
	QUERY_WORD,   /* one of `words` */
	QUERY_UUID,
	QUERY_STIX,   /* type--uuid */
	QUERY_TIME,   /* RFC 3339, UTC */
	QUERY_CURSOR, /* what a `next` member gave */
};

/** A query parameter. One that the table does not have, or twice where not `repeated`, is refused. */
struct query_spec {
	const char *name;
	enum query_kind kind;
	bool required, repeated;
	uint64_t min, max;
	const char *words; /* "first|last|all" */
	const char *help_en, *help_ja;
};

/** An answer that the operation can give beside those that every one can (400, 401, 403, 404, 429, 5xx). */
struct route_answer {
	unsigned status;    /* 0 ends the list */
	const char *schema; /* of catalog/api; NULL: no JSON body */
	const char *media;  /* NULL: application/json */
};
#define ROUTE_ANSWERS_MAX 4

enum route_flag {
	ROUTE_PUBLIC = 1,      /* nobody needs to sign in */
	ROUTE_LAX_QUERY = 2,   /* unknown query parameters are passed over (TAXII) */
	ROUTE_HIDDEN = 4,      /* not in the OpenAPI document (TAXII, pages) */
	ROUTE_UNLIMITED = 8,   /* no rate limit (health) */
	ROUTE_UNLOGGED = 16,   /* not in the access log (health, metrics) */
	ROUTE_NO_KEEP = 32,    /* a change without idempotency keys (sign-in) */
	ROUTE_OWN_ERRORS = 64, /* `problem` below writes errors in the standard's own form (TAXII) */
	ROUTE_LASTING = 128,   /* a streamed answer may last: server_options.still is asked every so often */
};

struct route {
	enum http_method method;
	const char *pattern;
	const char *operation; /* operationId, e.g. "getObject"; also the route's name in metrics and log */
	unsigned flags;        /* enum route_flag */
	unsigned scopes;       /* the program's bits (server_options.allowed): all of them */
	unsigned roles;        /* the same: one of them, 0: no role is asked */
	int (*handle)(struct request *r);

	/* ---- body ---- */
	const char *takes;       /* media types, "application/json|text/csv"; NULL: no body is taken */
	size_t body_max;         /* bytes; 0 with `takes`: the configuration's default (1 MiB) */
	const char *body_schema; /* of catalog/api */
	/**
	 * With it the body is not gathered: it comes in pieces as it arrives, on the server's thread, after
	 * rights and headers were checked; body_max still holds (0: the configuration's bulk_max). A negative
	 * return ends the request with its problem. To slow a sender down: request_wait(), and
	 * request_resume() with again NULL. `handle` is called at the end.
	 */
	int (*piece)(struct request *r, const uint8_t *data, size_t len);
	/** Called once when the request is over, however it ended; frees r->state. */
	void (*end)(struct request *r);

	/* ---- answer ---- */
	const char *gives; /* media types from which Accept chooses; NULL: application/json */
	struct route_answer answers[ROUTE_ANSWERS_MAX];
	const struct query_spec *query; /* ends with {0}; NULL: none */
	const char *summary_en, *summary_ja, *tag;
	/** With ROUTE_OWN_ERRORS: writes the body of an error into answer_body() and sets its media type. */
	void (*problem)(struct request *r, unsigned status, const char *title, const char *detail);
};

/** All routes, ready to be found. Immutable. */
struct router;

/**
 * Builds it from NULL-terminated tables.
 *
 * @return HN_EEXIST: two routes for one method and path; HN_EFORMAT: a pattern; HN_ENOMEM. The fault names it
 */
HN_MUST_USE int router_new(const struct route *const tables[], struct router **out, struct fault *fault);
/** NULL is allowed. */
void router_free(struct router *router);

/** How many routes, and each of them, for metrics and the OpenAPI document. */
size_t router_count(const struct router *router);
const struct route *router_at(const struct router *router, size_t index);
struct route_found {
	const struct route *route;                       /* NULL: the path is there, not for this method */
	size_t index;                                    /* of the route, for router_at() */
	unsigned allowed;                                /* enum http_method, of this path */
	struct request_param params[REQUEST_PARAMS_MAX]; /* text points into `decoded` */
	size_t param_count;
};

/**
 * Finds the route of a path.
 *
 * @param path     as it came; refused with HN_EFORMAT where it could be read in two ways: no slash in front,
 *                 empty segments in the middle, dots alone, backslash, %00, %2f, %5c, control characters, bad
 *                 percent signs or UTF-8
 * @param decoded  room for len + 1 bytes: the parameters' texts
 * @return HN_OK; HN_ENOENT: no such path, or a parameter not of its kind
 */
HN_MUST_USE int router_find(const struct router *router, enum http_method method, const char *path,
			    size_t len, char *decoded, struct route_found *out);

#endif
