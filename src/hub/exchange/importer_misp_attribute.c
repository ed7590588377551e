/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * An attribute of MISP: an indicator where it is for detection (to_ids), else observed data with its
 * cyber-observable object; texts become notes, names of campaigns, actors and vulnerabilities their objects.
 */
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "hub/exchange/importer_misp.h"

#define PATTERN_MAX (1u << 20)

struct attribute {
	uint32_t token;
	struct uuid id;
	char place[UUID_TEXT_SIZE];
	const char *type, *value, *comment, *category, *object_name;
	bool for_detection, deleted;
	int64_t time_ns, from_ns, until_ns;
	struct misp_tags tags;
	struct buf marking; /* "marking-definition--..." */
	char labels[3][160];
};

static void leave(struct misp_event *e, const struct attribute *a, const char *reason, const char *detail)
{
	importer_leave(e->imp, reason, a->place, a->value, strlen(a->value), detail);
}

static void begin(struct misp_event *e, const struct attribute *a, const char *type)
{
	importer_begin(e->imp, type, &a->id, a->time_ns, a->time_ns);
	if (e->has_org)
		importer_ref(e->imp, "created_by_ref", "identity", &e->org);
	if (a->deleted)
		buf_adds(e->imp->out, ",\"revoked\":true");
}

static void finish(struct misp_event *e, const struct attribute *a, const char *type, bool phases)
{
	const char *const labels[] = {a->labels[0], a->labels[1], a->labels[2], NULL};
	misp_tags_write(e, &a->tags, &a->marking, labels, phases);
	importer_finish(e->imp);
	misp_note_ref(e, type, &a->id);
}

/* ---- what it becomes ---- */

static int write_indicator(struct misp_event *e, const struct attribute *a, const struct buf *pattern,
			   const char *language)
{
	struct importer *imp = e->imp;
	int64_t from = a->from_ns != 0 ? a->from_ns : a->time_ns;
	begin(e, a, "indicator");
	importer_text(imp, "name", strlen(a->value) <= 256 ? a->value : a->type);
	importer_text(imp, "description", a->comment);
	importer_text(imp, "pattern", pattern->data);
	importer_text(imp, "pattern_type", language);
	importer_time(imp, "valid_from", from);
	if (a->until_ns > from)
		importer_time(imp, "valid_until", a->until_ns);
	finish(e, a, "indicator", true);
	return HN_OK;
}

static int write_observed(struct misp_event *e, const struct attribute *a, struct buf *refs)
{
	struct importer *imp = e->imp;
	int64_t from = a->from_ns != 0 ? a->from_ns : a->time_ns;
	int64_t until = a->until_ns > from ? a->until_ns : from;
	begin(e, a, "observed-data");
	importer_time(imp, "first_observed", from);
	importer_time(imp, "last_observed", until);
	buf_adds(imp->out, ",\"number_observed\":1,\"object_refs\":[");
	buf_add(imp->out, refs->data, refs->len);
	buf_addc(imp->out, ']');
	finish(e, a, "observed-data", false);
	return HN_OK;
}

static int write_note(struct misp_event *e, const struct attribute *a)
{
	struct importer *imp = e->imp;
	const char *type = e->grouping ? "grouping" : "report";
	begin(e, a, "note");
	importer_text(imp, "abstract", a->comment);
	importer_text(imp, "content", a->value);
	buf_adds(imp->out, ",\"object_refs\":[\"");
	importer_id(imp->out, type, &e->report);
	buf_adds(imp->out, "\"]");
	finish(e, a, "note", false);
	return HN_OK;
}

static int write_named(struct misp_event *e, const struct attribute *a, const char *type)
{
	struct importer *imp = e->imp;
	begin(e, a, type);
	importer_text(imp, "name", a->value);
	importer_text(imp, "description", a->comment);
	if (strcmp(type, "vulnerability") == 0 && strncasecmp(a->value, "CVE-", 4) == 0) {
		buf_adds(imp->out, ",\"external_references\":[{\"source_name\":\"cve\",\"external_id\":");
		buf_json_string(imp->out, a->value, strlen(a->value));
		buf_adds(imp->out, "}]");
	}
	finish(e, a, type, false);
	return HN_OK;
}

/* ---- sightings, relations ---- */

static void write_opinion(struct misp_event *e, const struct uuid *id, const char *type,
			  const struct uuid *of, int64_t time_ns)
{
	struct importer *imp = e->imp;
	importer_begin(imp, "opinion", id, time_ns, time_ns);
	importer_text(imp, "explanation", "MISP: false positive");
	importer_text(imp, "opinion", "strongly-disagree");
	buf_adds(imp->out, ",\"object_refs\":[\"");
	importer_id(imp->out, type, of);
	buf_adds(imp->out, "\"]");
	importer_finish(imp);
}

static void write_sighting(struct misp_event *e, uint32_t sighting, const struct attribute *a,
			   const char *type)
{
	struct importer *imp = e->imp;
	struct uuid id = misp_uuid(e, sighting, "sighting");
	struct uuid org;
	int64_t time_ns = misp_time(e, sighting, "date_sighting");
	uint32_t where = stix_tape_member(e->tape, sighting, "Organisation");
	const char *kind = misp_text(e, e->piece, sighting, "type");
	if (time_ns <= 0)
		time_ns = a->time_ns;
	if (kind != NULL && strcmp(kind, "1") == 0) {
		write_opinion(e, &id, type, &a->id, time_ns);
		return;
	}
	if (kind != NULL && kind[0] != '\0' && strcmp(kind, "0") != 0) {
		leave(e, a, "sighting", tr("a sighting of another kind", "別種の目撃情報"));
		return;
	}
	bool has_where = where != 0 && e->tape->tokens[where].kind == JSON_TOKEN_OBJECT &&
			 misp_identity_write(e, where, &org);
	importer_begin(imp, "sighting", &id, time_ns, time_ns);
	importer_time(imp, "first_seen", time_ns);
	importer_time(imp, "last_seen", time_ns);
	buf_adds(imp->out, ",\"count\":1");
	importer_ref(imp, "sighting_of_ref", type, &a->id);
	if (has_where) {
		buf_adds(imp->out, ",\"where_sighted_refs\":[\"");
		importer_id(imp->out, "identity", &org);
		buf_adds(imp->out, "\"]");
	}
	const char *const none[] = {NULL};
	struct misp_tags only = {.marking = a->tags.marking};
	misp_tags_write(e, &only, &a->marking, none, false);
	importer_finish(imp);
}

static void write_sightings(struct misp_event *e, const struct attribute *a, const char *type)
{
	const struct stix_tape *t = e->tape;
	uint32_t list = stix_tape_member(t, a->token, "Sighting");
	if (list == 0 || t->tokens[list].kind != JSON_TOKEN_ARRAY)
		return;
	for (uint32_t i = list + 1; i < t->tokens[list].next; i = t->tokens[i].next)
		if (t->tokens[i].kind == JSON_TOKEN_OBJECT)
			write_sighting(e, i, a, type);
}

/* The indicator indicates what its tags name. */
static void write_relations(struct misp_event *e, const struct attribute *a)
{
	struct importer *imp = e->imp;
	const char *at = a->tags.techniques.data;
	while (at != NULL && *at != '\0') {
		at += strspn(at, ",\"");
		size_t len = strcspn(at, "\"");
		if (len == 0)
			return;
		char pair[256];
		(void)snprintf(pair, sizeof(pair), "%s %.*s", a->place, (int)len, at);
		struct uuid id = importer_uuid(imp, "indicates", pair, strlen(pair));
		importer_begin(imp, "relationship", &id, a->time_ns, a->time_ns);
		importer_text(imp, "relationship_type", "indicates");
		importer_ref(imp, "source_ref", "indicator", &a->id);
		buf_adds(imp->out, ",\"target_ref\":\"");
		buf_add(imp->out, at, len);
		buf_addc(imp->out, '"');
		const struct misp_tags only = {.marking = a->tags.marking};
		misp_tags_write(e, &only, &a->marking, NULL, false);
		importer_finish(imp);
		misp_note_ref(e, "relationship", &id);
		at += len;
	}
}

/* ---- an attribute ---- */

static const char *named_type(const char *type)
{
	static const struct {
		const char *type, *object;
	} rows[] = {
		{"vulnerability", "vulnerability"},
		{"campaign-name", "campaign"},
		{"threat-actor", "threat-actor"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(type, rows[i].type) == 0)
			return rows[i].object;
	return NULL;
}

static bool is_prose(const char *type)
{
	static const char *const prose[] = {"text",       "comment",        "other", "whois-registrant-name",
					    "target-org", "target-location"};
	for (size_t i = 0; i < sizeof(prose) / sizeof(prose[0]); i++)
		if (strcmp(type, prose[i]) == 0)
			return true;
	return false;
}

static int take_indicator(struct misp_event *e, const struct attribute *a, bool *done)
{
	struct buf pattern;
	const char *language;
	buf_init(&pattern, PATTERN_MAX);
	int err = importer_pattern(a->type, a->value, &pattern, &language);
	if (err == HN_OK) {
		err = write_indicator(e, a, &pattern, language);
		write_sightings(e, a, "indicator");
		write_relations(e, a);
		*done = true;
	} else if (err == HN_EFORMAT) {
		leave(e, a, "value", tr("not a value of its type", "その種別の値ではない"));
		*done = true;
	}
	buf_clear(&pattern);
	return err == HN_ENOMEM ? err : HN_OK;
}

static int take_observed(struct misp_event *e, const struct attribute *a, bool *done)
{
	struct buf refs;
	buf_init(&refs, 1024);
	int err = importer_observable(e->imp, a->type, a->value, &refs);
	if (err == HN_OK) {
		err = write_observed(e, a, &refs);
		write_sightings(e, a, "observed-data");
		*done = true;
	} else if (err == HN_EFORMAT) {
		leave(e, a, "value", tr("not a value of its type", "その種別の値ではない"));
		*done = true;
	}
	buf_clear(&refs);
	return err == HN_ENOMEM ? err : HN_OK;
}

static int take(struct misp_event *e, const struct attribute *a)
{
	bool done = false;
	int err = HN_OK;
	const char *named = named_type(a->type);
	if (named != NULL)
		return write_named(e, a, named);
	if (is_prose(a->type))
		return write_note(e, a);
	err = a->for_detection ? take_indicator(e, a, &done) : take_observed(e, a, &done);
	if (err == HN_OK && !done)
		leave(e, a, "type", a->type);
	const char *data = misp_text(e, e->piece, a->token, "data");
	if (err == HN_OK && done && data != NULL && data[0] != '\0')
		leave(e, a, "data", tr("the file's content is not taken", "ファイルの内容は取り込まない"));
	return err;
}

static void read_labels(struct attribute *a)
{
	(void)snprintf(a->labels[0], sizeof(a->labels[0]), "misp:type=\"%.120s\"", a->type);
	(void)snprintf(a->labels[1], sizeof(a->labels[1]), a->category[0] ? "misp:category=\"%.120s\"" : "%s",
		       a->category);
	(void)snprintf(a->labels[2], sizeof(a->labels[2]),
		       a->object_name[0] ? "misp:object=\"%.120s\"" : "%s", a->object_name);
}

static int read_members(struct misp_event *e, struct attribute *a)
{
	a->id = misp_uuid(e, a->token, "attribute");
	uuid_format(&a->id, a->place);
	a->type = misp_text(e, e->piece, a->token, "type");
	a->value = misp_text(e, e->piece, a->token, "value");
	a->comment = misp_text(e, e->piece, a->token, "comment");
	a->category = misp_text(e, e->piece, a->token, "category");
	if (a->type == NULL || a->value == NULL || a->comment == NULL || a->category == NULL)
		return HN_ENOMEM;
	a->for_detection = misp_flag(e, a->token, "to_ids", false);
	a->deleted = a->deleted || misp_flag(e, a->token, "deleted", false);
	a->time_ns = misp_time(e, a->token, "timestamp");
	if (a->time_ns <= 0)
		a->time_ns = e->modified_ns;
	a->from_ns = misp_time(e, a->token, "first_seen");
	a->until_ns = misp_time(e, a->token, "last_seen");
	read_labels(a);
	return HN_OK;
}

int misp_attribute(struct misp_event *e, uint32_t attribute, const char *object_name, bool deleted)
{
	struct attribute a = {.token = attribute, .object_name = object_name, .deleted = deleted};
	misp_tags_init(&a.tags, e);
	buf_init(&a.marking, 256);
	int err = read_members(e, &a);
	if (err == HN_OK)
		err = misp_tags_read(e, attribute, &a.tags);
	if (err == HN_OK)
		err = misp_distribution_read(e, attribute, &a.tags);
	if (err == HN_OK && a.value[0] == '\0')
		leave(e, &a, "value", tr("has no value", "値がない"));
	else if (err == HN_OK && (err = misp_marking_write(e, &a.tags, &a.marking)) == HN_OK)
		err = take(e, &a);
	buf_clear(&a.marking);
	misp_tags_clear(&a.tags);
	return err == HN_OK ? buf_err(e->imp->out) : err;
}
