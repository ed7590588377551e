/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* The thread that turns the day's counts into sightings, and erases what is over. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/steady.h"
#include "base/utc.h"
#include "hub/config.h"
#include "hub/edge/channel.h"
#include "hub/edge/edge.h"
#include "hub/edge/sighting.h"
#include "hub/record/record.h"
#include "store/credentials.h"
#include "store/edge_documents.h"
#include "store/edge_events.h"
#include "store/outbox.h"
#include "store/selected.h"

#define TICK_NS   (2 * NS_SECOND)
#define SLOW_NS   (60 * NS_SECOND)
#define DAY_NS    (INT64_C(24) * 3600 * NS_SECOND)
#define DUE_MAX   256  /* sightings of one turn */
#define ERASE_MAX 5000 /* rows of one transaction */
#define HOUR_US   (INT64_C(3600) * 1000000)

static struct {
	struct hub *hub;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	bool stopping;
} reports = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* ---- sightings ---- */

struct due {
	struct sighting_day days[DUE_MAX];
	size_t count;
};

static int take(void *context, const struct sighting_day *d)
{
	struct due *due = context;
	if (due->count < DUE_MAX)
		due->days[due->count++] = *d;
	return HN_OK;
}

static int write_job(struct writing *w, void *context)
{
	const struct due *due = context;
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < due->count; i++) {
		const struct sighting_day *d = &due->days[i];
		err = sighting_write(w, d);
		if (err == HN_OK)
			err = sightings_written(w, d->number, d->times, writing_now_us(w) + HOUR_US);
	}
	return err;
}

static int write_due(void)
{
	static struct due due;
	struct asker hub;
	struct reader *reader;
	asker_hub(&hub);
	due.count = 0;
	int err = store_read(reports.hub->store, &hub, &reader);
	if (err == HN_OK) {
		err = sightings_due(reader, utc_now_ns() / 1000, DUE_MAX, take, &due);
		reader_end(reader);
	}
	return err == HN_OK && due.count > 0 ? store_write(reports.hub->store, write_job, &due) : err;
}

/* ---- what is over ---- */

struct erasing {
	int64_t events_before_us;
	uint64_t events, selected, credentials;
	bool more;
};

/* How much selected information went, and that it went by itself, stands in the ledger. */
static int note_erased(struct writing *w, uint64_t count)
{
	char record[128];
	int64_t number = writing_next_seq(w);
	int len = snprintf(record, sizeof(record), "{\"change\":%lld,\"what\":{\"records\":%llu}}",
			   (long long)number, (unsigned long long)count);
	return outbox_put(w, record_origin(reports.hub->record), number, "hub.selected.erased", record,
			  (size_t)len);
}

static int erase_job(struct writing *w, void *context)
{
	struct erasing *e = context;
	int64_t now_us = writing_now_us(w);
	int err = selected_erase(w, now_us, ERASE_MAX, &e->selected);
	if (err == HN_OK && e->selected > 0)
		err = note_erased(w, e->selected);
	if (err == HN_OK)
		err = edge_events_expire(w, e->events_before_us, ERASE_MAX, &e->events);
	if (err == HN_OK)
		err = edge_questions_forget(w, now_us - HOUR_US);
	if (err == HN_OK)
		err = edges_codes_forget(w, now_us - HOUR_US);
	/* Sign-ins and links that are over hold no more; their rows go here. */
	if (err == HN_OK)
		err = credentials_expire(w, now_us - HOUR_US, &e->credentials);
	e->more = e->selected == ERASE_MAX || e->events == ERASE_MAX;
	return err;
}

static int erase_what_is_over(void)
{
	struct erasing e = {.more = true};
	int err = HN_OK;
	while (err == HN_OK && e.more) {
		e.events_before_us = (utc_now_ns() - reports.hub->config->edges.retention_ns) / 1000;
		err = store_write(reports.hub->store, erase_job, &e);
		if (err == HN_OK && e.selected > 0)
			err = record_outbox(reports.hub->record, NULL, NULL);
	}
	return err;
}

/* ---- the thread ---- */

static void warn(const char *what, int err)
{
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING, "%s: %s", what, hn_strerror(err));
}

static void *run(void *arg)
{
	(void)arg;
	int64_t day_ns = steady_ns(), slow_ns = day_ns - SLOW_NS;
	pthread_mutex_lock(&reports.lock);
	while (!reports.stopping) {
		int64_t now_ns = steady_ns();
		pthread_mutex_unlock(&reports.lock);
		warn(tr("sightings", "観測情報"), write_due());
		if (now_ns - slow_ns >= SLOW_NS) {
			slow_ns = now_ns;
			warn(tr("erasing what is over", "期限切れの消去"), erase_what_is_over());
		}
		if (now_ns - day_ns >= DAY_NS) {
			day_ns = now_ns;
			channel_renew();
		}
		pthread_mutex_lock(&reports.lock);
		if (!reports.stopping)
			steady_wait(&reports.wake, &reports.lock, TICK_NS);
	}
	pthread_mutex_unlock(&reports.lock);
	return NULL;
}

static int start(struct hub *hub, struct fault *fault)
{
	reports.hub = hub;
	reports.stopping = false;
	int err = pthread_create(&reports.thread, NULL, run, NULL) == 0 ? HN_OK : HN_ENOMEM;
	reports.started = err == HN_OK;
	return err == HN_OK ? HN_OK : fault_set(fault, err, "edges", "%s", hn_strerror(err));
}

static void stop(struct hub *hub)
{
	(void)hub;
	if (!reports.started)
		return;
	pthread_mutex_lock(&reports.lock);
	reports.stopping = true;
	pthread_cond_signal(&reports.wake);
	pthread_mutex_unlock(&reports.lock);
	(void)pthread_join(reports.thread, NULL);
	reports.started = false;
}

const struct hub_part EDGE_REPORTS = {.name = "edge reports", .start = start, .stop = stop};
