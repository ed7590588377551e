/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_CLIENT_H
#define HINOMI_BUS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "bus/batch.h"
#include "bus/code.h"
#include "bus/enrol.h"
#include "bus/pki.h"

/*
 * An edge's side of the edge channel: HTTP/1.1 over TLS 1.3 to one hub (or witness), which is known by its
 * root's digest and by nothing else, and to which it is known by its certificate.
 *
 * Nothing blocks: calls begin something and return; a loop moves it, and calls back. One loop has as many
 * clients as one likes (an edge has two, a bench a hundred); a loop and its clients belong to one thread.
 *
 *     client_loop_new(&loop);
 *     client_new(loop, &options, &client);
 *     client_follow(client, take_head, connected, context);
 *     while (!ended)
 *             client_loop_turn(loop, 1000);
 *
 * The program ignores SIGPIPE. Callbacks come from client_loop_turn() alone, never from the call that began
 * something. In one, everything may be called but client_free(), client_loop_free() and client_loop_turn().
 */

/* ---- the loop ---- */

struct client_loop;

/** @return HN_ENOMEM, HN_EIO */
HN_MUST_USE int client_loop_new(struct client_loop **out);
/** After its clients. NULL is allowed. */
void client_loop_free(struct client_loop *loop);

/** Waits until something can be moved, a descriptor of client_loop_watch() is ready, somebody wakes it, or
 * the time is over; then moves what can be moved and calls back. @return HN_EIO, HN_ENOMEM */
HN_MUST_USE int client_loop_turn(struct client_loop *loop, int timeout_ms);

/** Ends the wait of a turn, from any thread. */
void client_loop_wake(struct client_loop *loop);

/** Calls back when a descriptor can be read (an inotify, a timer of the caller's), until it is watched with
 * NULL. At most 16. @return HN_ELIMIT */
HN_MUST_USE int client_loop_watch(struct client_loop *loop, int fd, void (*ready)(void *context, int fd),
				  void *context);

/* ---- a client ---- */

#define CLIENT_BLOBS_MAX 4 /* that are brought at a time; the others wait */
/* That a server lets one edge hold: heads, a batch, a renewal, blobs, and what is left of cut ones. */
#define CLIENT_CONNECTIONS_MAX 32

struct client;

/** All is copied, but for the key, which is kept by reference: it outlives the client. */
struct client_options {
	const char *host; /* as in a code: IPv6 without brackets */
	uint16_t port;
	uint8_t root[32]; /* SHA-256 of the root's DER: pinned */
	const char
		*certificate;   /* the edge's, PEM; NULL: not enrolled yet, then client_enrol() alone works */
	const char *key;        /* PEM; secret */
	const char *user_agent; /* NULL: "hinomi-edge" */
	int backoff_least_ms;   /* 0: 500; each failure doubles it, and half of it is random */
	int backoff_most_ms;    /* 0: 60,000 */
	int silence_ms;         /* a stream of heads is dead after so long without a byte; 0: 45,000 */
};

/** @return HN_EFORMAT (host, port), HN_ENOMEM */
HN_MUST_USE int client_new(struct client_loop *loop, const struct client_options *options,
			   struct client **out);

/** Ends all that it has begun, without calling back. NULL is allowed. */
void client_free(struct client *c);

/** Another certificate (and key, NULL: as before) from the next connection on; open ones go on. @return
 * HN_ENOMEM */
HN_MUST_USE int client_certificate(struct client *c, const char *certificate, const char *key);

/**
 * How a request ended.
 *
 * err: HN_OK; HN_EAUTH: not the pinned root, or (401, 403) this edge is not, or no longer, known there;
 * HN_EIO: no connection, or it was cut (come back); HN_ESTATE: 409; HN_EEXIST: 503 or 429, busy (come back);
 * HN_ENOENT: 404, 410; HN_EFORMAT: an answer that is none, or another 4xx: our request was not understood;
 * HN_ELIMIT: 413, or an answer that is too long; HN_ENOSPC: 507, or our disk; HN_ENOMEM.
 */
struct client_result {
	int err;
	long status;            /* of HTTP; 0: none came */
	int64_t retry_after_ms; /* as the server asked (at most a day); 0: it did not */
	struct fault fault;     /* for people; for a problem+json, its title and detail */
};

/** Whether it is of use to ask again later: HN_EIO, HN_EEXIST. */
bool client_come_back(const struct client_result *r);

/** Waiting times between attempts: doubling from least to most, half of each random. */
struct backoff {
	int least_ms, most_ms;
	unsigned failures;
};
/** The time to wait after one more failure, in ms; at least what the server asked. */
int backoff_next_ms(struct backoff *b, int64_t retry_after_ms);

/* Each of the following begins one request and calls back once, unless the client is freed before. What is
 * passed is copied where it does not say so. Each returns HN_ENOMEM, HN_EFORMAT, HN_ELIMIT at once, and then
 * never calls back. Nothing is tried twice by itself but blobs and heads. */

/**
 * Enrols: POST /edge/v1/enrol. The answer is read and judged: its root is the pinned one, its certificate is
 * for the key and for the identity's UUID. After an answer that was lost (HN_EIO) the same may be asked
 * again.
 *
 * @param request  enrol_request_write(); copied into memory that is wiped
 * @param key      the key of the certificate request in it
 * @param done     the answer is NULL on an error, else the callee's to clear
 */
HN_MUST_USE int
client_enrol(struct client *c, const struct buf *request, const struct uuid *edge, const char *key,
	     void (*done)(void *context, const struct client_result *r, struct enrol_answer *answer),
	     void *context);

/** Renews the certificate: POST /edge/v1/renew. The new one is judged as above, against `key`; the caller
 * writes it down and passes it to client_certificate(). @param done certificate: NULL on an error; lives for
 * the call */
HN_MUST_USE int client_renew(struct client *c, const char *csr, const char *key,
			     void (*done)(void *context, const struct client_result *r,
					  const char *certificate),
			     void *context);

/**
 * Follows the heads: GET /edge/v1/heads. Each time it is connected all heads in force come, then each that
 * is new. When the connection ends it connects again by itself, after a back-off, until client_unfollow().
 * One at a time.
 *
 * @param head       a head as it came (for head_read()); of len bytes, NUL-terminated
 * @param connected  r is NULL when it is connected, else why it is not (any more); may be NULL
 */
HN_MUST_USE int client_follow(struct client *c, void (*head)(void *context, const char *text, size_t len),
			      void (*connected)(void *context, const struct client_result *r), void *context);
void client_unfollow(struct client *c);

/**
 * Brings a blob: GET /edge/v1/blobs/{digest}, into PATH.part, which is taken up where it ended (Range), and
 * renamed to PATH once its size and digest hold and it is durable. A cut connection and a busy server are
 * tried again, 8 times, after a back-off; a blob that is wrong is thrown away and told (HN_EAUTH).
 *
 * @param path  NULL: the blob is verified and not kept. One that is there already is taken when it is right
 */
HN_MUST_USE int client_blob(struct client *c, const uint8_t digest[32], uint64_t size, const char *path,
			    void (*done)(void *context, const struct client_result *r), void *context);

/** How a stream stands at the server. */
struct client_standing {
	bool known; /* the server has something of it */
	struct uuid epoch;
	uint64_t through;
};

/** Sends a batch: POST /edge/v1/streams/{stream}. @param body not copied: it lives until `done`. @param done
 * standing: as answered by 200, and by 409 (HN_ESTATE) where it says so */
HN_MUST_USE int client_send(struct client *c, const struct batch *b, const void *body, size_t len,
			    void (*done)(void *context, const struct client_result *r,
					 const struct client_standing *standing),
			    void *context);

/** Asks where the streams stand: GET /edge/v1/streams. @param done standing: STREAM_COUNT of them */
HN_MUST_USE int client_streams(struct client *c,
			       void (*done)(void *context, const struct client_result *r,
					    const struct client_standing standing[]),
			       void *context);

/** Calls back after so many ms. A time that was not called is forgotten with its client. */
HN_MUST_USE int client_after(struct client *c, int ms, void (*fn)(void *context), void *context);

/** Ends every request and time that was begun with this context, without calling back. Not for heads. */
void client_forget(struct client *c, const void *context);

#endif
