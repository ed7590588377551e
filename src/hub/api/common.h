/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_COMMON_H
#define HINOMI_HUB_API_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/siphash.h"
#include "base/uuid.h"
#include "http/request.h"
#include "store/form.h"

struct label;
struct writing;

/* Small things that the parts of the API share. */

#define COMMON_ETAG_SIZE 64

/** The request's body as one JSON object with no other members than these; freed when the request is over.
 * @param f_out  ready to be read. @return as json_object_read() */
HN_MUST_USE int common_body(struct request *r, const char *const names[], struct form *f_out);

/** route->end of a route whose handler calls common_body(). */
void common_end(struct request *r);

/**
 * What is given out of the hub's own numbers (rows of a list, revisions) is disguised by this key, since they
 * count what many have and not everybody may know of. Once, before the first request; the same for all hubs
 * of a database, and for good.
 */
void common_key(const uint8_t key[SIPHASH_KEY]);

/** The number that a `next` member gave, from the query's "cursor". @return HN_EFORMAT */
HN_MUST_USE int common_cursor(struct request *r, int64_t *out);

/** Ends the JSON of a list: its array, `next` where there are more, the object. */
void common_list_end(struct buf *b, bool more, int64_t last);

/** Appends `,"next":"..."`. */
void common_next(struct buf *b, int64_t last);

/** Sets a revision as the answer's entity tag. */
void common_tag(struct request *r, int64_t revision);

/** A revision as an entity tag, without quotes. */
void common_etag(int64_t revision, char out[COMMON_ETAG_SIZE]);

/** The revision that If-Match names, which is what stands before a dot, if there is one; -1: none is named.
 * @return HN_OK; HN_ESTATE: 412 is answered */
HN_MUST_USE int common_if_match(struct request *r, int64_t *out);

/**
 * A PUT that makes a thing under a given identifier (If-None-Match: *) or replaces what was read (If-Match,
 * demanded).
 *
 * @param read          reads the thing as the asker may see it, as a GET does
 * @param text_max      bytes that it writes at the most
 * @param revision_out  of what is to be replaced; 0: it is to be made
 * @return what `read` returned; HN_ESTATE: 412 or 428 is answered
 */
typedef int (*common_read_fn)(struct request *r, const void *context, struct buf *out, int64_t *revision_out);
HN_MUST_USE int common_put(struct request *r, common_read_fn read, const void *context, size_t text_max,
			   int64_t *revision_out);

/** Answers with what is there by it (200), under its entity tag. */
HN_MUST_USE int common_get(struct request *r, common_read_fn read, const void *context);

/** The end of a change that put a thing: 201 with its place under `path`, or 204; under its entity tag. */
HN_MUST_USE int common_put_answer(struct request *r, const char *path, const struct uuid *id, bool made,
				  int64_t revision);

/** Answers a change that made a thing without an entity tag: 201 with its place. */
HN_MUST_USE int common_made(struct request *r, const char *path, const struct uuid *id);

/** In a job: an entry of the ledger that names one thing, {"NAME":"UUID"}. */
HN_MUST_USE int common_note(struct writing *w, struct request *r, const char *kind, const char *name,
			    const struct uuid *id);

/** The form's "marking", or what holds where it says nothing: the asker's own. @return HN_EFORMAT */
HN_MUST_USE int common_marking(struct request *r, const struct form *f, struct label *out);

/* Append `"name":value` with a comma in front. A time of 0 is left out. */
void common_text(struct buf *b, const char *name, const char *text);
void common_time(struct buf *b, const char *name, int64_t us);
void common_uuid(struct buf *b, const char *name, const struct uuid *id);

/** The query parameters of every list, for a table of them. */
#define COMMON_PAGE                                                                                          \
	{.name = "cursor",                                                                                   \
	 .kind = QUERY_TEXT,                                                                                 \
	 .max = 16,                                                                                          \
	 .help_en = "where to go on: what `next` gave",                                                      \
	 .help_ja = "続きの位置: next が返した値"},                                                          \
	{                                                                                                    \
		.name = "limit", .kind = QUERY_NUMBER, .min = 1, .max = 1000,                                \
		.help_en = "rows of one page at most", .help_ja = "1ページの件数の上限",                     \
	}
#define COMMON_LIMIT 100

#endif
