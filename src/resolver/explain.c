/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/lang.h"
#include "match/canonical.h"
#include "resolver/policy_set.h"

enum status { DECIDES, LOGGED, FREES, LOSES };

/** Why a match has no say, or has. */
enum why {
	WHY_FIRST,         /* decides: the first set with an entry */
	WHY_ALLOWS,        /* decides: an allow entry */
	WHY_LOG_ONLY,      /* its set only logs */
	WHY_LOGGED_OTHER,  /* the same, and another such match is reported */
	WHY_FREES,         /* an allow entry for one value of the answer */
	WHY_ALLOWED,       /* an allow entry beats it */
	WHY_ALLOWED_TOO,   /* an allow entry, but another one decides */
	WHY_STANDS,        /* an allow entry, behind a step that is blocked */
	WHY_EARLIER_SET,   /* another set stands before its own */
	WHY_EARLIER_VALUE, /* its own set decided by an earlier value already */
};

struct found {
	const struct policy_set *set;
	const struct policy_value *value;
	struct policy_match match;
	enum status status;
	enum why why;
};

#define FOUND_MAX 512u
#define NOTE_MAX  4096
#define NAME_ROOM 4096 /* bytes of a name as text */

struct explanation {
	const struct explained *q;
	const struct policy *p;
	const struct policy_view *view;
	size_t count;
	struct found found[FOUND_MAX];
};

static const char *const why_en[] = {
	[WHY_FIRST] = "the first set in the list with an entry",
	[WHY_ALLOWS] = "an allow entry beats every block",
	[WHY_LOG_ONLY] = "its set only logs",
	[WHY_LOGGED_OTHER] = "its set only logs, and another match is logged",
	[WHY_FREES] = "an allow entry frees this one alone",
	[WHY_ALLOWED] = "an allow entry beats it",
	[WHY_ALLOWED_TOO] = "another allow entry decides",
	[WHY_STANDS] = "what was found before it in the chain stands",
	[WHY_EARLIER_SET] = "a set before it in the list decides",
	[WHY_EARLIER_VALUE] = "its set decides by an earlier trigger",
};

static const char *const why_ja[] = {
	[WHY_FIRST] = "項目のある最初の集合である",
	[WHY_ALLOWS] = "許可の項目はすべての遮断に優先する",
	[WHY_LOG_ONLY] = "この集合は記録のみを行う",
	[WHY_LOGGED_OTHER] = "この集合は記録のみを行うが、別の一致が記録される",
	[WHY_FREES] = "許可の項目がこの値だけを除く",
	[WHY_ALLOWED] = "許可の項目が優先する",
	[WHY_ALLOWED_TOO] = "別の許可の項目が決める",
	[WHY_STANDS] = "別名の連鎖でこれより前に見つかったものは有効である",
	[WHY_EARLIER_SET] = "前に並ぶ集合が決める",
	[WHY_EARLIER_VALUE] = "同じ集合の先の契機が決める",
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

static void place_found(struct found *f, enum status status, enum why why)
{
	f->status = status;
	f->why = why;
}

static void judge_allow(const struct policy_verdict *v, struct found *f)
{
	bool frees = f->match.trigger != POLICY_CLIENT && f->match.trigger != POLICY_QNAME;
	if (v->has_decided && same_match(&f->match, &v->decided))
		place_found(f, DECIDES, WHY_ALLOWS);
	else if (frees)
		place_found(f, v->allowed ? LOSES : FREES, v->allowed ? WHY_ALLOWED_TOO : WHY_FREES);
	else
		place_found(f, LOSES, v->action == POLICY_NONE ? WHY_ALLOWED_TOO : WHY_STANDS);
}

/* One match of sets that only log is reported, the first before the search ends. */
static void judge_log(const struct policy_verdict *v, struct found *f)
{
	if (v->has_logged && same_match(&f->match, &v->logged))
		place_found(f, LOGGED, WHY_LOG_ONLY);
	else
		place_found(f, LOSES, v->has_logged ? WHY_LOGGED_OTHER : WHY_ALLOWED);
}

/* @param freed  an allow entry covers the same value */
static void judge_found(const struct policy_verdict *v, struct found *f, bool freed)
{
	if (f->match.allow)
		judge_allow(v, f);
	else if (freed)
		place_found(f, LOSES, WHY_ALLOWED);
	else if (f->match.action == POLICY_LOG)
		judge_log(v, f);
	else if (!v->has_decided)
		place_found(f, LOSES, WHY_ALLOWED);
	else if (same_match(&f->match, &v->decided))
		place_found(f, DECIDES, WHY_FIRST);
	else if (v->action == POLICY_NONE || (v->allowed && f->value->step > v->decided.step))
		place_found(f, LOSES, WHY_ALLOWED);
	else
		place_found(f, LOSES,
			    f->match.place == v->decided.place ? WHY_EARLIER_VALUE : WHY_EARLIER_SET);
}

static bool find_in(const struct explanation *x, const struct policy_set *s, const struct policy_value *value,
		    struct policy_match *out)
{
	struct suffixes name;
	if (!value->is_name)
		return s->kind->find_address(s, value->trigger, &value->address, x->q->now_ns, out);
	return suffixes_cut(&name, value->name, value->len) &&
	       s->kind->find_name(s, value->trigger, &name, x->q->now_ns, out);
}

/* An entry that several values meet is told once, of the first. */
static bool is_told(const struct explanation *x, const struct policy_match *match)
{
	for (size_t i = 0; i < x->count; i++)
		if (same_match(&x->found[i].match, match))
			return true;
	return false;
}

static void find_value(struct explanation *x, const struct policy_value *value)
{
	size_t first = x->count;
	bool freed = false;
	for (size_t place = 0; place < x->view->count && x->count < FOUND_MAX; place++) {
		const struct policy_set *s = &x->p->sets[x->view->sets[place]];
		struct found *f = &x->found[x->count];
		if ((s->triggers >> value->trigger & 1) == 0 || !find_in(x, s, value, &f->match))
			continue;
		f->set = s;
		f->value = value;
		f->match.set = x->view->sets[place];
		f->match.place = (uint16_t)place;
		f->match.trigger = value->trigger;
		f->match.step = value->step;
		freed = freed || f->match.allow;
		if (!is_told(x, &f->match))
			x->count++;
	}
	for (size_t i = first; i < x->count; i++)
		judge_found(&x->q->verdict, &x->found[i], freed);
}

static void find_all(struct explanation *x)
{
	for (size_t i = 0; i < x->q->trace.count; i++)
		find_value(x, &x->q->trace.values[i]);
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

static void add_value(struct buf *out, const struct policy_value *value)
{
	char text[IP_TEXT_SIZE];
	if (value->is_name) {
		add_name(out, value->name, value->len);
		return;
	}
	ip_format(&value->address, text);
	buf_adds(out, text);
}

static const char *action_of(const struct explanation *x)
{
	const struct policy_verdict *v = &x->q->verdict;
	if (v->allowed && v->action == POLICY_NONE)
		return "allow";
	return policy_action_name((enum policy_action)v->action);
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
		 : f->status == FREES  ? tr("frees:  ", "除外:")
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

/* ---- what was not judged ---- */

static void add_note(struct buf *out, const char *text)
{
	if (out->len > 0)
		buf_adds(out, tr("; ", "。"));
	buf_adds(out, text);
}

/* Where the name leads is judged by the server when it is resolved: of what the view has entries for. */
static void note_answer(const struct explanation *x, struct buf *out)
{
	static const struct {
		enum policy_trigger trigger;
		const char *en, *ja;
	} parts[] = {
		{POLICY_QNAME, "aliases", "別名"},
		{POLICY_ADDRESS, "addresses", "アドレス"},
		{POLICY_NS_NAME, "names of name servers", "ネームサーバー名"},
		{POLICY_NS_ADDRESS, "addresses of name servers", "ネームサーバーのアドレス"},
	};
	bool any = false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!policy_needs(x->p, x->q->verdict.view, parts[i].trigger))
			continue;
		if (!any)
			add_note(out, tr("not judged, since nothing is resolved here: ",
					 "ここでは名前解決をしないため判定していないもの: "));
		else
			buf_adds(out, tr(", ", "、"));
		buf_adds(out, tr(parts[i].en, parts[i].ja));
		any = true;
	}
}

static bool has_note(const struct explanation *x)
{
	const struct explained *q = x->q;
	bool client = !q->by_client && policy_needs(x->p, q->verdict.view, POLICY_CLIENT);
	return client || q->trace.full || q->end > EXPLAIN_WHOLE;
}

static void write_note(const struct explanation *x, struct buf *out)
{
	const struct explained *q = x->q;
	if (q->end == EXPLAIN_OFFLINE && !policy_is_final(&q->verdict) && !q->verdict.allowed)
		note_answer(x, out);
	if (q->end == EXPLAIN_UNANSWERED)
		add_note(out, tr("the name cannot be resolved at present, so no answer was judged",
				 "現在この名前を解決できないため、応答は判定していない"));
	if (q->end == EXPLAIN_LATE)
		add_note(out, tr("what the answer depends on did not come in time; ask again in a moment",
				 "応答が時間内に得られなかった。しばらくしてから再度尋ねること"));
	if (q->trace.full)
		add_note(out, tr("more was judged than can be shown", "判定した値が多く、一部のみを示す"));
	if (!q->by_client && policy_needs(x->p, q->verdict.view, POLICY_CLIENT))
		add_note(out, tr("no client was judged; give --client",
				 "クライアントは判定していない。--client を指定すること"));
	if (q->end == EXPLAIN_OFFLINE)
		add_note(out,
			 tr("how much it is asked, and where it leads, says the resolver that runs: leave "
			    "out --config",
			    "問合せの多さと指す先は、動いている resolver が示す(--config を付けない)"));
}

/* ---- for people ---- */

static int text_all(const struct explanation *x, struct buf *out)
{
	struct buf note;
	int rc = HN_OK;
	add_name(out, x->q->name, x->q->len);
	buf_addf(out, tr(": %s (view '%s', generation %llu)\n", ": %s (ビュー '%s'、世代 %llu)\n"),
		 action_of(x), x->view->name, (unsigned long long)x->p->generation);
	if (x->count == 0)
		buf_adds(out, tr("  no set of the view has an entry for it\n",
				 "  該当する項目のある集合はない\n"));
	for (unsigned status = DECIDES; status <= LOSES; status++)
		for (size_t i = 0; rc == HN_OK && i < x->count; i++)
			if (x->found[i].status == (enum status)status)
				rc = text_match(x, &x->found[i], out);
	if (!has_note(x))
		return rc;
	buf_init(&note, NOTE_MAX);
	write_note(x, &note);
	buf_addf(out, tr("  note: %s\n", "  注: %s\n"), note.data ? note.data : "");
	buf_clear(&note);
	return rc;
}

/* ---- as JSON ---- */

static void member(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, ",\"%s\":", name);
	if (value == NULL)
		buf_adds(out, "null");
	else
		buf_json_string(out, value, strlen(value));
}

static int member_value(struct buf *out, const struct policy_value *value)
{
	struct buf text;
	buf_init(&text, NAME_ROOM);
	add_value(&text, value);
	member(out, "value", text.data);
	if (value->is_name && value->trigger == POLICY_QNAME)
		buf_addf(out, ",\"step\":%u", value->step);
	int rc = buf_err(&text);
	buf_clear(&text);
	return rc;
}

static int json_match(const struct explanation *x, const struct found *f, struct buf *out)
{
	static const char *const statuses[] = {"decides", "logged", "frees", "loses"};
	uint8_t scratch[32];
	struct policy_told told;
	struct buf entry;
	int rc = tell(x, f, scratch, &told);
	if (rc != HN_OK)
		return rc;
	buf_init(&entry, NAME_ROOM);
	add_entry(&entry, &told.key);
	buf_addf(out, "{\"place\":%u", f->match.place + 1u);
	member(out, "set", told.set);
	member(out, "set_id", told.set_id);
	member(out, "set_version", told.set_version);
	member(out, "organisation", f->set->organisation[0] == '\0' ? NULL : f->set->organisation);
	member(out, "contact", f->set->contact[0] == '\0' ? NULL : f->set->contact);
	member(out, "trigger", told.trigger);
	member(out, "entry", entry.data);
	rc = buf_err(&entry);
	buf_clear(&entry);
	if (rc != HN_OK)
		return rc;
	rc = member_value(out, f->value);
	member(out, "object", told.object);
	member(out, "marking", told.marking);
	if (told.confidence <= 100)
		buf_addf(out, ",\"confidence\":%u", told.confidence);
	buf_addf(out, ",\"labels_left\":%u", told.labels_left);
	member(out, "action", told.action);
	member(out, "status", statuses[f->status]);
	member(out, "why", why_text(f->why));
	buf_addc(out, '}');
	return rc;
}

static int json_judged(const struct explanation *x, struct buf *out)
{
	const struct policy_trace *trace = &x->q->trace;
	int rc = HN_OK;
	buf_adds(out, ",\"judged\":[");
	for (size_t i = 0; rc == HN_OK && i < trace->count; i++) {
		const char *name = policy_trigger_name((enum policy_trigger)trace->values[i].trigger);
		buf_addf(out, "%s{\"trigger\":\"%s\"", i == 0 ? "" : ",", name);
		rc = member_value(out, &trace->values[i]);
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
	return rc;
}

static int json_note(const struct explanation *x, struct buf *out)
{
	struct buf note;
	if (!has_note(x))
		return HN_OK;
	buf_init(&note, NOTE_MAX);
	write_note(x, &note);
	int rc = buf_err(&note);
	member(out, "note", note.data);
	buf_clear(&note);
	return rc;
}

static int json_all(const struct explanation *x, struct buf *out)
{
	struct buf name;
	buf_init(&name, NAME_ROOM);
	add_name(&name, x->q->name, x->q->len);
	buf_addf(out, "{\"generation\":%llu", (unsigned long long)x->p->generation);
	member(out, "name", name.data);
	int rc = buf_err(&name);
	buf_clear(&name);
	if (x->q->type)
		member(out, "type", x->q->type);
	member(out, "view", x->view->name);
	member(out, "action", action_of(x));
	buf_adds(out, ",\"decided\":");
	size_t decided = 0;
	while (decided < x->count && x->found[decided].status != DECIDES)
		decided++;
	if (decided == x->count)
		buf_adds(out, "null");
	else if (rc == HN_OK)
		rc = json_match(x, &x->found[decided], out);
	if (rc == HN_OK)
		rc = json_note(x, out);
	if (rc == HN_OK)
		rc = json_judged(x, out);
	buf_adds(out, ",\"matches\":[");
	for (size_t i = 0; rc == HN_OK && i < x->count; i++) {
		buf_adds(out, i == 0 ? "" : ",");
		rc = json_match(x, &x->found[i], out);
	}
	buf_adds(out, "]}");
	return rc;
}

static int explain(const struct explained *q, int (*write)(const struct explanation *, struct buf *),
		   struct buf *out)
{
	const struct policy *p = q->verdict.policy;
	if (q->verdict.view >= p->view_count)
		return HN_ENOENT;
	struct explanation *x = calloc(1, sizeof(*x));
	if (x == NULL)
		return HN_ENOMEM;
	x->p = p;
	x->q = q;
	x->view = &p->views[q->verdict.view];
	find_all(x);
	int rc = write(x, out);
	free(x);
	return rc == HN_OK ? buf_err(out) : rc;
}

int explain_text(const struct explained *q, struct buf *out)
{
	return explain(q, text_all, out);
}

int explain_json(const struct explained *q, struct buf *out)
{
	return explain(q, json_all, out);
}
