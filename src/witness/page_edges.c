/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Pages of the edges: what they sent here, and the end of one. */
#include <stdio.h>

#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "witness/edges.h"
#include "witness/form.h"
#include "witness/page.h"
#include "witness/witness.h"

#define REASON_MAX 2000
#define PATH_SIZE  64

/* ---- edges ---- */

static int edge_row(void *context, sqlite3_stmt *row)
{
	struct request *r = context;
	buf_adds(answer_body(r), "<tr><td><a href=\"/edges/");
	html_text(answer_body(r), state_text(row, 0));
	buf_adds(answer_body(r), "\">");
	html_text(answer_body(r), state_text(row, 1));
	buf_adds(answer_body(r), "</a></td>");
	page_cell(r, state_text(row, 2));
	page_cell_time(r, sqlite3_column_int64(row, 3));
	for (int i = 4; i <= 11; i++)
		page_cell_number(r, sqlite3_column_int64(row, i));
	page_cell(r, state_text(row, 12));
	page_cell_time(r, sqlite3_column_int64(row, 13));
	buf_adds(answer_body(r), "</tr>");
	return buf_err(answer_body(r));
}

int page_edges_get(struct request *r)
{
	const char *const heads[] = {tr("Name", "名称"),
				     tr("Kind", "種類"),
				     tr("Heard", "最後の連絡"),
				     tr("Receipts", "受領証"),
				     tr("Last number", "最終番号"),
				     tr("Do not hold", "不合格"),
				     tr("Packets seen", "観測"),
				     tr("selected", "選別"),
				     tr("erased", "消去"),
				     tr("not seen", "未観測"),
				     tr("Last checkpoint", "最新のチェックポイント"),
				     tr("Program", "プログラム"),
				     tr("Revoked", "失効"),
				     NULL};
	page_begin(r, tr("Edges", "エッジ"));
	page_table(r, tr("What edges sent here directly", "エッジがここに直接送ったもの"), heads);
	int err = page_fill(
		r, edge_row,
		"SELECT id, name, kind, heard, count(number), max(number), total(finding != ''), "
		"total(seen), "
		"total(selected), total(erased), total(not_seen), (SELECT max(size) FROM checkpoints WHERE "
		"checkpoints.edge = id AND checkpoints.finding = ''), program, revoked FROM edges LEFT JOIN "
		"receipts "
		"ON "
		"receipts.edge = id GROUP BY id ORDER BY name LIMIT 5000",
		NULL);
	page_table_end(r);
	return err == HN_OK ? page_end(r, 200) : err;
}

static int receipt_row(void *context, sqlite3_stmt *row)
{
	struct request *r = context;
	buf_adds(answer_body(r), "<tr>");
	page_cell_number(r, sqlite3_column_int64(row, 0));
	page_cell_time(r, sqlite3_column_int64(row, 1));
	page_cell_time(r, sqlite3_column_int64(row, 2));
	for (int i = 3; i <= 7; i++)
		page_cell_number(r, sqlite3_column_int64(row, i));
	buf_adds(answer_body(r), "<td class=\"bad\">");
	html_text(answer_body(r), state_text(row, r->lang == LANG_JA ? 9 : 8));
	buf_adds(answer_body(r), "</td></tr>");
	return buf_err(answer_body(r));
}

static int health_row(void *context, sqlite3_stmt *row)
{
	struct request *r = context;
	buf_addf(answer_body(r), "<h2>%s</h2><p><code>", tr("What it says of itself", "自己申告の状態"));
	html_text(answer_body(r), state_text(row, 0));
	buf_adds(answer_body(r), "</code></p>");
	return buf_err(answer_body(r));
}

static int checkpoint_row(void *context, sqlite3_stmt *row)
{
	return page_checkpoint(context, tr("Last checkpoint, cosigned", "連署した最新のチェックポイント"),
			       row);
}

static void add_fact(struct request *r, const char *title, const char *value)
{
	buf_addf(answer_body(r), "<tr><th scope=\"row\">%s</th>", title);
	page_cell(r, value);
	buf_adds(answer_body(r), "</tr>");
}

static void add_time(struct request *r, const char *title, int64_t time_ns)
{
	char text[UTC_SIZE];
	utc_format(time_ns, text);
	add_fact(r, title, time_ns != 0 ? text : "");
}

static void add_facts(struct request *r, const char *id, sqlite3_stmt *row)
{
	const char *const heads[] = {tr("What", "項目"), tr("Value", "値"), NULL};
	char interval[32];
	(void)snprintf(interval, sizeof(interval), "%lld s",
		       (long long)(sqlite3_column_int64(row, 4) / NS_SECOND));
	page_table(r, tr("Who it is", "エッジの情報"), heads);
	add_fact(r, tr("Name", "名称"), state_text(row, 0));
	add_fact(r, tr("Id", "番号"), id);
	add_fact(r, tr("Kind", "種類"), state_text(row, 1));
	add_time(r, tr("Joined", "登録"), sqlite3_column_int64(row, 2));
	add_time(r, tr("Heard", "最後の連絡"), sqlite3_column_int64(row, 3));
	add_fact(r, tr("Its interval: silent for two is an alarm", "間隔(二回分途絶えると警報)"), interval);
	add_time(r, tr("Certificate good until", "証明書の期限"), sqlite3_column_int64(row, 5));
	if (sqlite3_column_int64(row, 6) != 0)
		add_time(r, tr("Revoked", "失効"), sqlite3_column_int64(row, 6));
	page_table_end(r);
}

static void add_revoking(struct request *r, const char *id)
{
	char action[PATH_SIZE];
	(void)snprintf(action, sizeof(action), "/edges/%s/revoke", id);
	buf_addf(answer_body(r), "<section><h2>%s</h2><p>%s</p>", tr("Revoke this edge", "このエッジの失効"),
		 tr("From now on its certificates open nothing here; what it sent stays. With a new code it "
		    "may join "
		    "again.",
		    "以後、証明書では接続できない。届いたものは残る。新しいコードで再び登録できる。"));
	page_form(r, action);
	buf_addf(answer_body(r),
		 "<label>%s<br><input name=\"reason\" required maxlength=\"2000\"></label><button>%s</button>"
		 "</form></section>",
		 tr("Reason", "理由"), tr("Revoke", "失効させる"));
}

/* @param in_use_out  whether it can be revoked */
static int show_facts(struct request *r, const char *id, bool *in_use_out)
{
	const struct witness *w = r->program;
	sqlite3_stmt *row;
	int err = state_begin(w->state);
	if (err != HN_OK)
		return err;
	err = state_one(w->state, &row,
			"SELECT name, kind, enrolled, heard, " EDGES_INTERVAL
			", (SELECT max(until) FROM certificates WHERE "
			"edge = edges.id), revoked FROM edges WHERE id = ?2",
			"it", w->config->interval_ns, id);
	if (err == HN_OK) {
		add_facts(r, id, row);
		*in_use_out = sqlite3_column_int64(row, 6) == 0;
	}
	state_done(row);
	return state_end(w->state, err);
}

static int show_receipts(struct request *r, const char *id)
{
	const char *const heads[] = {tr("No.", "番号"),         tr("From", "から"),
				     tr("until", "まで"),       tr("Packets seen", "観測"),
				     tr("selected", "選別"),    tr("erased", "消去"),
				     tr("pending", "未決"),     tr("not seen", "未観測"),
				     tr("Finding", "検査結果"), NULL};
	page_table(r, tr("Receipts, the newest first", "受領証(新しい順)"), heads);
	int err =
		page_fill(r, receipt_row,
			  "SELECT number, begins, ends, seen, selected, erased, pending, not_seen, finding, "
			  "finding_ja FROM receipts WHERE edge = ? ORDER BY number DESC LIMIT 500",
			  id);
	page_table_end(r);
	return err;
}

int page_edge_get(struct request *r)
{
	char id[UUID_TEXT_SIZE];
	bool in_use = false;
	uuid_format(&r->params[0].uuid, id);
	page_begin(r, tr("Edge", "エッジ"));
	int err = show_facts(r, id, &in_use);
	if (err == HN_ENOENT)
		return page_failed(r, err, "/edges");
	if (err == HN_OK)
		err = show_receipts(r, id);
	if (err == HN_OK)
		err = page_fill(r, checkpoint_row,
				"SELECT cosigned FROM checkpoints WHERE edge = ? AND finding = '' ORDER BY "
				"seq DESC LIMIT 1",
				id);
	if (err == HN_OK)
		err = page_fill(r, health_row, "SELECT health FROM edges WHERE id = ? AND health IS NOT NULL",
				id);
	if (in_use)
		add_revoking(r, id);
	return err == HN_OK ? page_end(r, 200) : err;
}

int page_revoke_edge_post(struct request *r)
{
	struct state *s = ((struct witness *)r->program)->state;
	char id[UUID_TEXT_SIZE], back[PATH_SIZE], reason[REASON_MAX + 1];
	uuid_format(&r->params[0].uuid, id);
	(void)snprintf(back, sizeof(back), "/edges/%s", id);
	int err = form_field(r->body.data, r->body.len, "reason", REASON_MAX, reason);
	if (err == HN_OK)
		err = state_begin(s);
	if (err == HN_OK)
		err = state_end(s, edges_revoke(s, id, session_of(r)->name, reason));
	return err == HN_OK ? page_go(r, back) : page_failed(r, err, back);
}
