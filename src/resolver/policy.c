/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Judging; policy_load.c makes a policy, policy_told.c tells what a verdict says. */
#include "resolver/policy.h"

#include <string.h>

#include "resolver/policy_set.h"

/* A value to be judged: a name or an address. */
struct value {
	enum policy_trigger trigger;
	struct suffixes *name;
	const struct ip *address; /* NULL: it is a name */
	int64_t now_ns;
};

void policy_begin(const struct policy *p, unsigned view, struct policy_verdict *v)
{
	v->policy = p;
	v->trace = NULL;
	v->view = view < p->view_count ? (uint8_t)view : UINT8_MAX;
	v->action = POLICY_NONE;
	v->step = 0;
	v->allowed = false;
	v->has_decided = false;
	v->has_logged = false;
}

static bool find(const struct policy_set *s, const struct value *value, struct policy_match *out)
{
	if (value->address != NULL)
		return s->kind->find_address(s, value->trigger, value->address, value->now_ns, out);
	return s->kind->find_name(s, value->trigger, value->name, value->now_ns, out);
}

/* An allow entry for what begins the rest of the answer ends the search; what was found before stands. */
static void allow(struct policy_verdict *v, const struct policy_match *match)
{
	if (match->trigger != POLICY_CLIENT && match->trigger != POLICY_QNAME)
		return;
	v->allowed = true;
	if (!v->has_decided) {
		v->has_decided = true;
		v->decided = *match;
	}
}

/* Whether a match beats what was found before: the set earlier in the list, then the trigger, then the step.
 */
static bool beats(const struct policy_match *m, const struct policy_verdict *v)
{
	const struct policy_match *d = &v->decided;
	if (!v->has_decided || m->place != d->place)
		return !v->has_decided || m->place < d->place;
	if (m->trigger != d->trigger)
		return m->trigger < d->trigger;
	return m->step < d->step;
}

static void decide(struct policy_verdict *v, const struct policy_match *match)
{
	if (!beats(match, v))
		return;
	v->has_decided = true;
	v->decided = *match;
	v->action = match->action;
}

static bool same_value(const struct policy_value *a, const struct policy_value *b)
{
	if (a->trigger != b->trigger || a->is_name != b->is_name || a->len != b->len)
		return false;
	return a->is_name ? memcmp(a->name, b->name, a->len) == 0
			  : memcmp(&a->address, &b->address, sizeof(a->address)) == 0;
}

static void note_value(struct policy_trace *trace, const struct policy_verdict *v, const struct value *value)
{
	struct policy_value now = {.trigger = (uint8_t)value->trigger, .step = v->step};
	if (value->address != NULL) {
		now.address.version = value->address->version;
		memcpy(now.address.bytes, value->address->bytes, sizeof(now.address.bytes));
	} else if (value->name != NULL) {
		now.is_name = true;
		now.len = (uint8_t)value->name->len;
		memcpy(now.name, value->name->data, value->name->len);
	}
	for (size_t i = 0; i < trace->count; i++)
		if (same_value(&trace->values[i], &now))
			return;
	trace->full = trace->full || trace->count == POLICY_TRACE_MAX;
	if (!trace->full)
		trace->values[trace->count++] = now;
}

static void judge(struct policy_verdict *v, const struct value *value)
{
	const struct policy *p = v->policy;
	struct policy_match match, best, logged;
	bool have = false, have_logged = false;
	if (v->trace != NULL)
		note_value(v->trace, v, value);
	if (v->allowed || v->view == UINT8_MAX || (p->views[v->view].triggers >> value->trigger & 1) == 0)
		return;
	const struct policy_view *view = &p->views[v->view];
	for (size_t place = 0; place < view->count; place++) {
		const struct policy_set *s = &p->sets[view->sets[place]];
		if ((s->triggers >> value->trigger & 1) == 0 || (have && !s->allows) ||
		    !find(s, value, &match))
			continue;
		match.set = view->sets[place];
		match.place = (uint16_t)place;
		match.trigger = (uint8_t)value->trigger;
		match.step = v->step;
		if (match.allow) {
			allow(v, &match);
			return;
		}
		if (match.action == POLICY_LOG && !have_logged) {
			logged = match;
			have_logged = true;
		} else if (match.action != POLICY_LOG && !have) {
			best = match;
			have = true;
		}
	}
	if (have_logged && !v->has_logged) {
		v->logged = logged;
		v->has_logged = true;
	}
	if (have)
		decide(v, &best);
}

void policy_judge_client(struct policy_verdict *v, const struct ip *client, int64_t now_ns)
{
	const struct value value = {.trigger = POLICY_CLIENT, .address = client, .now_ns = now_ns};
	judge(v, &value);
}

static void judge_name(struct policy_verdict *v, enum policy_trigger trigger, const uint8_t *name, size_t len,
		       int64_t now_ns)
{
	struct suffixes n;
	const struct value value = {.trigger = trigger, .name = &n, .now_ns = now_ns};
	if (suffixes_cut(&n, name, len))
		judge(v, &value);
}

void policy_judge_name(struct policy_verdict *v, const uint8_t *name, size_t len, int64_t now_ns)
{
	judge_name(v, POLICY_QNAME, name, len, now_ns);
}

void policy_judge_suffixes(struct policy_verdict *v, struct suffixes *name, int64_t now_ns)
{
	const struct value value = {.trigger = POLICY_QNAME, .name = name, .now_ns = now_ns};
	judge(v, &value);
}

void policy_judge_cname(struct policy_verdict *v, const uint8_t *name, size_t len, int64_t now_ns)
{
	if (v->step < UINT8_MAX)
		v->step++;
	policy_judge_name(v, name, len, now_ns);
}

void policy_judge_address(struct policy_verdict *v, const struct ip *address, int64_t now_ns)
{
	const struct value value = {.trigger = POLICY_ADDRESS, .address = address, .now_ns = now_ns};
	judge(v, &value);
}

void policy_judge_ns_name(struct policy_verdict *v, const uint8_t *name, size_t len, int64_t now_ns)
{
	judge_name(v, POLICY_NS_NAME, name, len, now_ns);
}

void policy_judge_ns_address(struct policy_verdict *v, const struct ip *address, int64_t now_ns)
{
	const struct value value = {.trigger = POLICY_NS_ADDRESS, .address = address, .now_ns = now_ns};
	judge(v, &value);
}

bool policy_needs(const struct policy *p, unsigned view, enum policy_trigger trigger)
{
	return view < p->view_count && (p->views[view].triggers >> trigger & 1) != 0;
}

static void prefetch(const struct policy *p, unsigned view, struct suffixes *name, bool records,
		     struct fetches *f)
{
	if (!policy_needs(p, view, POLICY_QNAME))
		return;
	const struct policy_view *w = &p->views[view];
	for (size_t i = 0; i < w->count; i++) {
		const struct policy_set *s = &p->sets[w->sets[i]];
		if (s->triggers >> POLICY_QNAME & 1)
			s->kind->prefetch(s, name, records, f);
	}
}

void policy_prefetch_name(const struct policy *p, unsigned view, struct suffixes *name, struct fetches *f)
{
	prefetch(p, view, name, false, f);
}

void policy_prefetch_records(const struct policy *p, unsigned view, struct suffixes *name, struct fetches *f)
{
	prefetch(p, view, name, true, f);
}
