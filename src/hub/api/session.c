/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Signing in and out: by token for programs, by cookie for the console. */
#include <string.h>

#include "base/arena.h"
#include "http/answer.h"
#include "hub/api/account.h"
#include "hub/api/signing.h"
#include "hub/hub.h"
#include "hub/identity/cookie.h"
#include "hub/identity/identity.h"
#include "hub/request/own.h"
#include "hub/request/request_store.h"
#include "store/form.h"

static int sign_in(struct request *r)
{
	return signing_by_password(r, false);
}

static int session_password(struct request *r)
{
	return signing_foreign(r) ? HN_OK : signing_by_password(r, true);
}

/* ---- by a link that signs in once ---- */

/* The link was made for who sits at this machine. */
static bool from_here(const struct request *r)
{
	const struct ip *a = &r->address;
	static const uint8_t six[16] = {[15] = 1};
	if (request_handed_on(r))
		return false;
	return a->version == 4 ? a->bytes[0] == 127 : memcmp(a->bytes, six, sizeof(six)) == 0;
}

struct by_link {
	struct signing signing;
	uint8_t digest[CREDENTIAL_DIGEST];
};

static int begin_by_link(struct writing *w, struct request *r, void *context)
{
	struct by_link *l = context;
	struct signing *s = &l->signing;
	struct credential link;
	int err = credentials_take(w, CREDENTIAL_LINK, l->digest, &link);
	if (err == HN_OK)
		err = directory_holder(hub_of(r)->directory, &link, r->received_ns / 1000,
				       &s->result.account);
	if (err == HN_OK) {
		signing_session(r, s);
		err = signing_begin(w, r, s);
	}
	if (err != HN_ENOENT && err != HN_EAUTH)
		return err;
	identity_tell(hub_of(r)->identity, r, s->login, false);
	answer_restart(r);
	return signing_refuse(r, s);
}

static int session_link(struct request *r)
{
	static const char *const names[] = {"token", NULL};
	json_t *body = NULL;
	const char *token = NULL;
	struct by_link *l = arena_alloc(r->arena, sizeof(*l));
	if (l == NULL)
		return HN_ENOMEM;
	l->signing.how = l->signing.login = "link";
	l->signing.cookie = true;
	if (signing_foreign(r))
		return HN_OK;
	int err = signing_body(r, names, &body);
	const struct form f = {.at = body, .fault = &r->fault};
	if (err == HN_OK)
		err = form_text(&f, "token", true, 64, &token);
	if (err == HN_OK) {
		bool good = from_here(r) && identity_link_digest(hub_of(r)->identity, token, strlen(token),
								 l->digest) == HN_OK;
		err = good ? request_change(r, begin_by_link, l) : signing_refuse(r, &l->signing);
	}
	json_decref(body);
	return err;
}

/* ---- the session ---- */

static int session_get(struct request *r)
{
	struct account account;
	bool known = identity_credential(r, &account) == HN_OK;
	const char *how = r->who.how;
	bool second =
		strcmp(how, "passkey") == 0 || (strcmp(how, "password") == 0 && known && account.has_totp);
	int err = signing_describe(r, known ? &account : NULL, r->who.asker, how, second, own_of(r)->cookie);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

static int end_session(struct writing *w, struct request *r, void *context)
{
	const struct account *account = context;
	int err = credentials_remove(w, r->who.asker, &account->credential.id, &r->fault);
	if (err != HN_OK)
		return err;
	if (own_of(r)->cookie)
		cookie_answer(r, NULL, 0);
	return answer_send(r, 204, NULL);
}

static int sign_out(struct request *r)
{
	struct account *account = arena_alloc(r->arena, sizeof(*account));
	if (account == NULL)
		return HN_ENOMEM;
	int err = identity_credential(r, account);
	if (err == HN_OK && !account->credential.session)
		err = HN_ENOENT;
	return err == HN_OK ? request_change(r, end_session, account) : err;
}

#define SMALL_BODY 8192

const struct route SESSION_ROUTES[] = {
	{.method = HTTP_POST,
	 .pattern = "/api/v1/sign-in",
	 .operation = "signIn",
	 .flags = ROUTE_PUBLIC | ROUTE_NO_KEEP,
	 .handle = sign_in,
	 .takes = "application/json",
	 .body_max = SMALL_BODY,
	 .body_schema = "sign-in",
	 .answers = {{200, "session", NULL}},
	 .tag = "account",
	 .summary_en = "Signs a person in; gives a token for some hours",
	 .summary_ja = "サインインし、数時間有効なトークンを得る"},
	{.method = HTTP_POST,
	 .pattern = "/api/v1/session/password",
	 .operation = "beginSession",
	 .flags = ROUTE_PUBLIC | ROUTE_NO_KEEP,
	 .handle = session_password,
	 .takes = "application/json",
	 .body_max = SMALL_BODY,
	 .body_schema = "sign-in",
	 .answers = {{200, "signed-in", NULL}},
	 .tag = "account",
	 .summary_en = "Signs a person in by password; the session is a cookie of the browser",
	 .summary_ja = "パスワードでサインインする。セッションはブラウザーのCookieで保持する"},
	{.method = HTTP_POST,
	 .pattern = "/api/v1/session/link",
	 .operation = "beginSessionByLink",
	 .flags = ROUTE_PUBLIC | ROUTE_NO_KEEP,
	 .handle = session_link,
	 .takes = "application/json",
	 .body_max = SMALL_BODY,
	 .body_schema = "sign-in-link",
	 .answers = {{200, "signed-in", NULL}},
	 .tag = "account",
	 .summary_en = "Signs in by a link that `hinomi hub link` made; once, and from the hub's machine",
	 .summary_ja = "`hinomi hub link` のリンクでサインインする。一度だけ、ハブのマシンからのみ"},
	{.method = HTTP_GET,
	 .pattern = "/api/v1/session",
	 .operation = "getSession",
	 .handle = session_get,
	 .answers = {{200, "signed-in", NULL}},
	 .tag = "account",
	 .summary_en = "Who is signed in, until when, and what a page needs for changes",
	 .summary_ja = "サインイン中の者とその期限、及びページが変更に用いる値"},
	{.method = HTTP_DELETE,
	 .pattern = "/api/v1/session",
	 .operation = "signOut",
	 .flags = ROUTE_NO_KEEP,
	 .handle = sign_out,
	 .answers = {{204, NULL, NULL}},
	 .tag = "account",
	 .summary_en = "Ends what a sign-in gave",
	 .summary_ja = "サインアウトする"},
	{0},
};
