/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Answers that came later. */
#include <string.h>

#include "resolver/exchange_inside.h"

#define STALE_RETRY_S 30 /* RFC 8767, 5: the failure recheck timer */
#define STEPS_MAX     24 /* questions before one is answered; more servers than that nobody needs */

static size_t compose_found(struct exchange *e, const struct asked *a, const struct landing *landing,
			    struct cached_answer *answer, uint8_t *out)
{
	if (!answer)
		return compose_error(&e->composer, a, DNS_RCODE_SERVFAIL, EXCHANGE_NOTHING, out);
	if (answer == landing->stale)
		return exchange_compose_stale(e, a, answer, out);
	return compose_cached(&e->composer, a, answer, 0, (struct told){.code = answer->ede}, out);
}

static size_t compose_landed(struct exchange *e, const struct waiter *w, const struct landing *landing,
			     struct cached_answer *answer, uint8_t *out)
{
	const struct asked *a = &w->asked;
	struct policy_verdict v;
	struct delegation_gap gap;
	exchange_judge_asked(e, a, &v);
	if (exchange_is_blocking(a, &v)) {
		struct cached_answer *target = w->redirected ? answer : NULL;
		return exchange_tell_blocked(e, a, &v, out,
					     compose_blocked(&e->composer, a, &v, target, out));
	}
	/* The policy that led elsewhere is gone meanwhile: what was found there is no answer. */
	if (w->redirected)
		answer = NULL;
	if (answer && exchange_judge_found(e, a, answer, &v, &gap) == JUDGE_BLOCKED)
		return exchange_tell_blocked(e, a, &v, out, compose_blocked(&e->composer, a, &v, NULL, out));
	size_t len = compose_found(e, a, landing, answer, out);
	exchange_count_site(e, answer ? answer->site : exchange_site(e, a->query.name, a->query.name_len));
	exchange_tell_logged(e, a, &v, out, len);
	return len;
}

/* Whether there may be more to ask before the question is answered. What was found is in the cache by now. */
static bool goes_on(const struct exchange *e, const struct waiter *w)
{
	return w->again || (!w->redirected && delegation_matters(e->policy, exchange_view(e, &w->asked)));
}

/* The question's way from the beginning, with what is known now. @return false: it waits again */
static bool go_on(struct exchange *e, const struct waiter *w, uint8_t *out, size_t *len_out)
{
	struct exchange_unit u = {.asked = w->asked, .out = out, .steps = (uint8_t)(w->steps + 1)};
	u.key = exchange_key(e, &w->asked);
	if (u.steps > STEPS_MAX)
		exchange_done(e, &u,
			      compose_error(&e->composer, &u.asked, DNS_RCODE_SERVFAIL,
					    exchange_told_of(HN_ELIMIT), out));
	else
		exchange_answer(e, w->port, &u);
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
		len = compose_error(&e->composer, &w->asked, DNS_RCODE_REFUSED, EXCHANGE_NOTHING, out);
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

void exchange_landed(void *context, const struct landing *landing)
{
	struct exchange *e = context;
	exchange_look_around(e);
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
