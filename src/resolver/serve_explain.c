/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/serve_explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "resolver/explain.h"
#include "resolver/judge.h"
#include "resolver/lookup.h"
#include "resolver/terms.h"
#include "wire/dns_number.h"

#define STEPS_MAX     24 /* questions to the recursor, as many as for a client's */
#define MS_PER_SECOND 1000

/* One question on its way. */
struct task {
	const struct running *r;
	const struct served_question *q;
	uint16_t type;
	int64_t until_ms;
	struct cached_answer *own; /* what the recursor gave for the question itself; one reference */
	bool last;                 /* nobody is asked any more */
	bool settled;              /* the question was asked: what the cache has must do */
	struct delegation_gap ask; /* what is to be asked next */
	struct explained *x;
};

static uint32_t now_s(void)
{
	return (uint32_t)(lookup_now_ms() / MS_PER_SECOND);
}

static bool is_fresh(const struct cached_answer *answer)
{
	return (int32_t)(answer->expires - now_s()) > 0;
}

static bool is_usable(const struct running *r, const struct cached_answer *answer)
{
	const struct terms *terms = policy_terms(policy_store_get(r->service.policies));
	int64_t stale_s = terms->config->cache.stale_ns / NS_SECOND;
	if (is_fresh(answer))
		return true;
	return !cached_answer_is_failure(answer) && now_s() - answer->expires < (uint32_t)stale_s;
}

static struct cached_answer *find_cached(const struct running *r, const struct served_question *q,
					 uint16_t type)
{
	const struct answer_key key = answer_cache_key(r->service.cache, q->name, q->len, type, 0);
	struct cached_answer *answer = answer_cache_find(r->service.cache, &key);
	return answer && is_usable(r, answer) ? answer : NULL;
}

static struct judged_question judged(const struct running *r, const struct served_question *q)
{
	const struct policy *policy = policy_store_get(r->service.policies);
	const struct terms *terms = policy_terms(policy);
	/* Whoever is in no group any more is judged by no list. */
	uint32_t group = q->client ? groups_by_address(terms->groups, q->client) : 0;
	return (struct judged_question){
		.policy = policy,
		.view = group == GROUP_NONE ? POLICY_VIEWS_MAX : terms_view(terms, group),
		.transport = q->transport,
		.client = q->client,
		.name = q->name,
		.name_len = q->len,
		.cache = r->service.cache,
		.utc_ns = utc_now_ns(),
	};
}

/* @return false: t->ask must be known first */
static bool need(struct task *t, enum explain_end *end_out)
{
	*end_out = EXPLAIN_LATE;
	return t->last;
}

static bool need_answer(struct task *t, enum explain_end *end_out)
{
	memcpy(t->ask.name, t->q->name, t->q->len);
	t->ask.len = (uint8_t)t->q->len;
	t->ask.type = t->type;
	return need(t, end_out);
}

/* From the beginning, with what is known now. @return false: t->ask must be known first */
static bool judge(struct task *t, const struct judged_question *q)
{
	struct explained *x = t->x;
	struct policy_verdict *v = &x->verdict;
	x->now_ns = q->utc_ns;
	x->trace.count = 0;
	x->trace.full = false;
	policy_begin(q->policy, q->view, v);
	v->trace = &x->trace;
	judge_question(q, v);
	x->end = EXPLAIN_BEFORE;
	if (judge_blocks(v, q->transport) || v->allowed)
		return true;
	const struct cached_answer *answer = t->own ? t->own : find_cached(t->r, t->q, t->type);
	if (!answer)
		return need_answer(t, &x->end);
	enum judge_finding finding = judge_answer(q, answer, v, &t->ask);
	if (finding == JUDGE_GAP)
		return need(t, &x->end);
	x->end = cached_answer_is_failure(answer) ? EXPLAIN_UNANSWERED : EXPLAIN_WHOLE;
	/* The server asks again where nothing speaks against an answer that has expired. */
	if (finding == JUDGE_FREE && !t->own && !t->settled && !is_fresh(answer))
		return need_answer(t, &x->end);
	return true;
}

/* As the serving threads keep what they found. A failure never takes the place of an answer that may serve.
 */
static void keep(struct task *t, const struct answer_key *key, struct cached_answer *answer, bool failed)
{
	bool is_question = key->type == t->type && key->name_len == t->q->len &&
			   memcmp(key->name, t->q->name, t->q->len) == 0;
	const struct cached_answer *old = answer_cache_find(t->r->service.cache, key);
	bool beaten = failed && old && is_usable(t->r, old);
	if (is_question && beaten)
		t->settled = true;
	else if (is_question && !t->own)
		t->own = cached_answer_ref(answer);
	if (answer->expires == answer->stored && !is_question)
		answer->expires++;
	if (answer->expires == answer->stored || beaten)
		cached_answer_unref(answer);
	else
		answer_cache_put(t->r->service.cache, answer, now_s());
}

/* Asks what is missing, not as a thread that asks the policy, since that may wait. */
static int ask(struct task *t)
{
	const struct answer_key key =
		answer_cache_key(t->r->service.cache, t->ask.name, t->ask.len, t->ask.type, 0);
	struct cached_answer *answer;
	bool failed;
	int rc = lookup_ask(t->r->lookup, &key, t->until_ms, &answer, &failed);
	if (rc == HN_ESTATE || rc == HN_ENOMEM)
		return rc;
	if (rc != HN_OK) {
		t->last = true;
		return HN_OK;
	}
	policy_thread_join();
	keep(t, &key, answer, failed);
	policy_thread_leave();
	return HN_OK;
}

/* Writes while the policy that was asked is still there. */
static int explain_type(struct task *t, struct buf *out)
{
	for (unsigned step = 0;; step++) {
		t->last = t->last || step == STEPS_MAX;
		policy_thread_join();
		const struct judged_question q = judged(t->r, t->q);
		bool done = judge(t, &q);
		int rc = HN_OK;
		if (done) {
			if (t->x->end == EXPLAIN_BEFORE)
				t->x->type = NULL;
			rc = explain_json(t->x, out);
		}
		policy_thread_leave();
		if (!done)
			rc = ask(t);
		if (done || rc != HN_OK)
			return rc;
	}
}

static int explain_one(const struct running *r, const struct served_question *q, uint16_t type,
		       const char *text, int64_t until_ms, struct explained *x, struct buf *out)
{
	struct task t = {.r = r, .q = q, .type = type, .until_ms = until_ms, .x = x};
	x->name = q->name;
	x->len = q->len;
	x->type = text;
	x->by_client = q->client != NULL;
	int rc = explain_type(&t, out);
	cached_answer_unref(t.own);
	return rc;
}

static bool same_verdict(const struct policy_verdict *a, const struct policy_verdict *b)
{
	return a->action == b->action && a->allowed == b->allowed && a->has_decided == b->has_decided &&
	       (!a->has_decided ||
		(a->decided.set == b->decided.set && a->decided.trigger == b->decided.trigger &&
		 a->decided.hit.slot == b->decided.hit.slot && a->decided.hit.layer == b->decided.hit.layer));
}

/* Puts a second object into the first as its last member. */
static void add_also(struct buf *out, const struct buf *other)
{
	if (out->len == 0 || out->data[out->len - 1] != '}')
		return;
	out->len--;
	buf_adds(out, ",\"also\":");
	buf_add(out, other->data, other->len);
	buf_addc(out, '}');
}

static int explain_both(const struct running *r, const struct served_question *q, int64_t until_ms,
			struct explained x[2], struct buf *out)
{
	struct buf texts[2];
	buf_init(&texts[0], out->max);
	buf_init(&texts[1], out->max);
	int rc = explain_one(r, q, DNS_TYPE_A, "A", until_ms, &x[0], &texts[0]);
	bool both = rc == HN_OK && x[0].end != EXPLAIN_BEFORE;
	if (both)
		rc = explain_one(r, q, DNS_TYPE_AAAA, "AAAA", until_ms, &x[1], &texts[1]);
	if (rc == HN_OK) {
		unsigned first = both && !x[0].verdict.has_decided && x[1].verdict.has_decided;
		buf_add(out, texts[first].data, texts[first].len);
		if (both && (!same_verdict(&x[0].verdict, &x[1].verdict) || x[0].end != x[1].end))
			add_also(out, &texts[1 - first]);
		rc = buf_err(out);
	}
	buf_clear(&texts[0]);
	buf_clear(&texts[1]);
	return rc;
}

int serve_explain(const struct running *r, const struct served_question *q, struct buf *out)
{
	int64_t until_ms = lookup_now_ms() + SERVE_EXPLAIN_MS;
	struct explained *x = calloc(2, sizeof(*x));
	if (!x)
		return HN_ENOMEM;
	int rc = q->type ? explain_one(r, q, q->type_number, q->type, until_ms, x, out)
			 : explain_both(r, q, until_ms, x, out);
	free(x);
	return rc;
}

bool serve_explain_cached(const struct running *r, const struct served_question *q, struct policy_verdict *v)
{
	const struct judged_question question = judged(r, q);
	struct delegation_gap gap;
	policy_begin(question.policy, question.view, v);
	judge_question(&question, v);
	if (judge_blocks(v, q->transport))
		return true;
	const struct cached_answer *answer = v->allowed ? NULL : find_cached(r, q, q->type_number);
	return answer && judge_answer(&question, answer, v, &gap) == JUDGE_BLOCKED;
}
