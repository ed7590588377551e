/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * MISP events (the MISP core format): {"Event": {...}}, {"response": [...]} of its API, arrays of either, and
 * events without their wrapping.
 */
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "match/import_form.h"

#define LEVELS_MAX  8u /* wrappings inside each other */
#define SCRATCH_MAX (16u << 20)

/* What tags say. */
struct tags {
	const char *marking;
	char act[IMPORT_TEXT_MAX];
	char phase[IMPORT_TEXT_MAX];
};

struct attribute {
	struct json_string type, value, uuid;
	bool for_detection, deleted;
	struct tags tags;
};

struct misp {
	struct import *im;
	struct json_reader r;
	struct buf value, scratch;
	char object[IMPORT_TEXT_MAX];
};

/* A truth as MISP writes it: true, "1", 1. */
static int read_truth(struct json_reader *r, bool *out)
{
	enum json_token token;
	int rc = json_next(r, &token);
	if (rc != HN_OK)
		return rc;
	bool text = token == JSON_TOKEN_STRING || token == JSON_TOKEN_NUMBER;
	*out = token == JSON_TOKEN_TRUE ||
	       (text && (json_text_is(&r->string, "1") || json_text_is(&r->string, "true")));
	return json_skip(r, token);
}

static int read_text(struct json_reader *r, struct json_string *out)
{
	enum json_token token;
	int rc = json_next(r, &token);
	if (rc == HN_OK && (token == JSON_TOKEN_STRING || token == JSON_TOKEN_NUMBER))
		*out = r->string;
	return rc == HN_OK ? json_skip(r, token) : rc;
}

/* namespace:predicate="value" of a machine tag; quotes may be missing. */
static void copy_tag_value(char out[IMPORT_TEXT_MAX], const char *text, size_t len)
{
	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	import_text(out, IMPORT_TEXT_MAX, text, len);
}

static void take_tag(const char *text, size_t len, struct tags *tags)
{
	static const char act[] = "hinomi:act=", phase[] = "kill-chain:";
	if (len > 4 && strncasecmp(text, "tlp:", 4) == 0)
		tags->marking = import_tlp_stricter(tags->marking, import_tlp(text, len));
	else if (len > sizeof(act) - 1 && memcmp(text, act, sizeof(act) - 1) == 0)
		copy_tag_value(tags->act, text + sizeof(act) - 1, len - (sizeof(act) - 1));
	else if (len > sizeof(phase) - 1 && memcmp(text, phase, sizeof(phase) - 1) == 0)
		copy_tag_value(tags->phase, text + sizeof(phase) - 1, len - (sizeof(phase) - 1));
}

/* An array of {"name": ...}. */
static int read_tags(struct misp *m, struct json_reader *r, struct tags *tags)
{
	enum json_token token;
	int rc = json_next(r, &token);
	if (rc != HN_OK || token != JSON_TOKEN_ARRAY)
		return rc == HN_OK ? json_skip(r, token) : rc;
	unsigned outside = r->depth - 1;
	while (rc == HN_OK && r->depth > outside) {
		struct json_string name = {0};
		const char *text;
		size_t len;
		rc = json_next(r, &token);
		if (rc != HN_OK || token != JSON_TOKEN_NAME)
			continue;
		bool is_name = json_text_is(&r->string, "name");
		rc = is_name ? read_text(r, &name) : json_skip(r, token);
		if (rc == HN_OK && name.text != NULL && json_text(&name, &m->scratch, &text, &len) == HN_OK)
			take_tag(text, len, tags);
	}
	return rc;
}

/* ---- attributes ---- */

static int take_attribute(struct misp *m, const struct attribute *a)
{
	struct entry_meta meta = import_no_meta();
	char pointer[JSON_READER_POINTER_MAX];
	const char *text, *type, *uuid;
	size_t len, type_len, uuid_len;

	int rc = json_text(&a->uuid, &m->scratch, &uuid, &uuid_len);
	if (rc == HN_OK && uuid_len > 0) {
		import_text(m->object, sizeof(m->object), uuid, uuid_len);
	} else {
		json_pointer(&m->r, pointer);
		(void)snprintf(m->object, sizeof(m->object), "%.90s:%.150s", m->im->name, pointer);
	}
	meta.object = m->object;
	rc = json_text(&a->value, &m->value, &text, &len);
	if (rc == HN_ELIMIT)
		return import_leave_out(m->im, IMPORT_TOO_LONG, meta.object, (const char *)a->value.text,
					a->value.len, "");
	if (rc != HN_OK)
		return rc;
	if (a->deleted)
		return import_leave_out(m->im, IMPORT_REVOKED, meta.object, text, len, "");
	if (!a->for_detection)
		return import_leave_out(m->im, IMPORT_NOT_FOR_USE, meta.object, text, len, "to_ids");
	meta.marking = a->tags.marking;
	meta.act = a->tags.act[0] == '\0' ? NULL : a->tags.act;
	meta.phase = a->tags.phase[0] == '\0' ? NULL : a->tags.phase;
	rc = json_text(&a->type, &m->scratch, &type, &type_len);
	if (rc != HN_OK)
		return rc;
	return import_typed(m->im, type, type_len, text, len, IMPORT_UNHELD, &meta);
}

/* The object whose first token was read. */
static int read_attribute(struct misp *m, const struct tags *inherited, bool deleted)
{
	static const uint8_t nothing[1];
	struct json_string none = {.text = nothing};
	struct attribute a = {
		.type = none, .value = none, .uuid = none, .deleted = deleted, .tags = *inherited};
	enum json_token token;
	int rc;
	while ((rc = json_next(&m->r, &token)) == HN_OK && token == JSON_TOKEN_NAME) {
		const struct json_string *name = &m->r.string;
		bool gone = false;
		if (json_text_is(name, "type"))
			rc = read_text(&m->r, &a.type);
		else if (json_text_is(name, "value"))
			rc = read_text(&m->r, &a.value);
		else if (json_text_is(name, "uuid"))
			rc = read_text(&m->r, &a.uuid);
		else if (json_text_is(name, "to_ids"))
			rc = read_truth(&m->r, &a.for_detection);
		else if (json_text_is(name, "deleted"))
			rc = read_truth(&m->r, &gone);
		else if (json_text_is(name, "Tag"))
			rc = read_tags(m, &m->r, &a.tags);
		else
			rc = json_skip(&m->r, token);
		a.deleted |= gone;
		if (rc != HN_OK)
			return rc;
	}
	return rc == HN_OK ? take_attribute(m, &a) : rc;
}

static int read_attributes(struct misp *m, const struct tags *inherited, bool deleted)
{
	enum json_token token;
	int rc = json_next(&m->r, &token);
	if (rc != HN_OK || token != JSON_TOKEN_ARRAY)
		return rc == HN_OK ? json_skip(&m->r, token) : rc;
	while ((rc = json_next(&m->r, &token)) == HN_OK && token != JSON_TOKEN_ARRAY_END) {
		rc = token == JSON_TOKEN_OBJECT ? read_attribute(m, inherited, deleted)
						: json_skip(&m->r, token);
		if (rc != HN_OK)
			break;
	}
	return rc;
}

/* ---- events and objects ---- */

/*
 * Tags and deletion may stand behind what they speak of, so that the members are walked twice; a copy of the
 * reader is all that this takes. A wrapping has no tags, and is left at once.
 */
static int look_ahead(struct misp *m, struct tags *tags, bool *deleted)
{
	struct json_reader ahead = m->r;
	enum json_token token;
	int rc;
	while ((rc = json_next(&ahead, &token)) == HN_OK && token == JSON_TOKEN_NAME) {
		if (json_text_is(&ahead.string, "Event") || json_text_is(&ahead.string, "response"))
			return HN_OK;
		if (json_text_is(&ahead.string, "Tag"))
			rc = read_tags(m, &ahead, tags);
		else if (json_text_is(&ahead.string, "deleted"))
			rc = read_truth(&ahead, deleted);
		else
			rc = json_skip(&ahead, token);
		if (rc != HN_OK)
			break;
	}
	if (rc != HN_OK)
		m->r = ahead; /* the fault is told from there */
	return rc;
}

static int read_any(struct misp *m, const struct tags *inherited, unsigned level);

/* The members of an event, an object of it, or a wrapping, whose first token was read. */
static int read_event(struct misp *m, const struct tags *inherited, unsigned level)
{
	struct tags tags = *inherited;
	bool deleted = false;
	enum json_token token;
	int rc = look_ahead(m, &tags, &deleted);
	while (rc == HN_OK && (rc = json_next(&m->r, &token)) == HN_OK && token == JSON_TOKEN_NAME) {
		const struct json_string *name = &m->r.string;
		if (json_text_is(name, "Attribute"))
			rc = read_attributes(m, &tags, deleted);
		else if (json_text_is(name, "Object") || json_text_is(name, "Event") ||
			 json_text_is(name, "response"))
			rc = read_any(m, &tags, level + 1);
		else
			rc = json_skip(&m->r, token);
	}
	return rc;
}

/* An event, or an array of events. */
static int read_any(struct misp *m, const struct tags *inherited, unsigned level)
{
	enum json_token token;
	if (level > LEVELS_MAX)
		return fault_set(m->im->fault, HN_ELIMIT, m->im->name,
				 tr("events inside events too deeply", "イベントの入れ子が深すぎる"));
	int rc = json_next(&m->r, &token);
	if (rc != HN_OK)
		return rc;
	if (token == JSON_TOKEN_OBJECT)
		return read_event(m, inherited, level);
	if (token != JSON_TOKEN_ARRAY)
		return json_skip(&m->r, token);
	while ((rc = json_next(&m->r, &token)) == HN_OK && token != JSON_TOKEN_ARRAY_END) {
		rc = token == JSON_TOKEN_OBJECT ? read_event(m, inherited, level) : json_skip(&m->r, token);
		if (rc != HN_OK)
			break;
	}
	return rc;
}

static bool recognise_misp(struct cur in)
{
	struct json_reader r;
	enum json_token token;
	if (!import_is_json(in))
		return false;
	json_reader_init(&r, in, JSON_READER_DEPTH_MAX, false);
	int rc = json_next(&r, &token);
	if (rc == HN_OK && token == JSON_TOKEN_ARRAY)
		rc = json_next(&r, &token);
	if (rc != HN_OK || token != JSON_TOKEN_OBJECT)
		return false;
	while (json_next(&r, &token) == HN_OK && token == JSON_TOKEN_NAME) {
		if (json_text_is(&r.string, "Event") || json_text_is(&r.string, "response") ||
		    json_text_is(&r.string, "Attribute") || json_text_is(&r.string, "Object"))
			return true;
		if (json_skip(&r, token) != HN_OK)
			return false;
	}
	return false;
}

static int read_misp(struct import *im, struct cur in)
{
	struct tags none = {0};
	enum json_token token;
	struct misp *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return HN_ENOMEM;
	m->im = im;
	buf_init(&m->value, SCRATCH_MAX);
	buf_init(&m->scratch, SCRATCH_MAX);
	json_reader_init(&m->r, in, JSON_READER_DEPTH_MAX, false);
	int rc = read_any(m, &none, 0);
	if (rc == HN_OK)
		rc = json_next(&m->r, &token);
	if (rc != HN_OK && m->r.err == rc)
		rc = import_fault_json(im, &m->r);
	buf_clear(&m->value);
	buf_clear(&m->scratch);
	free(m);
	return rc;
}

const struct import_form IMPORT_MISP = {"misp", recognise_misp, read_misp};
