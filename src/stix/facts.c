/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What struct stix_object keeps of an object's properties. */
#include <string.h>

#include "base/lang.h"
#include "stix/check.h"
#include "stix/values.h"

/* Each is looked for in the whole object. */
#define SELECTORS_MAX 1024u

static int limit(struct stix_checker *c, uint32_t token, int rc)
{
	if (rc != HN_ELIMIT)
		return rc;
	return stix_fail(c, token, rc, tr("too many of these in one object", "一つのオブジェクトに多すぎる"));
}

int stix_take_text(struct stix_checker *c, uint32_t token)
{
	struct stix_object *o = c->o;
	struct json_string s = stix_tape_string(c->t, token);
	void *texts = o->texts;
	int rc = stix_grow(&texts, o->text_count, &c->m->text_room, sizeof(*o->texts), c->limits->values_max);
	o->texts = texts;
	if (rc == HN_OK && s.len > 0)
		o->texts[o->text_count++] = (struct stix_text){s.text, s.len, s.escaped};
	return limit(c, token, rc);
}

static int take_texts(struct stix_checker *c, uint32_t token)
{
	const struct stix_token *tokens = c->t->tokens;
	int rc = HN_OK;
	if (tokens[token].kind == JSON_TOKEN_STRING)
		return stix_take_text(c, token);
	for (uint32_t i = token + 1; rc == HN_OK && i < tokens[token].next; i = tokens[i].next)
		if (tokens[i].kind == JSON_TOKEN_STRING)
			rc = stix_take_text(c, i);
	return rc;
}

/* An identifier that stix_check_value() let pass, or that stands in something of others' making. */
static bool id_of(const struct stix_tape *t, uint32_t token, struct stix_id *out)
{
	const struct stix_token *k = &t->tokens[token];
	return k->kind == JSON_TOKEN_STRING && !k->escaped &&
	       stix_id_parse((const char *)t->bytes + k->at, k->len, out) == HN_OK;
}

/* STIX 2.1, 7.2.1: a marking does not mark itself. */
static int marks_itself(struct stix_checker *c, uint32_t token, const struct stix_id *marking)
{
	const struct stix_id *own = &c->o->id;
	if (uuid_compare(&marking->uuid, &own->uuid) != 0 || marking->type_len != own->type_len ||
	    memcmp(marking->type, own->type, own->type_len) != 0)
		return HN_OK;
	return stix_fail(c, token, HN_EFORMAT,
			 tr("a marking may not mark itself", "マーキングは自分自身に付けられない"));
}

static int take_markings(struct stix_checker *c, uint32_t token)
{
	struct stix_object *o = c->o;
	const struct stix_token *tokens = c->t->tokens;
	for (uint32_t i = token + 1; i < tokens[token].next; i = tokens[i].next) {
		void *markings = o->markings;
		int rc = stix_grow(&markings, o->marking_count, &c->m->marking_room, sizeof(*o->markings),
				   c->limits->refs_max);
		o->markings = markings;
		if (rc != HN_OK)
			return limit(c, i, rc);
		if (id_of(c->t, i, &o->markings[o->marking_count]))
			rc = marks_itself(c, i, &o->markings[o->marking_count++]);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

/* One granular marking: each of its selectors is a row. */
static int take_granular(struct stix_checker *c, uint32_t token)
{
	struct stix_object *o = c->o;
	const struct stix_token *tokens = c->t->tokens;
	struct stix_granular g = {0};
	uint32_t marking = stix_tape_member(c->t, token, "marking_ref");
	uint32_t selectors = stix_tape_member(c->t, token, "selectors");
	if (marking != 0 && id_of(c->t, marking, &g.marking)) {
		int rc = marks_itself(c, marking, &g.marking);
		if (rc != HN_OK)
			return rc;
	}
	if (selectors == 0)
		return HN_OK;
	for (uint32_t i = selectors + 1; i < tokens[selectors].next; i = tokens[i].next) {
		void *granular = o->granular;
		int rc = stix_grow(&granular, o->granular_count, &c->m->granular_room, sizeof(*o->granular),
				   SELECTORS_MAX);
		o->granular = granular;
		if (rc != HN_OK)
			return limit(c, i, rc);
		struct json_string s = stix_tape_string(c->t, i);
		g.selector = (const char *)s.text;
		g.selector_len = s.len;
		o->granular[o->granular_count++] = g;
	}
	return HN_OK;
}

static int take_granulars(struct stix_checker *c, uint32_t token)
{
	const struct stix_token *tokens = c->t->tokens;
	int rc = HN_OK;
	for (uint32_t i = token + 1; rc == HN_OK && i < tokens[token].next; i = tokens[i].next)
		rc = take_granular(c, i);
	return rc;
}

static int take_fact(struct stix_checker *c, const struct stix_property *p, uint32_t token)
{
	struct stix_object *o = c->o;
	struct json_string s = stix_tape_string(c->t, token);
	switch ((enum stix_take)p->take) {
	case STIX_TAKE_CREATED:
		return stix_time(c->t, token, &o->created_ns);
	case STIX_TAKE_MODIFIED:
		return stix_time(c->t, token, &o->modified_ns);
	case STIX_TAKE_VALID_FROM:
		return stix_time(c->t, token, &o->valid_from_ns);
	case STIX_TAKE_VALID_UNTIL:
		return stix_time(c->t, token, &o->valid_until_ns);
	case STIX_TAKE_REVOKED:
		o->revoked = c->t->tokens[token].kind == JSON_TOKEN_TRUE;
		return HN_OK;
	case STIX_TAKE_CONFIDENCE: /* 0..100, as was checked */
		o->confidence = 0;
		for (size_t i = 0; i < s.len && i < 3; i++)
			o->confidence = o->confidence * 10 + (s.text[i] >= '0' ? s.text[i] - '0' : 0);
		return HN_OK;
	case STIX_TAKE_CREATOR:
		o->has_creator = id_of(c->t, token, &o->created_by);
		return HN_OK;
	case STIX_TAKE_MARKINGS:
		return take_markings(c, token);
	case STIX_TAKE_GRANULAR:
		return take_granulars(c, token);
	case STIX_TAKE_PATTERN:
		o->pattern = s.text;
		o->pattern_len = s.len;
		return HN_OK;
	case STIX_TAKE_TEXT:
	case STIX_TAKE_NOTHING:
		break;
	}
	return HN_OK;
}

int stix_take(struct stix_checker *c, const struct stix_work *w, const struct stix_property *p,
	      uint32_t token)
{
	int rc = HN_OK;
	if (p->take == STIX_TAKE_TEXT)
		rc = take_texts(c, token);
	else if (w->token == 0)
		rc = take_fact(c, p, token);
	if (rc == HN_OK && p->value != 0)
		rc = stix_values_take(c, (enum stix_taken)p->value, token);
	return limit(c, token, rc);
}

/* ---- references ---- */

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);
	return len >= n && memcmp(text + len - n, end, n) == 0;
}

static bool is_name(const char *text, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(text, name, len) == 0;
}

static int take_ref(struct stix_checker *c, const char *name, size_t len, uint32_t token)
{
	struct stix_object *o = c->o;
	struct stix_ref ref = {.property = name, .property_len = len};
	void *refs = o->refs;
	if (!id_of(c->t, token, &ref.target))
		return HN_OK;
	int rc = stix_grow(&refs, o->ref_count, &c->m->ref_room, sizeof(*o->refs), c->limits->refs_max);
	o->refs = refs;
	if (rc == HN_OK)
		o->refs[o->ref_count++] = ref;
	return limit(c, token, rc);
}

/* STIX 2.1, 3.1: names of properties that hold identifiers end in _ref or _refs; also those of others'
 * making, at any depth. */
int stix_take_refs(struct stix_checker *c)
{
	const struct stix_token *tokens = c->t->tokens;
	int rc = HN_OK;
	for (uint32_t i = 1; rc == HN_OK && i < c->t->count; i++) {
		size_t len;
		if (tokens[i].kind != JSON_TOKEN_NAME)
			continue;
		const char *name = stix_tape_name(c->t, i, &len);
		bool one = ends_with(name, len, "_ref");
		if ((!one && !ends_with(name, len, "_refs")) || is_name(name, len, "created_by_ref") ||
		    is_name(name, len, "object_marking_refs") || is_name(name, len, "marking_ref"))
			continue;
		if (one) {
			rc = take_ref(c, name, len, i + 1);
			continue;
		}
		if (tokens[i + 1].kind != JSON_TOKEN_ARRAY)
			continue;
		for (uint32_t j = i + 2; rc == HN_OK && j < tokens[i + 1].next; j = tokens[j].next)
			rc = take_ref(c, name, len, j);
	}
	return rc;
}
