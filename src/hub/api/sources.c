/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/api/exchange.h"
#include "hub/api/paging.h"
#include "hub/exchange/credential.h"
#include "hub/exchange/secret.h"
#include "hub/exchange/trial.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/source_runs.h"

#define BODY_MAX (64u << 10)

static int list(struct request *r)
{
	struct buf *b = answer_body(r);
	struct reader *reader;
	int64_t after = 0;
	bool more = false;
	int err = common_cursor(r, &after);
	if (err == HN_OK)
		err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	buf_adds(b, "{\"sources\":[");
	err = sources_list(reader, after, request_query_number(r, "limit", 100), b, &after, &more);
	reader_end(reader);
	common_list_end(b, more, after);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

static int read_one(struct request *r, const void *context, struct buf *out, int64_t *revision_out)
{
	(void)context;
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = sources_get(reader, &r->params[0].uuid, out, revision_out);
	reader_end(reader);
	return err;
}

/* The entity tag is that of what was put: state and use may change without it, so nobody keeps it. */
static int get(struct request *r)
{
	return common_get(r, read_one, NULL);
}

/* ---- changes ---- */

struct change {
	struct uuid id;
	int64_t revision;
	bool made;
	const char *sealed; /* of a credential */
	size_t sealed_len;
};

static int note(struct writing *w, struct request *r, const struct uuid *id, const char *what)
{
	char text[UUID_TEXT_SIZE], record[128];
	uuid_format(id, text);
	(void)snprintf(record, sizeof(record), "{\"source\":\"%s\",\"change\":\"%s\"}", text, what);
	return request_note(w, r, "hub.source-changed", record, strlen(record));
}

static int put_job(struct writing *w, struct request *r, void *context)
{
	const struct change *c = context;
	int64_t revision = 0;
	int err = sources_put(w, r->who.asker, &c->id, c->revision, r->body.data, r->body.len, NULL,
			      &revision, &r->fault);
	if (err == HN_ESTATE && c->revision > 0 && r->fault.place[0] == '\0')
		return answer_problem(r, 412, "changed", r->fault.message);
	if (err == HN_ENOENT && r->fault.place[0] != '\0')
		err = HN_EFORMAT; /* it names what is not there */
	if (err == HN_OK)
		err = note(w, r, &c->id, c->made ? "made" : "replaced");
	if (err != HN_OK)
		return err;
	return common_put_answer(r, "/api/v1/sources", &c->id, c->made, revision);
}

static int start(struct request *r, int (*job)(struct writing *w, struct request *r, void *context),
		 const struct change *change)
{
	struct change *c = arena_alloc(r->arena, sizeof(*c));
	if (c == NULL)
		return HN_ENOMEM;
	*c = *change;
	return request_change(r, job, c);
}

static int post(struct request *r)
{
	const struct change c = {.id = uuid_v4(), .made = true};
	return start(r, put_job, &c);
}

static int put(struct request *r)
{
	struct change c = {.id = r->params[0].uuid};
	int err = common_put(r, read_one, NULL, BODY_MAX, &c.revision);
	c.made = c.revision == 0;
	return err == HN_OK ? start(r, put_job, &c) : err;
}

static int disable_job(struct writing *w, struct request *r, void *context)
{
	int64_t revision = 0;
	(void)context;
	int err = sources_disable(w, r->who.asker, &r->params[0].uuid, &revision, &r->fault);
	if (err == HN_OK)
		err = note(w, r, &r->params[0].uuid, "disabled");
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

static int disable(struct request *r)
{
	return request_change(r, disable_job, NULL);
}

static int run_job(struct writing *w, struct request *r, void *context)
{
	(void)context;
	int err = sources_run_now(w, r->who.asker, &r->params[0].uuid, &r->fault);
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

/* Only who may change a source may try it: it is asked with its credential. */
static int read_trial(struct request *r, struct source *source, struct source_state *state,
		      struct buf *sealed)
{
	struct reader *reader;
	struct buf seen;
	int64_t revision = 0;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	buf_init(&seen, BODY_MAX);
	err = sources_get(reader, &r->params[0].uuid, &seen, &revision);
	if (err == HN_OK)
		err = sources_find(reader, &r->params[0].uuid, source);
	if (err == HN_OK)
		err = sources_state(reader, source->number, state);
	if (err == HN_OK)
		err = sources_secret(reader, source->number, sealed);
	reader_end(reader);
	buf_clear(&seen);
	return err;
}

static int try_now(struct request *r)
{
	struct source source;
	struct source_state state = {0};
	struct buf sealed;
	buf_init(&sealed, SOURCE_SECRET_MAX + 256u);
	int err = read_trial(r, &source, &state, &sealed);
	if (err == HN_OK && source.kind == SOURCE_API)
		err = fault_set(
			&r->fault, HN_ESTATE, "",
			tr("a source of kind `api` fetches nothing", "種別`api`の情報源は取得を行わない"));
	if (err == HN_OK)
		err = trial_begin(r, &source, &state, &sealed);
	buf_clear(&sealed);
	return err;
}

static int run_now(struct request *r)
{
	return request_query_flag(r, "dry") ? try_now(r) : request_change(r, run_job, NULL);
}

/* ---- credentials ---- */

static int secret_job(struct writing *w, struct request *r, void *context)
{
	const struct change *c = context;
	int err = sources_put_secret(w, r->who.asker, &r->params[0].uuid, (const uint8_t *)c->sealed,
				     c->sealed_len, &r->fault);
	if (err == HN_OK)
		err = note(w, r, &r->params[0].uuid, c->sealed_len > 0 ? "credential" : "credential-removed");
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

static int put_credential(struct request *r)
{
	struct source_credential credential;
	struct buf sealed;
	struct change c = {.made = false};
	int err = source_credential_read(r->body.data, r->body.len, &credential, &r->fault);
	if (err != HN_OK)
		return err;
	source_credential_clear(&credential);
	buf_init(&sealed, BODY_MAX);
	err = source_secret_seal(r->body.data, r->body.len, &sealed);
	c.sealed = err == HN_OK ? arena_text(r->arena, sealed.data, sealed.len) : NULL;
	c.sealed_len = sealed.len;
	buf_clear(&sealed);
	if (err == HN_OK && c.sealed == NULL)
		err = HN_ENOMEM;
	sodium_memzero(r->body.data, r->body.len);
	return err == HN_OK ? start(r, secret_job, &c) : err;
}

static int delete_credential(struct request *r)
{
	const struct change c = {.sealed = "", .sealed_len = 0};
	return start(r, secret_job, &c);
}

static const struct query_spec list_query[] = {COMMON_PAGE, {0}};

static const struct query_spec run_query[] = {
	{.name = "dry",
	 .kind = QUERY_FLAG,
	 .help_en = "tell what would come of it, change nothing",
	 .help_ja = "何も変えずに結果だけを示す"},
	{0},
};

#define SOURCE "/api/v1/sources/{id:uuid}"
#define CHANGE(method_, path, op, handler, en, ja)                                                           \
	.method = method_, .pattern = path, .operation = op, .scopes = SCOPE_MANAGE, .handle = handler,      \
	.tag = "sources", .summary_en = en, .summary_ja = ja

const struct route SOURCE_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1/sources",
	 .operation = "listSources",
	 .scopes = SCOPE_READ,
	 .handle = list,
	 .query = list_query,
	 .answers = {{200, "source-list", NULL}},
	 .tag = "sources",
	 .summary_en = "Sources of one's organisation; the centre sees all",
	 .summary_ja = "自組織の情報源。センターはすべてを閲覧できる"},
	{.method = HTTP_GET,
	 .pattern = SOURCE,
	 .operation = "getSource",
	 .scopes = SCOPE_READ,
	 .handle = get,
	 .answers = {{200, "source", NULL}},
	 .tag = "sources",
	 .summary_en = "A source: what was said of it, its state and its use",
	 .summary_ja = "情報源の設定、状態及び利用状況"},
	{CHANGE(HTTP_POST, "/api/v1/sources", "addSource", post, "Makes a source", "情報源を登録する"),
	 .takes = "application/json", .body_max = BODY_MAX, .body_schema = "source-new",
	 .answers = {{201, "made", NULL}}},
	{CHANGE(HTTP_PUT, SOURCE, "putSource", put, "Replaces it (If-Match), or makes it (If-None-Match: *)",
		"置き換える(If-Match)、又は登録する(If-None-Match: *)"),
	 .takes = "application/json", .body_max = BODY_MAX, .body_schema = "source-new",
	 .answers = {{201, "made", NULL}, {204, NULL, NULL}, {412, "problem", NULL}}},
	{CHANGE(HTTP_DELETE, SOURCE, "disableSource", disable, "Disables it; what it brought stays",
		"停止する。登録済みのものは残る"),
	 .answers = {{204, NULL, NULL}}},
	{CHANGE(HTTP_POST, SOURCE "/run", "runSource", run_now,
		"Fetches from it as soon as may be; with `dry` tells what would come of it and keeps nothing",
		"直ちに取得する。`dry` を指定すると何も保存せず結果だけを示す"),
	 .end = trial_free, .query = run_query, .answers = {{200, "source-trial", NULL}, {204, NULL, NULL}}},
	{CHANGE(HTTP_PUT, SOURCE "/credential", "putSourceCredential", put_credential,
		"What it signs in with; it is never shown again",
		"接続に使う資格情報。以後表示されることはない"),
	 .flags = ROUTE_NO_KEEP, .takes = "application/json", .body_max = SOURCE_SECRET_MAX,
	 .body_schema = "source-credential", .answers = {{204, NULL, NULL}}},
	{CHANGE(HTTP_DELETE, SOURCE "/credential", "deleteSourceCredential", delete_credential,
		"Forgets what it signs in with", "資格情報を削除する"),
	 .answers = {{204, NULL, NULL}}},
	{0},
};
