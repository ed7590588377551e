/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "resolver/compose.h"
#include "resolver/delegation.h"
#include "resolver/event_log.h"
#include "resolver/event_note.h"
#include "resolver/flight.h"
#include "resolver/judge.h"
#include "resolver/rate_limit.h"
#include "resolver/sketch.h"
#include "resolver/terms.h"

#define STALE_TTL         30 /* seconds; RFC 8767, 4 */
#define STALE_RETRY_S     30 /* RFC 8767, 5: the failure recheck timer */
#define REFRESH_S         1  /* for how long an answer serves on while a newer one is fetched */
#define REFRESH_USES      2  /* an answer used this often since it was stored is popular */
#define USES_COUNTED      64
#define STEPS_MAX         24 /* questions before one is answered; more servers than that nobody needs */
#define GROUP             16 /* questions whose memory is fetched together, and stays in the first cache */
#define REFUSALS_A_SECOND 20 /* of each prefix that is in no group; the rest is silence */

static const struct told NOTHING = {.code = ANSWER_NO_EDE};

struct exchange {
	const struct service *service;
	struct loop *loop;
	struct flights *flights;
	struct exchange_counts counts;
	struct event_feed feed;
	/* Of the batch, or the landing, that is being answered: */
	const struct policy *policy;
	const struct terms *terms; /* the policy's */
	uint32_t epoch;
	int64_t utc_ns;
	struct composer composer;
	struct suffixes *name; /* of the unit that is being answered, taken apart; NULL: not so */
	struct suffixes names[GROUP];
	struct fetches fetches;
};

static void look_around(struct exchange *e)
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

static unsigned view_of(const struct exchange *e, const struct asked *a)
{
	return terms_view(e->terms, a->asker.group);
}

static struct answer_key key_of(const struct exchange *e, const struct asked *a)
{
	return answer_cache_key(e->service->cache, a->query.name, a->query.name_len, a->query.type,
				asked_variant(a));
}

static unsigned transport_number(enum resolver_transport transport)
{
	return (unsigned)__builtin_ctz(transport);
}

static void done(struct exchange *e, struct exchange_unit *u, size_t len)
{
	u->state = EXCHANGE_DONE;
	u->out_len = len;
	if (len >= DNS_HEADER_LEN) {
		count_add(&e->counts.answers[u->out[3] & DNS_RCODE], 1);
		if (u->out[2] & DNS_TC >> 8)
			count_add(&e->counts.truncated, 1);
	}
}

/* ---- policy ---- */

static struct judged_question question_of(const struct exchange *e, const struct asked *a)
{
	return (struct judged_question){
		.policy = e->policy,
		.view = view_of(e, a),
		.transport = a->asker.transport,
		.client = &a->asker.client,
		.name = a->query.name,
		.name_len = a->query.name_len,
		.suffixes = e->name,
		.cache = e->service->cache,
		.utc_ns = e->utc_ns,
	};
}

static bool is_blocking(const struct asked *a, const struct policy_verdict *v)
{
	return judge_blocks(v, a->asker.transport);
}

/* Judges client and name. */
static void judge_asked(const struct exchange *e, const struct asked *a, struct policy_verdict *v)
{
	const struct judged_question q = question_of(e, a);
	policy_begin(q.policy, q.view, v);
	judge_question(&q, v);
}

/* Judges an answer, after what client and name came to. */
static enum judge_finding judge_found(const struct exchange *e, const struct asked *a,
				      struct cached_answer *answer, struct policy_verdict *v,
				      struct delegation_gap *gap)
{
	const struct judged_question q = question_of(e, a);
	enum judge_finding finding = judge_answer(&q, answer, v, gap);
	if (finding == JUDGE_FREE && !policy_is_final(v) && !v->has_logged &&
	    !policy_needs(e->policy, v->view, POLICY_CLIENT))
		judge_set_clear(answer, e->epoch, v->view);
	return finding;
}

/* The end of a question that is blocked: len bytes are in the answer. @return len */
static size_t tell_blocked(struct exchange *e, const struct asked *a, const struct policy_verdict *v,
			   const uint8_t *answer, size_t len)
{
	count_add(&e->counts.blocked[v->action], 1);
	count_add(&e->counts.blocked_by[policy_slot(v->policy, v->decided.set)], 1);
	event_note(e->feed.events, a, v, true, answer, len, e->utc_ns);
	return len;
}

static void tell_logged(struct exchange *e, const struct asked *a, const struct policy_verdict *v,
			const uint8_t *answer, size_t len)
{
	if (v->has_logged)
		event_note(e->feed.events, a, v, false, answer, len, e->utc_ns);
}

static void count_site(struct exchange *e, uint64_t site)
{
	if (e->feed.sites)
		site_ring_put(e->feed.sites, site);
}

/* ---- asking ---- */

static uint64_t site_of(const struct exchange *e, const uint8_t *name, size_t len)
{
	return e->feed.sites ? sketch_site_of(e->feed.site_key, name, len) : 0;
}

static void refresh(struct exchange *e, struct cached_answer *answer, const struct answer_key *key)
{
	if (flights_ask(e->flights, key, answer->site, answer, NULL, NULL) == HN_OK)
		count_add(&e->counts.refreshed, 1);
}

/* Why a question could not even be asked. */
static struct told told_of(int rc)
{
	return (struct told){DNS_EDE_OTHER, rc == HN_ELIMIT ? "too many questions are under way" : NULL};
}

/* What a question that is asked of the recursor is for. */
enum purpose {
	FOR_ANSWER,
	FOR_REDIRECT, /* where a CNAME of ours leads */
	FOR_JUDGING,  /* who serves the name */
};

static void ask(struct exchange *e, const struct exchange_port *port, struct exchange_unit *u,
		const struct answer_key *key, struct cached_answer *stale, enum purpose purpose)
{
	struct waiter *w = flights_new_waiter(&u->asked);
	int rc = HN_ENOMEM;
	if (w) {
		w->port = port;
		w->redirected = purpose == FOR_REDIRECT;
		w->again = purpose == FOR_JUDGING;
		w->steps = u->steps;
		rc = flights_ask(e->flights, key, site_of(e, key->name, key->name_len), stale,
				 &u->asked.asker.client, w);
	}
	if (rc != HN_OK) {
		flights_free_waiter(w);
		done(e, u, compose_error(&e->composer, &u->asked, DNS_RCODE_SERVFAIL, told_of(rc), u->out));
		return;
	}
	u->state = EXCHANGE_WAITING;
	u->out_len = 0;
	u->path = w->path;
	count_add(&e->counts.waited, 1);
}

/* The key of where a CNAME of ours leads. @return whether there is one */
static bool redirect_key(const struct exchange *e, const struct asked *a, const struct policy_verdict *v,
			 uint8_t name[NAME_MAX_WIRE + 1], struct answer_key *out)
{
	size_t len;
	if (!compose_redirect(a, v, name, &len))
		return false;
	*out = answer_cache_key(e->service->cache, name, len - 1, a->query.type, asked_variant(a));
	return true;
}

static bool is_fresh(const struct exchange *e, const struct cached_answer *answer)
{
	return (int32_t)(answer->expires - e->composer.now_s) > 0;
}

/* Too old even to serve as a stale one, which it may for the one second of a refresh anyway. */
static bool is_over(const struct exchange *e, const struct cached_answer *answer)
{
	int64_t stale_s = e->terms->config->cache.stale_ns / NS_SECOND;
	return !is_fresh(e, answer) && e->composer.now_s - answer->expires >= (uint32_t)stale_s + REFRESH_S;
}

static void block(struct exchange *e, const struct exchange_port *port, struct exchange_unit *u,
		  const struct policy_verdict *v)
{
	uint8_t name[NAME_MAX_WIRE + 1];
	struct answer_key key;
	struct cached_answer *target = NULL;
	if (redirect_key(e, &u->asked, v, name, &key)) {
		target = answer_cache_find(e->service->cache, &key);
		if (!target || !is_fresh(e, target)) {
			ask(e, port, u, &key, target, FOR_REDIRECT);
			return;
		}
	}
	size_t len = compose_blocked(&e->composer, &u->asked, v, target, u->out);
	done(e, u, tell_blocked(e, &u->asked, v, u->out, len));
}

/* ---- answering from the cache ---- */

static uint16_t stale_code(const struct cached_answer *answer)
{
	bool nxdomain = (cached_answer_message(answer)[3] & DNS_RCODE) == DNS_RCODE_NXDOMAIN;
	return nxdomain ? DNS_EDE_STALE_NXDOMAIN : DNS_EDE_STALE;
}

static size_t compose_stale(struct exchange *e, const struct asked *a, const struct cached_answer *answer,
			    uint8_t *out)
{
	count_add(&e->counts.stale, 1);
	return compose_cached(&e->composer, a, answer, STALE_TTL, (struct told){stale_code(answer), NULL},
			      out);
}

static void count_use(struct cached_answer *answer)
{
	/* Written a few times only, so that threads share its line. */
	uint32_t uses = atomic_load_explicit(&answer->uses, memory_order_relaxed);
	if (uses < USES_COUNTED)
		atomic_store_explicit(&answer->uses, uses + 1, memory_order_relaxed);
}

static bool is_popular(const struct cached_answer *answer)
{
	return atomic_load_explicit(&answer->uses, memory_order_relaxed) >= REFRESH_USES;
}

/* @return whether the cached answer was given */
static bool give(struct exchange *e, struct exchange_unit *u, struct cached_answer *answer)
{
	uint32_t now = e->composer.now_s;
	if (is_fresh(e, answer)) {
		count_use(answer);
		count_add(&e->counts.hits, 1);
		struct told told = {.code = answer->ede};
		done(e, u, compose_cached(&e->composer, &u->asked, answer, 0, told, u->out));
		return true;
	}
	if (e->terms->config->cache.prefetch && now - answer->expires < REFRESH_S && is_popular(answer)) {
		refresh(e, answer, &u->key);
		count_add(&e->counts.hits, 1);
		done(e, u, compose_cached(&e->composer, &u->asked, answer, REFRESH_S, NOTHING, u->out));
		return true;
	}
	uint32_t retry = atomic_load_explicit(&answer->fresh_from, memory_order_relaxed);
	if (retry != 0 && (int32_t)(retry - now) > 0) {
		done(e, u, compose_stale(e, &u->asked, answer, u->out));
		return true;
	}
	return false;
}

static bool answer_from(struct exchange *e, struct exchange_unit *u, struct cached_answer *answer)
{
	bool given = give(e, u, answer);
	if (given)
		count_site(e, answer->site);
	return given;
}

static void ask_gap(struct exchange *e, const struct exchange_port *port, struct exchange_unit *u,
		    const struct delegation_gap *gap)
{
	const struct answer_key key = answer_cache_key(e->service->cache, gap->name, gap->len, gap->type, 0);
	ask(e, port, u, &key, NULL, FOR_JUDGING);
}

static struct cached_answer *find_answer(const struct exchange *e, const struct exchange_unit *u)
{
	struct cached_answer *answer = answer_cache_find(e->service->cache, &u->key);
	return answer && !is_over(e, answer) ? answer : NULL;
}

static void answer_unit(struct exchange *e, const struct exchange_port *port, struct exchange_unit *u)
{
	struct cached_answer *answer = e->name ? NULL : find_answer(e, u);
	if (answer && judge_is_clear(answer, e->epoch, view_of(e, &u->asked)) && answer_from(e, u, answer))
		return;
	struct policy_verdict v;
	struct delegation_gap gap;
	judge_asked(e, &u->asked, &v);
	if (is_blocking(&u->asked, &v)) {
		block(e, port, u, &v);
		return;
	}
	/* A moment ago it was not there; only what is refused needs no second look. */
	if (e->name)
		answer = find_answer(e, u);
	enum judge_finding finding = answer ? judge_found(e, &u->asked, answer, &v, &gap) : JUDGE_FREE;
	if (finding == JUDGE_BLOCKED)
		block(e, port, u, &v);
	else if (finding == JUDGE_GAP)
		ask_gap(e, port, u, &gap);
	else if (!answer || !answer_from(e, u, answer))
		ask(e, port, u, &u->key, answer, FOR_ANSWER);
	else
		tell_logged(e, &u->asked, &v, u->out, u->out_len);
}

/* ---- what came back ---- */

static size_t compose_found(struct exchange *e, const struct asked *a, const struct landing *landing,
			    struct cached_answer *answer, uint8_t *out)
{
	if (!answer)
		return compose_error(&e->composer, a, DNS_RCODE_SERVFAIL, NOTHING, out);
	if (answer == landing->stale)
		return compose_stale(e, a, answer, out);
	return compose_cached(&e->composer, a, answer, 0, (struct told){.code = answer->ede}, out);
}

static size_t compose_landed(struct exchange *e, const struct waiter *w, const struct landing *landing,
			     struct cached_answer *answer, uint8_t *out)
{
	const struct asked *a = &w->asked;
	struct policy_verdict v;
	struct delegation_gap gap;
	judge_asked(e, a, &v);
	if (is_blocking(a, &v)) {
		struct cached_answer *target = w->redirected ? answer : NULL;
		return tell_blocked(e, a, &v, out, compose_blocked(&e->composer, a, &v, target, out));
	}
	/* The policy that led elsewhere is gone meanwhile: what was found there is no answer. */
	if (w->redirected)
		answer = NULL;
	if (answer && judge_found(e, a, answer, &v, &gap) == JUDGE_BLOCKED)
		return tell_blocked(e, a, &v, out, compose_blocked(&e->composer, a, &v, NULL, out));
	size_t len = compose_found(e, a, landing, answer, out);
	count_site(e, answer ? answer->site : site_of(e, a->query.name, a->query.name_len));
	tell_logged(e, a, &v, out, len);
	return len;
}

/* Whether there may be more to ask before the question is answered. What was found is in the cache by now. */
static bool goes_on(const struct exchange *e, const struct waiter *w)
{
	return w->again || (!w->redirected && delegation_matters(e->policy, view_of(e, &w->asked)));
}

/* The question's way from the beginning, with what is known now. @return false: it waits again */
static bool go_on(struct exchange *e, const struct waiter *w, uint8_t *out, size_t *len_out)
{
	struct exchange_unit u = {.asked = w->asked, .out = out, .steps = (uint8_t)(w->steps + 1)};
	u.key = key_of(e, &w->asked);
	if (u.steps > STEPS_MAX)
		done(e, &u,
		     compose_error(&e->composer, &u.asked, DNS_RCODE_SERVFAIL, told_of(HN_ELIMIT), out));
	else
		answer_unit(e, w->port, &u);
	if (u.state == EXCHANGE_WAITING)
		memcpy(u.path, w->path, EXCHANGE_PATH_MAX);
	*len_out = u.out_len;
	return u.state == EXCHANGE_DONE;
}

static void count_latency(struct exchange *e, int64_t us)
{
	unsigned slot = us > 0 ? 64u - (unsigned)__builtin_clzll((uint64_t)us) : 0;
	if (slot >= EXCHANGE_LATENCY_SLOTS)
		slot = EXCHANGE_LATENCY_SLOTS - 1;
	count_add(&e->counts.latency[slot], 1);
	count_add(&e->counts.latency_us, (uint64_t)(us > 0 ? us : 0));
}

static void deliver(struct exchange *e, struct waiter *w, const struct landing *landing,
		    struct cached_answer *answer)
{
	static _Thread_local uint8_t out[DNS_MESSAGE_MAX];
	const struct exchange_port *port = w->port;
	size_t len;
	/* Whose client it is may have changed while it waited. */
	w->asked.asker.group = terms_find(e->terms, &w->asked.asker);
	if (w->asked.asker.group == GROUP_NONE) {
		count_add(&e->counts.unregistered, 1);
		len = compose_error(&e->composer, &w->asked, DNS_RCODE_REFUSED, NOTHING, out);
		count_add(&e->counts.answers[DNS_RCODE_REFUSED], 1);
	} else if (goes_on(e, w)) {
		if (!go_on(e, w, out, &len))
			return;
	} else {
		len = compose_landed(e, w, landing, answer, out);
		if (len >= DNS_HEADER_LEN)
			count_add(&e->counts.answers[out[3] & DNS_RCODE], 1);
	}
	count_latency(e, (loop_now_ms(e->loop) - w->since_ms) * 1000);
	port->send(port->context, w->path, out, len);
}

/* A failure never takes the place of an answer that may still serve, and what must not be kept is not: but
 * for the second in which who serves it is asked, where some policy wants to know. */
static void keep(struct exchange *e, const struct landing *landing)
{
	struct cached_answer *answer = landing->answer;
	bool judged_later = false;
	for (unsigned view = 0; view < policy_view_count(e->policy) && !judged_later; view++)
		judged_later = delegation_matters(e->policy, view);
	if (answer && answer->expires == answer->stored && judged_later)
		answer->expires++;
	if (answer && answer->expires != answer->stored && !(landing->failed && landing->stale))
		answer_cache_put(e->service->cache, answer, e->composer.now_s);
	else
		cached_answer_unref(answer);
}

static void on_landed(void *context, const struct landing *landing)
{
	struct exchange *e = context;
	look_around(e);
	struct cached_answer *answer = landing->answer;
	if (landing->failed && landing->stale) {
		answer = landing->stale;
		atomic_store_explicit(&answer->fresh_from, e->composer.now_s + STALE_RETRY_S,
				      memory_order_relaxed);
	}
	/* The waiters' reference; keeping the answer takes the other. */
	if (landing->answer)
		(void)cached_answer_ref(landing->answer);
	keep(e, landing);
	for (struct waiter *w = landing->waiters, *next; w; w = next) {
		next = w->next;
		deliver(e, w, landing, answer);
		flights_free_waiter(w);
	}
	cached_answer_unref(landing->answer);
}

/* ---- a batch ---- */

static bool is_refused(struct exchange *e, struct exchange_unit *u)
{
	struct asked *a = &u->asked;
	int64_t now_us = loop_now_ms(e->loop) * 1000;
	a->asker.group = terms_find(e->terms, &a->asker);
	if (a->asker.group == GROUP_NONE) {
		count_add(&e->counts.unregistered, 1);
		bool tell =
			rate_limit_take(e->service->refusals, &a->asker.client, REFUSALS_A_SECOND, now_us);
		done(e, u, tell ? compose_error(&e->composer, a, DNS_RCODE_REFUSED, NOTHING, u->out) : 0);
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
				  : compose_error(&e->composer, a, DNS_RCODE_REFUSED, NOTHING, u->out);
		done(e, u, len);
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
		done(e, u, 0);
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
		done(e, u, compose_error(&e->composer, a, rcode_of(u->verdict), NOTHING, u->out));
		return false;
	}
	u->key = key_of(e, a);
	answer_cache_prefetch(e->service->cache, u->key.hash, &e->fetches);
	return true;
}

/* What the policy will read for a question that the cache does not know. @return whether there is something
 */
static bool prefetch_policy(struct exchange *e, const struct exchange_unit *u, struct suffixes *name)
{
	if (answer_cache_prefetch_answer(e->service->cache, u->key.hash, &e->fetches) ||
	    !suffixes_cut(name, u->key.name, u->key.name_len))
		return false;
	policy_prefetch_name(e->policy, view_of(e, &u->asked), name, &e->fetches);
	return true;
}

/* Four rounds, so that each memory the next one reads is on its way already. */
static void answer_group(struct exchange *e, const struct exchange_port *port, struct exchange_unit units[],
			 size_t count)
{
	struct exchange_unit *left[GROUP];
	bool is_new[GROUP];
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (read_unit(e, &units[i]))
			left[n++] = &units[i];
	fetches_go(&e->fetches);
	for (size_t i = 0; i < n; i++)
		is_new[i] = prefetch_policy(e, left[i], &e->names[i]);
	fetches_go(&e->fetches);
	for (size_t i = 0; i < n; i++)
		if (is_new[i])
			policy_prefetch_records(e->policy, view_of(e, &left[i]->asked), &e->names[i],
						&e->fetches);
	fetches_go(&e->fetches);
	for (size_t i = 0; i < n; i++) {
		e->name = is_new[i] ? &e->names[i] : NULL;
		answer_unit(e, port, left[i]);
	}
	e->name = NULL;
}

void exchange_batch(struct exchange *e, const struct exchange_port *port, struct exchange_unit units[],
		    size_t count)
{
	look_around(e);
	for (size_t at = 0; at < count; at += GROUP)
		answer_group(e, port, units + at, count - at < GROUP ? count - at : GROUP);
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
		rc = flights_new(loop, service->recursor, on_landed, e, &e->flights);
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
