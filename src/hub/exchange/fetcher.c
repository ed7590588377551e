/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/fetcher.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "hub/config.h"
#include "hub/exchange/fetch_run.h"
#include "hub/exchange/secret.h"

#define SECOND_US       INT64_C(1000000)
#define BACK_OFF_US     (30 * SECOND_US) /* after the first failure; doubled with each */
#define BACK_OFF_MAX_US (6 * 3600 * SECOND_US)
#define POLL_S          1

static struct {
	struct hub *hub;
	pthread_t thread;
	bool running;
	atomic_bool stop;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* stop was set */
} fetcher = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* ---- state ---- */

struct keeping {
	int64_t number;
	const struct source_state *state;
	const struct source_use *use;
};

static int keep_job(struct writing *w, void *context)
{
	const struct keeping *k = context;
	int err = sources_put_state(w, k->number, k->state);
	return err == HN_OK && k->use != NULL ? sources_count(w, k->number, k->use) : err;
}

int fetch_run_keep(struct fetch_run *run)
{
	struct keeping k = {.number = run->source->number, .state = &run->state};
	return store_write(run->hub->store, keep_job, &k);
}

int fetch_run_status(struct fetch_run *run, const struct fetch_answer *answer, struct fault *fault)
{
	if (answer->status == 200)
		return HN_OK;
	run->retry_after_s = answer->retry_after_s;
	return fault_set(fault, HN_EIO, "", "HTTP %u", answer->status);
}

/* ---- what it signs in with ---- */

static int tick(void *context)
{
	const struct fetch_run *run = context;
	return atomic_load(run->stop) ? HN_ESTATE : HN_OK;
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
	int err = fetch_open(run->hub->fetch_fd, &terms, &run->session, fault);
	sodium_free(secret); /* wipes it */
	return err;
}

/* ---- a run ---- */

static int64_t back_off_us(unsigned failures)
{
	int64_t wait = BACK_OFF_US;
	for (unsigned i = 1; i < failures && wait < BACK_OFF_MAX_US; i++)
		wait *= 2;
	if (wait > BACK_OFF_MAX_US)
		wait = BACK_OFF_MAX_US;
	/* Jitter of a quarter to either side, so that many hubs do not come at once. */
	return wait - wait / 4 +
	       (int64_t)randombytes_uniform((uint32_t)(wait / SECOND_US / 2) + 1) * SECOND_US;
}

static void end_state(struct fetch_run *run, int err, const struct fault *fault)
{
	struct source_state *s = &run->state;
	int64_t now_us = utc_now_ns() / 1000;
	s->last_run_us = now_us;
	if (err == HN_OK) {
		s->failures = 0;
		s->last_good_us = now_us;
		s->error[0] = '\0';
		s->next_us = run->source->every_us != 0 ? now_us + run->source->every_us : 0;
		return;
	}
	s->failures++;
	int64_t wait = back_off_us(s->failures);
	if (wait < run->retry_after_s * SECOND_US)
		wait = run->retry_after_s * SECOND_US;
	s->next_us = now_us + wait;
	(void)snprintf(s->error, sizeof(s->error), "%.100s%s%.250s", fault->place,
		       fault->place[0] != '\0' ? ": " : "",
		       fault->message[0] != '\0' ? fault->message : hn_strerror(err));
}

static void end_run(struct fetch_run *run, int err, const struct fault *fault)
{
	struct source_use use = {.runs = 1, .bytes = run->bytes};
	end_state(run, err, fault);
	struct keeping k = {.number = run->source->number, .state = &run->state, .use = &use};
	int kept = store_write(run->hub->store, keep_job, &k);
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING, tr("source '%s': %s", "情報源 '%s': %s"), run->source->name,
			 run->state.error);
	if (kept != HN_OK)
		log_line(LOG_LEVEL_WARNING,
			 tr("source '%s': its state is not kept: %s", "情報源 '%s': 状態を保存できない: %s"),
			 run->source->name, hn_strerror(kept));
}

static void run_source(const struct source *source, const struct source_state *state,
		       const struct buf *sealed)
{
	struct fault fault = {.place = ""};
	struct fetch_run run = {
		.hub = fetcher.hub,
		.source = source,
		.state = *state,
		.stop = &fetcher.stop,
	};
	int err = open_session(&run, sealed, &fault);
	if (err == HN_OK)
		err = source->kind == SOURCE_TAXII ? taxii_client_run(&run, &fault) : feed_run(&run, &fault);
	fetch_close(run.session);
	/* Stopped in the middle it goes on from where it stands. */
	if (!atomic_load(&fetcher.stop))
		end_run(&run, err, &fault);
}

/* @return whether one was due */
static bool run_next(void)
{
	struct asker hub;
	struct reader *reader;
	struct source source;
	struct source_state state = {0};
	struct buf sealed;
	int64_t next;
	asker_hub(&hub);
	if (store_read(fetcher.hub->store, &hub, &reader) != HN_OK)
		return false;
	buf_init(&sealed, SOURCE_SECRET_MAX + 256u);
	int err = sources_due(reader, utc_now_ns() / 1000, &source, &next);
	if (err == HN_OK)
		err = sources_state(reader, source.number, &state);
	if (err == HN_OK)
		err = sources_secret(reader, source.number, &sealed);
	reader_end(reader);
	if (err == HN_OK)
		run_source(&source, &state, &sealed);
	buf_clear(&sealed);
	return err == HN_OK;
}

/* ---- the thread ---- */

static void rest(void)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += POLL_S;
	pthread_mutex_lock(&fetcher.lock);
	if (!atomic_load(&fetcher.stop))
		(void)pthread_cond_timedwait(&fetcher.wake, &fetcher.lock, &until);
	pthread_mutex_unlock(&fetcher.lock);
}

static void *run_thread(void *context)
{
	(void)context;
	while (!atomic_load(&fetcher.stop))
		if (!run_next())
			rest();
	return NULL;
}

static int start(struct hub *hub, struct fault *fault)
{
	fetcher.hub = hub;
	if (pthread_create(&fetcher.thread, NULL, run_thread, NULL) != 0)
		return fault_set(fault, HN_ENOMEM, "fetcher", "%s", tr("cannot begin", "開始できない"));
	fetcher.running = true;
	return HN_OK;
}

static void stop(struct hub *hub)
{
	(void)hub;
	pthread_mutex_lock(&fetcher.lock);
	atomic_store(&fetcher.stop, true);
	pthread_cond_broadcast(&fetcher.wake);
	pthread_mutex_unlock(&fetcher.lock);
	if (fetcher.running)
		(void)pthread_join(fetcher.thread, NULL);
	fetcher.running = false;
}

const struct hub_part FETCHER = {.name = "fetcher", .start = start, .stop = stop};
