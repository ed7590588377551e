/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_ANSWER_H
#define HINOMI_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"

/*
 * The answer to a request. A handler fills answer_body(), says answer_headers where it has any, and then
 * answer_send() once; everything leaves through one place that adds what every answer has (X-Request-Id,
 * X-Content-Type-Options, Cache-Control, Content-Language), counts it and writes the access log.
 */
struct request;

#define ANSWER_BODY_MAX                                                                                      \
	(64u << 20) /* bytes of an answer that is built in memory; larger ones are streamed                  \
		     */

/** The body's buffer: empty at first, reused between requests. An error in it becomes a 500. */
struct buf *answer_body(struct request *r);

/** Adds a header. Name and value are copied; control characters are a bug. */
void answer_header(struct request *r, const char *name, const char *value);

/** Strong entity tag, without quotes. */
void answer_etag(struct request *r, const char *etag);

/** For how long others may keep it: "no-store" unless said. */
void answer_cache(struct request *r, const char *cache_control);

/** The Content-Security-Policy of a page; static. Every other answer has one that lets nothing be done with
 * it. */
void answer_policy(struct request *r, const char *policy);

/** Ends the answer with what is in the body. media NULL: application/json; no body with 204 and 304. @return
 * HN_OK, so that a handler may return it */
int answer_send(struct request *r, unsigned status, const char *media);

/** 201 with Location. @param location  path of the new resource */
int answer_created(struct request *r, const char *location);

/**
 * A problem (RFC 9457) instead of an answer; what the body holds is thrown away.
 *
 * @param type    one word for machines, the last part of its URI: "not-found", "unknown-member"; static
 * @param detail  in the asker's language; NULL: what the status says
 * @return HN_OK
 */
int answer_problem(struct request *r, unsigned status, const char *type, const char *detail);

/** Adds a place to the next problem's `errors`. pointer: JSON pointer ("": the whole body), or a parameter's
 * name. */
void answer_error_at(struct request *r, const char *pointer, const char *detail);

/**
 * The problem that an error of ours is: HN_ENOENT 404, HN_EAUTH 403, HN_EFORMAT and HN_ETRUNC 400 (422 where
 * the JSON was good), HN_ELIMIT 413, HN_EEXIST and HN_ESTATE 409, HN_EUNSUPPORTED 415, HN_ENOSPC 507, HN_EIO
 * and HN_ENOMEM 503. r->fault gives detail and place. A handler that returns an error has the same done for
 * it.
 */
int answer_failed(struct request *r, int err);

/** In a job of request_change(), behind answer_problem(): what the job did holds all the same, e.g. the entry
 * in the ledger that tells of the refusal. */
void answer_keep_change(struct request *r);

/** In route->problem: the media type of the error's body. */
void answer_media(struct request *r, const char *media);

/** Whether an answer, good or not, was sent. */
bool answer_is_sent(const struct request *r);

/* ---- kept answers ---- */

/** What was answered so far, for who keeps it. */
struct answer_told {
	unsigned status;
	bool problem;
	bool change_holds;               /* answer_keep_change() */
	const char *media;               /* NULL: no body */
	const char *etag;                /* without quotes; "": none */
	const struct buf *fields, *body; /* lines of further headers; they live as long as the answer */
};

/** @return false: nothing was answered yet */
bool answer_look(const struct request *r, struct answer_told *out);

/** Adds lines of headers as answer_look() gave them. */
void answer_fields(struct request *r, const struct buf *lines);

/** Throws away what was answered so far, so that another answer can begin. */
void answer_restart(struct request *r);

/* ---- streamed ---- */

#define ANSWER_END  0
#define ANSWER_WAIT (-1) /* nothing yet; answer_wake() will say */
#define ANSWER_FAIL (-2) /* the connection is cut, so that nobody takes a part for the whole */

/**
 * Sends an answer of any length: `more` fills room bytes at a time on a server's thread when the client can
 * take them. It may read the store, a short read each time.
 *
 * @param more  bytes written, or one of the above
 */
int answer_stream(struct request *r, unsigned status, const char *media,
		  ssize_t (*more)(struct request *r, char *room, size_t size));

/** From any thread: `more` may have something again. The request must still live (route->end was not called).
 */
void answer_wake(struct request *r);

#endif
