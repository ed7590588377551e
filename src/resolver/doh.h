/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_DOH_H
#define HINOMI_RESOLVER_DOH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "resolver/connection.h"

/*
 * DNS over HTTPS (RFC 8484) on HTTP/2, GET and POST at /dns-query and /dns-query/TOKEN. Streams, header
 * bytes, bodies, resets, settings, pings and continuations are limited: a peer beyond is sent away. nghttp2
 * is known here alone.
 */
#define DOH_STREAMS_MAX 64
#define DOH_PATH_MAX    6144 /* bytes; a question of 4,096 in base64url and a token */
#define DOH_BODY_MAX    4096
#define DOH_HELD_MAX    (256u << 10) /* bytes of answers that one client does not take; beyond: 503 */

/** @return HN_ENOMEM */
HN_MUST_USE int doh_new(struct connection *c, struct doh **out);
void doh_free(struct doh *d);

/** Takes bytes that came. @return false: the session broke; nothing but doh_free() may follow */
bool doh_read(struct doh *d, const uint8_t *data, size_t len);
/** Appends what is to be sent to the connection's `out`, while that holds less than room bytes. @return as
 * above */
bool doh_write(struct doh *d, size_t room);
/** Whether doh_write() would give something, had it room. */
bool doh_has_output(const struct doh *d);
/** Bytes of requests, and of answers that the client has not taken yet. */
size_t doh_held(const struct doh *d);
/** Whether nothing is left to do: the connection may end. */
bool doh_is_over(const struct doh *d);

/** The answer to a question that waited; len 0: none will come. */
void doh_answer(struct doh *d, int32_t stream_id, const uint8_t *message, size_t len);

/** What a path asks. */
struct doh_target {
	const char *token;    /* points into the path */
	size_t token_len;     /* 0: none */
	const char *question; /* base64url of `dns=`; NULL: none */
	size_t question_len;
};

/** Takes :path apart. @return HN_ENOENT: another path; HN_EFORMAT */
HN_MUST_USE int doh_target_read(const char *path, size_t len, struct doh_target *out);

#endif
