/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/steady.h"
#include "base/utc.h"
#include "ledger/ledger.h"
#include "witness/alarm.h"
#include "witness/channel.h"
#include "witness/due.h"
#include "witness/edges.h"
#include "witness/hub_ledger.h"
#include "witness/record.h"
#include "witness/trusted.h"

#define TICK_MS      200
#define ROUND_NS     (60 * NS_SECOND) /* of the asker's, at most, before it counts as silence */
#define DUE_NS       (60 * NS_SECOND)
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
	_Atomic int64_t round_ns; /* steady: when the round that is under way began; 0: none is */
	int stop_fd;              /* readable from the moment that the threads shall end */
} watch = {.stop_fd = -1};

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
	int64_t before_ns = now_ns - SILENT_TIMES * watch.w->config->hub.interval_ns;
	int err = state_number(s, "hub_heard", &heard_ns);
	if (heard_ns < watch.began_ns)
		heard_ns = watch.began_ns;
	if (err == HN_OK && heard_ns < before_ns)
		err = tell_silent(s, ALARM_HUB_SILENT, "", heard_ns);
	return err == HN_OK ? hub_ledger_silent(s, watch.began_ns, before_ns) : err;
}

/* A round that is under way may still hear it; one that lasts too long is silence too. */
static bool round_rests(void)
{
	int64_t round_ns = atomic_load(&watch.round_ns);
	return round_ns == 0 || steady_ns() - round_ns > ROUND_NS;
}

/* While this program did not run nobody could be heard. */
static int look_who_is_silent(void)
{
	struct silence silence = {.s = watch.w->state, .now_ns = utc_now_ns()};
	int err = state_begin(silence.s);
	if (err != HN_OK)
		return err;
	err = edges_silent(silence.s, watch.w->config->interval_ns, watch.began_ns, silence.now_ns,
			   edge_silent, &silence);
	if (err == HN_OK && watch.hub != NULL && round_rests())
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

/* For as long as it says, whatever becomes of the time of day meanwhile: a clock that is set back must not
 * put the watch to sleep. @return whether to go on */
static bool rest(void)
{
	struct pollfd stop = {.fd = watch.stop_fd, .events = POLLIN};
	return poll(&stop, 1, TICK_MS) <= 0;
}

static int look_what_is_due(void)
{
	struct state *s = watch.w->state;
	int err = state_begin(s);
	return err == HN_OK ? state_end(s, due_tell(s, utc_now_ns())) : err;
}

static void *clerk(void *context)
{
	int64_t day_ns = steady_ns(), due_ns = INT64_MIN;
	(void)context;
	do {
		if (steady_ns() >= due_ns) {
			due_ns = steady_ns() + DUE_NS;
			warn(tr("what is due", "期限の確認"), look_what_is_due());
		}
		warn(tr("looking who is silent", "連絡の途絶の確認"), look_who_is_silent());
		warn(tr("alarms", "警報"), alarm_tell(watch.w));
		keep_record();
		if (steady_ns() - day_ns >= DAY_NS) {
			day_ns = steady_ns();
			channel_renew(watch.w);
		}
	} while (rest());
	return NULL;
}

static void *asker(void *context)
{
	int64_t next_ns = INT64_MIN;
	(void)context;
	do {
		/* What waits to be handed over goes at once, the rest in its time. */
		bool due = steady_ns() >= next_ns;
		if (due)
			next_ns = steady_ns() + watch.w->config->hub.interval_ns;
		atomic_store(&watch.round_ns, steady_ns());
		hub_round(watch.hub, watch.w, due);
		atomic_store(&watch.round_ns, 0);
		warn(tr("looking who is silent", "連絡の途絶の確認"), look_who_is_silent());
	} while (rest());
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

/* A demonstration, known by the mark of its trust file, stays on its machine. */
static int check_demonstration(struct witness *w, struct fault *fault)
{
	struct trust *trust = malloc(sizeof(*trust));
	int err = trust == NULL ? HN_ENOMEM : state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, trusted_newest(w->state, trust));
	bool demo = err == HN_OK && trust->mark == TRUST_MARK_DEMO;
	free(trust);
	if (demo && !witness_config_loopback(w->config))
		return fault_set(
			fault, HN_EFORMAT, w->config->file, "%s",
			tr("the trust file is marked demo, and a demonstration listens on loopback "
			   "alone",
			   "信頼ファイルに demo の印がある。実演はループバックでのみ待ち受けできる"));
	return err == HN_ENOENT ? HN_OK : err;
}

int watch_open(struct witness *w, struct fault *fault)
{
	watch.w = w;
	watch.began_ns = utc_now_ns();
	watch.stop_fd = eventfd(0, EFD_CLOEXEC);
	if (watch.stop_fd < 0)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_errno_text(errno));
	int err = read_trust(w, fault);
	if (err == HN_OK)
		err = check_demonstration(w, fault);
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
	if (watch.stop_fd >= 0)
		(void)eventfd_write(watch.stop_fd, 1);
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
	if (watch.stop_fd >= 0)
		(void)close(watch.stop_fd);
	watch.stop_fd = -1;
	watch.ledger = NULL;
	watch.hub = NULL;
	watch.clerk_runs = watch.asker_runs = false;
}
