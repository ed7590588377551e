/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/fetcher.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/steady.h"
#include "base/utc.h"
#include "hub/config.h"
#include "hub/exchange/drop.h"
#include "hub/exchange/secret.h"

#define SECOND_US       INT64_C(1000000)
#define BACK_OFF_US     (30 * SECOND_US) /* after the first failure; doubled with each */
#define BACK_OFF_MAX_US (6 * 3600 * SECOND_US)
#define POLL_S          1
#define THREADS         4

static struct {
	struct hub *hub;
	int64_t name; /* of this hub among those at its database */
	pthread_t threads[THREADS];
	unsigned running;
	atomic_bool stop;
	pthread_mutex_t look; /* held by the one who looks for work */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* stop was set */
} fetcher = {.look = PTHREAD_MUTEX_INITIALIZER,
	     .lock = PTHREAD_MUTEX_INITIALIZER,
	     .wake = PTHREAD_COND_INITIALIZER};

/* What a thread has to do. */
struct work {
	struct source source;
	struct source_state state;
	struct source_lease lease;
	struct buf sealed;
};

/* ---- the end of a run ---- */

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

/* @return how long to wait for the next run */
static int64_t end_state(struct fetch_run *run, int err, const struct fault *fault)
{
	struct source_state *s = &run->state;
	if (err == HN_OK) {
		s->failures = 0;
		s->error[0] = '\0';
		return run->source->every_us;
	}
	s->failures++;
	(void)snprintf(s->error, sizeof(s->error), "%.100s%s%.250s", fault->place,
		       fault->place[0] != '\0' ? ": " : "",
		       fault->message[0] != '\0' ? fault->message : hn_strerror(err));
	int64_t wait = back_off_us(s->failures);
	return wait > run->retry_after_s * SECOND_US ? wait : run->retry_after_s * SECOND_US;
}

struct ending {
	const struct source_lease *lease;
	const struct source_state *state;
	const struct source_use *use;
	int64_t wait_us;
};

static int end_job(struct writing *w, void *context)
{
	const struct ending *e = context;
	return sources_end(w, e->lease, e->state, e->wait_us, e->use);
}

static int leave_job(struct writing *w, void *context)
{
	return sources_leave(w, context);
}

static void end_run(struct fetch_run *run, int err, const struct fault *fault)
{
	const struct source_use use = {.runs = 1, .bytes = run->bytes};
	struct ending e = {.lease = &run->lease, .state = &run->state, .use = &use};
	/* Of a hub that ends, or a lease that was lost: who comes next goes on from where it stands. */
	int kept = HN_ESTATE;
	if (err != HN_ESTATE) {
		e.wait_us = end_state(run, err, fault);
		kept = store_write(run->hub->store, end_job, &e);
	}
	if (kept == HN_ESTATE)
		kept = store_write(run->hub->store, leave_job, &run->lease);
	if (err != HN_OK && err != HN_ESTATE)
		log_line(LOG_LEVEL_WARNING, tr("source '%s': %s", "情報源 '%s': %s"), run->source->name,
			 run->state.error);
	if (kept != HN_OK)
		log_line(LOG_LEVEL_WARNING,
			 tr("source '%s': its state is not kept: %s", "情報源 '%s': 状態を保存できない: %s"),
			 run->source->name, hn_strerror(kept));
}

static void run_source(struct work *work)
{
	struct fault fault = {.place = ""};
	struct fetch_run run = {
		.hub = fetcher.hub,
		.source = &work->source,
		.state = work->state,
		.lease = work->lease,
		.stop = &fetcher.stop,
	};
	int err = fetch_run_perform(&run, &work->sealed, &fault);
	end_run(&run, err, &fault);
}

/* ---- finding work ---- */

/* A source with a file that waits on this disk. */
static int find_drop(struct reader *reader, struct source *out)
{
	int64_t after = 0;
	int err;
	while ((err = sources_due(reader, SOURCE_DROP, after, out)) == HN_OK && !drop_waits(out))
		after = out->number;
	return err;
}

/* @return HN_ENOENT: nothing is due */
static int find(struct source *out)
{
	struct asker hub;
	struct reader *reader;
	asker_hub(&hub);
	int err = store_read(fetcher.hub->store, &hub, &reader);
	if (err != HN_OK)
		return err;
	err = sources_due(reader, SOURCE_KINDS, 0, out);
	if (err == HN_ENOENT)
		err = find_drop(reader, out);
	reader_end(reader);
	return err;
}

static int take_job(struct writing *w, void *context)
{
	return sources_take(w, context, FETCH_LEASE_US);
}

/* Under the lease: what was found may have been changed since. */
static int read_work(struct work *work)
{
	struct asker hub;
	struct reader *reader;
	struct uuid id = work->source.id;
	asker_hub(&hub);
	int err = store_read(fetcher.hub->store, &hub, &reader);
	if (err != HN_OK)
		return err;
	err = sources_find(reader, &id, &work->source);
	if (err == HN_OK)
		err = sources_state(reader, work->source.number, &work->state);
	if (err == HN_OK)
		err = sources_secret(reader, work->source.number, &work->sealed);
	reader_end(reader);
	return err;
}

static int find_work(struct work *work)
{
	int err = find(&work->source);
	work->lease = (struct source_lease){.number = work->source.number, .hub = fetcher.name};
	if (err == HN_OK)
		err = store_write(fetcher.hub->store, take_job, &work->lease);
	if (err != HN_OK)
		return err;
	err = read_work(work);
	if (err != HN_OK)
		(void)!store_write(fetcher.hub->store, leave_job, &work->lease);
	return err;
}

/* ---- the threads ---- */

static void rest(void)
{
	pthread_mutex_lock(&fetcher.lock);
	if (!atomic_load(&fetcher.stop))
		steady_wait(&fetcher.wake, &fetcher.lock, POLL_S * NS_SECOND);
	pthread_mutex_unlock(&fetcher.lock);
}

/* One looks, the others work or wait for their turn to look. @return whether there is work */
static bool look(struct work *work)
{
	bool found = false;
	pthread_mutex_lock(&fetcher.look);
	while (!found && !atomic_load(&fetcher.stop)) {
		buf_reset(&work->sealed);
		found = find_work(work) == HN_OK;
		if (!found)
			rest();
	}
	pthread_mutex_unlock(&fetcher.look);
	return found;
}

static void *run_thread(void *context)
{
	struct work work;
	(void)context;
	buf_init(&work.sealed, SOURCE_SECRET_MAX + 256u);
	while (look(&work))
		run_source(&work);
	buf_clear(&work.sealed);
	return NULL;
}

static int leave_all_job(struct writing *w, void *context)
{
	return sources_leave_all(w, *(const int64_t *)context);
}

/* By its own name, which no other hub at the database has (its ledger would be the same). */
static int64_t name_of(const struct hub *hub)
{
	int64_t name;
	const char *text = hub->config->name;
	(void)crypto_generichash((uint8_t *)&name, sizeof(name), (const uint8_t *)text, strlen(text), NULL,
				 0);
	return name;
}

static int start(struct hub *hub, struct fault *fault)
{
	fetcher.hub = hub;
	fetcher.name = name_of(hub);
	int err = drop_begin(hub, fault);
	/* Leases from before it was killed. */
	if (err == HN_OK && (err = store_write(hub->store, leave_all_job, &fetcher.name)) != HN_OK)
		(void)fault_set(fault, err, "fetcher", "%s", hn_strerror(err));
	while (err == HN_OK && fetcher.running < THREADS) {
		if (pthread_create(&fetcher.threads[fetcher.running], NULL, run_thread, NULL) != 0)
			return fault_set(fault, HN_ENOMEM, "fetcher", "%s",
					 tr("cannot begin", "開始できない"));
		fetcher.running++;
	}
	return err;
}

static void stop(struct hub *hub)
{
	(void)hub;
	pthread_mutex_lock(&fetcher.lock);
	atomic_store(&fetcher.stop, true);
	pthread_cond_broadcast(&fetcher.wake);
	pthread_mutex_unlock(&fetcher.lock);
	while (fetcher.running > 0)
		(void)pthread_join(fetcher.threads[--fetcher.running], NULL);
	drop_end();
}

const struct hub_part FETCHER = {.name = "fetcher", .start = start, .stop = stop};
