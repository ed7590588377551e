/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/marking.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "stix/check.h"

#define TLP_2_EXTENSION "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
#define PAP_EXTENSION   "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b"

const char *const stix_purpose_words[] = {"defence",        "analysis",   "response", "investigation",
					  "neutralisation", "statistics", "exercise", NULL};
const char *const stix_consent_words[] = {"centre",     "ministry",     "police",   "defence",
					  "commission", "ceptoar",      "operator", "local-government",
					  "vendor",     "foreign-cert", "public",   NULL};

/* White is what clear was called before TLP 2.0. */
static const char *const tlp_words[] = {"clear", "green", "amber", "amber+strict", "red", "white", NULL};
static const char *const pap_words[] = {"clear", "green", "amber", "red", "white", NULL};
static const char *const content_words[] = {"technical", "background", NULL};

/* The definitions that OASIS fixed: STIX 2.1, 7.2.1.4, and the extensions of TLP 2.0 and PAP. */
static const struct {
	const char *uuid;
	enum stix_tlp tlp;
	enum stix_pap pap;
} fixed[] = {
	{"613f2e26-407d-48c7-9eca-b8e91df99dc9", STIX_TLP_CLEAR, STIX_PAP_UNSAID},
	{"34098fce-860f-48ae-8e50-ebd3cc5e41da", STIX_TLP_GREEN, STIX_PAP_UNSAID},
	{"f88d31f6-486f-44da-b317-01333bde0b82", STIX_TLP_AMBER, STIX_PAP_UNSAID},
	{"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", STIX_TLP_RED, STIX_PAP_UNSAID},
	{"94868c89-83c2-464b-929b-a1a8aa3c8487", STIX_TLP_CLEAR, STIX_PAP_UNSAID},
	{"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", STIX_TLP_GREEN, STIX_PAP_UNSAID},
	{"55d920b0-5e8b-4f79-9ee9-91f868d9b421", STIX_TLP_AMBER, STIX_PAP_UNSAID},
	{"939a9414-2ddd-4d32-a0cd-375ea402b003", STIX_TLP_AMBER_STRICT, STIX_PAP_UNSAID},
	{"e828b379-4e03-4974-9ac4-e53a884c97c1", STIX_TLP_RED, STIX_PAP_UNSAID},
	{"ad15a0cd-55b6-4588-a14c-a66105329b92", STIX_TLP_UNSAID, STIX_PAP_CLEAR},
	{"c43594d1-4b11-4c59-93ab-1c9b14d53ce9", STIX_TLP_UNSAID, STIX_PAP_GREEN},
	{"60f8932b-e51e-4458-b265-a2e8be9a80ab", STIX_TLP_UNSAID, STIX_PAP_AMBER},
	{"740d36e5-7714-4c30-961a-3ae632ceee0e", STIX_TLP_UNSAID, STIX_PAP_RED},
};

static void init(struct stix_marking *m)
{
	*m = (struct stix_marking){.tlp = STIX_TLP_UNSAID, .pap = STIX_PAP_UNSAID};
}

bool stix_marking_is(const struct stix_id *id)
{
	static const char type[] = "marking-definition";
	return id->type_len == sizeof(type) - 1 && memcmp(id->type, type, id->type_len) == 0;
}

bool stix_marking_fixed(const struct stix_id *id, struct stix_marking *out)
{
	char uuid[UUID_TEXT_SIZE];
	if (!stix_marking_is(id))
		return false;
	uuid_format(&id->uuid, uuid);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (strcmp(uuid, fixed[i].uuid) != 0)
			continue;
		init(out);
		out->tlp = fixed[i].tlp;
		out->pap = fixed[i].pap;
		return true;
	}
	return false;
}

/* ---- words ---- */

struct marking_reader {
	const struct stix_tape *t;
	struct stix_marking *m;
	struct buf scratch;
	bool said; /* something was understood */
};

/* @return -1: none of the words */
static int word_of(const char *const *words, const char *text, size_t len)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strlen(words[i]) == len && strncasecmp(words[i], text, len) == 0)
			return i;
	return -1;
}

static bool text_of(struct marking_reader *r, uint32_t token, const char **text, size_t *len)
{
	struct json_string s = stix_tape_string(r->t, token);
	return token != 0 && r->t->tokens[token].kind == JSON_TOKEN_STRING &&
	       json_text(&s, &r->scratch, text, len) == HN_OK;
}

/* The stricter where two forms say something. */
static void say_tlp(struct marking_reader *r, const char *text, size_t len)
{
	int word = word_of(tlp_words, text, len);
	int level = word > STIX_TLP_RED ? STIX_TLP_CLEAR : word;
	if (word < 0)
		r->m->unknown = true;
	else if (level > (int)r->m->tlp)
		r->m->tlp = (enum stix_tlp)level;
	r->said = true;
}

static void say_pap(struct marking_reader *r, const char *text, size_t len)
{
	int word = word_of(pap_words, text, len);
	int level = word > STIX_PAP_RED ? STIX_PAP_CLEAR : word;
	if (word < 0)
		r->m->unknown = true;
	else if (level > (int)r->m->pap)
		r->m->pap = (enum stix_pap)level;
	r->said = true;
}

/* "TLP:AMBER+STRICT", "pap:red". @return false: neither */
static bool say_label(struct marking_reader *r, const char *text, size_t len)
{
	if (len < 4 || text[3] != ':')
		return false;
	if (strncasecmp(text, "tlp", 3) == 0)
		say_tlp(r, text + 4, len - 4);
	else if (strncasecmp(text, "pap", 3) == 0)
		say_pap(r, text + 4, len - 4);
	else
		return false;
	return true;
}

static void say_member(struct marking_reader *r, uint32_t object, const char *name,
		       void (*say)(struct marking_reader *, const char *, size_t))
{
	const char *text;
	size_t len;
	if (text_of(r, stix_tape_member(r->t, object, name), &text, &len))
		say(r, text, len);
	else
		r->m->unknown = true;
}

static void say_statement(struct marking_reader *r, const char *text, size_t len)
{
	r->said = true;
	if (!say_label(r, text, len))
		r->m->statement = true;
}

/* ---- our extension ---- */

static void read_bits(struct marking_reader *r, uint32_t list, const char *const *words, uint32_t *bits)
{
	const struct stix_token *tokens = r->t->tokens;
	const char *text;
	size_t len;
	for (uint32_t i = list + 1; tokens[list].kind == JSON_TOKEN_ARRAY && i < tokens[list].next;
	     i = tokens[i].next) {
		int word = text_of(r, i, &text, &len) ? word_of(words, text, len) : -1;
		if (word < 0)
			r->m->unknown = true;
		else
			*bits |= UINT32_C(1) << word;
	}
	if (*bits == 0)
		r->m->unknown = true; /* nobody, or not a list */
}

static void read_ids(struct marking_reader *r, uint32_t list, struct uuid *ids, size_t *count, size_t max)
{
	const struct stix_token *tokens = r->t->tokens;
	const char *text;
	size_t len;
	struct stix_id id;
	for (uint32_t i = list + 1; tokens[list].kind == JSON_TOKEN_ARRAY && i < tokens[list].next;
	     i = tokens[i].next) {
		bool ok = *count < max && text_of(r, i, &text, &len) &&
			  stix_id_parse(text, len, &id) == HN_OK && id.type_len == 8 &&
			  (memcmp(id.type, "identity", 8) == 0 || memcmp(id.type, "grouping", 8) == 0);
		if (!ok) {
			r->m->unknown = true;
			return;
		}
		ids[(*count)++] = id.uuid;
	}
	if (*count == 0)
		r->m->unknown = true;
}

static void read_clearance(struct marking_reader *r, uint32_t token)
{
	struct json_string s = stix_tape_string(r->t, token);
	if (r->t->tokens[token].kind == JSON_TOKEN_NUMBER && s.len == 1 && s.text[0] >= '0' &&
	    s.text[0] <= '0' + STIX_CLEARANCE_MAX)
		r->m->clearance = (unsigned)(s.text[0] - '0');
	else
		r->m->unknown = true;
}

static void read_content(struct marking_reader *r, uint32_t token)
{
	const char *text;
	size_t len;
	int word = text_of(r, token, &text, &len) ? word_of(content_words, text, len) : -1;
	if (word < 0)
		r->m->unknown = true;
	else
		r->m->content = (unsigned)word + 1;
}

static void read_control(struct marking_reader *r, uint32_t token)
{
	uint8_t kind = r->t->tokens[token].kind;
	r->m->originator_control = kind == JSON_TOKEN_TRUE;
	if (kind != JSON_TOKEN_TRUE && kind != JSON_TOKEN_FALSE)
		r->m->unknown = true;
}

/* A member that we do not know may forbid what we would allow. */
static void read_own_member(struct marking_reader *r, uint32_t object, uint32_t name)
{
	static const char *const names[] = {
		"extension_type", "tlp",     "pap",     "clearance",          "groups", "recipients",
		"purposes",       "consent", "content", "originator_control", NULL};
	size_t len;
	const char *text = stix_tape_name(r->t, name, &len);
	switch (word_of(names, text, len)) {
	case 0:
		return;
	case 1:
		say_member(r, object, "tlp", say_tlp);
		return;
	case 2:
		say_member(r, object, "pap", say_pap);
		return;
	case 3:
		read_clearance(r, name + 1);
		return;
	case 4:
		read_ids(r, name + 1, r->m->groups, &r->m->group_count, STIX_MARKING_GROUPS);
		return;
	case 5:
		read_ids(r, name + 1, r->m->recipients, &r->m->recipient_count, STIX_MARKING_RECIPIENTS);
		return;
	case 6:
		read_bits(r, name + 1, stix_purpose_words, &r->m->purposes);
		return;
	case 7:
		read_bits(r, name + 1, stix_consent_words, &r->m->consent);
		return;
	case 8:
		read_content(r, name + 1);
		return;
	case 9:
		read_control(r, name + 1);
		return;
	default:
		r->m->unknown = true;
	}
}

static void read_own(struct marking_reader *r, uint32_t object)
{
	const struct stix_token *tokens = r->t->tokens;
	for (uint32_t i = object + 1; i < tokens[object].next; i = tokens[i].next)
		read_own_member(r, object, i);
	r->said = true;
}

/* ---- all forms ---- */

static void read_extensions(struct marking_reader *r)
{
	const struct stix_token *tokens = r->t->tokens;
	uint32_t all = stix_tape_member(r->t, 0, "extensions");
	if (all == 0)
		return;
	for (uint32_t i = all + 1; i < tokens[all].next; i = tokens[i].next) {
		size_t len;
		const char *key = stix_tape_name(r->t, i, &len);
		if (len == strlen(TLP_2_EXTENSION) && memcmp(key, TLP_2_EXTENSION, len) == 0)
			say_member(r, i + 1, "tlp_2_0", say_tlp);
		else if (len == strlen(PAP_EXTENSION) && memcmp(key, PAP_EXTENSION, len) == 0)
			say_member(r, i + 1, "pap", say_pap);
		else if (len == strlen(STIX_MARKING_EXTENSION) &&
			 memcmp(key, STIX_MARKING_EXTENSION, len) == 0)
			read_own(r, i + 1);
		else
			r->m->unknown = true;
	}
}

static void read_definition(struct marking_reader *r)
{
	const char *text;
	size_t len;
	uint32_t type = stix_tape_member(r->t, 0, "definition_type");
	uint32_t definition = stix_tape_member(r->t, 0, "definition");
	if (type == 0)
		return;
	if (definition == 0 && (stix_tape_is(r->t, type, "statement") || stix_tape_is(r->t, type, "tlp") ||
				stix_tape_is(r->t, type, "pap") || stix_tape_is(r->t, type, "PAP")))
		r->m->unknown = true;
	else if (stix_tape_is(r->t, type, "statement"))
		say_member(r, definition, "statement", say_statement);
	else if (stix_tape_is(r->t, type, "tlp"))
		say_member(r, definition, "tlp", say_tlp);
	else if (stix_tape_is(r->t, type, "pap") || stix_tape_is(r->t, type, "PAP"))
		say_member(r, definition, "pap", say_pap);
	else if (!text_of(r, type, &text, &len) || !say_label(r, text, len))
		r->m->unknown = true;
}

/* OpenCTI puts what STIX 2.1 has no form for behind a statement of "custom". */
static void read_behind_statement(struct marking_reader *r)
{
	const char *text;
	size_t len;
	uint32_t token = stix_tape_member(r->t, 0, "x_opencti_definition");
	if (token == 0)
		return;
	if (!text_of(r, token, &text, &len) || !say_label(r, text, len))
		r->m->unknown = true;
}

void stix_marking_read(const struct stix_object *o, struct stix_marking *out)
{
	struct marking_reader r = {.m = out};
	if (stix_marking_fixed(&o->id, out))
		return;
	init(out);
	if (o->memory == NULL || !stix_marking_is(&o->id)) {
		out->unknown = true;
		return;
	}
	r.t = &o->memory->tape;
	buf_init(&r.scratch, 1u << 20);
	read_definition(&r);
	read_extensions(&r);
	read_behind_statement(&r);
	if (!r.said)
		out->unknown = true;
	buf_clear(&r.scratch);
}
