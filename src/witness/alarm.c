/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/alarm.h"

#include <string.h>

#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "witness/record.h"

#define REASON_MAX 2000
#define FILE_MAX   ((size_t)256 << 20)

static const struct {
	const char *name, *en, *ja;
} kinds[ALARM_KIND_COUNT] = {
	[ALARM_RECEIPT] = {"receipt", "a receipt does not hold", "受領証が検査に合格しない"},
	[ALARM_GAP] = {"gap", "receipts are missing", "受領証に欠落がある"},
	[ALARM_UNAUTHORISED] = {"unauthorised", "selected under an authorisation that does not hold here",
				"ここで有効と確認できない承認の下で選別した"},
	[ALARM_BEYOND] = {"beyond", "selected beyond what the authorisation allows",
			  "承認の範囲を超えて選別した"},
	[ALARM_TRUST] = {"trust", "a trust file that is not known here", "ここで未知の信頼ファイル"},
	[ALARM_LEDGER] = {"ledger", "a ledger was rewritten", "台帳が書き換えられた"},
	[ALARM_EDGE_SILENT] = {"edge-silent", "an edge is silent", "エッジから連絡がない"},
	[ALARM_HUB_SILENT] = {"hub-silent", "the hub is silent", "ハブから応答がない"},
	[ALARM_HUB_OTHER] = {"hub-other", "the hub shows another application than the one handed to sign",
			     "ハブの示す申請が、署名のため提出されたものと異なる"},
	[ALARM_HUB_WITHHOLDS] = {"hub-withholds", "the hub withholds receipts that an edge sent here",
				 "エッジがここに送った受領証をハブが示さない"},
	[ALARM_HUB_RECEIPT] = {"hub-receipt", "the hub shows another receipt than the one sent here",
			       "ハブの示す受領証が、ここに届いたものと異なる"},
	[ALARM_HUB_LEDGER] = {"hub-ledger", "the hub's ledger does not continue, or is not shown",
			      "ハブの台帳が続きでないか、示されない"},
	[ALARM_EPOCH] = {"epoch", "an edge began anew: what it had not sent is lost",
			 "エッジが新たに始めた。未送信のものは失われた"},
	[ALARM_IDENTITY] = {"identity", "an enrolment code was tried again, or by another",
			    "登録コードが再度、又は別の者によって試された"},
	[ALARM_DUE] = {"due", "something ends unless the commission renews it", "更新しなければ期限が切れる"},
};

const char *alarm_name(enum alarm_kind kind)
{
	return kinds[kind].name;
}

const char *alarm_title(enum alarm_kind kind)
{
	return lang_get() == LANG_JA ? kinds[kind].ja : kinds[kind].en;
}

enum alarm_kind alarm_find(const char *name)
{
	for (int i = 0; i < ALARM_KIND_COUNT; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return (enum alarm_kind)i;
	return ALARM_KIND_COUNT;
}

static int count_up(struct state *s, const struct alarm *a, int64_t now_ns)
{
	int err = state_run(s,
			    "UPDATE alarms SET count = count + 1, last = ? WHERE kind = ? AND edge = ? AND "
			    "subject = ? AND (acknowledged = 0 OR ?)",
			    "ittti", now_ns, kinds[a->kind].name, a->edge, a->subject, (int64_t)a->once);
	return err == HN_OK && state_changed(s) == 0 ? HN_ENOENT : err;
}

int alarm_raise(struct state *s, const struct alarm *a)
{
	int64_t now_ns = utc_now_ns();
	int err = count_up(s, a, now_ns);
	if (err != HN_ENOENT)
		return err;
	err = state_run(s,
			"INSERT INTO alarms(kind, edge, subject, detail_en, detail_ja, since, last, count) "
			"VALUES(?, ?, ?, ?, ?, ?, ?, 1)",
			"tttttii", kinds[a->kind].name, a->edge, a->subject, a->en, a->ja, now_ns, now_ns);
	return err == HN_OK ? record_put(s, "witness.alarm",
					 json_pack("{s:s, s:s, s:s, s:s}", "kind", kinds[a->kind].name,
						   "edge", a->edge, "subject", a->subject, "detail", a->en))
			    : err;
}

int alarm_acknowledge(struct state *s, int64_t number, const char *who, const char *reason)
{
	size_t len = strlen(reason);
	if (len == 0 || len > REASON_MAX || strspn(reason, " \t\r\n") == len)
		return HN_EFORMAT;
	int err = state_run(s,
			    "UPDATE alarms SET acknowledged = ?, who = ?, reason = ? WHERE number = ? AND "
			    "acknowledged = 0",
			    "itti", utc_now_ns(), who, reason, number);
	if (err == HN_OK && state_changed(s) == 0)
		err = HN_ENOENT;
	return err == HN_OK ? record_put(s, "witness.acknowledged",
					 json_pack("{s:I, s:s, s:s}", "alarm", (json_int_t)number, "who", who,
						   "reason", reason))
			    : err;
}

/* ---- telling ---- */

struct telling {
	struct buf text;
	int64_t told, newest;
};

static void add_time(struct buf *b, const char *name, int64_t time_ns)
{
	char text[UTC_SIZE];
	utc_format(time_ns, text);
	buf_addf(b, ",\"%s\":\"%s\"", name, text);
}

static void add_text(struct buf *b, const char *name, const char *text)
{
	buf_addf(b, ",\"%s\":", name);
	buf_json_string(b, text, strlen(text));
}

static int tell_one(void *context, sqlite3_stmt *row)
{
	struct telling *t = context;
	enum alarm_kind kind = alarm_find(state_text(row, 1));
	int64_t number = sqlite3_column_int64(row, 0);
	if (kind == ALARM_KIND_COUNT)
		return HN_OK;
	buf_addf(&t->text, "{\"number\":%lld", (long long)number);
	add_text(&t->text, "kind", kinds[kind].name);
	add_text(&t->text, "edge", state_text(row, 2));
	add_text(&t->text, "subject", state_text(row, 3));
	add_text(&t->text, "en", kinds[kind].en);
	add_text(&t->text, "ja", kinds[kind].ja);
	add_text(&t->text, "detail_en", state_text(row, 4));
	add_text(&t->text, "detail_ja", state_text(row, 5));
	add_time(&t->text, "since", sqlite3_column_int64(row, 6));
	add_time(&t->text, "last", sqlite3_column_int64(row, 7));
	buf_addf(&t->text, ",\"count\":%lld", (long long)sqlite3_column_int64(row, 8));
	if (sqlite3_column_int64(row, 9) != 0) {
		add_time(&t->text, "acknowledged", sqlite3_column_int64(row, 9));
		add_text(&t->text, "who", state_text(row, 10));
		add_text(&t->text, "reason", state_text(row, 11));
	}
	buf_adds(&t->text, "}\n");
	if (number > t->told)
		log_line(LOG_LEVEL_ERROR, tr("ALARM %lld: %s: %s %s: %s", "警報 %lld: %s: %s %s: %s"),
			 (long long)number, alarm_title(kind), state_text(row, 2), state_text(row, 3),
			 lang_get() == LANG_JA ? state_text(row, 5) : state_text(row, 4));
	t->newest = number > t->newest ? number : t->newest;
	return buf_err(&t->text);
}

/* What changes when anything of an alarm does. */
static int look(struct state *s, int64_t *mark, int64_t *told)
{
	sqlite3_stmt *row;
	int err = state_one(s, &row, "SELECT count(*) + total(count) + total(acknowledged != 0) FROM alarms",
			    "");
	*mark = err == HN_OK ? sqlite3_column_int64(row, 0) + 1 : 0;
	state_done(row);
	return err == HN_OK ? state_number(s, "alarms_told", told) : err;
}

int alarm_tell(const struct witness *w)
{
	struct telling t = {.told = 0};
	int64_t mark, told_mark;
	char path[4096];
	struct state *s = w->state;
	buf_init(&t.text, FILE_MAX);
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	err = look(s, &mark, &t.told);
	if (err == HN_OK)
		err = state_number(s, "alarms_mark", &told_mark);
	if (err == HN_OK && mark == told_mark)
		return state_end(s, HN_OK);
	if (err == HN_OK)
		err = state_each(
			s, tell_one, &t,
			"SELECT number, kind, edge, subject, detail_en, detail_ja, since, last, count, "
			"acknowledged, who, reason FROM alarms ORDER BY number",
			"");
	if (err == HN_OK)
		err = witness_path(w, "alarms.ndjson", path);
	if (err == HN_OK)
		err = file_write_whole(path, t.text.data != NULL ? t.text.data : "", t.text.len, 0644, true);
	if (err == HN_OK)
		err = state_number_put(s, "alarms_mark", mark);
	if (err == HN_OK)
		err = state_number_put(s, "alarms_told", t.newest > t.told ? t.newest : t.told);
	buf_clear(&t.text);
	return state_end(s, err);
}

static int add_metric(void *context, sqlite3_stmt *row)
{
	enum alarm_kind kind = alarm_find(state_text(row, 0));
	if (kind != ALARM_KIND_COUNT)
		buf_addf(context, "hinomi_witness_alarms{kind=\"%s\"} %lld\n", kinds[kind].name,
			 (long long)sqlite3_column_int64(row, 1));
	return HN_OK;
}

int alarm_metrics(struct state *s, struct buf *out)
{
	buf_adds(out, "# HELP hinomi_witness_alarms Alarms that nobody has acknowledged.\n"
		      "# TYPE hinomi_witness_alarms gauge\n");
	return state_each(s, add_metric, out,
			  "SELECT kind, count(*) FROM alarms WHERE acknowledged = 0 GROUP BY kind", "");
}
