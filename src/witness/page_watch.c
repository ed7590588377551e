/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Pages of what is seen: alarms, and the hub's word beside what edges said. */
#include <stdio.h>

#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "witness/alarm.h"
#include "witness/form.h"
#include "witness/page.h"
#include "witness/witness.h"

#define REASON_MAX 2000

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
	page_table(r, tr("Those that stand come first", "未確認のものを先に示す"), heads);
	int err = page_fill(
		r, alarm_row,
		"SELECT number, kind, edge, subject, detail_en, detail_ja, since, last, count, acknowledged, "
		"who, reason FROM alarms ORDER BY acknowledged != 0, number DESC LIMIT 500",
		NULL);
	page_table_end(r);
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

/* ---- the hub ---- */

static int ledger_row(void *context, sqlite3_stmt *row)
{
	return page_checkpoint(
		context,
		tr("The hub's ledger: last checkpoint, which continues all before it; cosigned",
		   "ハブの台帳: 以前のすべての続きと確認し、連署した最新のチェックポイント"),
		row);
}

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
	int err = page_fill(r, heard_row, "SELECT value FROM numbers WHERE name = 'hub_heard'", NULL);
	if (err == HN_OK)
		err = page_fill(
			r, ledger_row,
			"SELECT cosigned FROM checkpoints WHERE edge LIKE 'hub-%' AND finding = '' ORDER "
			"BY seq DESC LIMIT 1",
			NULL);
	page_table(r, tr("Receipts", "受領証"), heads);
	if (err == HN_OK)
		err = page_fill(
			r, hub_row,
			"SELECT name, count(number), total(at_hub = 1), total(at_hub = 0), total(at_hub = "
			"2) FROM edges "
			"LEFT JOIN receipts ON receipts.edge = id GROUP BY id ORDER BY name LIMIT 5000",
			NULL);
	page_table_end(r);
	return err == HN_OK ? page_end(r, 200) : err;
}
