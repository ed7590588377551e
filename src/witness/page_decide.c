/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Pages on which the commission decides: applications, decoded and compared; signing, refusing, revoking. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/jws.h"
#include "authority/key.h"
#include "base/arena.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "witness/application.h"
#include "witness/due.h"
#include "witness/form.h"
#include "witness/page.h"
#include "witness/witness.h"

#define ARENA_MAX  ((size_t)64 << 20)
#define REASON_MAX 2000
#define PATH_SIZE  64

static const char *state_title(const char *state)
{
	return strcmp(state, "handed") == 0    ? tr("waits", "未決")
	       : strcmp(state, "signed") == 0  ? tr("signed", "署名済み")
	       : strcmp(state, "refused") == 0 ? tr("refused", "不承認")
					       : tr("never seen here", "ここで未確認");
}

static int application_row(void *context, sqlite3_stmt *row)
{
	struct request *r = context;
	struct buf *b = answer_body(r);
	buf_adds(b, "<tr><td><a href=\"/applications/");
	html_text(b, state_text(row, 0));
	buf_adds(b, "\">");
	html_text(b, state_text(row, 0));
	buf_adds(b, "</a></td>");
	page_cell(r, state_title(state_text(row, 1)));
	page_cell(r, state_text(row, 2));
	page_cell_time(r, sqlite3_column_int64(row, 3));
	page_cell(r, state_text(row, 4));
	buf_adds(b, "</tr>");
	return buf_err(b);
}

static void add_revoking(struct request *r)
{
	struct buf *b = answer_body(r);
	buf_addf(b, "<section><h2>%s</h2><p>%s</p>", tr("Revocation list", "失効リスト"),
		 tr("Sensors stop when it is not renewed within 24 hours. With an id that authorisation is "
		    "revoked too; "
		    "one commissioner alone may.",
		    "24時間以内に更新しなければセンサーは停止する。番号を指定するとその承認を取り消す。委員は"
		    "一人で行える。"));
	page_form(r, "/revocations");
	buf_addf(b,
		 "<label>%s<br><input name=\"id\" maxlength=\"36\"></label><label>%s<br><input "
		 "type=\"password\" "
		 "name=\"passphrase\" autocomplete=\"off\"></label><button>%s</button></form></section>",
		 tr("Authorisation to revoke (empty: only renew)", "取り消す承認の番号(空欄は更新のみ)"),
		 tr("Passphrase of the key", "鍵のパスフレーズ"), tr("Sign the list", "リストに署名する"));
}

static void due_row(void *context, const struct due *due)
{
	struct request *r = context;
	struct buf *b = answer_body(r);
	buf_addf(b, "<tr><td%s>", due->soon ? " class=\"bad\"" : "");
	html_text(b, due_title(due));
	buf_adds(b, "</td><td>");
	if (due->id[0] != '\0')
		buf_addf(b, "<a href=\"/applications/%s\">%s</a>", due->id, due->id);
	buf_adds(b, "</td>");
	page_cell_time(r, due->until_ns);
	buf_adds(b, "</tr>");
}

/* What the commission has to renew, and when. */
static int add_due(struct request *r)
{
	struct state *s = ((struct witness *)r->program)->state;
	const char *const heads[] = {tr("What", "内容"), tr("Id", "番号"), tr("Good until", "期限"), NULL};
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	page_table(r, tr("What is in force, and how long", "有効なものと期限"), heads);
	err = state_end(s, due_each(s, utc_now_ns(), due_row, r));
	page_table_end(r);
	return err;
}

int page_applications_get(struct request *r)
{
	const char *const heads[] = {tr("Id", "番号"),
				     tr("State", "状態"),
				     tr("Party", "当事者"),
				     tr("Came", "受付"),
				     tr("Waits to be handed to the hub", "ハブへの送信待ち"),
				     NULL};
	page_begin(r, tr("Applications", "申請"));
	page_table(r, tr("Those that wait come first", "未決のものを先に示す"), heads);
	int err = page_fill(
		r, application_row,
		"SELECT id, state, party, came, push FROM applications ORDER BY state != 'handed', came "
		"DESC LIMIT 500",
		NULL);
	page_table_end(r);
	if (err == HN_OK)
		err = add_due(r);
	add_revoking(r);
	return err == HN_OK ? page_end(r, 200) : err;
}

static void add_rows(struct request *r, const struct application *a)
{
	struct buf *b = answer_body(r);
	buf_addf(b,
		 "<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th>"
		 "<th scope=\"col\">%s</th></tr></thead><tbody>",
		 tr("Member", "項目"), tr("Value", "値"), tr("Against the last one", "前回との差異"));
	for (size_t i = 0; i < a->what.count; i++) {
		const struct description_row *row = &a->what.rows[i];
		bool gone = row->mark == DESCRIPTION_GONE;
		buf_adds(b, "<tr><th scope=\"row\">");
		html_text(b, row->label);
		buf_adds(b, gone ? "</th><td><del>" : "</th><td>");
		html_text(b, row->value);
		buf_addf(b, "%s</td><td%s>%s</td></tr>", gone ? "</del>" : "",
			 row->mark == DESCRIPTION_SAME ? ""
			 : gone                        ? " class=\"bad\""
						       : " class=\"new\"",
			 row->mark == DESCRIPTION_SAME ? ""
			 : gone                        ? tr("gone", "削除")
						       : tr("new", "追加"));
	}
	buf_adds(b, "</tbody></table></div>");
}

static void add_deciding(struct request *r, const struct application *a)
{
	struct buf *b = answer_body(r);
	char action[PATH_SIZE];
	(void)snprintf(action, sizeof(action), "/applications/%s/sign", a->id);
	buf_addf(b, "<section><h2>%s</h2>", tr("Sign", "署名"));
	page_form(r, action);
	buf_addf(b,
		 "<input type=\"hidden\" name=\"digest\" value=\"%s\"><p>%s "
		 "<code>%s</code></p><label>%s<br><input "
		 "type=\"password\" name=\"passphrase\" "
		 "autocomplete=\"off\"></label><button>%s</button></form></section>",
		 a->digest, tr("What is signed has the digest", "署名対象のダイジェスト:"), a->digest,
		 tr("Passphrase of the key", "鍵のパスフレーズ"),
		 tr("Sign what is shown above", "上記の内容に署名する"));
	(void)snprintf(action, sizeof(action), "/applications/%s/take", a->id);
	buf_addf(b, "<section><h2>%s</h2>", tr("Signed on another machine", "別の端末での署名"));
	page_form(r, action);
	buf_addf(b,
		 "<label>%s<br><textarea name=\"document\" rows=\"4\" "
		 "required></textarea></label><button>%s</button>"
		 "</form></section>",
		 tr("The signed file's text", "署名済みファイルの内容"),
		 tr("Take its signatures", "署名を受け付ける"));
	(void)snprintf(action, sizeof(action), "/applications/%s/refuse", a->id);
	buf_addf(b, "<section><h2>%s</h2>", tr("Refuse", "不承認"));
	page_form(r, action);
	buf_addf(b,
		 "<label>%s<br><textarea name=\"reason\" rows=\"3\" required "
		 "maxlength=\"2000\"></textarea></label>"
		 "<button>%s</button></form></section>",
		 tr("Reason, which the applicant is told", "理由(申請者に伝わる)"), tr("Refuse", "認めない"));
}

static void add_application(struct request *r, const struct application *a)
{
	struct buf *b = answer_body(r);
	page_begin(r, tr("Application", "申請"));
	buf_addf(b,
		 tr("<p>%s; %zu of %u signatures; compared with: %s</p>",
		    "<p>%s、署名 %zu(必要数 %u)、比較対象: %s</p>"),
		 state_title(a->state), a->signatures, a->threshold,
		 a->former[0] != '\0' ? a->former : tr("none", "なし"));
	if (a->reason != NULL && a->reason[0] != '\0') {
		buf_adds(b, "<p>");
		html_text(b, a->reason);
		buf_adds(b, "</p>");
	}
	add_rows(r, a);
	if (strcmp(a->state, "handed") == 0)
		add_deciding(r, a);
}

int page_application_get(struct request *r)
{
	struct state *s = ((struct witness *)r->program)->state;
	struct application a;
	char id[UUID_TEXT_SIZE];
	struct arena *arena = arena_new(ARENA_MAX);
	uuid_format(&r->params[0].uuid, id);
	int err = arena == NULL ? HN_ENOMEM : state_begin(s);
	if (err == HN_OK)
		err = state_end(s, application_get(s, id, arena, &a, &r->fault));
	if (err == HN_OK)
		add_application(r, &a);
	arena_free(arena);
	return err == HN_OK ? page_end(r, 200) : page_failed(r, err, "/applications");
}

/* ---- forms ---- */

/* The passphrase of a form, "" as NULL; the body is wiped when it is read. */
static int take_passphrase(struct request *r, char **out)
{
	char *text = sodium_malloc(KEY_PASSPHRASE_MAX + 1);
	if (text == NULL)
		return HN_ENOMEM;
	int err = form_field(r->body.data, r->body.len, "passphrase", KEY_PASSPHRASE_MAX, text);
	if (err == HN_OK)
		*out = text;
	else
		sodium_free(text);
	return err;
}

static int finish(struct request *r, int err, const char *back)
{
	return err == HN_OK ? page_go(r, back) : page_failed(r, err, back);
}

static void path_of(const struct request *r, char id[UUID_TEXT_SIZE], char path[PATH_SIZE])
{
	uuid_format(&r->params[0].uuid, id);
	(void)snprintf(path, PATH_SIZE, "/applications/%s", id);
}

int page_sign_post(struct request *r)
{
	char id[UUID_TEXT_SIZE], back[PATH_SIZE], digest[SHA256_HEX_SIZE], *passphrase = NULL;
	path_of(r, id, back);
	int err = form_field(r->body.data, r->body.len, "digest", SHA256_HEX_SIZE - 1, digest);
	if (err == HN_OK)
		err = take_passphrase(r, &passphrase);
	sodium_memzero(r->body.data, r->body.len);
	if (err == HN_OK)
		err = application_sign(r->program, id, digest, passphrase[0] != '\0' ? passphrase : NULL,
				       &r->fault);
	sodium_free(passphrase);
	return finish(r, err, back);
}

int page_take_post(struct request *r)
{
	char id[UUID_TEXT_SIZE], back[PATH_SIZE];
	char *text = malloc(JWS_SIZE_MAX + 1);
	path_of(r, id, back);
	int err = text == NULL ? HN_ENOMEM
			       : form_field(r->body.data, r->body.len, "document", JWS_SIZE_MAX, text);
	if (err == HN_OK)
		err = application_take(r->program, id, text, strlen(text), &r->fault);
	free(text);
	return finish(r, err, back);
}

int page_refuse_post(struct request *r)
{
	char id[UUID_TEXT_SIZE], back[PATH_SIZE], reason[REASON_MAX + 1];
	path_of(r, id, back);
	int err = form_field(r->body.data, r->body.len, "reason", REASON_MAX, reason);
	if (err == HN_OK)
		err = application_refuse(r->program, id, reason, &r->fault);
	return finish(r, err, back);
}

int page_revoke_post(struct request *r)
{
	char id[UUID_TEXT_SIZE], *passphrase = NULL;
	int err = form_field(r->body.data, r->body.len, "id", UUID_TEXT_SIZE - 1, id);
	if (err == HN_OK)
		err = take_passphrase(r, &passphrase);
	sodium_memzero(r->body.data, r->body.len);
	if (err == HN_OK)
		err = application_revoke(r->program, id[0] != '\0' ? id : NULL,
					 passphrase[0] != '\0' ? passphrase : NULL, &r->fault);
	sodium_free(passphrase);
	return finish(r, err, "/applications");
}
