/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/exchange.h"

#include <stdlib.h>

#include "resolver/exchange_inside.h"
#include "resolver/rate_limit.h"

#define REFUSALS_A_SECOND 20 /* of each prefix that is in no group; the rest is silence */

void exchange_look_around(struct exchange *e)
{
	e->policy = policy_store_get(e->service->policies);
	e->terms = policy_terms(e->policy);
	e->utc_ns = loop_utc_ns(e->loop);
	e->epoch = judge_epoch(policy_generation(e->policy), e->utc_ns);
	e->composer = (struct composer){
		.cookies = atomic_load_explicit(&e->service->cookies, memory_order_acquire),
		.utc_s = (uint32_t)(e->utc_ns / NS_SECOND),
		.now_s = loop_now_s(e->loop),
	};
}

static const struct resolver_group *group_of(const struct exchange *e, const struct asked *a)
{
	return terms_group(e->terms, a->asker.group);
}

static unsigned transport_number(enum resolver_transport transport)
{
	return (unsigned)__builtin_ctz(transport);
}

static bool is_refused(struct exchange *e, struct exchange_unit *u)
{
	struct asked *a = &u->asked;
	int64_t now_us = loop_now_ms(e->loop) * 1000;
	a->asker.group = terms_find(e->terms, &a->asker);
	if (a->asker.group == GROUP_NONE) {
		count_add(&e->counts.unregistered, 1);
		bool tell =
			rate_limit_take(e->service->refusals, &a->asker.client, REFUSALS_A_SECOND, now_us);
		exchange_done(
			e, u,
			tell ? compose_error(&e->composer, a, DNS_RCODE_REFUSED, EXCHANGE_NOTHING, u->out)
			     : 0);
		return true;
	}
	uint32_t per_second = group_of(e, a)->queries_per_second;
	if (!rate_limit_take(e->service->limits, &a->asker.client, per_second, now_us)) {
		count_add(&e->counts.limited, 1);
		/* Over UDP the address may be forged: an honest client comes back over TCP. */
		bool udp = a->asker.transport == RESOLVER_UDP;
		bool tell =
			rate_limit_take(e->service->refusals, &a->asker.client, REFUSALS_A_SECOND, now_us);
		size_t len = 0;
		if (tell)
			len = udp ? compose_truncated(&e->composer, a, u->out)
				  : compose_error(&e->composer, a, DNS_RCODE_REFUSED, EXCHANGE_NOTHING,
						  u->out);
		exchange_done(e, u, len);
		return true;
	}
	a->generous = a->asker.transport != RESOLVER_UDP || per_second > 0 || a->cookie == COOKIE_VALID ||
		      a->cookie == COOKIE_RENEW;
	return false;
}

static unsigned rcode_of(enum dns_verdict verdict)
{
	switch (verdict) {
	case DNS_VERDICT_FORMERR:
		return DNS_RCODE_FORMERR;
	case DNS_VERDICT_NOTIMP:
		return DNS_RCODE_NOTIMP;
	case DNS_VERDICT_BADVERS:
		return DNS_RCODE_BADVERS;
	case DNS_VERDICT_REFUSED:
	case DNS_VERDICT_ANSWER:
	case DNS_VERDICT_DROP:
		break;
	}
	return DNS_RCODE_REFUSED;
}

/* Reads the question. @return whether there is something to look up */
static bool read_unit(struct exchange *e, struct exchange_unit *u)
{
	struct asked *a = &u->asked;
	u->path = NULL;
	u->steps = 0;
	a->generous = false;
	a->cookie = COOKIE_NONE;
	count_add(&e->counts.questions[transport_number(a->asker.transport)], 1);
	u->verdict = dns_query_read(a->message, a->len, &a->query);
	if (u->verdict == DNS_VERDICT_DROP) {
		count_add(&e->counts.malformed, 1);
		exchange_done(e, u, 0);
		return false;
	}
	if (a->query.edns && a->query.cookie_len > 0)
		a->cookie = cookie_check(e->composer.cookies, a->query.cookie, a->query.cookie_len,
					 &a->asker.client, e->composer.utc_s);
	if (is_refused(e, u))
		return false;
	if (u->verdict == DNS_VERDICT_ANSWER && !dns_query_rd(&a->query))
		u->verdict = DNS_VERDICT_REFUSED;
	if (u->verdict != DNS_VERDICT_ANSWER) {
		if (u->verdict == DNS_VERDICT_FORMERR)
			count_add(&e->counts.malformed, 1);
		exchange_done(e, u,
			      compose_error(&e->composer, a, rcode_of(u->verdict), EXCHANGE_NOTHING, u->out));
		return false;
	}
	u->key = exchange_key(e, a);
	answer_cache_prefetch(e->service->cache, u->key.hash, &e->fetches);
	return true;
}

/* Questions that are answered side by side. */
struct group {
	struct exchange_unit *units[EXCHANGE_GROUP]; /* those that were read and not refused */
	bool is_new[EXCHANGE_GROUP];                 /* the cache does not know it */
	size_t count;
};

static void read_questions(struct exchange *e, struct exchange_unit units[], size_t count, struct group *out)
{
	out->count = 0;
	for (size_t i = 0; i < count; i++)
		if (read_unit(e, &units[i]))
			out->units[out->count++] = &units[i];
	fetches_go(&e->fetches);
}

/* The cached answers, or for what is new the buckets of the policy that its name falls into. */
static void fetch_answers(struct exchange *e, struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		const struct answer_key *key = &g->units[i]->key;
		g->is_new[i] = !answer_cache_prefetch_answer(e->service->cache, key->hash, &e->fetches) &&
			       suffixes_cut(&e->names[i], key->name, key->name_len);
		if (g->is_new[i])
			policy_prefetch_name(e->policy, exchange_view(e, &g->units[i]->asked), &e->names[i],
					     &e->fetches);
	}
	fetches_go(&e->fetches);
}

/* The entries that these buckets lead to. */
static void fetch_entries(struct exchange *e, const struct group *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->is_new[i])
			policy_prefetch_records(e->policy, exchange_view(e, &g->units[i]->asked),
						&e->names[i], &e->fetches);
	fetches_go(&e->fetches);
}

static void answer_questions(struct exchange *e, const struct exchange_port *port, const struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		e->name = g->is_new[i] ? &e->names[i] : NULL;
		exchange_answer(e, port, g->units[i]);
	}
	e->name = NULL;
}

void exchange_batch(struct exchange *e, const struct exchange_port *port, struct exchange_unit units[],
		    size_t count)
{
	exchange_look_around(e);
	for (size_t at = 0; at < count; at += EXCHANGE_GROUP) {
		struct group g;
		read_questions(e, units + at, count - at < EXCHANGE_GROUP ? count - at : EXCHANGE_GROUP, &g);
		fetch_answers(e, &g);
		fetch_entries(e, &g);
		answer_questions(e, port, &g);
	}
}

int exchange_new(const struct service *service, struct loop *loop, struct exchange **out)
{
	struct exchange *e = calloc(1, sizeof(*e));
	if (!e)
		return HN_ENOMEM;
	e->service = service;
	e->loop = loop;
	int rc = service->events ? event_log_feed(service->events, &e->feed) : HN_OK;
	if (rc == HN_OK)
		rc = flights_new(loop, service->recursor, exchange_landed, e, &e->flights);
	if (rc != HN_OK) {
		exchange_free(e);
		return rc;
	}
	*out = e;
	return HN_OK;
}

void exchange_free(struct exchange *e)
{
	if (!e)
		return;
	flights_free(e->flights);
	free(e);
}

struct exchange_counts *exchange_counts(struct exchange *e)
{
	return &e->counts;
}
