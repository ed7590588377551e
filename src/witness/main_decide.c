/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/jws.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/utc.h"
#include "witness/alarm.h"
#include "witness/application.h"
#include "witness/commands.h"
#include "witness/config.h"

#define ARENA_MAX ((size_t)64 << 20)

/* ---- alarms ---- */

static const struct command_help alarms_help = {
	.usage = "hinomi witness alarms [OPTION]...",
	.text_en = "Lists the alarms that nobody has acknowledged. Exit code 1 where there are some.",
	.text_ja = "未確認の警報を一覧する。ある場合の終了コードは1。",
	.example = "hinomi witness alarms --config witness.yaml",
};

static int print_alarm(void *context, sqlite3_stmt *row)
{
	char since[UTC_SIZE];
	size_t *count = context;
	enum alarm_kind kind = alarm_find(state_text(row, 1));
	utc_format(sqlite3_column_int64(row, 6), since);
	printf("%lld %s %s: %s ", (long long)sqlite3_column_int64(row, 0), since,
	       kind == ALARM_KIND_COUNT ? "" : alarm_title(kind), state_text(row, 2));
	witness_put_text(state_text(row, 3));
	(void)fputs(": ", stdout);
	witness_put_text(state_text(row, lang_get() == LANG_JA ? 5 : 4));
	printf(" (%lld)\n", (long long)sqlite3_column_int64(row, 7));
	(*count)++;
	return HN_OK;
}

int witness_cmd_alarms(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	size_t count = 0;
	int code = witness_command_begin(argc, argv, &alarms_help, 0, 0, &a, &w);
	if (code != -1)
		return code;
	int err = state_begin(w.state);
	if (err == HN_OK)
		err = state_end(w.state,
				state_each(w.state, print_alarm, &count,
					   "SELECT number, kind, edge, subject, detail_en, detail_ja, since, "
					   "count FROM alarms WHERE acknowledged = 0 ORDER BY number",
					   ""));
	code = witness_command_end(&w, err, &fault);
	return code == HN_EXIT_DONE && count > 0 ? HN_EXIT_NO : code;
}

static const struct command_help acknowledge_help = {
	.usage = "hinomi witness acknowledge NUMBER --reason TEXT [--name WHO] [OPTION]...",
	.text_en = "Says that an alarm was seen to, and what came of it; an entry of the ledger.",
	.text_ja = "警報を確認し、その結果を記録する。台帳に残る。",
	.example = "hinomi witness acknowledge 3 --reason 'power was out; the operator reported it'",
};

int witness_cmd_acknowledge(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	char *end = NULL;
	int code = witness_command_begin(argc, argv, &acknowledge_help, 1, 1, &a, &w);
	if (code != -1)
		return code;
	long long number = strtoll(a.args[0], &end, 10);
	int err = *end != '\0' || number <= 0 ? HN_EFORMAT : state_begin(w.state);
	if (err == HN_OK)
		err = state_end(w.state,
				alarm_acknowledge(w.state, number, a.name, a.reason != NULL ? a.reason : ""));
	if (err == HN_EFORMAT)
		(void)fault_set(&fault, err, a.args[0], "%s",
				tr("a number and --reason are needed", "番号と --reason が必要"));
	return witness_command_end(&w, err, &fault);
}

/* ---- applications ---- */

static const struct command_help applications_help = {
	.usage = "hinomi witness applications [ID] [OPTION]...",
	.text_en = "Lists the applications; with an ID shows one decoded in full, with what differs (+ new, "
		   "- gone)\n"
		   "from the last one signed of the same party or sets.",
	.text_ja = "申請を一覧する。IDを指定すると全内容と、同じ当事者又は指標集合について最後に署名したもの"
		   "との\n"
		   "差異(+ 追加、- 削除)を示す。",
	.example = "hinomi witness applications 5e4d8e65-fb56-450b-a4d3-056370e62e04",
};

static int print_application(void *context, sqlite3_stmt *row)
{
	char came[UTC_SIZE];
	(void)context;
	utc_format(sqlite3_column_int64(row, 2), came);
	printf("%s %s %s", state_text(row, 0), came, state_text(row, 1));
	if (state_text(row, 3)[0] != '\0')
		printf(tr(" (to be handed to the hub: %s)", " (ハブに送信待ち: %s)"), state_text(row, 3));
	(void)putchar('\n');
	return HN_OK;
}

static int show_application(struct state *s, const char *id, struct fault *fault)
{
	static const char marks[] = {' ', '+', '-'};
	struct application app;
	struct arena *arena = arena_new(ARENA_MAX);
	int err = arena == NULL ? HN_ENOMEM : application_get(s, id, arena, &app, fault);
	for (size_t i = 0; err == HN_OK && i < app.what.count; i++) {
		printf("%c %s: ", marks[app.what.rows[i].mark], app.what.rows[i].label);
		witness_put_text(app.what.rows[i].value);
		(void)putchar('\n');
	}
	if (err == HN_OK)
		printf(tr("  state: %s\n  signatures: %zu of %u\n  compared with: %s\n",
			  "  状態: %s\n  署名: %zu(必要数 %u)\n  比較対象: %s\n"),
		       app.state, app.signatures, app.threshold,
		       app.former[0] != '\0' ? app.former : tr("none", "なし"));
	arena_free(arena);
	return err;
}

int witness_cmd_applications(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	int code = witness_command_begin(argc, argv, &applications_help, 0, 1, &a, &w);
	if (code != -1)
		return code;
	int err = state_begin(w.state);
	if (err == HN_OK)
		err = state_end(
			w.state,
			a.count == 1
				? show_application(w.state, a.args[0], &fault)
				: state_each(w.state, print_application, NULL,
					     "SELECT id, state, came, push FROM applications ORDER BY came",
					     ""));
	return witness_command_end(&w, err, &fault);
}

static const struct command_help bring_help = {
	.usage = "hinomi witness bring FILE [OPTION]...",
	.text_en =
		"Takes an authorisation that the commission brings itself, signed or not: it counts as seen.",
	.text_ja = "委員会自らが持ち込む承認の文書を受け付ける(署名の有無を問わない)"
		   "。ここで確認したものとなる。",
	.example = "hinomi witness bring A.json",
};

static int read_document(const char *path, struct buf *out, struct fault *fault)
{
	buf_init(out, JWS_SIZE_MAX);
	int err = file_read(path, out);
	if (err == HN_OK && out->len == 0)
		err = HN_EFORMAT;
	return err == HN_OK ? HN_OK : fault_set(fault, err, path, "%s", hn_strerror(err));
}

int witness_cmd_bring(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	struct buf text;
	int code = witness_command_begin(argc, argv, &bring_help, 1, 1, &a, &w);
	if (code != -1)
		return code;
	int err = read_document(a.args[0], &text, &fault);
	if (err == HN_OK)
		err = state_begin(w.state);
	if (err == HN_OK)
		err = state_end(w.state, application_bring(w.state, text.data, text.len, &fault));
	buf_clear(&text);
	return witness_command_end(&w, err, &fault);
}

/* ---- deciding ---- */

static const struct command_help sign_help = {
	.usage = "hinomi witness sign ID --digest SHA256 [--signed FILE] [OPTION]...",
	.text_en = "Signs an application with the key of witness.yaml, or takes a file that was signed "
		   "offline.\n"
		   "--digest is that of the application as `applications ID` showed it.",
	.text_ja = "witness.yaml の鍵で申請に署名する。又はオフラインで署名したファイルを受け付ける。\n"
		   "--digest には `applications ID` が示した申請のダイジェストを指定する。",
	.example = "hinomi witness sign 5e4d8e65-fb56-450b-a4d3-056370e62e04 --digest b2b44dc4...",
};

static int sign_here(struct witness *w, const struct witness_arguments *a, struct fault *fault)
{
	char *passphrase = NULL;
	if (a->digest == NULL)
		return fault_set(
			fault, HN_EFORMAT, "--digest", "%s",
			tr("is needed: that of what you were shown", "表示された内容のダイジェストが必要"));
	int err = witness_passphrase(a->passphrase_file, tr("Passphrase of the key: ", "鍵のパスフレーズ: "),
				     &passphrase, fault);
	if (err == HN_OK)
		err = application_sign(w, a->args[0], a->digest, passphrase[0] != '\0' ? passphrase : NULL,
				       fault);
	sodium_free(passphrase);
	return err;
}

int witness_cmd_sign(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	struct buf text;
	int code = witness_command_begin(argc, argv, &sign_help, 1, 1, &a, &w);
	if (code != -1)
		return code;
	int err;
	if (a.signed_file != NULL) {
		err = read_document(a.signed_file, &text, &fault);
		if (err == HN_OK)
			err = application_take(&w, a.args[0], text.data, text.len, &fault);
		buf_clear(&text);
	} else {
		err = sign_here(&w, &a, &fault);
	}
	return witness_command_end(&w, err, &fault);
}

static const struct command_help refuse_help = {
	.usage = "hinomi witness refuse ID --reason TEXT [OPTION]...",
	.text_en = "Refuses an application with a reason, which the hub tells the applicant.",
	.text_ja = "理由を付して申請を認めない。理由はハブを通じて申請者に伝わる。",
	.example =
		"hinomi witness refuse 5e4d8e65-fb56-450b-a4d3-056370e62e04 --reason 'the set is too wide'",
};

int witness_cmd_refuse(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	int code = witness_command_begin(argc, argv, &refuse_help, 1, 1, &a, &w);
	if (code != -1)
		return code;
	int err = application_refuse(&w, a.args[0], a.reason != NULL ? a.reason : "", &fault);
	return witness_command_end(&w, err, &fault);
}

static const struct command_help revoke_help = {
	.usage = "hinomi witness revoke [--id UUID] [OPTION]...",
	.text_en = "Signs a new revocation list, with one more authorisation or, without --id, as a renewal. "
		   "One\n"
		   "commissioner alone may. Sensors stop when a list is not renewed within 24 hours.",
	.text_ja = "新しい失効リストに署名する。--id "
		   "を指定すればその承認を加え、なければ更新となる。委員は一人で\n"
		   "行える。24時間以内に更新されなければセンサーは停止する。",
	.example = "hinomi witness revoke --id 5e4d8e65-fb56-450b-a4d3-056370e62e04",
};

int witness_cmd_revoke(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	char *passphrase = NULL;
	int code = witness_command_begin(argc, argv, &revoke_help, 0, 0, &a, &w);
	if (code != -1)
		return code;
	int err = witness_passphrase(a.passphrase_file, tr("Passphrase of the key: ", "鍵のパスフレーズ: "),
				     &passphrase, &fault);
	if (err == HN_OK)
		err = application_revoke(&w, a.id, passphrase[0] != '\0' ? passphrase : NULL, &fault);
	sodium_free(passphrase);
	return witness_command_end(&w, err, &fault);
}
