/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/serve_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "resolver/collector.h"
#include "resolver/event_log.h"
#include "resolver/running.h"
#include "resolver/stream.h"
#include "wire/dns_number.h"

#define UPSTREAMS_MAX RECURSOR_FORWARD_MAX
#define RCODES_USUAL  7 /* the others are told once they occurred */

static const char *const transports[] = {"udp", "tcp", "tls", "https"};
static const char *const rcodes[16] = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
				       "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE", "11",
				       "12",       "13",      "14",       "15"};
static const char *const securities[] = {"insecure", "bogus", "secure"};
static const char *const failures[RECURSOR_FAILURES] = {
	"none", "unreachable", "timeout", "limit_zone", "limit_client", "limit_total", "stopped", "no_memory",
};

/* Counters of all serving threads, and of their streams. */
struct sums {
	struct exchange_counts exchange;
	struct stream_counts streams;
};

static void add_counters(_Atomic uint64_t *to, const _Atomic uint64_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		count_add(&to[i], atomic_load_explicit(&from[i], memory_order_relaxed));
}

/* Both are arrays of counters under names. */
_Static_assert(sizeof(struct exchange_counts) % sizeof(_Atomic uint64_t) == 0, "only counters");
_Static_assert(sizeof(struct stream_counts) % sizeof(_Atomic uint64_t) == 0, "only counters");

static void sum(const struct running *r, struct sums *out)
{
	for (size_t i = 0; i < r->front_count; i++) {
		add_counters((_Atomic uint64_t *)&out->exchange,
			     (const _Atomic uint64_t *)front_counts(r->fronts[i]),
			     sizeof(out->exchange) / sizeof(_Atomic uint64_t));
		add_counters((_Atomic uint64_t *)&out->streams,
			     (const _Atomic uint64_t *)front_stream_counts(r->fronts[i]),
			     sizeof(out->streams) / sizeof(_Atomic uint64_t));
	}
}

static void add_array(struct metrics *m, const char *const names[], const _Atomic uint64_t counts[],
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		metrics_add(m, names[i], counts[i]);
}

static void add_questions(struct metrics *m, const struct exchange_counts *c)
{
	uint64_t slots[EXCHANGE_LATENCY_SLOTS];
	metrics_family(m, "questions_total", METRICS_COUNTER, "transport", "Questions that came.");
	add_array(m, transports, c->questions, 4);
	metrics_family(m, "answers_total", METRICS_COUNTER, "rcode", "Answers that were sent.");
	add_array(m, rcodes, c->answers, RCODES_USUAL);
	for (size_t i = RCODES_USUAL; i < 16; i++)
		if (c->answers[i] > 0)
			metrics_add(m, rcodes[i], c->answers[i]);
	metrics_family(m, "questions_odd_total", METRICS_COUNTER, "why",
		       "Questions and answers that took another way.");
	metrics_add(m, "malformed", c->malformed);
	metrics_add(m, "unregistered", c->unregistered);
	metrics_add(m, "limited", c->limited);
	metrics_add(m, "truncated", c->truncated);
	metrics_add(m, "unsent", c->unsent);
	for (size_t i = 0; i < EXCHANGE_LATENCY_SLOTS; i++)
		slots[i] = c->latency[i];
	metrics_histogram(m, "wait_seconds", "How long questions waited that no answer was cached for.",
			  slots, EXCHANGE_LATENCY_SLOTS, c->latency_us);
}

static void add_cache(struct metrics *m, const struct running *r, const struct exchange_counts *c)
{
	struct answer_cache_counts cache = answer_cache_counts(r->service.cache);
	metrics_family(m, "cache_answers_total", METRICS_COUNTER, "how", "What the answer cache did.");
	metrics_add(m, "hit", c->hits);
	metrics_add(m, "stale", c->stale);
	metrics_add(m, "refreshed", c->refreshed);
	metrics_add(m, "missed", c->waited);
	metrics_add(m, "evicted", cache.evicted);
	metrics_one(m, "cache_entries", METRICS_GAUGE, "Answers in the cache.", cache.answers);
	metrics_one(m, "cache_bytes", METRICS_GAUGE, "Memory of the cache's answers.", cache.bytes);
}

static void add_policy(struct metrics *m, const struct running *r, const struct exchange_counts *c)
{
	struct policy_set_info info;
	metrics_family(m, "blocked_total", METRICS_COUNTER, "action", "Questions that policy refused.");
	for (unsigned a = POLICY_NXDOMAIN; a <= POLICY_TCP_ONLY; a++)
		metrics_add(m, policy_action_name((enum policy_action)a), c->blocked[a]);
	policy_thread_join();
	const struct policy *p = policy_store_get(r->service.policies);
	metrics_family(m, "policy_blocked_total", METRICS_COUNTER, "policy", "The same by the policy.");
	for (size_t i = 0; i < policy_set_count(p); i++) {
		policy_set_info(p, i, &info);
		metrics_add(m, info.name, c->blocked_by[info.slot]);
	}
	metrics_family(m, "policy_entries", METRICS_GAUGE, "policy", "Entries of the policy in force.");
	for (size_t i = 0; i < policy_set_count(p); i++) {
		policy_set_info(p, i, &info);
		metrics_add(m, info.name, info.entries);
	}
	metrics_one(m, "policy_generation", METRICS_GAUGE, "Rises with each policy put in force.",
		    policy_generation(p));
	policy_thread_leave();
	metrics_one(m, "policy_in_force_since_seconds", METRICS_GAUGE,
		    "When that was, in seconds since 1970.",
		    (uint64_t)(atomic_load(&r->policy_since_ns) / NS_SECOND));
	metrics_one(m, "policy_load_microseconds", METRICS_GAUGE, "How long reading it took.",
		    (uint64_t)(atomic_load(&r->policy_load_ns) / 1000));
}

static void add_recursion(struct metrics *m, const struct running *r)
{
	struct recursor_counts c;
	recursor_counts(r->service.recursor, &c);
	metrics_one(m, "recursion_asked_total", METRICS_COUNTER, "Questions to the recursor.", c.asked);
	metrics_one(m, "recursion_shared_total", METRICS_COUNTER,
		    "Of these, that joined an equal one under way.", c.shared);
	metrics_family(m, "recursion_answered_total", METRICS_COUNTER, "security",
		       "Answers that were found, by what validation said.");
	for (size_t i = 0; i < 3; i++)
		metrics_add(m, securities[i], c.answered[i]);
	metrics_family(m, "recursion_failed_total", METRICS_COUNTER, "why", "Questions without an answer.");
	for (size_t i = 1; i < RECURSOR_FAILURES; i++)
		metrics_add(m, failures[i], c.failed[i]);
	metrics_one(m, "recursion_nxdomain_total", METRICS_COUNTER, "Names that do not exist.", c.nxdomain);
	metrics_one(m, "recursion_waiting", METRICS_GAUGE, "Askers without an answer.", c.waiting);
	metrics_one(m, "recursion_under_way", METRICS_GAUGE, "Different questions under way.", c.under_way);
	metrics_one(m, "recursion_restarted_total", METRICS_COUNTER, "Caches begun anew.", c.restarted);
	metrics_histogram(m, "recursion_seconds", "How long the recursor took.", c.latency,
			  RECURSOR_LATENCY_SLOTS, c.latency_us);
}

static void add_upstreams(struct metrics *m, const struct running *r)
{
	/* Each family in turn tells of every upstream. */
	static const struct {
		const char *name, *help;
		enum metrics_type type;
		size_t at; /* of a uint64_t; 0: whether it is connected */
	} families[] = {
		{"upstream_connected", "Whether a TLS connection stands.", METRICS_GAUGE, 0},
		{"upstream_asked_total", "Questions to the upstream.", METRICS_COUNTER,
		 offsetof(struct recursor_upstream, asked)},
		{"upstream_answered_total", "Answers of the upstream.", METRICS_COUNTER,
		 offsetof(struct recursor_upstream, answered)},
		{"upstream_timed_out_total", "Questions it did not answer.", METRICS_COUNTER,
		 offsetof(struct recursor_upstream, timed_out)},
		{"upstream_connections_total", "Connections begun.", METRICS_COUNTER,
		 offsetof(struct recursor_upstream, connections)},
		{"upstream_refused_certificates_total", "Certificates that were not the upstream's.",
		 METRICS_COUNTER, offsetof(struct recursor_upstream, refused_certificates)},
		{"upstream_wait_microseconds_total", "Time until its answers.", METRICS_COUNTER,
		 offsetof(struct recursor_upstream, latency_us)},
	};
	static const size_t count = sizeof(families) / sizeof(families[0]);
	struct recursor_upstream *all = calloc(UPSTREAMS_MAX, sizeof(*all));
	size_t n = all ? recursor_upstreams(r->service.recursor, all, UPSTREAMS_MAX) : 0;
	for (size_t f = 0; f < count && n > 0; f++) {
		metrics_family(m, families[f].name, families[f].type, "upstream", families[f].help);
		for (size_t i = 0; i < n; i++) {
			char ip[IP_TEXT_SIZE], name[IP_TEXT_SIZE + 8];
			uint64_t value = all[i].connected;
			if (families[f].at > 0)
				memcpy(&value, (const char *)&all[i] + families[f].at, sizeof(value));
			ip_format(&all[i].address.ip, ip);
			(void)snprintf(name, sizeof(name), "%s#%u", ip, all[i].address.port);
			metrics_add(m, name, value);
		}
	}
	free(all);
}

static void add_streams(struct metrics *m, const struct stream_counts *c)
{
	metrics_one(m, "streams_open", METRICS_GAUGE, "Connections of clients now.", c->open);
	metrics_family(m, "streams_total", METRICS_COUNTER, "what", "What became of connections.");
	metrics_add(m, "opened", c->opened);
	metrics_add(m, "refused", c->refused);
	metrics_add(m, "displaced", c->displaced);
	metrics_add(m, "idle", c->idle);
	metrics_add(m, "broken", c->broken);
}

static void add_events(struct metrics *m, const struct running *r)
{
	struct event_log_counts c;
	event_log_counts(r->service.events, &c);
	metrics_one(m, "events_total", METRICS_COUNTER, "Refused questions that the writer took.", c.events);
	metrics_one(m, "events_records_total", METRICS_COUNTER, "Records they came to.", c.records);
	metrics_family(m, "events_lost_total", METRICS_COUNTER, "why", "Events and records that were lost.");
	metrics_add(m, "ring_full", c.lost);
	metrics_add(m, "disk_full", c.unwritten);
	metrics_one(m, "events_failing", METRICS_GAUGE, "Whether events cannot be written now.", c.failing);
	metrics_one(m, "events_files_removed_total", METRICS_COUNTER, "Files removed for their age or size.",
		    c.removed);
	metrics_one(m, "sketch_total", METRICS_COUNTER, "Questions counted in the sketch.", c.sites);
	metrics_one(m, "sketch_lost_total", METRICS_COUNTER, "Questions the sketch missed.", c.sites_lost);
}

static void add_collector(struct metrics *m, const struct running *r)
{
	struct collector_counts c;
	collector_counts(r->collector, &c);
	metrics_family(m, "collector_names_total", METRICS_COUNTER, "how", "Listed names it resolved.");
	metrics_add(m, "asked", c.asked);
	metrics_add(m, "failed", c.failed);
	metrics_add(m, "skipped", c.skipped);
	metrics_one(m, "collector_addresses_total", METRICS_COUNTER, "Addresses it found.", c.addresses);
}

int serve_metrics_write(struct running *r, enum metrics_form form, struct buf *out)
{
	struct metrics m;
	struct sums *sums = calloc(1, sizeof(*sums));
	if (!sums)
		return HN_ENOMEM;
	sum(r, sums);
	metrics_begin(&m, form, out);
	metrics_one(&m, "start_seconds", METRICS_GAUGE, "When it was started, in seconds since 1970.",
		    (uint64_t)(r->since_ns / NS_SECOND));
	add_questions(&m, &sums->exchange);
	add_cache(&m, r, &sums->exchange);
	add_policy(&m, r, &sums->exchange);
	add_recursion(&m, r);
	add_upstreams(&m, r);
	add_streams(&m, &sums->streams);
	if (r->service.events)
		add_events(&m, r);
	if (r->collector)
		add_collector(&m, r);
	int rc = metrics_end(&m);
	free(sums);
	return rc;
}
