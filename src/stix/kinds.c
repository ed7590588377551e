/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Values of the standard's kinds: STIX 2.1, 2. */
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "stix/check.h"

static bool is_string(const struct stix_tape *t, uint32_t token)
{
	return t->tokens[token].kind == JSON_TOKEN_STRING;
}

static int not_a(struct stix_checker *c, uint32_t token, const char *what)
{
	return stix_fail(c, token, HN_EFORMAT, tr("this must be %s", "ここは%sでなければならない"), what);
}

static int check_string(struct stix_checker *c, uint32_t token)
{
	return is_string(c->t, token) ? HN_OK : not_a(c, token, tr("a string", "文字列"));
}

int stix_time(const struct stix_tape *t, uint32_t token, int64_t *out)
{
	const struct stix_token *k = &t->tokens[token];
	const char *text = (const char *)t->bytes + k->at;
	if (k->kind != JSON_TOKEN_STRING || k->escaped || k->len < 20 || text[10] != 'T' ||
	    text[k->len - 1] != 'Z')
		return HN_EFORMAT;
	int rc = utc_parse(text, k->len, out);
	if (rc == HN_ELIMIT) { /* of another century, e.g. "9999-12-31": the nearest that we can say */
		*out = memcmp(text, "1970", 4) < 0 ? 0 : UTC_MAX_NS;
		rc = HN_OK;
	}
	return rc;
}

static int check_time(struct stix_checker *c, uint32_t token)
{
	int64_t time;
	if (stix_time(c->t, token, &time) == HN_OK)
		return HN_OK;
	return not_a(
		c, token,
		tr("a time such as \"2026-11-21T13:48:49.123Z\"", "\"2026-11-21T13:48:49.123Z\" の形の時刻"));
}

/* Whole numbers were looked at when the tape was read. */
static int check_number(struct stix_checker *c, const struct stix_property *p, uint32_t token)
{
	char copy[64];
	struct json_string s = stix_tape_string(c->t, token);
	bool whole = p->kind == STIX_KIND_INTEGER;
	bool number = c->t->tokens[token].kind == JSON_TOKEN_NUMBER && s.len < sizeof(copy);
	for (size_t i = 0; number && whole && i < s.len; i++)
		number = s.text[i] == '-' || (s.text[i] >= '0' && s.text[i] <= '9');
	if (!number)
		return whole ? not_a(c, token, tr("a whole number", "整数"))
			     : not_a(c, token, tr("a number", "数値"));
	memcpy(copy, s.text, s.len);
	copy[s.len] = '\0';
	double value = strtod(copy, NULL);
	if (value < p->range->min || value > p->range->max)
		return stix_fail(
			c, token, HN_EFORMAT,
			tr("this must lie between %.0f and %.0f", "ここは%.0fから%.0fまででなければならない"),
			p->range->min, p->range->max);
	return HN_OK;
}

static bool type_is(const struct stix_id *id, const char *type)
{
	return strlen(type) == id->type_len && memcmp(type, id->type, id->type_len) == 0;
}

/* Whether the list of types allows this one. Types of others' making may be of either family. */
static bool target_ok(const struct stix_property *p, const struct stix_id *id)
{
	const struct stix_type *type = stix_type_find(id->type, id->type_len, STIX_2_1);
	bool custom = type == NULL && !type_is(id, "bundle");
	for (const char *const *word = p->words; *word != NULL; word++) {
		if (strcmp(*word, STIX_ANY_TYPE) == 0 && !type_is(id, "bundle"))
			return true;
		if (strcmp(*word, STIX_ANY_DOMAIN) == 0 &&
		    (custom || (type != NULL && type->family == STIX_DOMAIN)))
			return true;
		if (strcmp(*word, STIX_ANY_CYBER) == 0 &&
		    (custom || (type != NULL && type->family == STIX_CYBER)))
			return true;
		if (strcmp(*word, STIX_ANY_RELATION) == 0 && type != NULL &&
		    type->family == STIX_RELATIONSHIP)
			return true;
		if (type_is(id, *word))
			return true;
	}
	return false;
}

/* Inside 2.0's observed objects a reference is the key of another object there (STIX 2.0, part 3, 2.6). */
static int check_key(struct stix_checker *c, const struct stix_property *p, uint32_t token)
{
	const char *key, *type;
	size_t len;
	int rc = stix_plain(c, token, &key, &len);
	if (rc != HN_OK)
		return rc;
	uint32_t target = stix_tape_look_up(c->t, key, len);
	uint32_t named = target == 0 ? 0 : stix_tape_member(c->t, target, "type");
	if (named == 0 || !is_string(c->t, named))
		return stix_fail(
			c, token, HN_EFORMAT,
			tr("there is no object of this key beside it", "この鍵のオブジェクトがない"));
	struct stix_id id = {0};
	rc = stix_plain(c, named, &type, &id.type_len);
	id.type = type;
	if (rc == HN_OK && !target_ok(p, &id))
		return stix_fail(c, token, HN_EFORMAT,
				 tr("this may not refer to an object of type %.*s",
				    "ここから%.*s型のオブジェクトは参照できない"),
				 (int)id.type_len, id.type);
	return rc;
}

static int check_identifier(struct stix_checker *c, const struct stix_work *w, const struct stix_property *p,
			    uint32_t token)
{
	struct stix_id id;
	const struct stix_token *k = &c->t->tokens[token];
	if (!is_string(c->t, token))
		return check_string(c, token);
	if (k->escaped || stix_id_parse((const char *)c->t->bytes + k->at, k->len, &id) != HN_OK) {
		if (w->observed != 0)
			return check_key(c, p, token);
		return not_a(c, token, tr("an identifier, type--UUID", "「型--UUID」の形の識別子"));
	}
	if (!target_ok(p, &id))
		return stix_fail(c, token, HN_EFORMAT,
				 tr("this may not refer to an object of type %.*s",
				    "ここから%.*s型のオブジェクトは参照できない"),
				 (int)id.type_len, id.type);
	return HN_OK;
}

static int check_enum(struct stix_checker *c, const struct stix_property *p, uint32_t token)
{
	for (const char *const *word = p->words; *word != NULL; word++)
		if (stix_tape_is(c->t, token, *word))
			return HN_OK;
	return not_a(c, token, tr("one of the words that the standard lists", "標準が定める語のいずれか"));
}

static bool is_hex(uint8_t b)
{
	return (b >= '0' && b <= '9') || ((b | 0x20) >= 'a' && (b | 0x20) <= 'f');
}

static bool all_hex(const struct json_string *s)
{
	for (size_t i = 0; i < s->len; i++)
		if (!is_hex(s->text[i]))
			return false;
	return true;
}

/* STIX 2.1, 2.8: pairs of digits. */
static int check_hex(struct stix_checker *c, uint32_t token)
{
	struct json_string s = stix_tape_string(c->t, token);
	if (is_string(c->t, token) && s.len % 2 == 0 && all_hex(&s))
		return HN_OK;
	return not_a(c, token, tr("pairs of hex digits", "16進数2桁の並び"));
}

/* RFC 4648, 4, with its padding. An escaped "\/" is a slash. */
static int check_binary(struct stix_checker *c, uint32_t token)
{
	const char *text;
	size_t len;
	if (!is_string(c->t, token))
		return check_string(c, token);
	int rc = stix_plain(c, token, &text, &len);
	if (rc != HN_OK)
		return rc;
	size_t pads = 0;
	bool ok = len % 4 == 0;
	for (size_t i = 0; ok && i < len; i++) {
		char b = text[i];
		bool letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
			      b == '+' || b == '/';
		pads += b == '=' ? 1 : 0;
		ok = (letter && pads == 0) || (b == '=' && pads <= 2);
	}
	return ok ? HN_OK : not_a(c, token, tr("base64 (RFC 4648)", "base64(RFC 4648)の文字列"));
}

/* ---- dictionaries ---- */

/* STIX 2.1, 2.4. */
static bool key_ok(const char *key, size_t len)
{
	if (len == 0 || len > 250)
		return false;
	for (size_t i = 0; i < len; i++) {
		char b = key[i];
		if (!((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
		      b == '-' || b == '_'))
			return false;
	}
	return true;
}

static int check_hash(struct stix_checker *c, const char *key, size_t key_len, uint32_t token)
{
	static const struct {
		const char *name;
		size_t len;
	} known[] = {{"MD5", 32},      {"SHA-1", 40},    {"SHA-256", 64},
		     {"SHA-512", 128}, {"SHA3-256", 64}, {"SHA3-512", 128}};
	struct json_string s = stix_tape_string(c->t, token);
	if (!is_string(c->t, token))
		return check_string(c, token);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == key_len && memcmp(known[i].name, key, key_len) == 0 &&
		    (s.len != known[i].len || !all_hex(&s)))
			return stix_fail(c, token, HN_EFORMAT,
					 tr("a %s has %zu hex digits", "%sは16進数%zu桁である"),
					 known[i].name, known[i].len);
	return HN_OK;
}

static int check_list_of_strings(struct stix_checker *c, uint32_t token)
{
	const struct stix_token *tokens = c->t->tokens;
	if (is_string(c->t, token))
		return HN_OK;
	if (tokens[token].kind != JSON_TOKEN_ARRAY)
		return not_a(c, token, tr("a list of strings", "文字列のリスト"));
	for (uint32_t i = token + 1; i < tokens[token].next; i = tokens[i].next)
		if (!is_string(c->t, i))
			return check_string(c, i);
	return HN_OK;
}

static int check_whole(struct stix_checker *c, uint32_t token)
{
	static const struct stix_range any = {-9007199254740991.0, 9007199254740991.0};
	const struct stix_property integer = {.kind = STIX_KIND_INTEGER, .range = &any};
	return check_number(c, &integer, token);
}

static int check_entry(struct stix_checker *c, const struct stix_property *p, uint32_t name)
{
	size_t len;
	const char *key = stix_tape_name(c->t, name, &len);
	uint32_t value = name + 1;
	if (!key_ok(key, len))
		return stix_fail(c, name, HN_EFORMAT,
				 tr("a key has letters, digits, '-' and '_' only, at most 250",
				    "鍵に使えるのは英数字と '-' '_' のみ、250文字まで"));
	switch (p->kind) {
	case STIX_KIND_HASHES:
		return check_hash(c, key, len, value);
	case STIX_KIND_STRINGS:
		return check_string(c, value);
	case STIX_KIND_INTEGERS:
		return check_whole(c, value);
	case STIX_KIND_STRING_LISTS:
		return check_list_of_strings(c, value);
	case STIX_KIND_NUMBERS_STRINGS:
		return is_string(c->t, value) ? HN_OK : check_whole(c, value);
	default:
		return HN_OK;
	}
}

/* STIX 2.1, 2.4: an empty dictionary says nothing and must be left away. */
static int check_dictionary(struct stix_checker *c, const struct stix_property *p, uint32_t token)
{
	const struct stix_token *k = &c->t->tokens[token];
	if (k->kind != JSON_TOKEN_OBJECT)
		return not_a(c, token, tr("an object", "オブジェクト"));
	if (k->next == token + 1)
		return stix_fail(c, token, HN_EFORMAT,
				 tr("empty; leave the property away", "空である。この項目ごと省くこと"));
	for (uint32_t i = token + 1; i < k->next; i = c->t->tokens[i].next) {
		int rc = check_entry(c, p, i);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

/* ---- structures ---- */

static int check_structure(struct stix_checker *c, const struct stix_work *w, const struct stix_table *table,
			   uint32_t token)
{
	struct stix_work inner = {token, w->observed, table, NULL, w->versions};
	if (c->t->tokens[token].kind != JSON_TOKEN_OBJECT)
		return not_a(c, token, tr("an object", "オブジェクト"));
	return stix_later(c, &inner);
}

/* STIX 2.1, 7.3. */
static int check_new_extension(struct stix_checker *c, uint32_t token)
{
	static const char *const types[] = {
		"new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension", NULL};
	const struct stix_property p = {.words = types};
	uint32_t type = stix_tape_member(c->t, token, "extension_type");
	if (type == 0)
		return stix_fail(
			c, token, HN_EFORMAT,
			tr("an extension says its extension_type", "拡張には extension_type が要る"));
	return check_enum(c, &p, type);
}

static int check_extension(struct stix_checker *c, const struct stix_work *w, uint32_t name)
{
	static const char definition[] = "extension-definition--";
	struct stix_id id;
	size_t len;
	const char *key = stix_tape_name(c->t, name, &len);
	if (c->t->tokens[name + 1].kind != JSON_TOKEN_OBJECT)
		return not_a(c, name + 1, tr("an object", "オブジェクト"));
	const struct stix_predefined *known = w->type == NULL ? NULL : w->type->extensions;
	for (; known != NULL && known->key != NULL; known++)
		if (strlen(known->key) == len && memcmp(known->key, key, len) == 0)
			return check_structure(c, w, known->table, name + 1);
	if (len >= sizeof(definition) - 1 && memcmp(key, definition, sizeof(definition) - 1) == 0) {
		if (stix_id_parse(key, len, &id) != HN_OK)
			return not_a(c, name, tr("an identifier, type--UUID", "「型--UUID」の形の識別子"));
		return check_new_extension(c, name + 1);
	}
	return HN_OK; /* of others' making, in the way of STIX 2.0 */
}

static int check_extensions(struct stix_checker *c, const struct stix_work *w, const struct stix_property *p,
			    uint32_t token)
{
	int rc = check_dictionary(c, p, token);
	for (uint32_t i = token + 1; rc == HN_OK && i < c->t->tokens[token].next; i = c->t->tokens[i].next)
		rc = check_extension(c, w, i);
	return rc;
}

static int check_observed_one(struct stix_checker *c, uint32_t all, uint32_t token)
{
	uint32_t named = stix_tape_member(c->t, token, "type");
	const char *name;
	size_t len;
	if (named == 0 || !is_string(c->t, named))
		return stix_fail(c, token, HN_EFORMAT,
				 tr("an observed object says its type", "観測オブジェクトには type が要る"));
	int rc = stix_plain(c, named, &name, &len);
	if (rc != HN_OK)
		return rc;
	const struct stix_type *type = stix_observed_find(name, len);
	if (type == NULL)
		return HN_OK;
	unsigned versions = c->o->spec == STIX_2_0 ? STIX_IN_2_0 : STIX_IN_BOTH;
	struct stix_work w = {token, all, type->observed, type, versions};
	return stix_later(c, &w);
}

/* An object has one such dictionary, so that its index lasts until all in it are checked. */
static int check_observed(struct stix_checker *c, const struct stix_property *p, uint32_t token)
{
	int rc = check_dictionary(c, p, token);
	if (rc == HN_OK)
		rc = stix_tape_index(&c->m->tape, token);
	for (uint32_t i = token + 1; rc == HN_OK && i < c->t->tokens[token].next; i = c->t->tokens[i].next)
		rc = check_observed_one(c, token, i + 1);
	return rc;
}

/* STIX 2.1, 7.1: by language, then by property, in the same form as the property. All strings are for people.
 */
static int check_translations(struct stix_checker *c, const struct stix_property *p, uint32_t token)
{
	int rc = check_dictionary(c, p, token);
	for (uint32_t i = token + 1; rc == HN_OK && i < c->t->tokens[token].next; i = c->t->tokens[i].next)
		rc = check_dictionary(c, p, i + 1);
	for (uint32_t i = token + 1; rc == HN_OK && i < c->t->tokens[token].next; i++)
		if (is_string(c->t, i))
			rc = stix_take_text(c, i);
	return rc;
}

/* STIX 2.1, 7.2.3.1: a path to something that is there. */
static int check_selector(struct stix_checker *c, uint32_t token)
{
	const struct stix_token *k = &c->t->tokens[token];
	uint32_t selected;
	if (is_string(c->t, token) && !k->escaped &&
	    stix_selector_token(c->t, (const char *)c->t->bytes + k->at, k->len, &selected))
		return HN_OK;
	return not_a(c, token,
		     tr("a selector of something in this object, such as \"labels.[0]\"",
			"このオブジェクトの中を指すセレクタ(例: \"labels.[0]\")"));
}

static bool is_token(const struct json_string *s)
{
	for (size_t i = 0; i < s->len; i++)
		if (!((s->text[i] >= 'a' && s->text[i] <= 'z') || (s->text[i] >= '0' && s->text[i] <= '9') ||
		      s->text[i] == '-'))
			return false;
	return s->len > 0;
}

int stix_check_value(struct stix_checker *c, const struct stix_work *w, const struct stix_property *p,
		     uint32_t token)
{
	struct json_string s = stix_tape_string(c->t, token);
	switch ((enum stix_kind)p->kind) {
	case STIX_KIND_ANY:
		return c->t->tokens[token].kind == JSON_TOKEN_NULL ? not_a(c, token, tr("a value", "値"))
								   : HN_OK;
	case STIX_KIND_STRING:
	case STIX_KIND_TYPE: /* looked at before */
	case STIX_KIND_SPEC_VERSION:
		return check_string(c, token);
	case STIX_KIND_INTEGER:
	case STIX_KIND_FLOAT:
		return check_number(c, p, token);
	case STIX_KIND_BOOLEAN:
		return c->t->tokens[token].kind == JSON_TOKEN_TRUE ||
				       c->t->tokens[token].kind == JSON_TOKEN_FALSE
			       ? HN_OK
			       : not_a(c, token, tr("true or false", "trueかfalse"));
	case STIX_KIND_TIMESTAMP:
		return check_time(c, token);
	case STIX_KIND_IDENTIFIER:
		return check_identifier(c, w, p, token);
	case STIX_KIND_ENUM:
		return check_enum(c, p, token);
	case STIX_KIND_BINARY:
		return check_binary(c, token);
	case STIX_KIND_HEX:
		return check_hex(c, token);
	case STIX_KIND_HASHES:
	case STIX_KIND_DICTIONARY:
	case STIX_KIND_STRINGS:
	case STIX_KIND_INTEGERS:
	case STIX_KIND_STRING_LISTS:
	case STIX_KIND_NUMBERS_STRINGS:
		return check_dictionary(c, p, token);
	case STIX_KIND_STRUCTURE:
		return check_structure(c, w, p->table, token);
	case STIX_KIND_EXTENSIONS:
		return check_extensions(c, w, p, token);
	case STIX_KIND_OBSERVED:
		return check_observed(c, p, token);
	case STIX_KIND_TRANSLATIONS:
		return check_translations(c, p, token);
	case STIX_KIND_SELECTORS:
		return check_selector(c, token);
	case STIX_KIND_TOKEN:
		return is_string(c->t, token) && is_token(&s)
			       ? HN_OK
			       : not_a(c, token,
				       tr("lower-case letters, digits and hyphens",
					  "英小文字と数字とハイフン"));
	}
	return HN_OK;
}
