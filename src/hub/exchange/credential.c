/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/credential.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/json_reader.h"
#include "base/lang.h"

enum { KIND, USER, PASSWORD, TOKEN, CERTIFICATE, KEY, MEMBERS };

static const char *const names[MEMBERS] = {"kind", "user", "password", "token", "certificate", "key"};

/* Which members each kind has, beside itself. */
static const struct {
	const char *kind;
	unsigned members;
	bool header; /* its texts go into a line */
} kinds[] = {
	{"basic", 1u << USER | 1u << PASSWORD, true},
	{"token", 1u << TOKEN, true},
	{"certificate", 1u << CERTIFICATE | 1u << KEY, false},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Texts one behind the other, each with its NUL: never longer than the JSON that they stood in. */
struct reading {
	struct json_reader json;
	char *at, *end;
	const char *texts[MEMBERS];
};

static int wrong(struct fault *fault, const char *name, const char *en, const char *ja)
{
	char place[32];
	(void)snprintf(place, sizeof(place), "/%s", name);
	return fault_set(fault, HN_EFORMAT, place, "%s", tr(en, ja));
}

/* Escapes are undone in the room itself, so that no other memory has a copy; undone they are shorter. */
static const char *copy(struct reading *r, const struct json_string *s)
{
	size_t left = (size_t)(r->end - r->at);
	struct buf room = {.data = r->at, .cap = left, .max = left - 1};
	const char *text;
	size_t len;
	if (json_text(s, &room, &text, &len) != HN_OK || len >= left)
		return NULL;
	char *own = r->at;
	if (text != own)
		memcpy(own, text, len);
	own[len] = '\0';
	r->at += len + 1;
	return strlen(own) == len ? own : NULL;
}

static int read_member(struct reading *r, struct fault *fault)
{
	size_t which = 0;
	enum json_token token;
	while (which < MEMBERS && !json_text_is(&r->json.string, names[which]))
		which++;
	if (which == MEMBERS)
		return fault_set(fault, HN_EFORMAT, "", "%s",
				 tr("has a member that no credential has", "に資格情報にない項目がある"));
	if (r->texts[which] != NULL)
		return wrong(fault, names[which], "stands here twice", "が重複している");
	int err = json_next(&r->json, &token);
	if (err != HN_OK)
		return err;
	if (token != JSON_TOKEN_STRING || (r->texts[which] = copy(r, &r->json.string)) == NULL)
		return wrong(fault, names[which], "must be a text without a NUL",
			     "はNULを含まない文字列でなければならない");
	return HN_OK;
}

static int read_members(struct reading *r, struct fault *fault)
{
	enum json_token token;
	int err = json_next(&r->json, &token);
	if (err == HN_OK && token != JSON_TOKEN_OBJECT)
		return fault_set(fault, HN_EFORMAT, "", "%s",
				 tr("must be an object", "はオブジェクトでなければならない"));
	while (err == HN_OK && (err = json_next(&r->json, &token)) == HN_OK && token == JSON_TOKEN_NAME)
		err = read_member(r, fault);
	if (err == HN_OK)
		err = json_next(&r->json, &token); /* nothing stands behind it */
	return r->json.err != HN_OK ? json_fault(&r->json, fault) : err;
}

static int check(const struct reading *r, struct fault *fault)
{
	size_t kind = 0;
	while (r->texts[KIND] != NULL && kind < KINDS && strcmp(r->texts[KIND], kinds[kind].kind) != 0)
		kind++;
	if (r->texts[KIND] == NULL || kind == KINDS)
		return wrong(fault, "kind", "must be basic, token or certificate",
			     "はbasic、token又はcertificateでなければならない");
	for (size_t i = USER; i < MEMBERS; i++) {
		bool wanted = (kinds[kind].members & 1u << i) != 0;
		if (wanted != (r->texts[i] != NULL))
			return wanted ? wrong(fault, names[i], "is missing", "がない")
				      : wrong(fault, names[i], "does not belong to this kind",
					      "はこの種別の項目ではない");
		if (wanted && kinds[kind].header && strpbrk(r->texts[i], "\r\n") != NULL)
			return wrong(fault, names[i], "has a line break", "に改行がある");
	}
	return HN_OK;
}

int source_credential_read(const char *text, size_t len, struct source_credential *out, struct fault *fault)
{
	struct reading r = {.at = NULL};
	char *room = sodium_malloc(len + MEMBERS);
	if (room == NULL)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	r.at = room;
	r.end = room + len + MEMBERS;
	json_reader_init(&r.json, cur_of(text, len), 2, false);
	int err = read_members(&r, fault);
	if (err == HN_OK)
		err = check(&r, fault);
	if (err != HN_OK) {
		sodium_free(room);
		return err;
	}
	*out = (struct source_credential){
		.user = r.texts[USER],
		.password = r.texts[PASSWORD],
		.token = r.texts[TOKEN],
		.certificate = r.texts[CERTIFICATE],
		.key = r.texts[KEY],
		.room = room,
	};
	return HN_OK;
}

void source_credential_clear(struct source_credential *credential)
{
	sodium_free(credential->room);
	*credential = (struct source_credential){.room = NULL};
}
