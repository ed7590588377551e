/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_FETCH_H
#define HINOMI_HUB_EXCHANGE_FETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * One GET of http or https from a server that is not ours: certificates are verified, redirects are not
 * followed, addresses inside (loopback, private) are refused unless the operator allows them, slow answers
 * end, and an answer has a most of bytes. This is the one file that knows libcurl.
 */
struct fetch_request {
	const char *url;
	const char *accept;            /* NULL: anything */
	const char *user, *password;   /* NULL: none */
	const char *token;             /* NULL: none */
	const char *certificate, *key; /* PEM; NULL: none */
	const char *etag, *modified;   /* of the former answer; "" or NULL: none */
	uint64_t bytes_max;
	bool inside;             /* addresses that are not global may be called */
	const atomic_bool *stop; /* ends the fetch soon after it is set */
	/** Takes the body of a 200 in pieces; an error ends the fetch with it. */
	int (*take)(void *context, const void *data, size_t len);
	void *context;
};

struct fetch_answer {
	long status;
	int64_t retry_after_s; /* 0: not said */
	uint64_t bytes;
	char etag[256], modified[64];
	char added_last[64]; /* X-TAXII-Date-Added-Last */
};

/**
 * Fetches. Blocks; for a thread of its own.
 *
 * @return HN_OK: an answer came whole, see its status; HN_EIO: no connection, a cut or slow answer, a
 *         certificate that is not good; HN_ELIMIT: over bytes_max; HN_EAUTH: an address inside; what `take`
 *         returned. The fault says what, never a credential.
 */
HN_MUST_USE int fetch_get(const struct fetch_request *request, struct fetch_answer *out, struct fault *fault);

/** Once, before threads. */
HN_MUST_USE int fetch_begin(void);
void fetch_end(void);

#endif
