/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_FETCH_H
#define HINOMI_HUB_EXCHANGE_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * GETs of http or https from servers that are not ours. The hub itself speaks to none of them: each session
 * is a process of its own (hub/exchange/fetch_process.h), which has the session's credential and nothing else
 * of the hub's. Certificates are verified there, redirects are not followed, no proxy is used, addresses
 * inside (loopback, private) are refused unless the operator allows them, slow answers end, and an answer has
 * a most of bytes. What comes back is read here as what a stranger says.
 */
struct fetch_keeper;
struct fetch_session;

#define FETCH_TAG_SIZE  256
#define FETCH_TIME_SIZE 64

struct fetch_terms {
	const char *credential; /* JSON (hub/exchange/credential.h), in locked memory; NULL: none */
	size_t credential_len;
	bool inside; /* addresses that are not global may be called */
	/** Called a few times a second while something is waited for, and between pieces; an error ends the
	 * fetch with it. NULL: nobody. */
	int (*tick)(void *context);
	void *context;
};

struct fetch_request {
	const char *url;
	const char *accept;          /* NULL: anything */
	const char *etag, *modified; /* of the former answer; "" or NULL: none */
	uint64_t bytes_max;
	/** Takes the body of a 200 in pieces; an error ends the fetch with it. */
	int (*take)(void *context, const void *data, size_t len);
	void *context;
};

/** Texts are of printable ASCII; "" where the server said nothing of the kind. */
struct fetch_answer {
	unsigned status;
	int64_t retry_after_s; /* 0: not said */
	uint64_t bytes;
	char etag[FETCH_TAG_SIZE], modified[FETCH_TIME_SIZE];
	char added_last[FETCH_TIME_SIZE]; /* X-TAXII-Date-Added-Last */
};

/**
 * Begins a session: a new process, told the credential.
 *
 * @param keeper  of hub/exchange/fetch_process.h
 * @return HN_EIO: the keepers of those processes have ended; HN_ENOMEM; HN_ELIMIT: the credential is too long
 */
HN_MUST_USE int fetch_open(struct fetch_keeper *keeper, const struct fetch_terms *terms,
			   struct fetch_session **out, struct fault *fault);

/**
 * Fetches. Blocks; for a thread of its own. Connections are used again within a session.
 *
 * @return HN_OK: an answer came whole, see its status; HN_EIO: no connection, a cut or slow answer, a
 *         certificate that is not good, the process ended; HN_ELIMIT: over bytes_max; HN_EAUTH: an address
 *         inside; what `take` or `tick` returned. The fault says what, never a credential. After an error
 *         that is not about the answer the session gives only errors
 */
HN_MUST_USE int fetch_get(struct fetch_session *session, const struct fetch_request *request,
			  struct fetch_answer *out, struct fault *fault);

/** Ends the process. NULL is allowed. */
void fetch_close(struct fetch_session *session);

#endif
