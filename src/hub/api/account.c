/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* One's own account: who one is, password, second factor. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/api/account.h"
#include "hub/api/signing.h"
#include "hub/config.h"
#include "hub/hub.h"
#include "hub/identity/identity.h"
#include "hub/identity/password.h"
#include "hub/identity/totp.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/form.h"
#include "store/person.h"

static char *copy(struct request *r, const char *text)
{
	return text == NULL ? NULL : arena_text(r->arena, text, strlen(text));
}

/* Only people have passwords and second factors, and only where they signed in themselves. */
static int person_only(struct request *r)
{
	if (identity_in_person(r))
		return HN_OK;
	return fault_set(&r->fault, HN_EAUTH, "", "%s",
			 tr("only a person who signed in may do this, and not by a token",
			    "サインインした利用者本人のみ行うことができる(トークンでは不可)"));
}

/* ---- oneself ---- */

static void add_words(struct buf *b, const char *name, unsigned bits, const char *(*word)(unsigned bit))
{
	const char *before = "";
	buf_addf(b, ",\"%s\":[", name);
	for (; bits != 0; bits &= bits - 1) {
		const char *text = word(bits & -bits);
		buf_addf(b, "%s\"%s\"", before, text == NULL ? "" : text);
		before = ",";
	}
	buf_addc(b, ']');
}

static void add_things(struct request *r, const char *name, enum directory_thing thing,
		       const int64_t *numbers, size_t count)
{
	struct buf *b = answer_body(r);
	const char *before = "";
	buf_addf(b, ",\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		struct uuid id;
		char text[UUID_TEXT_SIZE];
		if (directory_uuid(hub_of(r)->directory, thing, numbers[i], &id) != HN_OK)
			continue;
		uuid_format(&id, text);
		buf_addf(b, "%s\"%s\"", before, text);
		before = ",";
	}
	buf_addc(b, ']');
}

static int me(struct request *r)
{
	const struct asker *a = r->who.asker;
	struct buf *b = answer_body(r);
	struct uuid organisation = {{0}};
	char account[UUID_TEXT_SIZE];
	char own[UUID_TEXT_SIZE];
	int err =
		directory_uuid(hub_of(r)->directory, DIRECTORY_ORGANISATION, a->organisation, &organisation);
	if (err != HN_OK)
		return err;
	uuid_format(&r->who.account, account);
	uuid_format(&organisation, own);
	buf_addf(b,
		 "{\"account\":\"%s\",\"machine\":%s,\"how\":\"%s\",\"organisation\":\"%s\",\"kind\":\"%s\"",
		 account, a->person == 0 ? "true" : "false", r->who.how, own, org_kind_name(a->kind));
	add_words(b, "roles", a->roles, role_name);
	add_words(b, "scopes", r->who.scopes, scope_name);
	buf_addf(b, ",\"clearance\":\"%s\",\"tlp_max\":\"%s\"", clearance_name(a->clearance),
		 tlp_name(a->tlp_max));
	add_words(b, "purposes", a->purposes, purpose_name);
	add_words(b, "contents", a->contents, content_name);
	buf_addf(b, ",\"onward\":%s,\"sets_only\":%s", a->onward ? "true" : "false",
		 a->sets_only ? "true" : "false");
	add_things(r, "groups", DIRECTORY_GROUP, a->groups, a->group_count);
	add_things(r, "parents", DIRECTORY_ORGANISATION, a->parents, a->parent_count);
	buf_addc(b, '}');
	return answer_send(r, 200, NULL);
}

/* ---- passwords ---- */

struct passwords {
	struct password_result result;
	struct credential credential;
	const char *login;
};

static int put_password(struct writing *w, struct request *r, void *context)
{
	struct passwords *p = context;
	char person[UUID_TEXT_SIZE];
	char record[128];
	struct uuid id = {{0}};
	int err = credentials_add(w, r->who.asker, &p->credential, &r->fault);
	if (err == HN_OK)
		err = directory_uuid(hub_of(r)->directory, DIRECTORY_PERSON, p->credential.person, &id);
	if (err != HN_OK)
		return err;
	uuid_format(&id, person);
	(void)snprintf(record, sizeof(record), "{\"person\":\"%s\",\"credential\":\"password\"}", person);
	err = request_note(w, r, "hub.credential-changed", record, strlen(record));
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

static int password_made(struct request *r)
{
	struct passwords *p = r->state;
	if (p->result.err == HN_EAUTH || p->result.err == HN_ELIMIT) {
		if (p->result.err == HN_EAUTH)
			identity_tell(hub_of(r)->identity, r, p->login, false);
		return answer_problem(
			r, 403, "password",
			tr("the password that holds now is wrong", "現在のパスワードが正しくない"));
	}
	if (p->result.err != HN_OK)
		return p->result.err;
	p->credential.secret_len = strlen(p->result.hash);
	memcpy(p->credential.secret, p->result.hash, p->credential.secret_len);
	return request_change(r, put_password, p);
}

/* Counts characters, not bytes: Japanese sentences are good passwords. */
static int password_ok(struct request *r, const char *password)
{
	size_t characters = 0;
	for (const char *at = password; *at != '\0'; at++)
		characters += ((unsigned char)*at & 0xc0) != 0x80;
	if (characters >= PASSWORD_MIN)
		return HN_OK;
	return fault_set(&r->fault, HN_EFORMAT, "/new",
			 tr("must have at least %d characters", "は%d文字以上でなければならない"),
			 PASSWORD_MIN);
}

static struct passwords *new_password(struct request *r, int64_t person)
{
	struct passwords *p = arena_alloc(r->arena, sizeof(*p));
	if (p != NULL) {
		p->credential = (struct credential){.id = uuid_v4(),
						    .kind = CREDENTIAL_PASSWORD,
						    .person = person,
						    .scopes = SCOPE_ALL,
						    .tlp_max = TLP_RED};
		r->state = p;
	}
	return p;
}

int account_login(struct request *r, const struct uuid *person, char out[PERSON_LOGIN_MAX + 1])
{
	struct buf text;
	struct person p = {0};
	int64_t revision = 0;
	buf_init(&text, PERSON_TEXT_MAX);
	int err = directory_get(hub_of(r)->directory, r->who.asker, r->received_ns / 1000, DIRECTORY_PERSON,
				person, &text, &revision);
	if (err == HN_OK)
		err = person_read(text.data, text.len, person, &p, NULL);
	if (err == HN_OK)
		memcpy(out, p.login, sizeof(p.login));
	person_clear(&p);
	buf_clear(&text);
	return err;
}

/* The asker's own login. */
static int own_login(struct request *r, char out[PERSON_LOGIN_MAX + 1])
{
	struct uuid id;
	int err = directory_uuid(hub_of(r)->directory, DIRECTORY_PERSON, r->who.asker->person, &id);
	return err == HN_OK ? account_login(r, &id, out) : err;
}

static int change_password(struct request *r)
{
	static const char *const names[] = {"current", "new", NULL};
	json_t *body = NULL;
	const char *current = NULL;
	const char *new = NULL;
	char login[PERSON_LOGIN_MAX + 1];
	int err = person_only(r);
	if (err == HN_OK)
		err = signing_body(r, names, &body);
	const struct form f = {.at = body, .fault = &r->fault};
	if (err == HN_OK)
		err = form_text(&f, "current", true, PASSWORD_MAX, &current);
	if (err == HN_OK)
		err = form_text(&f, "new", true, PASSWORD_MAX, &new);
	if (err == HN_OK)
		err = password_ok(r, new);
	if (err == HN_OK)
		err = own_login(r, login);
	struct passwords *p = err == HN_OK ? new_password(r, r->who.asker->person) : NULL;
	if (err == HN_OK && (p == NULL || (p->login = copy(r, login)) == NULL))
		err = HN_ENOMEM;
	if (err == HN_OK)
		err = identity_password(r, p->login, current, new, &p->result, password_made);
	if (err == HN_ELIMIT)
		err = answer_problem(r, 429, "sign-in", NULL);
	json_decref(body);
	return err;
}

/* An administrator gives a person a first or a new password; the store says who may. */
static int reset_password(struct request *r)
{
	static const char *const names[] = {"new", NULL};
	json_t *body = NULL;
	const char *new = NULL;
	struct buf unseen;
	int64_t revision = 0;
	const struct uuid *id = &r->params[0].uuid;
	buf_init(&unseen, PERSON_TEXT_MAX);
	int err = directory_get(hub_of(r)->directory, r->who.asker, r->received_ns / 1000, DIRECTORY_PERSON,
				id, &unseen, &revision);
	buf_clear(&unseen);
	int64_t person = directory_number(hub_of(r)->directory, DIRECTORY_PERSON, id);
	if (err == HN_OK && person == r->who.asker->person)
		err = fault_set(&r->fault, HN_EAUTH, "", "%s",
				tr("change your own at /api/v1/me/password",
				   "自分のパスワードは /api/v1/me/password で変更すること"));
	if (err == HN_OK)
		err = signing_body(r, names, &body);
	const struct form f = {.at = body, .fault = &r->fault};
	if (err == HN_OK)
		err = form_text(&f, "new", true, PASSWORD_MAX, &new);
	if (err == HN_OK)
		err = password_ok(r, new);
	struct passwords *p = err == HN_OK ? new_password(r, person) : NULL;
	if (err == HN_OK && p == NULL)
		err = HN_ENOMEM;
	if (err == HN_OK)
		err = identity_password(r, NULL, NULL, new, &p->result, password_made);
	json_decref(body);
	return err;
}

/* ---- the second factor ---- */

/* Nothing is kept until a code shows that the authenticator has the secret: the client brings it back sealed.
 */
static int begin_totp(struct request *r)
{
	uint8_t secret[TOTP_SECRET];
	uint8_t sealed[TOTP_SEALED];
	char login[PERSON_LOGIN_MAX + 1];
	struct buf *b = answer_body(r);
	struct buf text;
	int err = person_only(r);
	if (err == HN_OK)
		err = own_login(r, login);
	if (err != HN_OK)
		return err;
	randombytes_buf(secret, sizeof(secret));
	identity_seal_for(hub_of(r)->identity, &r->who.account, secret, sealed);
	buf_init(&text, 64);
	totp_base32(&text, secret, sizeof(secret));
	buf_addf(b, "{\"secret\":\"%s\",\"uri\":\"", text.data);
	identity_totp_uri(b, login, secret);
	buf_adds(b, "\",\"pending\":\"");
	sodium_memzero(secret, sizeof(secret));
	base64url_add(b, sealed, sizeof(sealed));
	buf_adds(b, "\"}");
	sodium_memzero(text.data, text.len);
	buf_clear(&text);
	return answer_send(r, 200, NULL);
}

static int put_totp(struct writing *w, struct request *r, void *context)
{
	static const char record[] = "{\"credential\":\"totp\"}";
	int err = credentials_add(w, r->who.asker, context, &r->fault);
	if (err == HN_OK)
		err = request_note(w, r, "hub.credential-changed", record, sizeof(record) - 1);
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

static int check_pending(struct request *r, const char *pending, const char *code, struct credential *out)
{
	struct buf sealed;
	uint8_t secret[TOTP_SECRET];
	buf_init(&sealed, 256);
	int err = base64url_decode(pending, strlen(pending), &sealed);
	if (err == HN_OK)
		err = identity_unseal_for(hub_of(r)->identity, &r->who.account, (const uint8_t *)sealed.data,
					  sealed.len, secret);
	if (err == HN_OK)
		err = totp_check(secret, sizeof(secret), code, r->received_ns / 1000, &out->step);
	if (err == HN_OK) {
		identity_seal(hub_of(r)->identity, secret, out->secret);
		out->secret_len = TOTP_SEALED;
	} else {
		err = fault_set(&r->fault, HN_EFORMAT, "/code", "%s",
				tr("is not the code that the authenticator shows now",
				   "は認証アプリが表示しているコードと一致しない"));
	}
	sodium_memzero(secret, sizeof(secret));
	buf_clear(&sealed);
	return err;
}

static int confirm_totp(struct request *r)
{
	static const char *const names[] = {"pending", "code", NULL};
	json_t *body = NULL;
	const char *pending = NULL;
	const char *code = NULL;
	struct credential *c = arena_alloc(r->arena, sizeof(*c));
	int err = c == NULL ? HN_ENOMEM : person_only(r);
	if (err == HN_OK)
		err = signing_body(r, names, &body);
	const struct form f = {.at = body, .fault = &r->fault};
	if (err == HN_OK)
		err = form_text(&f, "pending", true, 256, &pending);
	if (err == HN_OK)
		err = form_text(&f, "code", true, 16, &code);
	if (err == HN_OK) {
		c->id = uuid_v4();
		c->kind = CREDENTIAL_TOTP;
		c->person = r->who.asker->person;
		c->tlp_max = TLP_RED;
		err = check_pending(r, pending, code, c);
	}
	if (err == HN_OK)
		err = request_change(r, put_totp, c);
	json_decref(body);
	return err;
}

/* ---- routes ---- */

#define SMALL_BODY 8192

const struct route ACCOUNT_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1/me",
	 .operation = "getMe",
	 .handle = me,
	 .answers = {{200, "me", NULL}},
	 .tag = "account",
	 .summary_en = "Who one is to the hub, and what one may",
	 .summary_ja = "ハブから見た自分と、その権限"},
	{.method = HTTP_PUT,
	 .pattern = "/api/v1/me/password",
	 .operation = "changePassword",
	 .flags = ROUTE_NO_KEEP,
	 .handle = change_password,
	 .takes = "application/json",
	 .body_max = SMALL_BODY,
	 .body_schema = "password-change",
	 .answers = {{204, NULL, NULL}},
	 .tag = "account",
	 .summary_en = "Changes one's password; what sign-ins gave ends",
	 .summary_ja = "パスワードを変更する。サインイン中のものはすべて終わる"},
	{.method = HTTP_POST,
	 .pattern = "/api/v1/me/totp",
	 .operation = "beginTotp",
	 .flags = ROUTE_NO_KEEP,
	 .handle = begin_totp,
	 .answers = {{200, "totp", NULL}},
	 .tag = "account",
	 .summary_en = "A new second factor, to be confirmed with a code",
	 .summary_ja = "二要素認証を用意する。コードで確認するまで有効にならない"},
	{.method = HTTP_PUT,
	 .pattern = "/api/v1/me/totp",
	 .operation = "confirmTotp",
	 .flags = ROUTE_NO_KEEP,
	 .handle = confirm_totp,
	 .takes = "application/json",
	 .body_max = SMALL_BODY,
	 .body_schema = "totp-confirm",
	 .answers = {{204, NULL, NULL}},
	 .tag = "account",
	 .summary_en = "Puts the second factor in force; what sign-ins gave ends",
	 .summary_ja = "二要素認証を有効にする。サインイン中のものはすべて終わる"},
	{.method = HTTP_PUT,
	 .pattern = "/api/v1/people/{person:uuid}/password",
	 .operation = "resetPassword",
	 .flags = ROUTE_NO_KEEP,
	 .scopes = SCOPE_MANAGE,
	 .roles = ROLE_ADMINISTRATOR,
	 .handle = reset_password,
	 .takes = "application/json",
	 .body_max = SMALL_BODY,
	 .body_schema = "password-reset",
	 .answers = {{204, NULL, NULL}},
	 .tag = "people",
	 .summary_en = "Gives a person a first or a new password",
	 .summary_ja = "利用者に最初の、又は新しいパスワードを設定する"},
	{0},
};
