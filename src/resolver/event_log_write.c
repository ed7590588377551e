/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What the thread of an event_log does. */
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "resolver/event_keep.h"
#include "resolver/event_log_inside.h"
#include "resolver/event_record.h"

#define TAKEN_MAX   4096 /* of one ring in one round */
#define SITES_BATCH 1024
#define FLUSH_NS    (2 * NS_SECOND)
#define SKETCH_NS   (10 * NS_SECOND)
#define KEEP_NS     (60 * NS_SECOND)

/* ---- writing ---- */

/* One line when it begins to fail, one when it is over. */
static void tell_trouble(struct event_log *log, enum event_log_duty duty, int rc)
{
	bool failing = false;
	log->trouble[duty] = rc;
	for (size_t i = 0; i < EVENT_LOG_DUTIES; i++)
		failing = failing || log->trouble[i] != HN_OK;
	if (failing && !log->failing)
		log_line(LOG_LEVEL_ERROR,
			 tr("events cannot be written into '%s': %s; questions are answered, and what does "
			    "not fit is counted",
			    "'%s' にイベントを書き込めない: %s。応答は続け、失われる数を数える"),
			 log->config->events.directory, hn_strerror(rc));
	if (!failing && log->failing)
		log_line(LOG_LEVEL_INFO,
			 tr("events are written again; %llu were lost",
			    "イベントの書込みを再開した。失われた数は %llu"),
			 (unsigned long long)event_file_lost(log->file));
	log->failing = failing;
	atomic_store_explicit(&log->count_failing, failing, memory_order_relaxed);
}

static void add_line(struct event_log *log, struct event_file *file, const struct event_told *told)
{
	int rc = event_record_add(told, event_file_lines(file));
	int written = event_file_added(file, log->utc_ns);
	/* What does not fit is dropped and counted there. */
	if (rc == HN_OK)
		rc = written;
	if (rc != HN_OK)
		tell_trouble(log, DUTY_FILES, rc);
}

void event_log_write_sum(void *context, const struct event_sum *sum)
{
	struct event_log *log = context;
	uint64_t number = log->records++;
	struct event_told told = {
		.event = &sum->event,
		.count = sum->count,
		.first_ns = sum->first_ns,
		.last_ns = sum->last_ns,
		.uid = uuid_v5(&log->epoch, &number, sizeof(number)),
		.pseudonym = sum->pseudonym,
		.prefix_pseudonym = sum->prefix_pseudonym,
	};
	told.set = event_names_lock(log->names, sum->event.generation, sum->event.set, sum->event.group,
				    &told.group);
	add_line(log, log->file, &told);
	struct event_file *own =
		told.group->addresses ? event_log_file_of(log, &told.group->organisation) : NULL;
	if (own) {
		told.pseudonym = NULL;
		add_line(log, own, &told);
	}
	event_names_unlock(log->names);
	atomic_store_explicit(&log->count_records, log->records, memory_order_relaxed);
}

static int flush(struct event_log *log)
{
	event_log_limit_files(log);
	int rc = event_file_flush(log->file, log->utc_ns);
	uint64_t lost = event_file_lost(log->file);
	for (size_t i = 0; i < log->address_count; i++) {
		int one = event_file_flush(log->addresses[i].file, log->utc_ns);
		lost += event_file_lost(log->addresses[i].file);
		if (one != HN_OK)
			rc = one;
	}
	atomic_store_explicit(&log->count_unwritten, lost, memory_order_relaxed);
	return rc;
}

static int keep(struct event_log *log)
{
	const struct event_keep k = {
		.dir_fd = log->dir_fd,
		.keep_ns = atomic_load(&log->keep_ns),
		.size = atomic_load(&log->size),
	};
	uint64_t removed;
	int rc = event_keep_apply(&k, log->utc_ns, &removed);
	atomic_fetch_add_explicit(&log->count_removed, removed, memory_order_relaxed);
	return rc;
}

/* Due after so long, and when the clock was set back. */
static bool is_due(int64_t now_ns, int64_t *last_ns, int64_t every_ns)
{
	if (now_ns - *last_ns < every_ns && now_ns >= *last_ns)
		return false;
	*last_ns = now_ns;
	return true;
}

static void write_what_is_due(struct event_log *log)
{
	if (is_due(log->utc_ns, &log->flushed_ns, FLUSH_NS))
		tell_trouble(log, DUTY_FILES, flush(log));
	if (is_due(log->utc_ns, &log->sketched_ns, SKETCH_NS))
		tell_trouble(log, DUTY_SKETCH, sketch_flush(log->sketch));
	if (is_due(log->utc_ns, &log->kept_ns, KEEP_NS))
		tell_trouble(log, DUTY_KEEP, keep(log));
}

/* ---- taking ---- */

/* "Top" shows what was refused, and no client's address. */
static bool is_shown(const struct event *e)
{
	return e->action != POLICY_LOG && e->trigger != POLICY_CLIENT;
}

static size_t take_events(struct event_log *log, struct event_ring *ring)
{
	size_t n = 0;
	const struct event *e;
	uint64_t newest = event_names_newest(log->names);
	(void)pthread_mutex_lock(&log->top_lock);
	for (; n < TAKEN_MAX && (e = event_ring_peek(ring)) != NULL && e->generation <= newest; n++) {
		if (is_shown(e))
			event_top_add(log->top, e);
		if (log->sums)
			event_sums_add(log->sums, e, log->pseudonyms);
		event_ring_pop(ring);
	}
	(void)pthread_mutex_unlock(&log->top_lock);
	return n;
}

static size_t take_sites(struct event_log *log, struct site_ring *ring)
{
	uint64_t sites[SITES_BATCH];
	size_t all = 0, n;
	do {
		n = site_ring_take(ring, sites, SITES_BATCH);
		sketch_add(log->sketch, sites, n);
		all += n;
	} while (n == SITES_BATCH && all < SITE_RING_SIZE);
	return all;
}

size_t event_log_round(struct event_log *log, int64_t utc_ns)
{
	size_t events = 0, sites = 0;
	log->utc_ns = utc_ns;
	if (log->pseudonyms)
		client_pseudonyms_turn(log->pseudonyms, utc_ns);
	int rc = log->sketch ? sketch_turn(log->sketch, utc_ns) : HN_OK;
	if (rc != HN_OK)
		tell_trouble(log, DUTY_SKETCH, rc);
	for (size_t i = 0; i < log->feed_count; i++) {
		events += take_events(log, log->feeds[i].events);
		if (log->feeds[i].sites)
			sites += take_sites(log, log->feeds[i].sites);
	}
	atomic_fetch_add_explicit(&log->count_events, events, memory_order_relaxed);
	atomic_fetch_add_explicit(&log->count_sites, sites, memory_order_relaxed);
	if (log->dir_fd >= 0) {
		event_sums_expire(log->sums, utc_ns);
		write_what_is_due(log);
	}
	return events + sites;
}

void event_log_finish(struct event_log *log)
{
	for (unsigned i = 0; i < 1024 && event_log_round(log, utc_now_ns()) > 0; i++)
		;
	if (log->dir_fd < 0)
		return;
	event_sums_expire(log->sums, INT64_MAX);
	int rc = flush(log);
	if (rc == HN_OK)
		rc = event_file_close(log->file);
	for (size_t i = 0; i < log->address_count && rc == HN_OK; i++)
		rc = event_file_close(log->addresses[i].file);
	tell_trouble(log, DUTY_FILES, rc);
	tell_trouble(log, DUTY_SKETCH, sketch_flush(log->sketch));
}
