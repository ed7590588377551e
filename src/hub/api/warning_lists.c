/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/api/exchange.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "hub/sets/sets.h"
#include "store/warnings.h"

#define BODY_MAX    (32u << 10)
#define CONTENT_MAX (32u << 20) /* bytes of one list that is gathered */

static int list(struct request *r)
{
	struct buf *b = answer_body(r);
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	buf_adds(b, "{\"warning_lists\":[");
	err = warnings_list(reader, b);
	reader_end(reader);
	buf_adds(b, "]}");
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

static int read_one(struct request *r, const void *context, struct buf *out, int64_t *revision_out)
{
	(void)context;
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = warnings_get(reader, &r->params[0].uuid, out, revision_out);
	reader_end(reader);
	return err;
}

static int get(struct request *r)
{
	return common_get(r, read_one, NULL);
}

static int note(struct writing *w, struct request *r, const char *what)
{
	char text[UUID_TEXT_SIZE], record[128];
	uuid_format(&r->params[0].uuid, text);
	(void)snprintf(record, sizeof(record), "{\"list\":\"%s\",\"change\":\"%s\"}", text, what);
	return request_note(w, r, "hub.warning-list-changed", record, strlen(record));
}

/* ---- changes ---- */

static int put_job(struct writing *w, struct request *r, void *context)
{
	const int64_t *revision = context;
	int64_t now = 0;
	int err = warnings_put(w, r->who.asker, &r->params[0].uuid, *revision, r->body.data, r->body.len,
			       &now, &r->fault);
	if (err == HN_ESTATE)
		return answer_problem(r, 412, "changed", r->fault.message);
	if (err == HN_ENOENT)
		err = HN_EFORMAT; /* it names what is not there */
	if (err == HN_OK)
		err = note(w, r, *revision == 0 ? "made" : "replaced");
	if (err != HN_OK)
		return err;
	sets_lists_changed();
	return common_put_answer(r, "/api/v1/warning-lists", &r->params[0].uuid, *revision == 0, now);
}

static int put(struct request *r)
{
	int64_t *revision = arena_alloc(r->arena, sizeof(*revision));
	if (revision == NULL)
		return HN_ENOMEM;
	int err = common_put(r, read_one, NULL, BODY_MAX * (size_t)2, revision);
	return err == HN_OK ? request_change(r, put_job, revision) : err;
}

/* Content that is examined by the thread that merges: a long list takes seconds. */
struct content {
	struct sets_work work; /* first: the work is its content */
	struct request *request;
	int64_t revision; /* -1: whichever */
	struct warning_summary summary;
	struct fault fault;
	int err;
};

static int content_job(struct writing *w, struct request *r, void *context)
{
	const struct content *c = context;
	struct buf *b = answer_body(r);
	int64_t revision = 0;
	int err = warnings_content(w, r->who.asker, &r->params[0].uuid, c->revision,
				   (const uint8_t *)r->body.data, r->body.len, &c->summary, &revision,
				   &r->fault);
	if (err == HN_ESTATE)
		return answer_problem(r, 412, "changed", r->fault.message);
	if (err == HN_OK)
		err = note(w, r, "content");
	if (err != HN_OK)
		return err;
	sets_lists_changed();
	common_tag(r, revision);
	buf_addf(b, "{\"values\":%" PRIu64 ",\"unusable\":%" PRIu64 ",\"form\":\"%s\"", c->summary.values,
		 c->summary.unusable, c->summary.form);
	if (c->summary.reason != NULL) {
		buf_adds(b, ",\"reason\":");
		buf_json_string(b, c->summary.reason, strlen(c->summary.reason));
	}
	buf_addc(b, '}');
	return answer_send(r, 200, NULL);
}

static int examined(struct request *r)
{
	struct content *c = r->state;
	r->fault = c->fault;
	return c->err == HN_OK ? request_change(r, content_job, c) : c->err;
}

static void examine(struct sets_work *work)
{
	struct content *c = (struct content *)work;
	struct request *r = c->request;
	lang_set_thread(r->lang);
	c->err = warnings_examine((const uint8_t *)r->body.data, r->body.len, &c->summary, &c->fault);
	lang_reset_thread();
	request_resume(r, examined);
}

static int put_content(struct request *r)
{
	struct content *c = arena_alloc(r->arena, sizeof(*c));
	if (c == NULL)
		return HN_ENOMEM;
	*c = (struct content){.work = {.run = examine}, .request = r, .revision = -1};
	int err = warnings_may_change(r->who.asker, &r->fault);
	if (err == HN_OK)
		err = common_if_match(r, &c->revision);
	if (err != HN_OK)
		return err;
	r->state = c;
	request_wait(r);
	sets_do(&c->work);
	return HN_OK;
}

static int remove_job(struct writing *w, struct request *r, void *context)
{
	(void)context;
	int err = warnings_remove(w, r->who.asker, &r->params[0].uuid, &r->fault);
	if (err == HN_OK)
		err = note(w, r, "removed");
	if (err == HN_OK)
		sets_lists_changed();
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

static int take_away(struct request *r)
{
	return request_change(r, remove_job, NULL);
}

#define LIST "/api/v1/warning-lists/{id:uuid}"

const struct route WARNING_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1/warning-lists",
	 .operation = "listWarningLists",
	 .scopes = SCOPE_READ,
	 .handle = list,
	 .answers = {{200, "warning-lists", NULL}},
	 .tag = "warning-lists",
	 .summary_en = "Warning lists: what an indicator must not hit",
	 .summary_ja = "警告リスト（指標が該当してはならないもの）の一覧"},
	{.method = HTTP_GET,
	 .pattern = LIST,
	 .operation = "getWarningList",
	 .scopes = SCOPE_READ,
	 .handle = get,
	 .answers = {{200, "warning-list", NULL}},
	 .tag = "warning-lists",
	 .summary_en = "What a list does, for whom, and how much it holds",
	 .summary_ja = "リストの効果、対象及び件数"},
	{.method = HTTP_PUT,
	 .pattern = LIST,
	 .operation = "putWarningList",
	 .scopes = SCOPE_MANAGE,
	 .handle = put,
	 .takes = "application/json",
	 .body_max = BODY_MAX,
	 .body_schema = "warning-list-new",
	 .answers = {{201, "made", NULL}, {204, NULL, NULL}, {412, "problem", NULL}},
	 .tag = "warning-lists",
	 .summary_en = "Replaces what is said of it (If-Match), or makes it (If-None-Match: *)",
	 .summary_ja = "設定を置き換える(If-Match)、又は登録する(If-None-Match: *)"},
	{.method = HTTP_PUT,
	 .pattern = LIST "/content",
	 .operation = "putWarningListContent",
	 .scopes = SCOPE_MANAGE,
	 .handle = put_content,
	 .takes = "application/json|text/plain",
	 .body_max = CONTENT_MAX,
	 .answers = {{200, "warning-list-content", NULL}, {412, "problem", NULL}},
	 .tag = "warning-lists",
	 .summary_en = "Its content: MISP's warning list, the public suffix list, or a plain list",
	 .summary_ja = "内容: MISPの警告リスト、Public Suffix List、又は1行1件のリスト"},
	{.method = HTTP_DELETE,
	 .pattern = LIST,
	 .operation = "deleteWarningList",
	 .scopes = SCOPE_MANAGE,
	 .handle = take_away,
	 .answers = {{204, NULL, NULL}},
	 .tag = "warning-lists",
	 .summary_en = "Takes it away",
	 .summary_ja = "削除する"},
	{0},
};
