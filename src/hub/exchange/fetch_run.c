/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/fetch_run.h"

#include <time.h>

#include <sodium.h>

#include "base/lang.h"
#include "hub/config.h"
#include "hub/exchange/drop.h"
#include "hub/exchange/secret.h"

#define RENEW_S 5

static int64_t now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* ---- what is kept ---- */

struct keeping {
	const struct source_lease *lease;
	const struct source_state *state;
};

static int keep_job(struct writing *w, void *context)
{
	const struct keeping *k = context;
	return sources_keep(w, k->lease, k->state, FETCH_LEASE_US);
}

static int keep(struct fetch_run *run, const struct source_state *state)
{
	struct keeping k = {.lease = &run->lease, .state = state};
	int err = store_write(run->hub->store, keep_job, &k);
	if (err == HN_OK)
		run->next_s = now_s() + RENEW_S;
	return err;
}

int fetch_run_tick(struct fetch_run *run)
{
	if (atomic_load(run->stop))
		return HN_ESTATE;
	if (now_s() < run->next_s)
		return HN_OK;
	if (!run->trial)
		return keep(run, NULL);
	run->cut = true;
	return HN_ESTATE;
}

int fetch_run_keep(struct fetch_run *run)
{
	if (!run->trial) {
		int err = keep(run, &run->state);
		return err == HN_OK && atomic_load(run->stop) ? HN_ESTATE : err;
	}
	if (run->report->parts < FETCH_TRIAL_PARTS)
		return fetch_run_tick(run);
	run->cut = true;
	return HN_ESTATE;
}

void fetch_run_tell(struct fetch_run *run, const struct intake *intake, const struct importer *importer)
{
	struct intake_result result;
	struct importer_report left;
	if (run->report == NULL)
		return;
	intake_result(intake, &result);
	if (importer != NULL)
		importer_report(importer, &left);
	report_add(run->report, &result, importer != NULL ? &left : NULL);
}

int fetch_run_status(struct fetch_run *run, const struct fetch_answer *answer, struct fault *fault)
{
	if (answer->status == 200)
		return HN_OK;
	run->retry_after_s = answer->retry_after_s;
	return fault_set(fault, HN_EIO, "", "HTTP %u", answer->status);
}

/* ---- a run ---- */

static int tick(void *context)
{
	return fetch_run_tick(context);
}

/* The credential is open, in locked memory, until the process that fetches has it. */
static int open_session(struct fetch_run *run, const struct buf *sealed, struct fault *fault)
{
	char *secret = NULL;
	struct fetch_terms terms = {.inside = run->hub->config->fetch_inside, .tick = tick, .context = run};
	if (sealed->len > 0 && source_secret_open((const uint8_t *)sealed->data, sealed->len, &secret,
						  &terms.credential_len) != HN_OK)
		return fault_set(fault, HN_EFORMAT, "", "%s",
				 tr("the credential cannot be opened: give it again",
				    "資格情報を開けない。再登録すること"));
	terms.credential = secret;
	int err = fetch_open(run->hub->fetch, &terms, &run->session, fault);
	sodium_free(secret); /* wipes it */
	return err;
}

int fetch_run_perform(struct fetch_run *run, const struct buf *sealed, struct fault *fault)
{
	run->next_s = now_s() + (run->trial ? FETCH_TRIAL_S : RENEW_S);
	if (run->source->kind == SOURCE_DROP)
		return drop_run(run, fault);
	int err = open_session(run, sealed, fault);
	if (err == HN_OK)
		err = run->source->kind == SOURCE_TAXII ? taxii_client_run(run, fault) : feed_run(run, fault);
	fetch_close(run->session);
	return err;
}
