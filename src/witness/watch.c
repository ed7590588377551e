/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/watch.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "ledger/ledger.h"
#include "witness/alarm.h"
#include "witness/channel.h"
#include "witness/hub.h"
#include "witness/record.h"
#include "witness/trusted.h"

#define TICK_NS      (NS_SECOND / 2)
#define DAY_NS       (INT64_C(86400) * NS_SECOND)
#define TRUST_MAX    ((size_t)8 << 20)
#define SILENT_TIMES 2

static struct {
	struct witness *w;
	struct ledger *ledger;
	struct hub_client *hub;
	pthread_t clerk, asker;
	bool clerk_runs, asker_runs;
	int64_t began_ns;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	bool stopping;
} watch = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* ---- who is silent ---- */

struct silence {
	struct state *s;
	int64_t now_ns;
};

static int tell_silent(struct state *s, enum alarm_kind kind, const char *edge, int64_t since_ns)
{
	char subject[UTC_SIZE], en[128], ja[128];
	utc_format(since_ns, subject);
	(void)snprintf(en, sizeof(en), "nothing since %s", subject);
	(void)snprintf(ja, sizeof(ja), "%s 以降連絡がない", subject);
	return alarm_raise(
		s, &(struct alarm){
			   .kind = kind, .edge = edge, .subject = subject, .once = true, .en = en, .ja = ja});
}

static int edge_silent(void *context, sqlite3_stmt *row)
{
	const struct silence *silence = context;
	return tell_silent(silence->s, ALARM_EDGE_SILENT, state_text(row, 0), sqlite3_column_int64(row, 1));
}

static int hub_silent(struct state *s, int64_t now_ns)
{
	int64_t heard_ns = 0;
	int err = state_number(s, "hub_heard", &heard_ns);
	if (heard_ns < watch.began_ns)
		heard_ns = watch.began_ns;
	if (err == HN_OK && now_ns - heard_ns > SILENT_TIMES * watch.w->config->hub.interval_ns)
		err = tell_silent(s, ALARM_HUB_SILENT, "", heard_ns);
	return err;
}

/* While this program did not run nobody could be heard. */
static int look_who_is_silent(void)
{
	struct silence silence = {.s = watch.w->state, .now_ns = utc_now_ns()};
	int64_t before_ns = silence.now_ns - SILENT_TIMES * watch.w->config->interval_ns;
	int err = state_begin(silence.s);
	if (err != HN_OK)
		return err;
	err = state_each(
		silence.s, edge_silent, &silence,
		"SELECT id, max(CASE kind WHEN 'sensor' THEN receipt_at ELSE heard END, ?1) AS since FROM "
		"edges WHERE revoked = 0 AND since < ?2",
		"ii", watch.began_ns, before_ns);
	if (err == HN_OK && watch.hub != NULL)
		err = hub_silent(silence.s, silence.now_ns);
	return state_end(silence.s, err);
}

/* ---- threads ---- */

static void warn(const char *what, int err)
{
	if (err != HN_OK)
		log_line(LOG_LEVEL_ERROR, "%s: %s", what, hn_strerror(err));
}

static void keep_record(void)
{
	struct fault fault = {0};
	int err = HN_OK;
	if (watch.ledger == NULL)
		err = record_open(watch.w, &watch.ledger, &fault);
	if (err == HN_OK)
		err = record_flush(watch.w->state, watch.ledger);
	if (err == HN_ESTATE || err == HN_EIO || err == HN_ENOSPC) {
		/* It stands at its last checkpoint; opened anew it goes on there. */
		ledger_close(watch.ledger);
		watch.ledger = NULL;
	}
	warn(tr("the ledger", "台帳"), err);
}

static bool rest(int64_t ns)
{
	int64_t at_ns = utc_now_ns() + ns;
	const struct timespec until = {.tv_sec = at_ns / NS_SECOND, .tv_nsec = at_ns % NS_SECOND};
	pthread_mutex_lock(&watch.lock);
	if (!watch.stopping)
		(void)pthread_cond_timedwait(&watch.wake, &watch.lock, &until);
	bool stopping = watch.stopping;
	pthread_mutex_unlock(&watch.lock);
	return !stopping;
}

static void *clerk(void *context)
{
	int64_t day_ns = utc_now_ns();
	(void)context;
	do {
		warn(tr("looking who is silent", "連絡の途絶の確認"), look_who_is_silent());
		warn(tr("alarms", "警報"), alarm_tell(watch.w));
		keep_record();
		if (utc_now_ns() - day_ns >= DAY_NS) {
			day_ns = utc_now_ns();
			channel_renew(watch.w);
		}
	} while (rest(TICK_NS));
	return NULL;
}

static void *asker(void *context)
{
	int64_t next_ns = 0;
	(void)context;
	do {
		/* What waits to be handed over goes at once, the rest in its time. */
		bool due = utc_now_ns() >= next_ns;
		if (due)
			next_ns = utc_now_ns() + watch.w->config->hub.interval_ns;
		hub_round(watch.hub, watch.w, due);
	} while (rest(TICK_NS));
	return NULL;
}

/* ---- beginning and end ---- */

static int read_trust(struct witness *w, struct fault *fault)
{
	struct buf text;
	if (w->config->trust == NULL)
		return HN_OK;
	buf_init(&text, TRUST_MAX);
	int err = file_read(w->config->trust, &text);
	if (err != HN_OK)
		(void)fault_set(fault, err, w->config->trust, "%s", hn_strerror(err));
	if (err == HN_OK)
		err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, trusted_put_own(w->state, text.data, text.len, fault));
	buf_clear(&text);
	return err;
}

int watch_open(struct witness *w, struct fault *fault)
{
	watch.w = w;
	watch.stopping = false;
	watch.began_ns = utc_now_ns();
	int err = read_trust(w, fault);
	if (err == HN_OK)
		err = record_open(w, &watch.ledger, fault);
	if (err == HN_OK && w->config->hub.url != NULL)
		err = hub_client_new(&w->config->hub, &watch.hub, fault);
	return err;
}

int watch_start(struct witness *w, struct fault *fault)
{
	watch.clerk_runs = pthread_create(&watch.clerk, NULL, clerk, w) == 0;
	watch.asker_runs = watch.hub != NULL && pthread_create(&watch.asker, NULL, asker, w) == 0;
	if (watch.clerk_runs && watch.asker_runs == (watch.hub != NULL))
		return HN_OK;
	return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
}

void watch_stop(struct witness *w)
{
	pthread_mutex_lock(&watch.lock);
	watch.stopping = true;
	pthread_cond_broadcast(&watch.wake);
	pthread_mutex_unlock(&watch.lock);
	if (watch.clerk_runs)
		(void)pthread_join(watch.clerk, NULL);
	if (watch.asker_runs)
		(void)pthread_join(watch.asker, NULL);
	if (watch.clerk_runs) {
		warn(tr("alarms", "警報"), alarm_tell(w));
		keep_record();
	}
	ledger_close(watch.ledger);
	hub_client_free(watch.hub);
	watch.ledger = NULL;
	watch.hub = NULL;
	watch.clerk_runs = watch.asker_runs = false;
}
