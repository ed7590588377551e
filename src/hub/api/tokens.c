/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/api/account.h"
#include "hub/api/common.h"
#include "hub/api/paging.h"
#include "hub/hub.h"
#include "hub/identity/identity.h"
#include "hub/request/own.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/form.h"

struct new_token {
	struct credential credential;
	char text[IDENTITY_TOKEN_SIZE]; /* empty: a certificate */
};

static int read_certificate(const struct form *f, struct credential *out)
{
	const char *text = NULL;
	int err = form_text(f, "certificate", false, 64, &text);
	if (err != HN_OK || text == NULL)
		return err;
	if (hex_decode(text, strlen(text), out->secret, CREDENTIAL_DIGEST) != HN_OK)
		return form_wrong(f, "certificate", "must be a certificate's SHA-256 in 64 hex digits",
				  "は16進64桁の証明書SHA-256でなければならない");
	out->kind = CREDENTIAL_CERTIFICATE;
	out->prefix[0] = '\0';
	return HN_OK;
}

/* For the organisation that is named a machine's; else one's own. */
static int read_holder(struct request *r, const struct form *f, struct credential *out)
{
	struct uuid id;
	bool machine = false;
	int err = json_get_bool(f->at, "machine", false, &machine, f->fault);
	if (err == HN_OK && json_object_get(f->at, "organisation") != NULL) {
		err = form_uuid(f, "organisation", true, &id);
		if (err == HN_OK)
			out->organisation =
				directory_number(hub_of(r)->directory, DIRECTORY_ORGANISATION, &id);
		if (err == HN_OK && out->organisation == 0)
			err = HN_ENOENT;
	}
	if (!machine)
		out->person = r->who.asker->person;
	if (err == HN_OK && out->person == 0 && out->organisation == 0)
		out->organisation = r->who.asker->organisation;
	return err;
}

static int read_scopes(struct request *r, const struct form *f, struct credential *out)
{
	int err = form_words(f, "scopes", true, scope_value, &out->scopes);
	if (err == HN_OK && (out->scopes & ~r->who.scopes) != 0)
		err = fault_set(
			f->fault, HN_EAUTH, "/scopes", "%s",
			tr("nobody gives more than they have", "自分が持たない範囲を与えることはできない"));
	return err;
}

static int beyond(struct request *r, const char *place)
{
	return fault_set(&r->fault, HN_EAUTH, place, "%s",
			 tr("is beyond the token or certificate that makes it",
			    "は発行に用いたトークン又は証明書の範囲を超えている"));
}

/* What a token makes is no wider than itself. What is not said is as itself. */
static int bound(struct request *r, const json_t *body, struct credential *c)
{
	const struct request_own *own = own_of(r);
	if (!own->by_token)
		return HN_OK;
	if (json_object_get(body, "expires") == NULL)
		c->expires_us = own->expires_us;
	if (json_object_get(body, "use") == NULL)
		c->use = own->use;
	if (json_object_get(body, "tlp_max") == NULL)
		c->tlp_max = own->tlp_max;
	if (json_object_get(body, "purposes") == NULL)
		c->purposes = own->purposes;
	if (own->expires_us != 0 && (c->expires_us == 0 || c->expires_us > own->expires_us))
		return beyond(r, "/expires");
	if (own->use != USE_OWN && c->use != own->use)
		return beyond(r, "/use");
	if (c->tlp_max > own->tlp_max)
		return beyond(r, "/tlp_max");
	if (own->purposes != 0 && (c->purposes == 0 || (c->purposes & ~own->purposes) != 0))
		return beyond(r, "/purposes");
	return HN_OK;
}

static int read_token(struct request *r, const json_t *body, struct new_token *out)
{
	static const char *const names[] = {"title",   "scopes",  "use",          "purposes",    "tlp_max",
					    "expires", "machine", "organisation", "certificate", NULL};
	const struct form f = {.at = body, .fault = &r->fault};
	struct credential *c = &out->credential;
	const char *title = NULL;
	int use = USE_OWN;
	int tlp = TLP_RED;
	identity_token_new(hub_of(r)->identity, out->text, c);
	int err = json_only(body, names, &r->fault);
	if (err == HN_OK)
		err = form_text(&f, "title", true, CREDENTIAL_TITLE_MAX, &title);
	if (err == HN_OK)
		err = read_scopes(r, &f, c);
	if (err == HN_OK)
		err = form_word(&f, "use", false, use_value, &use);
	if (err == HN_OK)
		err = form_words(&f, "purposes", false, purpose_value, &c->purposes);
	if (err == HN_OK)
		err = form_word(&f, "tlp_max", false, tlp_value, &tlp);
	if (err == HN_OK)
		err = form_time(&f, "expires", &c->expires_us);
	if (err == HN_OK && c->expires_us != 0 && c->expires_us <= r->received_ns / 1000)
		err = fault_set(&r->fault, HN_EFORMAT, "/expires", "%s",
				tr("is over already", "は既に過ぎている"));
	if (err == HN_OK)
		err = read_holder(r, &f, c);
	if (err == HN_OK)
		err = read_certificate(&f, c);
	if (err != HN_OK)
		return err;
	c->use = (enum credential_use)use;
	c->tlp_max = (enum tlp)tlp;
	err = bound(r, body, c);
	if (err != HN_OK)
		return err;
	memcpy(c->title, title, strlen(title));
	if (c->kind == CREDENTIAL_CERTIFICATE)
		sodium_memzero(out->text, sizeof(out->text));
	return HN_OK;
}

static int note(struct writing *w, struct request *r, const char *what, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];
	char record[160];
	uuid_format(id, text);
	(void)snprintf(record, sizeof(record), "{\"change\":\"%s\",\"token\":\"%s\"}", what, text);
	return request_note(w, r, "hub.credential-changed", record, strlen(record));
}

static int add(struct writing *w, struct request *r, void *context)
{
	struct new_token *t = context;
	char id[UUID_TEXT_SIZE];
	char path[64];
	int err = credentials_add(w, r->who.asker, &t->credential, &r->fault);
	if (err == HN_OK)
		err = note(w, r, "added", &t->credential.id);
	if (err != HN_OK)
		return err;
	uuid_format(&t->credential.id, id);
	buf_addf(answer_body(r), "{\"id\":\"%s\"", id);
	if (t->text[0] != '\0')
		buf_addf(answer_body(r), ",\"token\":\"%s\"", t->text);
	buf_addc(answer_body(r), '}');
	(void)snprintf(path, sizeof(path), "/api/v1/tokens/%s", id);
	return answer_created(r, path);
}

static int tokens_post(struct request *r)
{
	json_t *body = NULL;
	struct new_token *t = arena_alloc(r->arena, sizeof(*t));
	if (t == NULL)
		return HN_ENOMEM;
	int err = json_object_read(r->body.data == NULL ? "" : r->body.data, r->body.len, &body, &r->fault);
	if (err == HN_OK)
		err = read_token(r, body, t);
	json_decref(body);
	return err == HN_OK ? request_change(r, add, t) : err;
}

static int remove_one(struct writing *w, struct request *r, void *context)
{
	const struct uuid *id = context;
	int err = credentials_remove(w, r->who.asker, id, &r->fault);
	if (err == HN_OK)
		err = note(w, r, "removed", id);
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

/* Whose tokens one does not know of are not there. */
static int token_delete(struct request *r)
{
	struct buf unseen;
	int64_t revision = 0;
	buf_init(&unseen, 1 << 16);
	int err = directory_get(hub_of(r)->directory, r->who.asker, r->received_ns / 1000,
				DIRECTORY_CREDENTIAL, &r->params[0].uuid, &unseen, &revision);
	buf_clear(&unseen);
	return err == HN_OK ? request_change(r, remove_one, &r->params[0].uuid) : err;
}

static int tokens_get(struct request *r)
{
	return paging_list(r, DIRECTORY_CREDENTIAL, "tokens", "person", DIRECTORY_PERSON);
}

static const struct query_spec list_query[] = {
	COMMON_PAGE,
	{.name = "person", .kind = QUERY_UUID, .help_en = "whose", .help_ja = "所有者"},
	{0},
};

const struct route TOKEN_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1/tokens",
	 .operation = "listTokens",
	 .handle = tokens_get,
	 .query = list_query,
	 .answers = {{200, "token-list", NULL}},
	 .tag = "account",
	 .summary_en = "Passwords, second factors, tokens, certificates that one may know of; no secrets",
	 .summary_ja = "閲覧できるパスワード、二要素認証、トークン、証明書の一覧（秘密は含まない）"},
	{.method = HTTP_POST,
	 .pattern = "/api/v1/tokens",
	 .operation = "addToken",
	 .flags = ROUTE_NO_KEEP,
	 .scopes = SCOPE_MANAGE,
	 .handle = tokens_post,
	 .takes = "application/json",
	 .body_max = 8192,
	 .body_schema = "token-new",
	 .answers = {{201, "token-made", NULL}},
	 .tag = "account",
	 .summary_en = "A token, shown once, or a client certificate: one's own, or a machine's",
	 .summary_ja = "トークン（一度だけ表示）又はクライアント証明書を、自分又は機器のために登録する"},
	{.method = HTTP_DELETE,
	 .pattern = "/api/v1/tokens/{token:uuid}",
	 .operation = "removeToken",
	 .scopes = SCOPE_MANAGE,
	 .handle = token_delete,
	 .answers = {{204, NULL, NULL}},
	 .tag = "account",
	 .summary_en = "Takes it away; it is gone at the next request",
	 .summary_ja = "取り消す。次のリクエストから使えない"},
	{0},
};
