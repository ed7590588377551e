/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <inttypes.h>

#include "http/worker.h"

static const char *const classes[] = {"cut", "1xx", "2xx", "3xx", "4xx", "5xx"};

static uint64_t load(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static const char *name_of(const struct router *router, size_t index)
{
	if (index == router_count(router))
		return "none";
	const struct route *route = router_at(router, index);
	return route->operation ? route->operation : route->pattern;
}

static uint64_t sum_of(const struct server *s, size_t index, unsigned class)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < s->worker_count; i++)
		sum += load(&s->workers[i].counters[index].by_class[class]);
	return sum;
}

static void add_help(const struct server *s, const char *name, const char *kind, const char *help,
		     struct buf *out)
{
	buf_addf(out, "# HELP %s_%s %s\n# TYPE %s_%s %s\n", s->options.metrics, name, help,
		 s->options.metrics, name, kind);
}

static void add_requests(const struct server *s, struct buf *out)
{
	const struct router *router = s->options.router;
	add_help(s, "requests_total", "counter", "Requests by operation and class of status.", out);
	for (size_t i = 0; i <= router_count(router); i++)
		for (unsigned c = 0; c < 6; c++) {
			uint64_t sum = sum_of(s, i, c);
			if (sum > 0)
				buf_addf(out,
					 "%s_requests_total{operation=\"%s\",status=\"%s\"} %" PRIu64 "\n",
					 s->options.metrics, name_of(router, i), classes[c], sum);
		}
}

static void add_histogram(const struct server *s, size_t index, struct buf *out)
{
	const char *name = name_of(s->options.router, index), *first = s->options.metrics;
	uint64_t all = 0, us = 0;
	for (unsigned b = 0; b < LATENCY_BUCKETS; b++) {
		for (unsigned i = 0; i < s->worker_count; i++)
			all += load(&s->workers[i].counters[index].latency[b]);
		if (b + 1 < LATENCY_BUCKETS)
			buf_addf(out, "%s_request_seconds_bucket{operation=\"%s\",le=\"%g\"} %" PRIu64 "\n",
				 first, name, (double)LATENCY_BOUNDS_US[b] / 1e6, all);
	}
	for (unsigned i = 0; i < s->worker_count; i++)
		us += load(&s->workers[i].counters[index].latency_us);
	buf_addf(out,
		 "%s_request_seconds_bucket{operation=\"%s\",le=\"+Inf\"} %" PRIu64 "\n"
		 "%s_request_seconds_sum{operation=\"%s\"} %.6f\n"
		 "%s_request_seconds_count{operation=\"%s\"} %" PRIu64 "\n",
		 first, name, all, first, name, (double)us / 1e6, first, name, all);
}

static bool was_asked(const struct server *s, size_t index)
{
	for (unsigned c = 0; c < 6; c++)
		if (sum_of(s, index, c) > 0)
			return true;
	return false;
}

static void add_number(const struct server *s, const char *name, const char *kind, const char *help,
		       uint64_t number, struct buf *out)
{
	add_help(s, name, kind, help, out);
	buf_addf(out, "%s_%s %" PRIu64 "\n", s->options.metrics, name, number);
}

static void add_connections(const struct server *s, struct buf *out)
{
	uint64_t refused = 0, slow = 0, accepted = 0, handshakes = 0, refused_handshakes = 0;
	for (unsigned i = 0; i < s->worker_count; i++) {
		refused += load(&s->workers[i].refused_heads);
		slow += load(&s->workers[i].cut_slow);
		accepted += load(&s->workers[i].accepted);
		handshakes += load(&s->workers[i].handshakes);
		refused_handshakes += load(&s->workers[i].refused_handshakes);
	}
	add_number(s, "connections", "gauge", "Connections now.", atomic_load(&s->connections), out);
	add_number(s, "connections_total", "counter", "Connections taken.", accepted, out);
	add_number(s, "turned_away_total", "counter", "Connections over a limit.",
		   atomic_load(&s->turned_away), out);
	add_number(s, "refused_heads_total", "counter", "Requests whose head is not well formed.", refused,
		   out);
	add_number(s, "too_slow_total", "counter", "Connections that were cut for being too slow.", slow,
		   out);
	if (!s->tls)
		return;
	add_number(s, "handshakes_total", "counter", "TLS handshakes.", handshakes, out);
	add_number(s, "refused_handshakes_total", "counter", "TLS handshakes that failed or were refused.",
		   refused_handshakes, out);
}

void server_metrics(const struct server *server, struct buf *out)
{
	add_connections(server, out);
	add_requests(server, out);
	add_help(server, "request_seconds", "histogram",
		 "Time from a request's head to its answer's last byte.", out);
	for (size_t i = 0; i <= router_count(server->options.router); i++)
		if (was_asked(server, i))
			add_histogram(server, i, out);
}
