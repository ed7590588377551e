/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_CLIENT_INSIDE_H
#define HINOMI_BUS_CLIENT_INSIDE_H

#include <curl/curl.h>

#include "base/json.h"
#include "bus/client.h"

/* Shared by the files of the client. */

#define ANSWER_MAX  (64u << 10) /* bytes of any answer but blobs and heads */
#define WATCHES_MAX 16

/** One request on its way. */
struct op {
	struct op *next;
	struct client *client;
	CURL *easy;
	struct curl_slist *headers;
	struct buf answer;
	struct buf sent; /* a copied body */
	bool secret;     /* the copy is wiped */
	int err;         /* of what takes the answer; HN_OK: nothing wrong */
	int64_t retry_after_ms;
	char error[CURL_ERROR_SIZE];
	/** Takes a piece of the body; NULL: it goes into answer. */
	int (*take)(struct op *op, const char *data, size_t len);
	/** The end. The op is freed afterwards. */
	void (*finish)(struct op *op, struct client_result *r);
	const void *context;            /* of who began it */
	void *state;                    /* of what the op is for; freed by its finish or release */
	void (*release)(struct op *op); /* frees state when the op ends unfinished; may be NULL */
};

struct timer {
	struct timer *next;
	int64_t due_ms;
	void (*fn)(void *context);
	void *context;
};

struct follow;
struct blob;

struct client {
	struct client *next;
	struct client_loop *loop;
	char *host, *certificate, *user_agent;
	const char *key;
	uint16_t port;
	uint8_t root[32];
	bool wrong_root; /* the last handshake met another root */
	struct backoff backoff;
	int silence_ms;
	struct op *ops;
	struct timer *timers;
	struct follow *follow;
	struct blob *waiting; /* blobs between two requests, the last that came first */
	size_t blobs;         /* requests for blobs on their way */
};

struct watch {
	int fd;
	void (*ready)(void *context, int fd);
	void *context;
};

struct client_loop {
	CURLM *multi;
	struct client *clients;
	struct watch watches[WATCHES_MAX];
	size_t watch_count;
};

/** By the clock that nobody sets. */
int64_t client_now_ms(void);

/** A request that is not begun. @return HN_ENOMEM */
HN_MUST_USE int op_new(struct client *c, const char *path, struct op **out);
/** Adds a header "Name: value". */
HN_MUST_USE int op_header(struct op *op, const char *line);
/** Posts a body; copied unless it stays (`sent` then holds nothing). */
HN_MUST_USE int op_post(struct op *op, const void *body, size_t len, bool copy, const char *type);
/** Begins it; on an error frees it. */
HN_MUST_USE int op_start(struct op *op);
/** Frees one that is not begun, or ends one without calling back. */
void op_free(struct op *op);
/** Of HTTP, so far. */
long op_status(const struct op *op);
/** Whether an answer of this status is what was asked for; else the result says why not. */
bool op_ok(const struct client_result *r);
/** Reads the answer as an object. @return HN_OK, or the result says why not */
HN_MUST_USE int op_json(const struct op *op, struct client_result *r, json_t **out);

/* What answers say: read as hostile, whatever the handshake said. */

/** A header's line. @return whether it is a Retry-After; then the time, at most a day */
bool answer_retry_after(const char *line, size_t len, int64_t *out_ms);
/** What a status is (struct client_result). */
int answer_err(long status);
/** A problem's own words (RFC 9457), if they are text, into r->fault; else its status. */
void answer_problem(const char *text, size_t len, struct client_result *r);
/** {"epoch", "through"}. @return HN_EFORMAT */
HN_MUST_USE int answer_standing(const json_t *o, struct client_standing *out, struct fault *fault);
/** {"streams": {...}}; those that it does not name are left as they are. @return HN_EFORMAT */
HN_MUST_USE int answer_streams(const json_t *o, struct client_standing out[STREAM_COUNT],
			       struct fault *fault);

/** Hands on what came of the heads. */
void follow_drain(struct client *c);
/** Frees it with its client. */
void follow_free(struct client *c);

/** Frees the blobs that wait, of this context or (NULL) all. */
void blobs_free(struct client *c, const void *context);
/** Lets the next one go whose turn it is. */
void blobs_next(struct client *c);

/** Forgets the times that were set with this context. */
void timers_forget(struct client *c, const void *context);

#endif
