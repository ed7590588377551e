/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Pages of what is seen: alarms, edges, and the hub's word beside it. */
#include <stdio.h>

#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "witness/alarm.h"
#include "witness/form.h"
#include "witness/page.h"
#include "witness/witness.h"

#define REASON_MAX 2000

/* Begins a table: its caption, then the heads up to NULL. */
static void begin_table(struct request *r, const char *caption, const char *const heads[])
{
	struct buf *b = answer_body(r);
	buf_addf(b, "<div class=\"wide\" tabindex=\"0\"><table><caption>%s</caption><thead><tr>", caption);
	for (size_t i = 0; heads[i] != NULL; i++)
		buf_addf(b, "<th scope=\"col\">%s</th>", heads[i]);
	buf_adds(b, "</tr></thead><tbody>");
}

static void end_table(struct request *r)
{
	buf_adds(answer_body(r), "</tbody></table></div>");
}

/* Rows of one statement, in a transaction of its own. */
static int fill(struct request *r, state_row_fn *row, const char *sql, const char *edge)
{
	struct state *s = ((struct witness *)r->program)->state;
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	return state_end(s, state_each(s, row, r, sql, edge != NULL ? "t" : "", edge));
}

/* ---- alarms ---- */

static int alarm_row(void *context, sqlite3_stmt *row)
{
	struct request *r = context;
	struct buf *b = answer_body(r);
	enum alarm_kind kind = alarm_find(state_text(row, 1));
	long long number = (long long)sqlite3_column_int64(row, 0);
	char action[64];
	buf_adds(b, "<tr>");
	page_cell_number(r, number);
	buf_addf(b, "<td%s>", sqlite3_column_int64(row, 9) == 0 ? " class=\"bad\"" : "");
	html_text(b, kind == ALARM_KIND_COUNT ? "" : alarm_title(kind));
	buf_adds(b, "</td>");
	page_cell(r, state_text(row, 2));
	page_cell(r, state_text(row, 3));
	page_cell(r, state_text(row, r->lang == LANG_JA ? 5 : 4));
	page_cell_time(r, sqlite3_column_int64(row, 6));
	page_cell_number(r, sqlite3_column_int64(row, 8));
	if (sqlite3_column_int64(row, 9) != 0) {
		buf_adds(b, "<td>");
		html_text(b, state_text(row, 10));
		buf_adds(b, ": ");
		html_text(b, state_text(row, 11));
		buf_adds(b, "</td></tr>");
		return buf_err(b);
	}
	(void)snprintf(action, sizeof(action), "/alarms/%lld/acknowledge", number);
	buf_adds(b, "<td>");
	page_form(r, action);
	buf_addf(b,
		 "<label>%s<br><input name=\"reason\" required maxlength=\"2000\"></label><button>%s "
		 "%lld</button>"
		 "</form></td></tr>",
		 tr("What came of it", "確認の結果"), tr("Acknowledge", "確認済みにする"), number);
	return buf_err(b);
}

int page_alarms_get(struct request *r)
{
	const char *const heads[] = {tr("No.", "番号"),     tr("What", "内容"),         tr("Edge", "エッジ"),
				     tr("Subject", "対象"), tr("Detail", "詳細"),       tr("Since", "発生"),
				     tr("Times", "回数"),   tr("Acknowledged", "確認"), NULL};
	page_begin(r, tr("Alarms", "警報"));
	begin_table(r, tr("Those that stand come first", "未確認のものを先に示す"), heads);
	int err = fill(
		r, alarm_row,
		"SELECT number, kind, edge, subject, detail_en, detail_ja, since, last, count, acknowledged, "
		"who, reason FROM alarms ORDER BY acknowledged != 0, number DESC LIMIT 500",
		NULL);
	end_table(r);
	return err == HN_OK ? page_end(r, 200) : err;
}

int page_acknowledge_post(struct request *r)
{
	struct state *s = ((struct witness *)r->program)->state;
	char reason[REASON_MAX + 1];
	int err = form_field(r->body.data, r->body.len, "reason", REASON_MAX, reason);
	if (err == HN_OK)
		err = state_begin(s);
	if (err == HN_OK)
		err = state_end(
			s, alarm_acknowledge(s, (int64_t)r->params[0].number, session_of(r)->name, reason));
	return err == HN_OK ? page_go(r, "/") : page_failed(r, err, "/");
}

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
				     NULL};
	page_begin(r, tr("Edges", "エッジ"));
	begin_table(r, tr("What edges sent here directly", "エッジがここに直接送ったもの"), heads);
	int err = fill(
		r, edge_row,
		"SELECT id, name, kind, heard, count(number), max(number), total(finding != ''), "
		"total(seen), "
		"total(selected), total(erased), total(not_seen), (SELECT max(size) FROM checkpoints WHERE "
		"checkpoints.edge = id AND checkpoints.finding = ''), program FROM edges LEFT JOIN receipts "
		"ON "
		"receipts.edge = id GROUP BY id ORDER BY name LIMIT 5000",
		NULL);
	end_table(r);
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

static int add_checkpoint(struct request *r, const char *title, sqlite3_stmt *row)
{
	buf_addf(answer_body(r), "<h2>%s</h2><pre tabindex=\"0\">", title);
	/* Line by line: a blank stands for what is no text. */
	for (const char *c = state_text(row, 0); *c != '\0'; c++) {
		const char one[2] = {*c, '\0'};
		if (*c == '\n')
			buf_addc(answer_body(r), '\n');
		else
			html_text(answer_body(r), one);
	}
	buf_adds(answer_body(r), "</pre>");
	return buf_err(answer_body(r));
}

static int checkpoint_row(void *context, sqlite3_stmt *row)
{
	return add_checkpoint(context, tr("Last checkpoint, cosigned", "連署した最新のチェックポイント"),
			      row);
}

static int ledger_row(void *context, sqlite3_stmt *row)
{
	return add_checkpoint(context,
			      tr("The hub's ledger: last checkpoint, which continues all before it; cosigned",
				 "ハブの台帳: 以前のすべての続きと確認し、連署した最新のチェックポイント"),
			      row);
}

int page_edge_get(struct request *r)
{
	const char *const heads[] = {tr("No.", "番号"),         tr("From", "から"),
				     tr("until", "まで"),       tr("Packets seen", "観測"),
				     tr("selected", "選別"),    tr("erased", "消去"),
				     tr("pending", "未決"),     tr("not seen", "未観測"),
				     tr("Finding", "検査結果"), NULL};
	char id[UUID_TEXT_SIZE];
	uuid_format(&r->params[0].uuid, id);
	page_begin(r, tr("Edge", "エッジ"));
	buf_addf(answer_body(r), "<p>%s</p>", id);
	begin_table(r, tr("Receipts, the newest first", "受領証(新しい順)"), heads);
	int err = fill(r, receipt_row,
		       "SELECT number, begins, ends, seen, selected, erased, pending, not_seen, finding, "
		       "finding_ja FROM "
		       "receipts WHERE edge = ? ORDER BY number DESC LIMIT 500",
		       id);
	end_table(r);
	if (err == HN_OK)
		err = fill(r, checkpoint_row,
			   "SELECT cosigned FROM checkpoints WHERE edge = ? AND finding = '' ORDER BY seq "
			   "DESC LIMIT 1",
			   id);
	if (err == HN_OK)
		err = fill(r, health_row, "SELECT health FROM edges WHERE id = ? AND health IS NOT NULL", id);
	return err == HN_OK ? page_end(r, 200) : err;
}

/* ---- the hub ---- */

static int hub_row(void *context, sqlite3_stmt *row)
{
	struct request *r = context;
	buf_adds(answer_body(r), "<tr>");
	page_cell(r, state_text(row, 0));
	for (int i = 1; i <= 4; i++)
		page_cell_number(r, sqlite3_column_int64(row, i));
	buf_adds(answer_body(r), "</tr>");
	return buf_err(answer_body(r));
}

static int heard_row(void *context, sqlite3_stmt *row)
{
	struct request *r = context;
	char text[UTC_SIZE];
	utc_format(sqlite3_column_int64(row, 0), text);
	buf_addf(answer_body(r), "<p>%s %s</p>", tr("The hub answered last at", "ハブの最後の応答:"), text);
	return buf_err(answer_body(r));
}

int page_hub_get(struct request *r)
{
	const char *const heads[] = {tr("Edge", "エッジ"),
				     tr("Came here", "ここに届いた"),
				     tr("The hub shows the same", "ハブも同じ内容を示す"),
				     tr("The hub shows none", "ハブが示さない"),
				     tr("The hub shows another", "ハブが異なる内容を示す"),
				     NULL};
	page_begin(r, tr("The hub's word beside what edges said here",
			 "ハブの申告と、エッジから直接届いたものの照合"));
	int err = fill(r, heard_row, "SELECT value FROM numbers WHERE name = 'hub_heard'", NULL);
	if (err == HN_OK)
		err = fill(r, ledger_row,
			   "SELECT cosigned FROM checkpoints WHERE edge LIKE 'hub-%' AND finding = '' ORDER "
			   "BY seq DESC LIMIT 1",
			   NULL);
	begin_table(r, tr("Receipts", "受領証"), heads);
	if (err == HN_OK)
		err = fill(r, hub_row,
			   "SELECT name, count(number), total(at_hub = 1), total(at_hub = 0), total(at_hub = "
			   "2) FROM edges "
			   "LEFT JOIN receipts ON receipts.edge = id GROUP BY id ORDER BY name LIMIT 5000",
			   NULL);
	end_table(r);
	return err == HN_OK ? page_end(r, 200) : err;
}
