/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_EXCHANGE_H
#define HINOMI_HTTP_EXCHANGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/request.h"
#include "http/route.h"

/*
 * A request and its answer with all that the server keeps beside them. Inside the folder only.
 *
 *   connection.c  bytes: reads heads and bodies, writes answers
 *   dispatch.c    sense: finds the route, asks who is there, runs the handler
 *   worker.c      a thread with its connections, times and the queue of requests that go on
 */
struct connection;
struct worker;

#define QUERY_VALUES_MAX 128

struct query_value {
	const struct query_spec *spec; /* NULL: a route with ROUTE_LAX_QUERY has no such row */
	const char *name, *text;       /* decoded */
	size_t len;
	uint64_t number;
};

enum exchange_phase {
	PHASE_IDENTIFY, /* who asks is not known yet */
	PHASE_BODY,     /* allowed; its body comes in */
	PHASE_HANDLE,   /* the handler's */
	PHASE_DONE,     /* answered, or cut */
};

struct exchange {
	struct request pub; /* first: a request is its exchange */
	struct worker *worker;
	struct connection *connection;
	enum exchange_phase phase;
	bool waiting; /* the worker's own: somebody will resume it, and has all the rest meanwhile */

	size_t route_index; /* of router_at(); their count where none was found */
	size_t query_count;
	struct chunked chunked;
	uint64_t body_left; /* of HEAD_LENGTH */
	uint64_t body_seen, body_max;
	bool body_ended;
	const char *accepted; /* the media type chosen of route->gives */

	/* Between threads: set under the worker's lock. */
	struct exchange *next;
	bool queued, resumed;
	int (*again)(struct request *r);

	/* The answer. */
	bool answered;
	bool is_problem;
	bool change_holds; /* answer_keep_change() */
	unsigned status;
	const char *media;
	char etag[80], cache[64];
	const char *policy; /* answer_policy() */
	struct buf fields;  /* lines of further headers */
	struct buf errors;  /* members of the problem's array */
	struct buf body;
	ssize_t (*more)(struct request *r, char *room, size_t size);
	struct buf wire; /* what is being written: head, or a chunk */
	size_t wire_at, body_at;
	uint64_t sent; /* bytes of the body */
	bool stream_waits, stream_ended;
	int64_t still_ns; /* by the worker's clock: when the stream began, or was last asked whether it may go
			     on */
	uint64_t objects; /* for the access log */

	/* Behind everything that is emptied between two requests: each is filled before it is read. */
	struct head head;
	struct query_value query[QUERY_VALUES_MAX];
};

static inline struct exchange *exchange_of(struct request *r)
{
	return (struct exchange *)r;
}

static inline const struct exchange *exchange_of_const(const struct request *r)
{
	return (const struct exchange *)r;
}

/* ---- dispatch.c ---- */

/** Begins with a head that was read, or with status != 0 with the refusal of one that could not be. */
void exchange_begin(struct exchange *e, unsigned status);
/** A piece of the body. */
void exchange_piece(struct exchange *e, const uint8_t *data, size_t len);
/** The body is whole. */
void exchange_body_end(struct exchange *e);
/** Whether a streamed answer is to be asked now whether it may go on. */
bool exchange_is_due(const struct exchange *e);
/** Asks, where it is due. @return false: it ends here */
bool exchange_goes_on(struct exchange *e);
/** After request_resume(). */
void exchange_resumed(struct exchange *e);
/** Counts, logs, lets the route free its own. */
void exchange_finish(struct exchange *e, bool cut);

/* ---- query.c ---- */

/** Reads the query against the route's table. @return HN_EFORMAT with r->fault: place is the parameter's name
 */
HN_MUST_USE int query_read(struct exchange *e);

/* ---- answer.c ---- */

/** Empties what an answer holds, for another one. */
void answer_clear(struct exchange *e);
/** The status in words, in the asker's language. */
const char *answer_title(unsigned status);
/** Writes the answer's head into e->wire. */
void answer_head(struct exchange *e, bool keep, bool chunked, const char *date);

#endif
