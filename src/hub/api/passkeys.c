/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Passkeys: getting one, signing in by one (WebAuthn level 2). */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/api/account.h"
#include "hub/api/signing.h"
#include "hub/config.h"
#include "hub/hub.h"
#include "hub/identity/challenge.h"
#include "hub/identity/cookie.h"
#include "hub/identity/webauthn.h"
#include "hub/request/request_store.h"
#include "store/form.h"
#include "store/passkeys.h"

#define BODY_MAX  16384
#define LIST_MAX  100 /* credentials of a person that are looked through */
#define TITLE_MAX CREDENTIAL_TITLE_MAX

static const char *host_of(const struct request *r)
{
	return hub_of(r)->config->sign_in.host;
}

static void add_text(struct buf *b, const char *name, const void *data, size_t len)
{
	buf_addf(b, "\"%s\":\"", name);
	base64url_add(b, data, len);
	buf_addc(b, '"');
}

/* A new challenge: in the answer for the authenticator, in the cookie for us. */
static void add_challenge(struct request *r, int64_t person)
{
	uint8_t challenge[CHALLENGE_SIZE];
	char text[CHALLENGE_TEXT_SIZE];
	challenges_make(identity_challenges(hub_of(r)->identity), person, r->received_ns / 1000, challenge,
			text);
	add_text(answer_body(r), "challenge", challenge, sizeof(challenge));
	buf_addf(answer_body(r), ",\"timeout\":%d", CHALLENGE_S * 1000);
	cookie_answer_challenge(r, text, CHALLENGE_S);
}

static int take_challenge(struct request *r, int64_t person, uint8_t out[CHALLENGE_SIZE])
{
	const char *text = NULL;
	size_t len = 0;
	int err = cookie_challenge(r, &text, &len);
	return err == HN_OK ? challenges_take(identity_challenges(hub_of(r)->identity), text, len, person,
					      r->received_ns / 1000, out)
			    : HN_EAUTH;
}

/* base64url of a member, into the request's memory. */
static int read_bytes(struct request *r, const struct form *f, const char *name, bool required,
		      const uint8_t **out, size_t *len_out)
{
	const char *text = NULL;
	struct buf b;
	int err = form_text(f, name, required, BODY_MAX, &text);
	if (err != HN_OK || text == NULL)
		return err;
	buf_init(&b, BODY_MAX);
	err = base64url_decode(text, strlen(text), &b);
	char *kept = err == HN_OK ? arena_text(r->arena, b.data == NULL ? "" : b.data, b.len) : NULL;
	*len_out = b.len;
	buf_clear(&b);
	if (err != HN_OK)
		return form_wrong(f, name, "must be base64url", "はbase64urlでなければならない");
	if (kept == NULL)
		return HN_ENOMEM;
	*out = (const uint8_t *)kept;
	return HN_OK;
}

/* What navigator.credentials gives, as JSON; `response` is held by the body. */
static int read_credential(struct request *r, json_t **body, const json_t **response, const uint8_t **id,
			   size_t *id_len)
{
	static const char *const names[] = {"id",
					    "rawId",
					    "type",
					    "response",
					    "title",
					    "clientExtensionResults",
					    "authenticatorAttachment",
					    NULL};
	const uint8_t *raw = NULL;
	size_t raw_len = 0;
	const char *type = NULL;
	int err = signing_body(r, names, body);
	const struct form f = {.at = *body, .fault = &r->fault};
	if (err == HN_OK)
		err = json_get_object(*body, "response", true, response, &r->fault);
	if (err == HN_OK)
		err = form_text(&f, "type", true, 16, &type);
	if (err == HN_OK && strcmp(type, "public-key") != 0)
		err = form_wrong(&f, "type", "must be public-key", "はpublic-keyでなければならない");
	if (err == HN_OK)
		err = read_bytes(r, &f, "id", true, id, id_len);
	if (err == HN_OK)
		err = read_bytes(r, &f, "rawId", false, &raw, &raw_len);
	if (err == HN_OK && raw != NULL && (raw_len != *id_len || memcmp(raw, *id, raw_len) != 0))
		err = form_wrong(&f, "rawId", "must be the same as id", "はidと同じでなければならない");
	return err;
}

/* ---- getting one ---- */

static int in_person(struct request *r)
{
	if (identity_in_person(r))
		return HN_OK;
	return fault_set(&r->fault, HN_EAUTH, "", "%s",
			 tr("only a person who signed in may do this, and not by a token",
			    "サインインした利用者本人のみ行うことができる(トークンでは不可)"));
}

struct excluding {
	struct buf *body;
	const char *before;
};

static int write_excluded(void *context, const uint8_t *id, size_t id_len)
{
	struct excluding *e = context;
	buf_adds(e->body, e->before);
	buf_adds(e->body, "{\"type\":\"public-key\",");
	add_text(e->body, "id", id, id_len);
	buf_addc(e->body, '}');
	e->before = ",";
	return buf_err(e->body);
}

/* An authenticator that has one of the person's makes no second: that would take the place of the first. */
static int add_excluded(struct request *r)
{
	struct excluding e = {.body = answer_body(r), .before = ""};
	struct reader *reader = NULL;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	buf_adds(e.body, ",\"excludeCredentials\":[");
	err = passkeys_each(reader, r->who.asker->person, LIST_MAX, write_excluded, &e);
	reader_end(reader);
	buf_addc(e.body, ']');
	return err;
}

static int passkey_begin(struct request *r)
{
	struct uuid id;
	struct buf *b = answer_body(r);
	char name[UUID_TEXT_SIZE];
	int err = in_person(r);
	if (err == HN_OK)
		err = directory_uuid(hub_of(r)->directory, DIRECTORY_PERSON, r->who.asker->person, &id);
	if (err != HN_OK)
		return err;
	uuid_format(&id, name);
	buf_adds(b, "{\"rp\":{\"id\":");
	buf_json_string(b, host_of(r), strlen(host_of(r)));
	buf_adds(b, ",\"name\":\"Hinomi\"},\"user\":{");
	add_text(b, "id", id.bytes, sizeof(id.bytes));
	buf_adds(b, ",\"name\":");
	err = signing_login(r, b);
	buf_adds(b, ",\"displayName\":");
	if (err == HN_OK)
		err = signing_login(r, b);
	buf_adds(b, "},");
	add_challenge(r, r->who.asker->person);
	buf_adds(b,
		 ",\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":-7},{\"type\":\"public-key\","
		 "\"alg\":-8},"
		 "{\"type\":\"public-key\",\"alg\":-257}],\"authenticatorSelection\":{\"residentKey\":"
		 "\"required\","
		 "\"requireResidentKey\":true,\"userVerification\":\"required\"},\"attestation\":\"none\"");
	if (err == HN_OK)
		err = add_excluded(r);
	buf_addc(b, '}');
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

struct adding {
	struct credential credential;
	struct passkey passkey;
};

static int note(struct writing *w, struct request *r, const char *change, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];
	char record[160];
	uuid_format(id, text);
	(void)snprintf(record, sizeof(record),
		       "{\"change\":\"%s\",\"credential\":\"passkey\",\"token\":\"%s\"}", change, text);
	return request_note(w, r, "hub.credential-changed", record, strlen(record));
}

static int add(struct writing *w, struct request *r, void *context)
{
	struct adding *a = context;
	char id[UUID_TEXT_SIZE];
	char path[64];
	int err = passkeys_add(w, r->who.asker, &a->credential, &a->passkey, &r->fault);
	if (err == HN_OK)
		err = note(w, r, "added", &a->credential.id);
	if (err != HN_OK)
		return err;
	uuid_format(&a->credential.id, id);
	buf_addf(answer_body(r), "{\"id\":\"%s\"}", id);
	(void)snprintf(path, sizeof(path), "/api/v1/me/passkeys/%s", id);
	return answer_created(r, path);
}

static int check_new(struct request *r, const json_t *response, const uint8_t *id, size_t id_len,
		     struct passkey *out)
{
	const struct form f = {.at = response, .fault = &r->fault};
	const uint8_t *client = NULL, *object = NULL;
	size_t client_len = 0, object_len = 0;
	uint8_t challenge[CHALLENGE_SIZE];
	int err = read_bytes(r, &f, "clientDataJSON", true, &client, &client_len);
	if (err == HN_OK)
		err = read_bytes(r, &f, "attestationObject", true, &object, &object_len);
	if (err != HN_OK)
		return err;
	err = take_challenge(r, r->who.asker->person, challenge);
	if (err == HN_OK)
		err = webauthn_client(client, client_len, WEBAUTHN_CREATE, challenge, host_of(r));
	if (err == HN_OK)
		err = webauthn_create(object, object_len, host_of(r), out);
	if (err == HN_OK && (out->id_len != id_len || memcmp(out->id, id, id_len) != 0))
		err = HN_EFORMAT;
	if (err == HN_EAUTH || err == HN_EFORMAT)
		err = fault_set(&r->fault, HN_EFORMAT, "/response", "%s",
				tr("is not the passkey that was asked for, or came too late; begin anew",
				   "は要求したパスキーではないか、期限を過ぎている。最初からやり直すこと"));
	return err;
}

static int passkey_add(struct request *r)
{
	json_t *body = NULL;
	const json_t *response = NULL;
	const uint8_t *id = NULL;
	size_t id_len = 0;
	const char *title = NULL;
	struct adding *a = arena_alloc(r->arena, sizeof(*a));
	int err = a == NULL ? HN_ENOMEM : in_person(r);
	if (err == HN_OK)
		err = read_credential(r, &body, &response, &id, &id_len);
	const struct form f = {.at = body, .fault = &r->fault};
	if (err == HN_OK)
		err = form_text(&f, "title", false, TITLE_MAX, &title);
	if (err == HN_OK)
		err = check_new(r, response, id, id_len, &a->passkey);
	if (err == HN_OK) {
		struct credential *c = &a->credential;
		*c = (struct credential){.id = uuid_v4(), .kind = CREDENTIAL_PASSKEY, .tlp_max = TLP_RED};
		c->person = r->who.asker->person;
		c->step = a->passkey.counter;
		c->secret_len = CREDENTIAL_DIGEST;
		sha256(a->passkey.id, a->passkey.id_len, c->secret);
		if (title != NULL)
			memcpy(c->title, title, strlen(title));
		err = request_change(r, add, a);
	}
	json_decref(body);
	return err;
}

/* ---- one's own ---- */

/* Everything that one signs in with is listed in one way; these are the passkeys of it. */
static int read_own(struct request *r, json_t **out)
{
	struct buf text;
	int64_t last = 0;
	bool more = false;
	buf_init(&text, 1u << 20);
	buf_adds(&text, "{\"all\":[");
	int err =
		directory_list(hub_of(r)->directory, r->who.asker, r->received_ns / 1000,
			       DIRECTORY_CREDENTIAL, r->who.asker->person, 0, LIST_MAX, &text, &last, &more);
	buf_adds(&text, "]}");
	if (err == HN_OK)
		err = json_object_read(text.data, text.len, out, &r->fault);
	buf_clear(&text);
	return err;
}

static bool is_passkey(const json_t *one)
{
	const char *kind = json_string_value(json_object_get(one, "kind"));
	return kind != NULL && strcmp(kind, "passkey") == 0;
}

static int passkey_list(struct request *r)
{
	json_t *all = NULL;
	const char *before = "";
	int err = in_person(r);
	if (err == HN_OK)
		err = read_own(r, &all);
	if (err != HN_OK)
		return err;
	const json_t *list = json_object_get(all, "all");
	buf_adds(answer_body(r), "{\"passkeys\":[");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		if (!is_passkey(one))
			continue;
		buf_adds(answer_body(r), before);
		json_add(answer_body(r), one);
		before = ",";
	}
	buf_adds(answer_body(r), "]}");
	json_decref(all);
	return answer_send(r, 200, NULL);
}

static int remove_one(struct writing *w, struct request *r, void *context)
{
	const struct uuid *id = context;
	int err = credentials_remove(w, r->who.asker, id, &r->fault);
	if (err == HN_OK)
		err = note(w, r, "removed", id);
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

static int passkey_remove(struct request *r)
{
	json_t *all = NULL;
	char id[UUID_TEXT_SIZE];
	bool found = false;
	int err = in_person(r);
	if (err == HN_OK)
		err = read_own(r, &all);
	if (err != HN_OK)
		return err;
	const json_t *list = json_object_get(all, "all");
	uuid_format(&r->params[0].uuid, id);
	for (size_t i = 0; i < json_array_size(list) && !found; i++) {
		const json_t *one = json_array_get(list, i);
		const char *its = json_string_value(json_object_get(one, "id"));
		found = is_passkey(one) && its != NULL && strcmp(its, id) == 0;
	}
	json_decref(all);
	return found ? request_change(r, remove_one, &r->params[0].uuid) : HN_ENOENT;
}

/* ---- signing in by one ---- */

static int sign_begin(struct request *r)
{
	struct buf *b = answer_body(r);
	if (signing_foreign(r))
		return HN_OK;
	buf_adds(b, "{\"rpId\":");
	buf_json_string(b, host_of(r), strlen(host_of(r)));
	buf_addc(b, ',');
	add_challenge(r, 0);
	buf_adds(b, ",\"userVerification\":\"required\",\"allowCredentials\":[]}");
	return answer_send(r, 200, NULL);
}

struct by_passkey {
	struct signing signing;
	struct webauthn_assertion assertion;
	const uint8_t *user;
	size_t user_len;
	uint8_t digest[CREDENTIAL_DIGEST];
	char name[17]; /* by which failures are counted */
	bool known;
};

/* There may be a copy of the key: that is told, and nobody is signed in. */
static int went_back(struct writing *w, struct request *r, struct by_passkey *p)
{
	char id[UUID_TEXT_SIZE];
	char record[160];
	uuid_format(&p->signing.result.account.credential.id, id);
	(void)snprintf(record, sizeof(record), "{\"credential\":\"%s\",\"reason\":\"counter\"}", id);
	int err = request_note(w, r, "hub.login-failed", record, strlen(record));
	if (err == HN_OK)
		err = signing_refuse(r, &p->signing);
	answer_keep_change(r);
	return err;
}

static int begin_by_passkey(struct writing *w, struct request *r, void *context)
{
	struct by_passkey *p = context;
	struct signing *s = &p->signing;
	struct passkey passkey;
	uint32_t counter = 0;
	int64_t number = s->result.account.credential.number;
	int err = passkeys_get(w, number, &passkey);
	if (err == HN_OK)
		err = webauthn_get(&p->assertion, &passkey, host_of(r), &counter);
	if (err == HN_OK && (err = passkeys_use(w, number, counter)) == HN_EAUTH) {
		identity_tell(hub_of(r)->identity, r, s->login, false);
		return went_back(w, r, p);
	}
	if (err == HN_OK) {
		signing_session(r, s);
		err = signing_begin(w, r, s);
	}
	if (err != HN_ENOENT && err != HN_EAUTH) {
		if (err == HN_OK)
			identity_tell(hub_of(r)->identity, r, s->login, true);
		return err;
	}
	identity_tell(hub_of(r)->identity, r, s->login, false);
	answer_restart(r);
	return signing_refuse(r, s);
}

static int read_assertion(struct request *r, const json_t *response, struct by_passkey *p)
{
	const struct form f = {.at = response, .fault = &r->fault};
	struct webauthn_assertion *a = &p->assertion;
	int err = read_bytes(r, &f, "clientDataJSON", true, &a->client, &a->client_len);
	if (err == HN_OK)
		err = read_bytes(r, &f, "authenticatorData", true, &a->data, &a->data_len);
	if (err == HN_OK)
		err = read_bytes(r, &f, "signature", true, &a->signature, &a->signature_len);
	if (err == HN_OK && !json_is_null(json_object_get(response, "userHandle")))
		err = read_bytes(r, &f, "userHandle", false, &p->user, &p->user_len);
	return err;
}

/* What can be told without the store. */
static int check_assertion(struct request *r, struct by_passkey *p)
{
	struct account *account = &p->signing.result.account;
	uint8_t challenge[CHALLENGE_SIZE];
	int err = take_challenge(r, 0, challenge);
	if (err == HN_OK)
		err = webauthn_client(p->assertion.client, p->assertion.client_len, WEBAUTHN_GET, challenge,
				      host_of(r));
	if (err == HN_OK)
		err = directory_credential(hub_of(r)->directory, CREDENTIAL_PASSKEY, p->digest,
					   r->received_ns / 1000, account);
	if (err == HN_OK && p->user != NULL &&
	    (p->user_len != sizeof(account->id.bytes) ||
	     memcmp(p->user, account->id.bytes, p->user_len) != 0))
		err = HN_EAUTH;
	return err;
}

static int sign_in(struct request *r)
{
	json_t *body = NULL;
	const json_t *response = NULL;
	const uint8_t *id = NULL;
	size_t id_len = 0;
	struct by_passkey *p = arena_alloc(r->arena, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	struct signing *s = &p->signing;
	if (signing_foreign(r))
		return HN_OK;
	s->how = "passkey";
	s->login = p->name;
	s->cookie = s->second_factor = true;
	int err = read_credential(r, &body, &response, &id, &id_len);
	if (err == HN_OK)
		err = read_assertion(r, response, p);
	json_decref(body);
	if (err != HN_OK)
		return err;
	sha256(id, id_len, p->digest);
	hex_encode(p->digest, 8, p->name);
	s->result.retry_us = identity_wait(hub_of(r)->identity, r, s->login);
	err = s->result.retry_us > 0 ? HN_ELIMIT : check_assertion(r, p);
	if (err == HN_OK)
		return request_change(r, begin_by_passkey, p);
	if (err != HN_ELIMIT)
		identity_tell(hub_of(r)->identity, r, s->login, false);
	s->result.err = err == HN_ELIMIT ? err : HN_EAUTH;
	return signing_refuse(r, s);
}

const struct route PASSKEY_ROUTES[] = {
	{.method = HTTP_POST,
	 .pattern = "/api/v1/session/passkey/options",
	 .operation = "beginPasskeySession",
	 .flags = ROUTE_PUBLIC | ROUTE_NO_KEEP,
	 .handle = sign_begin,
	 .takes = "application/json",
	 .body_max = BODY_MAX,
	 .answers = {{200, "passkey-get", NULL}},
	 .tag = "account",
	 .summary_en = "A challenge for a passkey that is to sign in",
	 .summary_ja = "パスキーでサインインするためのチャレンジ"},
	{.method = HTTP_POST,
	 .pattern = "/api/v1/session/passkey",
	 .operation = "beginSessionByPasskey",
	 .flags = ROUTE_PUBLIC | ROUTE_NO_KEEP,
	 .handle = sign_in,
	 .takes = "application/json",
	 .body_max = BODY_MAX,
	 .body_schema = "passkey-assertion",
	 .answers = {{200, "signed-in", NULL}},
	 .tag = "account",
	 .summary_en = "Signs in by a passkey",
	 .summary_ja = "パスキーでサインインする"},
	{.method = HTTP_POST,
	 .pattern = "/api/v1/me/passkeys/options",
	 .operation = "beginPasskey",
	 .flags = ROUTE_NO_KEEP,
	 .handle = passkey_begin,
	 .answers = {{200, "passkey-create", NULL}},
	 .tag = "account",
	 .summary_en = "What a new passkey is to be",
	 .summary_ja = "新しいパスキーの作成に必要な情報"},
	{.method = HTTP_POST,
	 .pattern = "/api/v1/me/passkeys",
	 .operation = "addPasskey",
	 .flags = ROUTE_NO_KEEP,
	 .handle = passkey_add,
	 .takes = "application/json",
	 .body_max = BODY_MAX,
	 .body_schema = "passkey-new",
	 .answers = {{201, "made", NULL}},
	 .tag = "account",
	 .summary_en = "Adds a passkey",
	 .summary_ja = "パスキーを登録する"},
	{.method = HTTP_GET,
	 .pattern = "/api/v1/me/passkeys",
	 .operation = "listPasskeys",
	 .handle = passkey_list,
	 .answers = {{200, "passkey-list", NULL}},
	 .tag = "account",
	 .summary_en = "One's own passkeys",
	 .summary_ja = "自分のパスキーの一覧"},
	{.method = HTTP_DELETE,
	 .pattern = "/api/v1/me/passkeys/{passkey:uuid}",
	 .operation = "removePasskey",
	 .handle = passkey_remove,
	 .answers = {{204, NULL, NULL}},
	 .tag = "account",
	 .summary_en = "Takes one away",
	 .summary_ja = "パスキーを削除する"},
	{0},
};
