/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_FETCH_RUN_H
#define HINOMI_HUB_EXCHANGE_FETCH_RUN_H

#include <stdatomic.h>

#include "hub/exchange/fetch.h"
#include "hub/exchange/intake.h"
#include "hub/exchange/report.h"
#include "hub/hub.h"
#include "store/source_runs.h"

/* One run of one source, or a trial of one: the same, but that nothing of it is kept. */

#define FETCH_LEASE_US    (20 * INT64_C(1000000)) /* of a source; renewed well before */
#define FETCH_TRIAL_PARTS 10                      /* pages, events or files of a trial */
#define FETCH_TRIAL_S     50

struct fetch_run {
	struct hub *hub;
	const struct source *source;
	struct source_state state;     /* as it is to be written */
	struct source_lease lease;     /* of a trial: none */
	struct fetch_session *session; /* signs in with what the source has */
	const atomic_bool *stop;       /* it ends soon after this is set, and goes on another time */
	int64_t retry_after_s;
	uint64_t bytes;
	int64_t next_s;        /* monotonic: when the lease is to be renewed; when a trial ends */
	struct report *report; /* what came of it; NULL: nobody asks */
	bool trial;            /* nothing is kept */
	bool cut;              /* the trial ended before all was seen */
};

/**
 * Runs it to its end.
 *
 * @param sealed  what it signs in with (hub/exchange/secret.h); empty: nothing
 * @return HN_OK; HN_ESTATE: the hub ends, or the run is another's by now; else the fault says what
 */
HN_MUST_USE int fetch_run_perform(struct fetch_run *run, const struct buf *sealed, struct fault *fault);

/** Pages of a TAXII 2.1 collection. @return as fetch_get(); HN_EFORMAT: what came is no such page */
HN_MUST_USE int taxii_client_run(struct fetch_run *run, struct fault *fault);

/** A file behind a URL: STIX, MISP, CSV or a list. */
HN_MUST_USE int feed_run(struct fetch_run *run, struct fault *fault);

/** A feed of MISP: its manifest, then each event that changed since the last run, the oldest first. */
HN_MUST_USE int misp_feed_run(struct fetch_run *run, struct fault *fault);

/** Fetches one file and takes it in. @param conditional  only where it changed, by the state's etag */
HN_MUST_USE int feed_take(struct fetch_run *run, const char *url, bool conditional, struct fault *fault);

/**
 * Between two parts: writes where the run stands, so that it goes on from there after a kill.
 *
 * @return HN_ESTATE: the run is to end, as fetch_run_perform()
 */
HN_MUST_USE int fetch_run_keep(struct fetch_run *run);

/** Whether the lease is renewed and the run may go on; often called, seldom writes. @return HN_ESTATE */
HN_MUST_USE int fetch_run_tick(struct fetch_run *run);

/** What a status means. @return HN_OK for 200; HN_EIO for others, with the fault */
HN_MUST_USE int fetch_run_status(struct fetch_run *run, const struct fetch_answer *answer,
				 struct fault *fault);

/** An intake that has ended, for the report. */
void fetch_run_tell(struct fetch_run *run, const struct intake *intake, const struct importer *importer);

#endif
