/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_HTTP_REQUEST_H
#define HINOMI_HUB_HTTP_REQUEST_H

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
#include "store/asker.h"

/*
 * One HTTP request, as a handler has it. Everything in it was checked before: method, path parameters, query,
 * media types, size, rights, rate. Everything lives until the answer is sent.
 *
 * A handler runs on one of the server's threads and blocks on nothing but a short read of the store. It
 * answers (hub/http/answer.h) and returns HN_OK, or returns an error that becomes a problem (see below), or
 * leaves the answer to later:
 *
 *   request_change()   for everything that changes the store
 *   request_wait()     for anything else that takes time; another thread then answers and calls
 *                      request_resume()
 */
struct arena;
struct hub;
struct reader;
struct route;
struct writing;

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

/** What a token may be used for; a person who signed in has all of them. Bits. */
enum scope {
	SCOPE_READ = 1,    /* objects, search, feeds, sets */
	SCOPE_WRITE = 2,   /* hand objects, sightings and opinions in */
	SCOPE_APPROVE = 4, /* drafts, proposals, approvals, retreat */
	SCOPE_HOLD = 8,    /* ask and enter holds */
	SCOPE_MANAGE = 16, /* organisations, people, tokens, sources, collections */
	SCOPE_AUDIT = 32,  /* ledger's records, access log, explain for others */
	SCOPE_EDGE = 64,   /* what sensors and resolvers do */
	SCOPE_ALL = 127,
};

/** Who is behind a request; hub/identity fills it (struct server_options, identify). */
struct request_identity {
	const struct asker *asker; /* never NULL in a handler: the public's where nobody signed in */
	bool signed_in;
	unsigned scopes;       /* enum scope */
	struct uuid account;   /* the person's or the token's outer name, for access log and ledger */
	const char *how;       /* "password", "token", "certificate"; a static word */
	uint64_t limit_key;    /* whose rate is counted: the same for all requests of one token or person */
	uint32_t limit_second; /* requests a second; 0: the configuration's */
};

struct request {
	struct hub *hub;
	const struct route *route;
	enum http_method method;
	enum lang lang;    /* of this asker; also what tr() gives on this thread */
	const char *path;  /* as it came, without the query */
	struct ip address; /* the client's own, where a trusted proxy said so */
	struct request_identity who;
	struct uuid uid;     /* of this request: header X-Request-Id, access log, problems' instance */
	int64_t received_ns; /* base/utc.h */
	struct arena *arena;
	struct request_param params[REQUEST_PARAMS_MAX]; /* in the pattern's order */
	size_t param_count;
	struct buf body;    /* gathered; empty where the route takes pieces */
	const char *media;  /* the body's media type without parameters, lower case; NULL: no body */
	struct fault fault; /* filled by what fails: place (a JSON pointer or parameter) and message */
	void *state;        /* the route's own, e.g. between pieces; route->end frees what hangs on it */
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

/** The client's certificate as a trusted proxy hands it on (hub.yaml: http.certificate_header). @return NULL:
 * none, or the header came from somebody else */
const char *request_certificate(const struct request *r, size_t *len_out);

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

/** Reads the store as who asks. reader_end() it before returning. */
HN_MUST_USE int request_read(struct request *r, struct reader **out);

/**
 * The same for what goes out as a feed, a file or a number: nothing that is from selected communications
 * information, also for who handles it. That is provided by an act of its own.
 */
HN_MUST_USE int request_read_feed(struct request *r, struct reader **out);

/* ---- later ---- */

/**
 * Runs a change on the store's writer and answers when it is durable. The job writes the answer with
 * answer_...() as a handler does; an error undoes everything and becomes a problem. With an Idempotency-Key
 * header the answer is kept in the same transaction: the same request again, even after a kill, gets the
 * kept answer, and the job does not run; the key with another request is refused with 422. The job may run
 * again from the start (the answer begun is thrown away). Entries that it adds by request_note() are in the
 * ledger before the answer is sent.
 *
 * @return what the handler returns
 */
HN_MUST_USE int request_change(struct request *r,
			       int (*job)(struct writing *w, struct request *r, void *context),
			       void *context);

/**
 * In a job: an entry for the ledger that holds if, and only if, the transaction does.
 *
 * @param kind    log_entry_kind_ok(), e.g. "hub.login"
 * @param record  JSON object; who, when and the request's uid are put beside it
 */
HN_MUST_USE int request_note(struct writing *w, struct request *r, const char *kind, const char *record,
			     size_t len);

/**
 * In a handler that reads what is selected, clearance-marked, TLP:AMBER+STRICT or RED: an entry of the ledger
 * that is durable before the answer leaves. One for a request; a second call adds to it.
 *
 * @param digest  SHA-256 over the ids given out, in their order
 */
HN_MUST_USE int request_note_read(struct request *r, const uint8_t digest[32], uint64_t count,
				  const char *highest_marking);

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
