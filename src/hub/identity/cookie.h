/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_IDENTITY_COOKIE_H
#define HINOMI_HUB_IDENTITY_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct request;

/* What a browser keeps of a session, and how a request shows that it came from a page of this hub. */

#define COOKIE_MAX 512 /* bytes of a value that is looked at */

/**
 * Finds a cookie in the value of a Cookie header (RFC 6265, 4.2.1).
 *
 * @param value_out  points into text, not NUL-terminated
 * @return HN_OK; HN_ENOENT: it is not there; HN_EFORMAT: it is there twice, so that nobody knows who set
 *         which; HN_ELIMIT: longer than COOKIE_MAX. On an error nothing is written.
 */
HN_MUST_USE int cookie_find(const char *text, size_t len, const char *name, const char **value_out,
			    size_t *len_out);

/**
 * Whether an Origin header's value is the origin of the page that a hub serves: SCHEME://HOST, as the Host
 * header says it (RFC 6454, 6.2). "null" is none.
 */
bool cookie_origin_is(const char *origin, size_t len, bool secure, const char *host, size_t host_len);

/** The session's cookie of a request. @return as cookie_find() */
HN_MUST_USE int cookie_session(const struct request *r, const char **value_out, size_t *len_out);

/** The same for the challenge that a passkey is to sign, which its page brings back. */
HN_MUST_USE int cookie_challenge(const struct request *r, const char **value_out, size_t *len_out);
void cookie_answer_challenge(struct request *r, const char *value, int64_t seconds);

/** Gives it with the answer, for so long; NULL: takes it away. */
void cookie_answer(struct request *r, const char *value, int64_t seconds);

/** Whether a request may change something by a cookie, or begin a session: no Origin and no Sec-Fetch-Site,
 * or those of this hub's own pages. */
bool cookie_same_origin(const struct request *r);

#endif
