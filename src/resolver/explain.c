/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "match/canonical.h"
#include "resolver/policy_set.h"

enum status { DECIDES, LOGGED, LOSES };

/** Why a match has no say, or has. */
enum why {
	WHY_FIRST,         /* decides: the first set with an entry */
	WHY_ALLOWS,        /* decides: an allow entry */
	WHY_LOG_ONLY,      /* its set only logs */
	WHY_ALLOWED,       /* an allow entry beats it */
	WHY_EARLIER_SET,   /* another set stands before its own */
	WHY_EARLIER_VALUE, /* its own set decided by client or name already */
	WHY_BEFORE_ANSWER, /* client and name were judged before there was an answer */
};

struct found {
	const struct policy_set *set;
	struct policy_match match;
	enum status status;
	enum why why;
};

#define FOUND_MAX 512u

struct explanation {
	const struct policy *p;
	const struct explain_question *q;
	unsigned view;
	struct policy_verdict verdict;
	bool before_answer; /* decided by client and name */
	size_t count;
	struct found found[FOUND_MAX];
};

static const char *const why_en[] = {
	[WHY_FIRST] = "the first set in the list with an entry",
	[WHY_ALLOWS] = "an allow entry beats every block",
	[WHY_LOG_ONLY] = "its set only logs",
	[WHY_ALLOWED] = "an allow entry beats it",
	[WHY_EARLIER_SET] = "a set before it in the list decides",
	[WHY_EARLIER_VALUE] = "its set decides by an earlier trigger",
	[WHY_BEFORE_ANSWER] = "client and name had decided before there was an answer",
};

static const char *const why_ja[] = {
	[WHY_FIRST] = "項目のある最初の集合である",
	[WHY_ALLOWS] = "許可の項目はすべての遮断に優先する",
	[WHY_LOG_ONLY] = "この集合は記録のみを行う",
	[WHY_ALLOWED] = "許可の項目が優先する",
	[WHY_EARLIER_SET] = "前に並ぶ集合が決める",
	[WHY_EARLIER_VALUE] = "同じ集合の先の契機が決める",
	[WHY_BEFORE_ANSWER] = "応答を得る前に、利用者または名前により決まった",
};

static const char *why_text(enum why why)
{
	return lang_get() == LANG_JA ? why_ja[why] : why_en[why];
}

/* ---- finding ---- */

static bool same_match(const struct policy_match *a, const struct policy_match *b)
{
	return a->place == b->place && a->trigger == b->trigger && a->allow == b->allow &&
	       a->hit.layer == b->hit.layer && a->hit.slot == b->hit.slot && a->hit.kind == b->hit.kind;
}

static void judge_found(const struct explanation *x, struct found *f)
{
	const struct policy_verdict *v = &x->verdict;
	if (f->match.action == POLICY_LOG && !f->match.allow) {
		f->status = LOGGED;
		f->why = WHY_LOG_ONLY;
		return;
	}
	if (v->has_decided && same_match(&f->match, &v->decided)) {
		f->status = DECIDES;
		f->why = f->match.allow ? WHY_ALLOWS : WHY_FIRST;
		return;
	}
	f->status = LOSES;
	if (f->match.allow)
		f->why = v->allowed ? WHY_ALLOWED : WHY_BEFORE_ANSWER;
	else if (v->allowed)
		f->why = WHY_ALLOWED;
	else if (x->before_answer && f->match.trigger > POLICY_QNAME)
		f->why = WHY_BEFORE_ANSWER;
	else if (!v->has_decided)
		f->why = WHY_ALLOWED; /* of this value alone */
	else
		f->why = f->match.place == v->decided.place ? WHY_EARLIER_VALUE : WHY_EARLIER_SET;
}

static bool find_in(const struct explanation *x, const struct policy_set *s, enum policy_trigger trigger,
		    const struct ip *address, struct policy_match *out)
{
	struct suffixes name;
	if (address != NULL)
		return s->kind->find_address(s, trigger, address, x->q->now_ns, out);
	return suffixes_cut(&name, x->q->name, x->q->len) &&
	       s->kind->find_name(s, trigger, &name, x->q->now_ns, out);
}

static void find_value(struct explanation *x, enum policy_trigger trigger, const struct ip *address)
{
	const struct policy_view *view = &x->p->views[x->view];
	for (size_t place = 0; place < view->count && x->count < FOUND_MAX; place++) {
		const struct policy_set *s = &x->p->sets[view->sets[place]];
		struct found *f = &x->found[x->count];
		if ((s->triggers >> trigger & 1) == 0 || !find_in(x, s, trigger, address, &f->match))
			continue;
		f->set = s;
		f->match.set = view->sets[place];
		f->match.place = (uint16_t)place;
		f->match.trigger = (uint8_t)trigger;
		f->match.step = 0;
		judge_found(x, f);
		x->count++;
	}
}

static size_t address_count(const struct explain_question *q)
{
	return q->address_count < EXPLAIN_ADDRESSES_MAX ? q->address_count : EXPLAIN_ADDRESSES_MAX;
}

static void find_all(struct explanation *x)
{
	const struct explain_question *q = x->q;
	struct policy_verdict *v = &x->verdict;
	policy_begin(x->p, x->view, v);
	if (q->client != NULL)
		policy_judge_client(v, q->client, q->now_ns);
	policy_judge_name(v, q->name, q->len, q->now_ns);
	x->before_answer = policy_is_final(v) || v->allowed;
	for (size_t i = 0; !x->before_answer && i < address_count(q); i++)
		policy_judge_address(v, &q->addresses[i], q->now_ns);
	if (q->client != NULL)
		find_value(x, POLICY_CLIENT, q->client);
	find_value(x, POLICY_QNAME, NULL);
	for (size_t i = 0; i < address_count(q); i++)
		find_value(x, POLICY_ADDRESS, &q->addresses[i]);
}

/* ---- telling ---- */

static void add_name(struct buf *out, const uint8_t *name, size_t len)
{
	const struct entry_key key = {ENTRY_NAME, (uint16_t)len, name};
	if (len == 0)
		buf_addc(out, '.');
	else
		canonical_format(&key, out);
}

static void add_entry(struct buf *out, const struct entry_key *key)
{
	if (key->kind == ENTRY_WILDCARD && key->len == 0)
		buf_addc(out, '*');
	else
		canonical_format(key, out);
}

static const char *action_of(const struct explanation *x)
{
	if (x->verdict.allowed && x->verdict.action == POLICY_NONE)
		return "allow";
	return policy_action_name((enum policy_action)x->verdict.action);
}

static int tell(const struct explanation *x, const struct found *f, uint8_t scratch[32],
		struct policy_told *out)
{
	return policy_tell(x->p, &f->match, scratch, out);
}

static int text_match(const struct explanation *x, const struct found *f, struct buf *out)
{
	uint8_t scratch[32];
	struct policy_told told;
	int rc = tell(x, f, scratch, &told);
	if (rc != HN_OK)
		return rc;
	buf_addf(out, "  %s ",
		 f->status == DECIDES  ? tr("decides:", "決定:")
		 : f->status == LOGGED ? tr("logged: ", "記録:")
				       : tr("loses:  ", "不採用:"));
	buf_addf(out, tr("set '%s' (%u. in the list), ", "集合 '%s' (%u番目)、"), told.set,
		 f->match.place + 1u);
	buf_adds(out, tr("entry ", "項目 "));
	add_entry(out, &told.key);
	if (told.object != NULL)
		buf_addf(out, tr(" of %s", " (%s)"), told.object);
	buf_addf(out, tr(", trigger %s, action %s: %s\n", "、契機 %s、動作 %s: %s\n"), told.trigger,
		 told.action, why_text(f->why));
	if (f->status == DECIDES && f->set->organisation[0] != '\0')
		buf_addf(out, tr("           organisation: %s\n", "        組織: %s\n"),
			 f->set->organisation);
	if (f->status == DECIDES && f->set->contact[0] != '\0')
		buf_addf(out, tr("           contact: %s\n", "        連絡先: %s\n"), f->set->contact);
	return HN_OK;
}

/* Where nothing decides yet the answer may: what it holds was not looked at. */
static const char *later_text(void)
{
	return tr("judged by name and client alone; where it leads (aliases, addresses, name servers) is "
		  "judged when "
		  "it is resolved",
		  "名前とクライアントのみで判定。指す先(別名、アドレス、ネームサーバー)"
		  "は名前解決の際に判定される");
}

static int text_all(const struct explanation *x, struct buf *out)
{
	int rc = HN_OK;
	add_name(out, x->q->name, x->q->len);
	buf_addf(out, tr(": %s (view '%s', generation %llu)\n", ": %s (ビュー '%s'、世代 %llu)\n"),
		 action_of(x), x->p->views[x->view].name, (unsigned long long)x->p->generation);
	if (x->count == 0)
		buf_adds(out, tr("  no set of the view has an entry for it\n",
				 "  該当する項目のある集合はない\n"));
	if (x->count == 0 && x->q->address_count == 0)
		buf_addf(out, "  %s\n", later_text());
	for (unsigned status = DECIDES; status <= LOSES; status++)
		for (size_t i = 0; rc == HN_OK && i < x->count; i++)
			if (x->found[i].status == (enum status)status)
				rc = text_match(x, &x->found[i], out);
	return rc;
}

static void member(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, ",\"%s\":", name);
	if (value == NULL)
		buf_adds(out, "null");
	else
		buf_json_string(out, value, strlen(value));
}

static int json_match(const struct explanation *x, const struct found *f, struct buf *out)
{
	static const char *const statuses[] = {"decides", "logged", "loses"};
	uint8_t scratch[32];
	struct policy_told told;
	struct buf entry;
	int rc = tell(x, f, scratch, &told);
	if (rc != HN_OK)
		return rc;
	buf_init(&entry, 4096);
	add_entry(&entry, &told.key);
	buf_addf(out, "{\"place\":%u", f->match.place + 1u);
	member(out, "set", told.set);
	member(out, "set_id", told.set_id);
	member(out, "set_version", told.set_version);
	member(out, "organisation", f->set->organisation[0] == '\0' ? NULL : f->set->organisation);
	member(out, "contact", f->set->contact[0] == '\0' ? NULL : f->set->contact);
	member(out, "trigger", told.trigger);
	member(out, "entry", entry.data);
	member(out, "object", told.object);
	member(out, "marking", told.marking);
	if (told.confidence <= 100)
		buf_addf(out, ",\"confidence\":%u", told.confidence);
	buf_addf(out, ",\"labels_left\":%u", told.labels_left);
	member(out, "action", told.action);
	member(out, "status", statuses[f->status]);
	member(out, "why", why_text(f->why));
	buf_addc(out, '}');
	rc = buf_err(&entry);
	buf_clear(&entry);
	return rc;
}

static int json_all(const struct explanation *x, struct buf *out)
{
	struct buf name;
	int rc = HN_OK;
	buf_init(&name, 4096);
	add_name(&name, x->q->name, x->q->len);
	buf_addf(out, "{\"generation\":%llu", (unsigned long long)x->p->generation);
	member(out, "name", name.data);
	member(out, "view", x->p->views[x->view].name);
	member(out, "action", action_of(x));
	buf_adds(out, ",\"decided\":");
	size_t decided = 0;
	while (decided < x->count && x->found[decided].status != DECIDES)
		decided++;
	if (decided == x->count)
		buf_adds(out, "null");
	else
		rc = json_match(x, &x->found[decided], out);
	if (decided == x->count && x->q->address_count == 0)
		member(out, "note", later_text());
	buf_adds(out, ",\"matches\":[");
	for (size_t i = 0; rc == HN_OK && i < x->count; i++) {
		buf_adds(out, i == 0 ? "" : ",");
		rc = json_match(x, &x->found[i], out);
	}
	buf_adds(out, "]}");
	if (rc == HN_OK)
		rc = buf_err(&name);
	buf_clear(&name);
	return rc;
}

static int explain(const struct policy *p, unsigned view, const struct explain_question *q,
		   int (*write)(const struct explanation *, struct buf *), struct buf *out)
{
	if (view >= p->view_count)
		return HN_ENOENT;
	struct explanation *x = calloc(1, sizeof(*x));
	if (x == NULL)
		return HN_ENOMEM;
	x->p = p;
	x->q = q;
	x->view = view;
	find_all(x);
	int rc = write(x, out);
	free(x);
	return rc == HN_OK ? buf_err(out) : rc;
}

int explain_text(const struct policy *p, unsigned view, const struct explain_question *q, struct buf *out)
{
	return explain(p, view, q, text_all, out);
}

int explain_json(const struct policy *p, unsigned view, const struct explain_question *q, struct buf *out)
{
	return explain(p, view, q, json_all, out);
}
