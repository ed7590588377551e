/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* One question: its policy, the cache, and what must be asked of others. */
#include "resolver/event_note.h"
#include "resolver/exchange_inside.h"

#define STALE_TTL    30 /* seconds; RFC 8767, 4 */
#define REFRESH_S    1  /* for how long an answer serves on while a newer one is fetched */
#define REFRESH_USES 2  /* an answer used this often since it was stored is popular */
#define USES_COUNTED 64

/* ---- policy ---- */

static struct judged_question question_of(const struct exchange *e, const struct asked *a)
{
	return (struct judged_question){
		.policy = e->policy,
		.view = exchange_view(e, a),
		.transport = a->asker.transport,
		.client = &a->asker.client,
		.name = a->query.name,
		.name_len = a->query.name_len,
		.suffixes = e->name,
		.cache = e->service->cache,
		.utc_ns = e->utc_ns,
	};
}

/* Judges client and name. */
void exchange_judge_asked(const struct exchange *e, const struct asked *a, struct policy_verdict *v)
{
	const struct judged_question q = question_of(e, a);
	policy_begin(q.policy, q.view, v);
	judge_question(&q, v);
}

/* Judges an answer, after what client and name came to. */
enum judge_finding exchange_judge_found(const struct exchange *e, const struct asked *a,
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
size_t exchange_tell_blocked(struct exchange *e, const struct asked *a, const struct policy_verdict *v,
			     const uint8_t *answer, size_t len)
{
	count_add(&e->counts.blocked[v->action], 1);
	count_add(&e->counts.blocked_by[policy_slot(v->policy, v->decided.set)], 1);
	event_note(e->feed.events, a, v, true, answer, len, e->utc_ns);
	return len;
}

void exchange_tell_logged(struct exchange *e, const struct asked *a, const struct policy_verdict *v,
			  const uint8_t *answer, size_t len)
{
	if (v->has_logged)
		event_note(e->feed.events, a, v, false, answer, len, e->utc_ns);
}

/* ---- asking ---- */

static void refresh(struct exchange *e, struct cached_answer *answer, const struct answer_key *key)
{
	if (flights_ask(e->flights, key, answer->site, answer, NULL, NULL) == HN_OK)
		count_add(&e->counts.refreshed, 1);
}

/* Why a question could not even be asked. */
struct told exchange_told_of(int rc)
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
		rc = flights_ask(e->flights, key, exchange_site(e, key->name, key->name_len), stale,
				 &u->asked.asker.client, w);
	}
	if (rc != HN_OK) {
		flights_free_waiter(w);
		exchange_done(e, u,
			      compose_error(&e->composer, &u->asked, DNS_RCODE_SERVFAIL, exchange_told_of(rc),
					    u->out));
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

/* Too old even to serve as a stale one, which it may for the one second of a refresh anyway. A failure never
 * is stale: nobody is served by it, and why it failed then may be another reason now. */
static bool is_over(const struct exchange *e, const struct cached_answer *answer)
{
	int64_t stale_s = e->terms->config->cache.stale_ns / NS_SECOND;
	if (is_fresh(e, answer))
		return false;
	return cached_answer_is_failure(answer) ||
	       e->composer.now_s - answer->expires >= (uint32_t)stale_s + REFRESH_S;
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
	exchange_done(e, u, exchange_tell_blocked(e, &u->asked, v, u->out, len));
}

/* ---- answering from the cache ---- */

static uint16_t stale_code(const struct cached_answer *answer)
{
	bool nxdomain = (cached_answer_message(answer)[3] & DNS_RCODE) == DNS_RCODE_NXDOMAIN;
	return nxdomain ? DNS_EDE_STALE_NXDOMAIN : DNS_EDE_STALE;
}

size_t exchange_compose_stale(struct exchange *e, const struct asked *a, const struct cached_answer *answer,
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
		exchange_done(e, u, compose_cached(&e->composer, &u->asked, answer, 0, told, u->out));
		return true;
	}
	if (e->terms->config->cache.prefetch && now - answer->expires < REFRESH_S && is_popular(answer)) {
		refresh(e, answer, &u->key);
		count_add(&e->counts.hits, 1);
		exchange_done(
			e, u,
			compose_cached(&e->composer, &u->asked, answer, REFRESH_S, EXCHANGE_NOTHING, u->out));
		return true;
	}
	uint32_t retry = atomic_load_explicit(&answer->fresh_from, memory_order_relaxed);
	if (retry != 0 && (int32_t)(retry - now) > 0) {
		exchange_done(e, u, exchange_compose_stale(e, &u->asked, answer, u->out));
		return true;
	}
	return false;
}

static bool answer_from(struct exchange *e, struct exchange_unit *u, struct cached_answer *answer)
{
	bool given = give(e, u, answer);
	if (given)
		exchange_count_site(e, answer->site);
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

void exchange_answer(struct exchange *e, const struct exchange_port *port, struct exchange_unit *u)
{
	struct cached_answer *answer = e->name ? NULL : find_answer(e, u);
	if (answer && judge_is_clear(answer, e->epoch, exchange_view(e, &u->asked)) &&
	    answer_from(e, u, answer))
		return;
	struct policy_verdict v;
	struct delegation_gap gap;
	exchange_judge_asked(e, &u->asked, &v);
	if (exchange_is_blocking(&u->asked, &v)) {
		block(e, port, u, &v);
		return;
	}
	/* A moment ago it was not there; only what is refused needs no second look. */
	if (e->name)
		answer = find_answer(e, u);
	enum judge_finding finding =
		answer ? exchange_judge_found(e, &u->asked, answer, &v, &gap) : JUDGE_FREE;
	if (finding == JUDGE_BLOCKED)
		block(e, port, u, &v);
	else if (finding == JUDGE_GAP)
		ask_gap(e, port, u, &gap);
	else if (!answer || !answer_from(e, u, answer))
		ask(e, port, u, &u->key, answer, FOR_ANSWER);
	else
		exchange_tell_logged(e, &u->asked, &v, u->out, u->out_len);
}
