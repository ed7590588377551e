/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_FETCH_RUN_H
#define HINOMI_HUB_EXCHANGE_FETCH_RUN_H

#include <stdatomic.h>

#include "hub/exchange/fetch.h"
#include "hub/exchange/intake.h"
#include "hub/hub.h"
#include "store/sources.h"

/* One run of one source. */

struct fetch_run {
	struct hub *hub;
	const struct source *source;
	struct source_state state;     /* as it is to be written */
	struct fetch_session *session; /* signs in with what the source has */
	const atomic_bool *stop;       /* it ends soon after this is set, and goes on another time */
	int64_t retry_after_s;
	uint64_t bytes;
};

/** Pages of a TAXII 2.1 collection. @return as fetch_get(); HN_EFORMAT: what came is no such page */
HN_MUST_USE int taxii_client_run(struct fetch_run *run, struct fault *fault);

/** A file behind a URL: STIX, MISP, CSV or a list. */
HN_MUST_USE int feed_run(struct fetch_run *run, struct fault *fault);

/** A feed of MISP: its manifest, then each event that changed since the last run, the oldest first. */
HN_MUST_USE int misp_feed_run(struct fetch_run *run, struct fault *fault);

/** Fetches one file and takes it in. @param conditional  only where it changed, by the state's etag */
HN_MUST_USE int feed_take(struct fetch_run *run, const char *url, bool conditional, struct fault *fault);

/** Writes where the run stands, so that it goes on from there after a kill. */
HN_MUST_USE int fetch_run_keep(struct fetch_run *run);

/** What a status means. @return HN_OK for 200; HN_EIO for others, with the fault */
HN_MUST_USE int fetch_run_status(struct fetch_run *run, const struct fetch_answer *answer,
				 struct fault *fault);

#endif
