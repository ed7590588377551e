/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/object.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "stix/check.h"
#include "stix/values.h"

#define PATTERN_MAX (16u << 20)
#define KEYS_MAX    (64u << 20)
#define KEYS_BLOCK  512 /* most objects speak of a value or two; thousands of them wait in a batch */

const struct stix_limits STIX_DEFAULTS = {
	.size_max = 8u << 20,
	.depth_max = 32,
	.list_max = 100000,
	.refs_max = 100000,
	.values_max = 100000,
	.tokens_max = 1000000,
};

/* What nothing was said about. The arrays' memory stays. */
static void forget(struct stix_object *o)
{
	struct stix_object kept = *o;
	*o = (struct stix_object){
		.created_ns = STIX_NO_TIME,
		.modified_ns = STIX_NO_TIME,
		.valid_from_ns = STIX_NO_TIME,
		.valid_until_ns = STIX_NO_TIME,
		.confidence = -1,
		.markings = kept.markings,
		.granular = kept.granular,
		.refs = kept.refs,
		.values = kept.values,
		.texts = kept.texts,
		.memory = kept.memory,
	};
}

void stix_object_init(struct stix_object *o)
{
	*o = (struct stix_object){0};
	forget(o);
}

void stix_object_clear(struct stix_object *o)
{
	struct stix_memory *m = o->memory;
	if (m != NULL) {
		stix_tape_clear(&m->tape);
		arena_free(m->keys);
		buf_clear(&m->scratch);
		buf_clear(&m->pattern_text);
		stix_pattern_clear(&m->pattern);
		free(m->work);
		free(m);
	}
	free(o->markings);
	free(o->granular);
	free(o->refs);
	free(o->values);
	free(o->texts);
	stix_object_init(o);
}

static int make_memory(struct stix_object *o)
{
	if (o->memory != NULL)
		return HN_OK;
	struct stix_memory *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return HN_ENOMEM;
	m->keys = arena_new_small(KEYS_MAX, KEYS_BLOCK);
	if (m->keys == NULL) {
		free(m);
		return HN_ENOMEM;
	}
	stix_tape_init(&m->tape);
	buf_init(&m->scratch, PATTERN_MAX);
	buf_init(&m->pattern_text, PATTERN_MAX);
	stix_pattern_init(&m->pattern);
	o->memory = m;
	return HN_OK;
}

/* A string that must be there for anything else to be said. */
static int read_needed(struct stix_checker *c, const char *name, uint32_t *token_out)
{
	uint32_t token = stix_tape_member(c->t, 0, name);
	if (token == 0)
		return stix_fail(c, 0, HN_EFORMAT, tr("\"%s\" is missing", "\"%s\" がない"), name);
	if (c->t->tokens[token].kind != JSON_TOKEN_STRING || c->t->tokens[token].escaped)
		return stix_fail(c, token, HN_EFORMAT,
				 tr("this must be a plain string", "ここは文字列でなければならない"));
	*token_out = token;
	return HN_OK;
}

/* Objects of 2.0 do not say so; cyber-observable objects need not, and in 2.0 there were none at the top, nor
 * objects of others' making without versions. */
static int read_spec(struct stix_checker *c, enum stix_spec otherwise)
{
	uint32_t token = stix_tape_member(c->t, 0, "spec_version");
	c->o->spec = otherwise;
	if (token != 0) {
		if (stix_tape_is(c->t, token, "2.1"))
			c->o->spec = STIX_2_1;
		else if (stix_tape_is(c->t, token, "2.0"))
			c->o->spec = STIX_2_0;
		else
			return stix_fail(
				c, token, HN_EFORMAT,
				tr("only STIX 2.0 and 2.1 are known", "STIX 2.0と2.1にのみ対応している"));
	} else if (otherwise == STIX_2_0) {
		const struct stix_type *type = stix_type_find(c->o->id.type, c->o->id.type_len, STIX_2_1);
		bool cyber =
			type == NULL ? stix_tape_member(c->t, 0, "created") == 0 : type->family == STIX_CYBER;
		if (cyber)
			c->o->spec = STIX_2_1;
	}
	return HN_OK;
}

static int read_identity(struct stix_checker *c, enum stix_spec otherwise, const struct stix_type **type_out)
{
	struct stix_object *o = c->o;
	uint32_t type = 0, id = 0;
	int rc = c->t->tokens[0].kind == JSON_TOKEN_OBJECT
			 ? HN_OK
			 : stix_fail(c, 0, HN_EFORMAT, tr("not a JSON object", "JSONのオブジェクトではない"));
	if (rc == HN_OK)
		rc = read_needed(c, "type", &type);
	if (rc == HN_OK)
		rc = read_needed(c, "id", &id);
	if (rc != HN_OK)
		return rc;
	struct json_string s = stix_tape_string(c->t, id), t = stix_tape_string(c->t, type);
	if (stix_id_parse((const char *)s.text, s.len, &o->id) != HN_OK)
		return stix_fail(c, id, HN_EFORMAT,
				 tr("this must be an identifier, type--UUID",
				    "ここは「型--UUID」の形の識別子でなければならない"));
	if (o->id.type_len != t.len || memcmp(o->id.type, t.text, t.len) != 0)
		return stix_fail(c, id, HN_EFORMAT,
				 tr("the identifier is of another type than the object",
				    "識別子の型がオブジェクトの型と異なる"));
	if (t.len == 6 && memcmp(t.text, "bundle", t.len) == 0)
		return stix_fail(c, type, HN_EFORMAT,
				 tr("a bundle is no object; its objects are read one by one",
				    "bundleはオブジェクトではない。中のオブジェクトを一つずつ読むこと"));
	rc = read_spec(c, otherwise);
	*type_out = stix_type_find(o->id.type, o->id.type_len, o->spec);
	if (*type_out == NULL)
		*type_out = stix_type_custom();
	o->family = (enum stix_family)(*type_out)->family;
	return rc;
}

/* Other pattern languages than STIX's own are kept unread. */
static int read_pattern(struct stix_checker *c)
{
	uint32_t language = stix_tape_member(c->t, 0, "pattern_type");
	if (c->o->pattern == NULL ||
	    (c->o->spec == STIX_2_1 && language != 0 && !stix_tape_is(c->t, language, "stix")))
		return HN_OK;
	return stix_values_pattern(c, stix_tape_member(c->t, 0, "pattern"));
}

static int compare_values(const void *a, const void *b)
{
	const struct stix_value *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->entry_kind != y->entry_kind)
		return x->entry_kind < y->entry_kind ? -1 : 1;
	if (x->key_len != y->key_len)
		return x->key_len < y->key_len ? -1 : 1;
	return memcmp(x->key, y->key, x->key_len);
}

/* Each value once. */
static void sort_values(struct stix_object *o)
{
	size_t kept = 0;
	if (o->value_count < 2)
		return;
	qsort(o->values, o->value_count, sizeof(*o->values), compare_values);
	for (size_t i = 1; i < o->value_count; i++)
		if (compare_values(&o->values[kept], &o->values[i]) != 0)
			o->values[++kept] = o->values[i];
	o->value_count = kept + 1;
}

static int read_all(struct stix_checker *c, struct cur bytes, enum stix_spec spec)
{
	const struct stix_type *type = NULL;
	int rc = stix_tape_read(&c->m->tape, bytes, c->limits, c->fault);
	if (rc == HN_OK)
		rc = read_identity(c, spec, &type);
	if (rc == HN_OK)
		rc = stix_check(c, type);
	if (rc == HN_OK)
		rc = stix_take_refs(c);
	if (rc == HN_OK)
		rc = read_pattern(c);
	if (rc == HN_OK)
		sort_values(c->o);
	return rc;
}

int stix_object_read(struct stix_object *o, struct cur bytes, enum stix_spec spec,
		     const struct stix_limits *limits, struct fault *fault)
{
	forget(o);
	int rc = make_memory(o);
	if (rc != HN_OK)
		return rc;
	arena_reset(o->memory->keys);
	struct stix_checker c = {o, o->memory, &o->memory->tape, limits, fault};
	rc = read_all(&c, bytes, spec);
	if (rc != HN_OK) {
		struct stix_id id = o->id;
		forget(o);
		o->id = id;
		return rc;
	}
	/* From '{' to '}', without white space around. */
	o->bytes = c.t->bytes + c.t->tokens[0].at;
	o->len = c.t->tokens[0].len;
	return HN_OK;
}
