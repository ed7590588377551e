/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/signing.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/config.h"
#include "hub/hub.h"
#include "hub/identity/cookie.h"
#include "hub/identity/password.h"
#include "hub/identity/totp.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/form.h"
#include "store/person.h"

_Static_assert(SCOPE_READ == 1 && SCOPE_EDGE == 64, "the order of scope_name()");

int signing_body(struct request *r, const char *const names[], json_t **out)
{
	json_t *object = NULL;
	int err = json_object_read(r->body.data == NULL ? "" : r->body.data, r->body.len, &object, &r->fault);
	if (err == HN_OK)
		err = json_only(object, names, &r->fault);
	if (err != HN_OK)
		json_decref(object);
	else
		*out = object;
	return err;
}

bool signing_foreign(struct request *r)
{
	if (cookie_same_origin(r))
		return false;
	(void)answer_problem(
		r, 403, "csrf",
		tr("only a page of this hub may ask this", "このハブ自身のページからのみ行うことができる"));
	return true;
}

/* The same whatever was wrong, so that nothing tells which. */
int signing_refuse(struct request *r, const struct signing *s)
{
	char after[24];
	if (s->result.err != HN_ELIMIT && strcmp(s->how, "password") == 0)
		return answer_problem(r, 401, "sign-in",
				      tr("login, password or code is wrong",
					 "ログイン名、パスワード又は認証コードが正しくない"));
	if (s->result.err != HN_ELIMIT)
		return answer_problem(r, 401, "sign-in",
				      tr("this does not sign anybody in, or no more",
					 "これではサインインできない。有効でないか、既に失効している"));
	(void)answer_problem(
		r, 429, "sign-in",
		tr("too many failed sign-ins; wait", "サインインの失敗が多すぎる。時間をおくこと"));
	(void)snprintf(after, sizeof(after), "%lld", (long long)(s->result.retry_us / 1000000 + 1));
	answer_header(r, "Retry-After", after);
	return HN_OK;
}

/* ---- who has a session ---- */

static void add_id(struct buf *b, const char *name, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(id, text);
	buf_addf(b, "\"%s\":\"%s\"", name, text);
}

static void add_roles(struct buf *b, unsigned roles)
{
	const char *before = "";
	buf_adds(b, "\"roles\":[");
	for (; roles != 0; roles &= roles - 1) {
		const char *text = role_name(roles & -roles);
		buf_addf(b, "%s\"%s\"", before, text == NULL ? "" : text);
		before = ",";
	}
	buf_addc(b, ']');
}

/* Where the person has a place now. */
static void add_places(struct buf *b, const struct person *p, int64_t now_us)
{
	const char *before = "";
	buf_adds(b, "\"organisations\":[");
	for (size_t i = 0; i < p->place_count; i++) {
		if (p->places[i].until_us != 0 && p->places[i].until_us <= now_us)
			continue;
		buf_addf(b, "%s{", before);
		add_id(b, "id", &p->places[i].organisation);
		buf_addc(b, ',');
		add_roles(b, p->places[i].roles);
		buf_addc(b, '}');
		before = ",";
	}
	buf_adds(b, "],");
}

static int add_names(struct buf *b, const struct person *p)
{
	json_t *body = NULL;
	int err = json_object_read(p->text, p->text_len, &body, NULL);
	if (err != HN_OK)
		return err;
	const json_t *names = json_object_get(body, "names");
	buf_adds(b, "\"names\":");
	if (names != NULL)
		json_add(b, names);
	else
		buf_adds(b, "[]");
	json_decref(body);
	return buf_err(b);
}

static int add_person(struct request *r, const struct asker *asker)
{
	struct uuid id;
	struct buf text;
	struct person person = {0};
	struct buf *b = answer_body(r);
	int64_t revision = 0;
	buf_init(&text, PERSON_TEXT_MAX);
	int err = directory_uuid(hub_of(r)->directory, DIRECTORY_PERSON, asker->person, &id);
	if (err == HN_OK)
		err = directory_get(hub_of(r)->directory, asker, r->received_ns / 1000, DIRECTORY_PERSON, &id,
				    &text, &revision);
	if (err == HN_OK)
		err = person_read(text.data, text.len, &id, &person, NULL);
	if (err == HN_OK) {
		add_id(b, "person", &id);
		buf_addf(b, ",\"login\":\"%s\",", person.login);
		err = add_names(b, &person);
	}
	if (err == HN_OK) {
		buf_addc(b, ',');
		add_places(b, &person, r->received_ns / 1000);
	}
	person_clear(&person);
	buf_clear(&text);
	return err;
}

int signing_login(struct request *r, struct buf *out)
{
	struct uuid id;
	struct buf text;
	struct person person = {0};
	int64_t revision = 0;
	buf_init(&text, PERSON_TEXT_MAX);
	int err = directory_uuid(hub_of(r)->directory, DIRECTORY_PERSON, r->who.asker->person, &id);
	if (err == HN_OK)
		err = directory_get(hub_of(r)->directory, r->who.asker, r->received_ns / 1000,
				    DIRECTORY_PERSON, &id, &text, &revision);
	if (err == HN_OK)
		err = person_read(text.data, text.len, &id, &person, NULL);
	if (err == HN_OK)
		buf_json_string(out, person.login, strlen(person.login));
	person_clear(&person);
	buf_clear(&text);
	return err;
}

int signing_describe(struct request *r, const struct account *account, const struct asker *asker,
		     const char *how, bool second_factor, bool cookie)
{
	struct buf *b = answer_body(r);
	struct uuid organisation;
	char until[UTC_SIZE];
	char csrf[IDENTITY_CSRF_SIZE];
	buf_addc(b, '{');
	int err = asker->person == 0 ? HN_OK : add_person(r, asker);
	if (err == HN_OK)
		err = directory_uuid(hub_of(r)->directory, DIRECTORY_ORGANISATION, asker->organisation,
				     &organisation);
	if (err != HN_OK)
		return err;
	add_id(b, "organisation", &organisation);
	buf_addc(b, ',');
	add_roles(b, asker->roles);
	buf_addf(b, ",\"how\":\"%s\",\"second_factor\":%s", how, second_factor ? "true" : "false");
	if (account != NULL && account->credential.expires_us != 0) {
		utc_format(account->credential.expires_us * 1000, until);
		buf_addf(b, ",\"until\":\"%s\"", until);
	}
	if (cookie && account != NULL) {
		identity_csrf(hub_of(r)->identity, &account->credential, csrf);
		buf_addf(b, ",\"csrf\":\"%s\"", csrf);
	}
	buf_addc(b, '}');
	return buf_err(b);
}

/* ---- the session ---- */

void signing_session(struct request *r, struct signing *s)
{
	struct identity *i = hub_of(r)->identity;
	if (s->cookie)
		identity_session_new(i, s->token, &s->session);
	else
		identity_token_new(i, s->token, &s->session);
	(void)snprintf(s->session.title, sizeof(s->session.title), "%s", s->how);
	s->session.person = s->result.account.person;
	s->session.session = true;
	s->session.scopes = SCOPE_ALL;
	s->session.expires_us = r->received_ns / 1000 + hub_of(r)->config->sign_in.session_ns / 1000;
}

static int write_token(struct request *r, const struct signing *s)
{
	char expires[UTC_SIZE];
	char account[UUID_TEXT_SIZE];
	utc_format(s->session.expires_us * 1000, expires);
	uuid_format(&s->result.account.id, account);
	buf_addf(answer_body(r), "{\"token\":\"%s\",\"expires\":\"%s\",\"account\":\"%s\"}", s->token,
		 expires, account);
	return HN_OK;
}

static int write_session(struct request *r, const struct signing *s, const struct asker *own)
{
	struct account account = s->result.account;
	account.credential = s->session;
	int err = signing_describe(r, &account, own, s->how, s->second_factor, true);
	cookie_answer(r, s->token, (s->session.expires_us - r->received_ns / 1000) / 1000000);
	return err;
}

int signing_begin(struct writing *w, struct request *r, struct signing *s)
{
	struct asker own;
	char record[320];
	char account[UUID_TEXT_SIZE];
	char address[IP_TEXT_SIZE];
	int err =
		directory_asker(hub_of(r)->directory, &s->result.account, NULL, r->received_ns / 1000, &own);
	if (err == HN_OK)
		err = credentials_add(w, &own, &s->session, &r->fault);
	if (err != HN_OK)
		return err;
	uuid_format(&s->result.account.id, account);
	ip_format(&r->address, address);
	(void)snprintf(record, sizeof(record),
		       "{\"account\":\"%s\",\"address\":\"%s\",\"how\":\"%s\",\"second_factor\":%s}", account,
		       address, s->how, s->second_factor ? "true" : "false");
	err = request_note(w, r, "hub.login", record, strlen(record));
	if (err == HN_OK)
		err = s->cookie ? write_session(r, s, &own) : write_token(r, s);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

/* ---- by password ---- */

static int begin_by_password(struct writing *w, struct request *r, void *context)
{
	struct signing *s = context;
	int err = HN_OK;
	if (s->result.account.has_totp)
		err = credentials_use_step(w, s->totp.number, s->step);
	if (err == HN_OK)
		err = signing_begin(w, r, s);
	if (err == HN_EAUTH) {
		identity_tell(hub_of(r)->identity, r, s->login, false);
		answer_restart(r);
		return signing_refuse(r, s);
	}
	return err;
}

static int check_code(struct request *r, struct signing *s)
{
	uint8_t secret[TOTP_SECRET];
	if (!s->result.account.has_totp)
		return HN_OK;
	int err = directory_totp(hub_of(r)->directory, s->result.account.person, &s->totp);
	if (err == HN_OK)
		err = identity_unseal(hub_of(r)->identity, s->totp.secret, s->totp.secret_len, secret);
	if (err == HN_OK)
		err = totp_check(secret, sizeof(secret), s->code == NULL ? "" : s->code,
				 r->received_ns / 1000, &s->step);
	sodium_memzero(secret, sizeof(secret));
	return err;
}

static int password_known(struct request *r)
{
	struct signing *s = r->state;
	struct identity *i = hub_of(r)->identity;
	int err = s->result.err;
	if (err == HN_OK)
		err = check_code(r, s);
	if (err != HN_OK) {
		if (s->result.err == HN_OK || s->result.err == HN_EAUTH)
			identity_tell(i, r, s->login, false);
		s->result.err = s->result.err == HN_OK ? HN_EAUTH : s->result.err;
		return signing_refuse(r, s);
	}
	identity_tell(i, r, s->login, true);
	s->second_factor = s->result.account.has_totp;
	signing_session(r, s);
	return request_change(r, begin_by_password, s);
}

static char *copy(struct request *r, const char *text)
{
	return text == NULL ? NULL : arena_text(r->arena, text, strlen(text));
}

int signing_by_password(struct request *r, bool cookie)
{
	static const char *const names[] = {"login", "password", "code", NULL};
	json_t *body = NULL;
	const char *login = NULL;
	const char *password = NULL;
	const char *code = NULL;
	struct signing *s = arena_alloc(r->arena, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	s->how = "password";
	s->cookie = cookie;
	int err = signing_body(r, names, &body);
	const struct form f = {.at = body, .fault = &r->fault};
	if (err == HN_OK)
		err = form_text(&f, "login", true, PERSON_LOGIN_MAX, &login);
	if (err == HN_OK)
		err = form_text(&f, "password", true, PASSWORD_MAX, &password);
	if (err == HN_OK)
		err = form_text(&f, "code", false, 16, &code);
	if (err == HN_OK) {
		r->state = s;
		s->login = copy(r, login);
		s->code = copy(r, code);
		err = s->login == NULL
			      ? HN_ENOMEM
			      : identity_password(r, s->login, password, NULL, &s->result, password_known);
		if (err == HN_ELIMIT) {
			s->result.err = err;
			err = signing_refuse(r, s);
		}
	}
	json_decref(body);
	return err;
}
