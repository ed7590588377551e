/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* An event of MISP as a report, and its organisation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "hub/exchange/importer_misp.h"

#define EVENT_ARENA (64u << 20)
#define PIECE_ARENA (40u << 20)
#define REFS_BYTES  (7u << 20) /* so that the report stays below what one object may have */
#define REFS_MAX    90000

/* ---- members ---- */

const char *misp_text(struct misp_event *e, struct arena *arena, uint32_t object, const char *name)
{
	const struct stix_tape *t = e->tape;
	const char *text = "";
	size_t len = 0;
	uint32_t value = stix_tape_member(t, object, name);
	if (value == 0)
		return "";
	switch ((enum json_token)t->tokens[value].kind) {
	case JSON_TOKEN_TRUE:
		return "1";
	case JSON_TOKEN_FALSE:
		return "0";
	case JSON_TOKEN_STRING:
	case JSON_TOKEN_NUMBER: {
		struct json_string s = stix_tape_string(t, value);
		if (json_text(&s, e->scratch, &text, &len) != HN_OK)
			return NULL;
		/* No text of ours holds a NUL; what is behind one is not looked at. */
		return arena_text(arena, text, strnlen(text, len));
	}
	default:
		return "";
	}
}

bool misp_flag(struct misp_event *e, uint32_t object, const char *name, bool absent)
{
	const char *text = misp_text(e, e->piece, object, name);
	if (text == NULL || text[0] == '\0')
		return absent;
	return strcmp(text, "1") == 0 || strcasecmp(text, "true") == 0;
}

int64_t misp_time(struct misp_event *e, uint32_t object, const char *name)
{
	const char *text = misp_text(e, e->piece, object, name);
	char date[32];
	int64_t ns;
	if (text == NULL || text[0] == '\0')
		return 0;
	size_t len = strlen(text);
	if (len <= 10 && strspn(text, "0123456789") == len)
		return (int64_t)strtol(text, NULL, 10) * NS_SECOND;
	if (len == 10) {
		(void)snprintf(date, sizeof(date), "%.10sT00:00:00Z", text);
		text = date;
		len = strlen(date);
	}
	return utc_parse(text, len, &ns) == HN_OK ? ns : 0;
}

struct uuid misp_uuid(struct misp_event *e, uint32_t object, const char *kind)
{
	struct uuid id;
	const char *text = misp_text(e, e->piece, object, "uuid");
	if (text != NULL && uuid_parse(text, strlen(text), &id) == HN_OK)
		return id;
	const struct stix_token *token = &e->tape->tokens[object];
	return importer_uuid(e->imp, kind, (const char *)e->tape->bytes + token->at, token->len);
}

void misp_note_ref(struct misp_event *e, const char *type, const struct uuid *id)
{
	if (e->ref_count == REFS_MAX || e->refs.len + 128 > REFS_BYTES) {
		e->refs_left++;
		return;
	}
	buf_adds(&e->refs, e->ref_count > 0 ? ",\"" : "\"");
	importer_id(&e->refs, type, id);
	buf_addc(&e->refs, '"');
	e->ref_count++;
}

/* ---- organisation ---- */

/* MISP gives it no time. */
#define ORG_TIME_NS (INT64_C(1262304000) * 1000000000)

bool misp_identity_write(struct misp_event *e, uint32_t org, struct uuid *out)
{
	struct uuid id;
	const char *name = misp_text(e, e->arena, org, "name");
	const char *uuid = misp_text(e, e->piece, org, "uuid");
	if (name == NULL || uuid == NULL || uuid_parse(uuid, strlen(uuid), &id) != HN_OK)
		return false;
	importer_begin(e->imp, "identity", &id, ORG_TIME_NS, ORG_TIME_NS);
	importer_text(e->imp, "name", name[0] != '\0' ? name : uuid);
	importer_text(e->imp, "identity_class", "organization");
	importer_finish(e->imp);
	*out = id;
	return true;
}

static void read_org(struct misp_event *e, uint32_t event)
{
	static const char *const names[] = {"Orgc", "Org"};
	for (size_t i = 0; i < 2 && !e->has_org; i++) {
		uint32_t org = stix_tape_member(e->tape, event, names[i]);
		if (org != 0 && e->tape->tokens[org].kind == JSON_TOKEN_OBJECT)
			e->has_org = misp_identity_write(e, org, &e->org);
	}
}

/* ---- attributes, objects ---- */

static int each(struct misp_event *e, uint32_t object, const char *name, const char *object_name,
		bool deleted)
{
	const struct stix_tape *t = e->tape;
	uint32_t list = stix_tape_member(t, object, name);
	int err = HN_OK;
	if (list == 0 || t->tokens[list].kind != JSON_TOKEN_ARRAY)
		return HN_OK;
	for (uint32_t i = list + 1; err == HN_OK && i < t->tokens[list].next; i = t->tokens[i].next) {
		if (t->tokens[i].kind != JSON_TOKEN_OBJECT)
			continue;
		err = misp_attribute(e, i, object_name, deleted);
		arena_reset(e->piece);
	}
	return err;
}

static void leave_references(struct misp_event *e, uint32_t object)
{
	const struct stix_tape *t = e->tape;
	uint32_t list = stix_tape_member(t, object, "ObjectReference");
	if (list == 0 || t->tokens[list].kind != JSON_TOKEN_ARRAY)
		return;
	for (uint32_t i = list + 1; i < t->tokens[list].next; i = t->tokens[i].next) {
		const char *place = misp_text(e, e->piece, object, "uuid");
		const char *type = misp_text(e, e->piece, i, "relationship_type");
		if (place == NULL || type == NULL || t->tokens[i].kind != JSON_TOKEN_OBJECT)
			continue;
		importer_leave(e->imp, "reference", place, type, strlen(type),
			       tr("relations between MISP objects", "MISPオブジェクト間の関係"));
	}
}

static int each_object(struct misp_event *e, uint32_t event)
{
	const struct stix_tape *t = e->tape;
	uint32_t list = stix_tape_member(t, event, "Object");
	int err = HN_OK;
	if (list == 0 || t->tokens[list].kind != JSON_TOKEN_ARRAY)
		return HN_OK;
	for (uint32_t i = list + 1; err == HN_OK && i < t->tokens[list].next; i = t->tokens[i].next) {
		if (t->tokens[i].kind != JSON_TOKEN_OBJECT)
			continue;
		const char *name = misp_text(e, e->arena, i, "name");
		if (name == NULL)
			return HN_ENOMEM;
		leave_references(e, i);
		err = each(e, i, "Attribute", name, misp_flag(e, i, "deleted", false));
	}
	return err;
}

/* ---- the event ---- */

static void leave_rest(struct misp_event *e, uint32_t event)
{
	static const char *const names[] = {"EventReport", "RelatedEvent", "ShadowAttribute", "Feed"};
	char place[UUID_TEXT_SIZE];
	uuid_format(&e->id, place);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint32_t list = stix_tape_member(e->tape, event, names[i]);
		if (list != 0 && e->tape->tokens[list].kind == JSON_TOKEN_ARRAY &&
		    e->tape->tokens[list].next > list + 1)
			importer_leave(
				e->imp, "member", place, names[i], strlen(names[i]),
				tr("a part of events that is not taken", "イベントのうち取り込まない部分"));
	}
	if (e->refs_left > 0)
		importer_leave(e->imp, "refs", place, "", 0,
			       tr("the report names no more than 90,000 objects",
				  "レポートから参照できるオブジェクトは9万件まで"));
}

static int write_report(struct misp_event *e, uint32_t event, const struct misp_tags *tags)
{
	struct importer *imp = e->imp;
	struct buf marking;
	const char *type = e->grouping ? "grouping" : "report";
	const char *info = misp_text(e, e->arena, event, "info");
	int64_t published = misp_time(e, event, "publish_timestamp");
	if (info == NULL || buf_err(&e->refs) != HN_OK)
		return HN_ENOMEM;
	/* Nothing to name: an event without contents says nothing that STIX could. */
	if (e->ref_count == 0)
		return HN_OK;
	buf_init(&marking, 256);
	int err = misp_marking_write(e, tags, &marking);
	importer_begin(imp, type, &e->report, e->created_ns, e->modified_ns);
	if (e->has_org)
		importer_ref(imp, "created_by_ref", "identity", &e->org);
	importer_text(imp, "name", info[0] != '\0' ? info : "MISP");
	if (e->grouping)
		importer_text(imp, "context", "suspicious-activity");
	else
		importer_time(imp, "published", published > 0 ? published : e->modified_ns);
	buf_adds(imp->out, ",\"object_refs\":[");
	buf_add(imp->out, e->refs.data, e->refs.len);
	buf_addc(imp->out, ']');
	misp_tags_write(e, tags, &marking, NULL, false);
	importer_finish(imp);
	buf_clear(&marking);
	return err;
}

static void read_times(struct misp_event *e, uint32_t event)
{
	e->modified_ns = misp_time(e, event, "timestamp");
	e->created_ns = misp_time(e, event, "date");
	if (e->modified_ns == 0)
		e->modified_ns = e->created_ns != 0 ? e->created_ns : e->imp->terms.created_ns;
	if (e->created_ns == 0 || e->created_ns > e->modified_ns)
		e->created_ns = e->modified_ns;
}

static int read_event(struct misp_event *e, uint32_t event)
{
	struct misp_tags tags;
	e->id = e->report = misp_uuid(e, event, "event");
	e->grouping = !misp_flag(e, event, "published", true);
	read_times(e, event);
	read_org(e, event);
	misp_tags_init(&tags, e);
	int err = misp_tags_read(e, event, &tags);
	if (err == HN_OK)
		err = misp_distribution_read(e, event, &tags);
	/* What holds for the event holds for its parts. */
	e->marking = tags.marking;
	if (err == HN_OK)
		err = each(e, event, "Attribute", "", false);
	if (err == HN_OK)
		err = each_object(e, event);
	if (err == HN_OK)
		err = write_report(e, event, &tags);
	if (err == HN_OK)
		leave_rest(e, event);
	misp_tags_clear(&tags);
	return err;
}

int misp_event_read(struct importer *imp, const struct stix_tape *tape, uint32_t event)
{
	struct buf scratch;
	struct misp_event e = {
		.imp = imp,
		.tape = tape,
		.arena = arena_new(EVENT_ARENA),
		.piece = arena_new(PIECE_ARENA),
		.scratch = &scratch,
		.marking = {.tlp = STIX_TLP_UNSAID, .pap = STIX_PAP_UNSAID},
	};
	buf_init(&scratch, IMPORTER_EVENT_MAX);
	buf_init(&e.refs, REFS_BYTES + 256u);
	int err = e.arena == NULL || e.piece == NULL ? HN_ENOMEM : read_event(&e, event);
	arena_free(e.arena);
	arena_free(e.piece);
	buf_clear(&scratch);
	buf_clear(&e.refs);
	return err;
}
