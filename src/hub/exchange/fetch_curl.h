/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_FETCH_CURL_H
#define HINOMI_HUB_EXCHANGE_FETCH_CURL_H

#include "hub/exchange/fetch_message.h"

/* One GET, in the process that fetches. This is the one file that knows libcurl. */

struct fetch_curl;
struct source_credential; /* hub/exchange/credential.h */

/** Where an answer goes. */
struct fetch_sink {
	/** A piece of a 200's body. @return whether to go on */
	bool (*take)(void *context, const void *data, size_t len);
	/** Whether nobody waits for the answer any more; asked about once a second. */
	bool (*gone)(void *context);
	void *context;
};

/** Once, before threads. @return HN_EIO */
HN_MUST_USE int fetch_curl_begin(void);

/** One handle: connections of one job are used again by the next. @return HN_ENOMEM */
HN_MUST_USE int fetch_curl_new(struct fetch_curl **out);
/** NULL is allowed. */
void fetch_curl_free(struct fetch_curl *c);

/** Fetches. @param credential  NULL: none */
void fetch_curl_get(struct fetch_curl *c, const struct fetch_job *job,
		    const struct source_credential *credential, const struct fetch_sink *sink,
		    struct fetch_result *out);

#endif
