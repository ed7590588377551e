/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* STIX 2.0 and 2.1: bundles, TAXII envelopes, and single indicators. */
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "match/import_form.h"
#include "match/stix_pattern.h"

#define MARKINGS_MAX 64u /* marking definitions of a bundle's own */
#define SCRATCH_MAX  (16u << 20)

/* What an indicator or a marking definition says, as it stands in the input. */
struct object {
	struct json_string type, id, pattern, pattern_type, valid_from, valid_until, confidence, phase, act,
		tlp, name;
	const char *marking;
	bool revoked;
};

struct own_marking {
	struct json_string id;
	const char *marking;
};

struct stix {
	struct import *im;
	struct json_reader r;
	bool definitions_only; /* the first walk; markings may stand behind what they mark */
	struct own_marking own[MARKINGS_MAX];
	size_t own_count;
	struct stix_pattern pattern;
	struct buf scratch, pattern_text;
	char id[IMPORT_TEXT_MAX], phase[IMPORT_TEXT_MAX], act[IMPORT_TEXT_MAX];
};

/* The marking definitions that the standard fixes (STIX 2.1, 7.2.1.4), and those of TLP 2.0. */
static const struct {
	const char *id;
	const char *marking;
} tlp_ids[] = {
	{"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "TLP:CLEAR"},
	{"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "TLP:GREEN"},
	{"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "TLP:AMBER"},
	{"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "TLP:RED"},
	{"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "TLP:CLEAR"},
	{"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "TLP:GREEN"},
	{"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "TLP:AMBER"},
	{"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "TLP:AMBER+STRICT"},
	{"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "TLP:RED"},
};

static const char *marking_of(const struct stix *s, const struct json_string *id)
{
	for (size_t i = 0; i < sizeof(tlp_ids) / sizeof(tlp_ids[0]); i++)
		if (json_text_is(id, tlp_ids[i].id))
			return tlp_ids[i].marking;
	for (size_t i = 0; i < s->own_count; i++)
		if (s->own[i].id.len == id->len && memcmp(s->own[i].id.text, id->text, id->len) == 0)
			return s->own[i].marking;
	return NULL;
}

/* ---- members ---- */

static int read_text(struct json_reader *r, struct json_string *out)
{
	enum json_token token;
	int rc = json_next(r, &token);
	if (rc == HN_OK && (token == JSON_TOKEN_STRING || token == JSON_TOKEN_NUMBER))
		*out = r->string;
	return rc == HN_OK ? json_skip(r, token) : rc;
}

static int read_flag(struct json_reader *r, bool *out)
{
	enum json_token token;
	int rc = json_next(r, &token);
	if (rc == HN_OK)
		*out = token == JSON_TOKEN_TRUE;
	return rc == HN_OK ? json_skip(r, token) : rc;
}

static int read_markings(struct stix *s, struct object *o)
{
	enum json_token token;
	int rc = json_next(&s->r, &token);
	if (rc != HN_OK || token != JSON_TOKEN_ARRAY)
		return rc == HN_OK ? json_skip(&s->r, token) : rc;
	while ((rc = json_next(&s->r, &token)) == HN_OK && token != JSON_TOKEN_ARRAY_END) {
		if (token == JSON_TOKEN_STRING)
			o->marking = import_tlp_stricter(o->marking, marking_of(s, &s->r.string));
		rc = json_skip(&s->r, token);
		if (rc != HN_OK)
			break;
	}
	return rc;
}

/* The text of one member of the object that comes next; the first such in an array of objects. */
static int read_inner(struct json_reader *r, const char *name, struct json_string *out)
{
	enum json_token token;
	int rc = json_next(r, &token);
	if (rc != HN_OK || (token != JSON_TOKEN_ARRAY && token != JSON_TOKEN_OBJECT))
		return rc == HN_OK ? json_skip(r, token) : rc;
	unsigned outside = r->depth - 1;
	while (rc == HN_OK && r->depth > outside) {
		rc = json_next(r, &token);
		if (rc != HN_OK || token != JSON_TOKEN_NAME)
			continue;
		if (out->text == NULL && json_text_is(&r->string, name))
			rc = read_text(r, out);
		else
			rc = json_skip(r, token);
	}
	return rc;
}

static int read_member(struct stix *s, struct object *o)
{
	const struct {
		const char *name;
		struct json_string *into;
	} texts[] = {{"type", &o->type},
		     {"id", &o->id},
		     {"pattern", &o->pattern},
		     {"pattern_type", &o->pattern_type},
		     {"valid_from", &o->valid_from},
		     {"valid_until", &o->valid_until},
		     {"confidence", &o->confidence},
		     {"x_hinomi_act", &o->act},
		     {"name", &o->name}};
	const struct json_string *name = &s->r.string;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (json_text_is(name, texts[i].name))
			return read_text(&s->r, texts[i].into);
	if (json_text_is(name, "revoked"))
		return read_flag(&s->r, &o->revoked);
	if (json_text_is(name, "object_marking_refs"))
		return read_markings(s, o);
	if (json_text_is(name, "kill_chain_phases"))
		return read_inner(&s->r, "phase_name", &o->phase);
	if (json_text_is(name, "definition"))
		return read_inner(&s->r, "tlp", &o->tlp);
	return json_skip(&s->r, JSON_TOKEN_NAME);
}

/* ---- indicators ---- */

/* A copy for metadata; NULL where there is none. */
static const char *copy_text(struct stix *s, const struct json_string *from, char out[IMPORT_TEXT_MAX])
{
	const char *text;
	size_t len;
	if (from->text == NULL || json_text(from, &s->scratch, &text, &len) != HN_OK || len == 0)
		return NULL;
	import_text(out, IMPORT_TEXT_MAX, text, len);
	return out;
}

static int read_time(struct stix *s, const struct json_string *from, int64_t *out)
{
	const char *text;
	size_t len;
	if (from->text == NULL)
		return HN_OK;
	int rc = json_text(from, &s->scratch, &text, &len);
	return rc == HN_OK ? import_time(text, len, out) : rc;
}

static int leave_term_out(struct stix *s, const struct stix_term *t, enum import_reason reason,
			  const char *why, const struct entry_meta *meta)
{
	char detail[512];
	const char *value = t->value == NULL ? t->path : t->value;
	size_t len = t->value == NULL ? strlen(t->path) : t->value_len;
	(void)snprintf(detail, sizeof(detail), "%.120s%s%s", t->path, why[0] == '\0' ? "" : ": ", why);
	return import_leave_out(s->im, reason, meta->object, value, len, detail);
}

/* The last key of "file:hashes.SHA-256" with the length of its digest in hex; 0: none that a set holds. */
static size_t digest_length(const char *path)
{
	static const struct {
		const char *name;
		size_t len;
	} names[] = {{"MD5", 32}, {"SHA-1", 40}, {"SHA1", 40}, {"SHA-256", 64}, {"SHA256", 64}};
	const char *hashes = strstr(path, "hashes.");
	if (hashes == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(hashes + strlen("hashes."), names[i].name) == 0)
			return names[i].len;
	return 0;
}

static enum import_type type_of_path(const char *path)
{
	static const struct {
		const char *path;
		enum import_type type;
	} paths[] = {
		{"ipv4-addr:value", IMPORT_IP},
		{"ipv6-addr:value", IMPORT_IP},
		{"domain-name:value", IMPORT_HOST},
		{"url:value", IMPORT_URL},
		{"network-traffic:src_ref.value", IMPORT_HOST},
		{"network-traffic:dst_ref.value", IMPORT_HOST},
	};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(path, paths[i].path) == 0)
			return paths[i].type;
	if ((strncmp(path, "file:hashes.", 12) == 0 || strncmp(path, "artifact:hashes.", 16) == 0) &&
	    digest_length(path) > 0)
		return IMPORT_DIGEST;
	size_t len = strlen(path);
	if (len > 4 && strcasecmp(path + len - 3, "ja4") == 0 &&
	    (path[len - 4] == '.' || path[len - 4] == ':'))
		return IMPORT_JA4;
	return IMPORT_UNHELD;
}

/* LIKE '%.name' is what a wildcard says; LIKE without '%' and '_' is equality. */
static int take_like(struct stix *s, const struct stix_term *t, const struct entry_meta *meta)
{
	char wildcard[300];
	bool wild = t->value_len > 2 && t->value[0] == '%' && t->value[1] == '.';
	const char *rest = t->value + (wild ? 1 : 0);
	size_t rest_len = t->value_len - (wild ? 1 : 0);
	bool plain = memchr(rest, '%', rest_len) == NULL && memchr(rest, '_', rest_len) == NULL;
	if (!plain || rest_len > 256 || type_of_path(t->path) != IMPORT_HOST)
		return leave_term_out(s, t, IMPORT_PATTERN, stix_bar_text(STIX_OPERATOR), meta);
	(void)snprintf(wildcard, sizeof(wildcard), "%s%.*s", wild ? "*" : "", (int)rest_len, rest);
	return import_value(s->im, wildcard, strlen(wildcard), IMPORT_HOST, meta);
}

static int take_term(struct stix *s, const struct stix_term *t, const struct entry_meta *meta)
{
	if (t->bar == STIX_IMPLIED)
		return HN_OK;
	if (t->bar != STIX_ALONE)
		return leave_term_out(s, t, IMPORT_PATTERN, stix_bar_text(t->bar), meta);
	enum import_type type = type_of_path(t->path);
	if (type == IMPORT_UNHELD || t->value == NULL)
		return leave_term_out(s, t, IMPORT_TYPE, "", meta);
	if (t->like)
		return take_like(s, t, meta);
	if (t->subset && type != IMPORT_IP)
		return leave_term_out(s, t, IMPORT_PATTERN, stix_bar_text(STIX_OPERATOR), meta);
	if (type == IMPORT_DIGEST && t->value_len != digest_length(t->path))
		return leave_term_out(s, t, IMPORT_NOT_INDICATOR,
				      tr("not as long as this digest is", "このハッシュの長さではない"),
				      meta);
	return import_value(s->im, t->value, t->value_len, type, meta);
}

static int take_pattern(struct stix *s, const struct object *o, const struct entry_meta *meta)
{
	const char *text;
	size_t len;
	struct fault fault = {0};
	char detail[sizeof(fault.place) + sizeof(fault.message) + 2];

	int rc = json_text(&o->pattern, &s->pattern_text, &text, &len);
	if (rc == HN_OK)
		rc = stix_pattern_read(&s->pattern, text, len, &fault);
	if (rc == HN_EFORMAT || rc == HN_ELIMIT) {
		(void)snprintf(detail, sizeof(detail), "%s: %s", fault.place, fault.message);
		return import_leave_out(s->im, IMPORT_PATTERN, meta->object, (const char *)o->pattern.text,
					o->pattern.len, detail);
	}
	for (size_t i = 0; rc == HN_OK && i < s->pattern.count; i++)
		rc = take_term(s, &s->pattern.terms[i], meta);
	return rc;
}

static int take_indicator(struct stix *s, const struct object *o)
{
	struct entry_meta meta = import_no_meta();
	char pointer[JSON_READER_POINTER_MAX];

	meta.object = copy_text(s, &o->id, s->id);
	if (meta.object == NULL) {
		json_pointer(&s->r, pointer);
		(void)snprintf(s->id, sizeof(s->id), "%.90s:%.150s", s->im->name, pointer);
		meta.object = s->id;
	}
	const char *text = o->pattern.text == NULL ? "" : (const char *)o->pattern.text;
	if (o->revoked)
		return import_leave_out(s->im, IMPORT_REVOKED, meta.object, text, o->pattern.len, "");
	if (o->pattern.text == NULL)
		return import_leave_out(s->im, IMPORT_PATTERN, meta.object, "", 0,
					tr("an indicator without a pattern", "パターンのない指標"));
	if (o->pattern_type.text != NULL && !json_text_is(&o->pattern_type, "stix"))
		return import_leave_out(
			s->im, IMPORT_PATTERN, meta.object, text, o->pattern.len,
			tr("in another pattern language than STIX", "STIX以外のパターン言語"));
	if (read_time(s, &o->valid_from, &meta.valid_from_ns) != HN_OK ||
	    read_time(s, &o->valid_until, &meta.valid_until_ns) != HN_OK)
		return import_leave_out(s->im, IMPORT_PATTERN, meta.object, text, o->pattern.len,
					tr("valid_from or valid_until is no time",
					   "valid_from か valid_until が時刻ではない"));
	meta.marking = o->marking;
	meta.phase = copy_text(s, &o->phase, s->phase);
	meta.act = copy_text(s, &o->act, s->act);
	if (o->confidence.text != NULL)
		meta.confidence = import_confidence((const char *)o->confidence.text, o->confidence.len);
	return take_pattern(s, o, &meta);
}

static void take_definition(struct stix *s, const struct object *o)
{
	const struct json_string *word = o->tlp.text != NULL ? &o->tlp : &o->name;
	if (o->id.text == NULL || word->text == NULL || s->own_count == MARKINGS_MAX)
		return;
	if (o->tlp.text == NULL && (word->len < 4 || strncasecmp((const char *)word->text, "tlp", 3) != 0))
		return;
	const char *marking = import_tlp((const char *)word->text, word->len);
	if (marking != NULL)
		s->own[s->own_count++] = (struct own_marking){o->id, marking};
}

/* The object whose first token was read. */
static int read_object(struct stix *s)
{
	struct object o = {0};
	enum json_token token;
	int rc;
	while ((rc = json_next(&s->r, &token)) == HN_OK && token == JSON_TOKEN_NAME) {
		rc = read_member(s, &o);
		if (rc != HN_OK)
			return rc;
	}
	if (rc != HN_OK)
		return rc;
	if (s->definitions_only) {
		if (o.type.text != NULL && json_text_is(&o.type, "marking-definition"))
			take_definition(s, &o);
		return HN_OK;
	}
	if (o.type.text != NULL && json_text_is(&o.type, "indicator"))
		return take_indicator(s, &o);
	s->im->summary->other++;
	return HN_OK;
}

static int read_objects(struct stix *s)
{
	enum json_token token;
	int rc = json_next(&s->r, &token);
	if (rc != HN_OK || token != JSON_TOKEN_ARRAY)
		return rc == HN_OK ? json_skip(&s->r, token) : rc;
	while ((rc = json_next(&s->r, &token)) == HN_OK && token != JSON_TOKEN_ARRAY_END) {
		if (token == JSON_TOKEN_OBJECT) {
			rc = read_object(s);
		} else {
			s->im->summary->other++;
			rc = json_skip(&s->r, token);
		}
		if (rc != HN_OK)
			break;
	}
	return rc;
}

static int read_bundle(struct stix *s, bool single)
{
	enum json_token token;
	int rc = json_next(&s->r, &token);
	if (rc == HN_OK && single)
		rc = read_object(s);
	while (!single && rc == HN_OK && (rc = json_next(&s->r, &token)) == HN_OK && token == JSON_TOKEN_NAME)
		rc = json_text_is(&s->r.string, "objects") ? read_objects(s) : json_skip(&s->r, token);
	if (rc == HN_OK)
		rc = json_next(&s->r, &token);
	return rc;
}

/* "objects", or the type of the one object, says what a top-level object is. */
enum shape { SHAPE_NONE, SHAPE_BUNDLE, SHAPE_SINGLE };

static enum shape shape_of(struct cur in)
{
	struct json_reader r;
	enum json_token token;
	json_reader_init(&r, in, JSON_READER_DEPTH_MAX, false);
	if (json_next(&r, &token) != HN_OK || token != JSON_TOKEN_OBJECT)
		return SHAPE_NONE;
	while (json_next(&r, &token) == HN_OK && token == JSON_TOKEN_NAME) {
		bool type = json_text_is(&r.string, "type");
		if (json_text_is(&r.string, "objects"))
			return SHAPE_BUNDLE;
		if (json_next(&r, &token) != HN_OK)
			return SHAPE_NONE;
		if (type && token == JSON_TOKEN_STRING && json_text_is(&r.string, "bundle"))
			return SHAPE_BUNDLE;
		if (type && token == JSON_TOKEN_STRING && json_text_is(&r.string, "indicator"))
			return SHAPE_SINGLE;
		if (json_skip(&r, token) != HN_OK)
			return SHAPE_NONE;
	}
	return SHAPE_NONE;
}

static bool recognise_stix(struct cur in)
{
	return import_is_json(in) && shape_of(in) != SHAPE_NONE;
}

static int read_stix(struct import *im, struct cur in)
{
	static const char definition[] = "\"marking-definition\"";
	bool single = shape_of(in) == SHAPE_SINGLE;
	struct stix *s = calloc(1, sizeof(*s));
	int rc = HN_OK;
	if (s == NULL)
		return HN_ENOMEM;
	s->im = im;
	stix_pattern_init(&s->pattern);
	buf_init(&s->scratch, SCRATCH_MAX);
	buf_init(&s->pattern_text, SCRATCH_MAX);
	if (!single && memmem(in.at, cur_left(&in), definition, sizeof(definition) - 1) != NULL) {
		s->definitions_only = true;
		json_reader_init(&s->r, in, JSON_READER_DEPTH_MAX, false);
		rc = read_bundle(s, single);
		s->definitions_only = false;
	}
	if (rc == HN_OK) {
		json_reader_init(&s->r, in, JSON_READER_DEPTH_MAX, false);
		rc = read_bundle(s, single);
	}
	if (rc != HN_OK && s->r.err == rc)
		rc = import_fault_json(im, &s->r);
	stix_pattern_clear(&s->pattern);
	buf_clear(&s->scratch);
	buf_clear(&s->pattern_text);
	free(s);
	return rc;
}

const struct import_form IMPORT_STIX = {"stix", recognise_stix, read_stix};
