/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The standard's rules between properties of one structure. */
#include <string.h>

#include "base/lang.h"
#include "stix/check.h"

struct rule_check {
	struct stix_checker *c;
	const struct stix_work *w;
	const uint32_t *members;
};

static uint32_t member(const struct rule_check *x, const char *name)
{
	int i = stix_property_find(x->w->table, name, strlen(name), x->w->versions);
	return i < 0 ? 0 : x->members[i];
}

/* How many of the names are there, from the first on. */
static unsigned present(const struct rule_check *x, const struct stix_rule *r)
{
	unsigned n = 0;
	for (size_t i = 0; i < STIX_RULE_NAMES && r->names[i] != NULL; i++)
		n += member(x, r->names[i]) != 0 ? 1 : 0;
	return n;
}

static unsigned named(const struct stix_rule *r)
{
	unsigned n = 0;
	while (n < STIX_RULE_NAMES && r->names[n] != NULL)
		n++;
	return n;
}

/* "a, b, c" */
static void list_names(const struct stix_rule *r, char *out, size_t size)
{
	struct buf b;
	buf_init(&b, size - 1);
	for (size_t i = 0; i < STIX_RULE_NAMES && r->names[i] != NULL; i++) {
		buf_adds(&b, i == 0 ? "" : ", ");
		buf_adds(&b, r->names[i]);
	}
	memcpy(out, b.data, b.len);
	out[b.len] = '\0';
	buf_clear(&b);
}

static int broken_list(const struct rule_check *x, const struct stix_rule *r, const char *en, const char *ja)
{
	char names[256];
	list_names(r, names, sizeof(names));
	return stix_fail(x->c, x->w->token, HN_EFORMAT, "%s: %s", tr(en, ja), names);
}

static int check_counts(const struct rule_check *x, const struct stix_rule *r)
{
	unsigned n = present(x, r);
	if (r->kind == STIX_RULE_SOME_OF && n == 0)
		return broken_list(x, r, "at least one of these must be there",
				   "次のうち少なくとも一つが要る");
	if (r->kind == STIX_RULE_ONE_OF && n != 1)
		return broken_list(x, r, "exactly one of these must be there", "次のうちちょうど一つが要る");
	if (r->kind == STIX_RULE_NOT_BOTH && n > 1)
		return broken_list(x, r, "only one of these may be there", "次のうち一つしか置けない");
	if (r->kind == STIX_RULE_TOGETHER && n != 0 && n != named(r))
		return broken_list(x, r, "these stand together or not at all",
				   "次は揃って置くか、全て省くかである");
	return HN_OK;
}

static int check_needs(const struct rule_check *x, const struct stix_rule *r)
{
	if (member(x, r->names[0]) == 0)
		return HN_OK;
	for (size_t i = 1; i < STIX_RULE_NAMES && r->names[i] != NULL; i++)
		if (member(x, r->names[i]) == 0)
			return stix_fail(x->c, x->w->token, HN_EFORMAT,
					 tr("\"%s\" is missing", "\"%s\" がない"), r->names[i]);
	return HN_OK;
}

static int check_order(const struct rule_check *x, const struct stix_rule *r)
{
	uint32_t first = member(x, r->names[0]), second = member(x, r->names[1]);
	int64_t a, b;
	if (first == 0 || second == 0 || stix_time(x->c->t, first, &a) != HN_OK ||
	    stix_time(x->c->t, second, &b) != HN_OK)
		return HN_OK;
	if (r->kind == STIX_RULE_AFTER ? b > a : b >= a)
		return HN_OK;
	return r->kind == STIX_RULE_AFTER
		       ? stix_fail(x->c, second, HN_EFORMAT,
				   tr("this must be later than \"%s\"", "\"%s\" より後でなければならない"),
				   r->names[0])
		       : stix_fail(x->c, second, HN_EFORMAT,
				   tr("this must not be before \"%s\"", "\"%s\" より前であってはならない"),
				   r->names[0]);
}

static int check_flag(const struct rule_check *x, const struct stix_rule *r)
{
	uint32_t flag = member(x, r->names[0]), other = member(x, r->names[1]);
	uint8_t when = r->kind == STIX_RULE_FALSE_BARS ? JSON_TOKEN_FALSE : JSON_TOKEN_TRUE;
	if (flag == 0 || x->c->t->tokens[flag].kind != when)
		return HN_OK;
	if (r->kind == STIX_RULE_TRUE_NEEDS && other == 0)
		return stix_fail(x->c, x->w->token, HN_EFORMAT,
				 tr("\"%s\" is missing, which is needed where \"%s\" is true",
				    "\"%s\" がない(\"%s\" が真なら要る)"),
				 r->names[1], r->names[0]);
	if (r->kind != STIX_RULE_TRUE_NEEDS && other != 0)
		return stix_fail(
			x->c, other, HN_EFORMAT,
			tr("this may not stand with such a \"%s\"", "\"%s\" がこの値のときは置けない"),
			r->names[0]);
	return HN_OK;
}

/* Something beyond what every object has; the base's "extensions" count, and what others added. */
static int check_any_member(const struct rule_check *x)
{
	const struct stix_tape *t = x->c->t;
	for (uint32_t i = x->w->token + 1; i < t->tokens[x->w->token].next; i = t->tokens[i].next) {
		size_t len;
		const char *name = stix_tape_name(t, i, &len);
		int p = stix_property_find(x->w->table, name, len, x->w->versions);
		if (p < (int)STIX_TABLE_OWN || (len == 10 && memcmp(name, "extensions", len) == 0))
			return HN_OK;
	}
	return stix_fail(x->c, x->w->token, HN_EFORMAT,
			 tr("it says nothing beyond its identifier", "識別子のほかに何も書かれていない"));
}

static int check_list_needs(const struct rule_check *x, const struct stix_rule *r)
{
	const struct stix_tape *t = x->c->t;
	uint32_t list = member(x, r->names[0]), other = member(x, r->names[1]);
	if (list == 0 || other == 0)
		return HN_OK;
	for (uint32_t i = list + 1; i < t->tokens[list].next; i = t->tokens[i].next)
		if (stix_tape_is(t, i, r->names[2]))
			return HN_OK;
	return stix_fail(
		x->c, other, HN_EFORMAT,
		tr("this may only stand where \"%s\" has \"%s\"", "\"%s\" に \"%s\" がある場合にのみ置ける"),
		r->names[0], r->names[2]);
}

static int check_rule(const struct rule_check *x, const struct stix_rule *r)
{
	switch ((enum stix_rule_kind)r->kind) {
	case STIX_RULE_SOME_OF:
	case STIX_RULE_ONE_OF:
	case STIX_RULE_NOT_BOTH:
	case STIX_RULE_TOGETHER:
		return check_counts(x, r);
	case STIX_RULE_NEEDS:
		return check_needs(x, r);
	case STIX_RULE_NOT_BEFORE:
	case STIX_RULE_AFTER:
		return check_order(x, r);
	case STIX_RULE_TRUE_NEEDS:
	case STIX_RULE_TRUE_BARS:
	case STIX_RULE_FALSE_BARS:
		return check_flag(x, r);
	case STIX_RULE_ANY_MEMBER:
		return check_any_member(x);
	case STIX_RULE_LIST_NEEDS:
		return check_list_needs(x, r);
	case STIX_RULE_END:
		break;
	}
	return HN_OK;
}

int stix_check_rules(struct stix_checker *c, const struct stix_work *w, const struct stix_rule *rules,
		     const uint32_t *members)
{
	const struct rule_check x = {c, w, members};
	int rc = HN_OK;
	for (; rc == HN_OK && rules != NULL && rules->kind != STIX_RULE_END; rules++)
		if ((rules->versions & w->versions) == w->versions)
			rc = check_rule(&x, rules);
	return rc;
}
