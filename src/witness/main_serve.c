/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "bus/pki.h"
#include "ledger/note.h"
#include "witness/account.h"
#include "witness/channel.h"
#include "witness/commands.h"
#include "witness/config.h"
#include "witness/due.h"
#include "witness/serve.h"

static const struct command_help serve_help = {
	.usage = "hinomi witness [OPTION]... | init | edge NAME | edges | revoke-edge ID | status | alarms | "
		 "acknowledge NUMBER | "
		 "applications [ID] | sign ID | refuse ID | bring FILE | revoke",
	.text_en =
		"The commission's own program on its own machine: takes receipts from sensors directly, "
		"checks\n"
		"and cosigns, holds the hub's word against them, signs authorisations, and raises the alarm.",
	.text_ja =
		"委員会が自らの端末で動かすプログラム。センサーから直接受領証を受け取り、検査し、連署し、\n"
		"ハブの申告と照合する。承認に署名し、異常があれば警報を発する。",
	.example = "hinomi witness --config /etc/hinomi/witness.yaml",
};

int witness_cmd_serve(int argc, char **argv)
{
	struct witness_overrides overrides = {.data = NULL};
	const char *path = NULL;
	struct witness_config *config;
	struct fault fault = {0};
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"config", 'c', OPTION_STRING, &path, "FILE", "witness.yaml (docs/witness.md)",
		 "witness.yaml(docs/witness.md)"},
		{"data", 'd', OPTION_STRING, &overrides.data, "DIR", "folder of all that it keeps",
		 "すべてを置くフォルダー"},
		{"listen", 'l', OPTION_STRING, &overrides.listen, "ADDRESS:PORT", "instead of 127.0.0.1:8471",
		 "127.0.0.1:8471 の代わり"},
		{"edge-listen", 0, OPTION_STRING, &overrides.edge_listen, "ADDRESS:PORT",
		 "for edges, instead of 127.0.0.1:8473", "エッジ用。127.0.0.1:8473 の代わり"},
		{0},
	};
	int code = options_read(argc, argv, rows, &serve_help, &args, &count);
	if (code != -1)
		return code;
	if (count > 0) {
		log_line(LOG_LEVEL_ERROR,
			 tr("no command '%s'; see --help", "'%s' というコマンドはない。--help を参照"),
			 args[0]);
		return HN_EXIT_USAGE;
	}
	int err = witness_config_read(path, &overrides, &config, &fault);
	if (err != HN_OK)
		return witness_report(err, &fault);
	err = witness_serve(config, &fault);
	witness_config_free(config);
	return err == HN_OK ? HN_EXIT_DONE : witness_report(err, &fault);
}

/* ---- init ---- */

static const struct command_help init_help = {
	.usage = "hinomi witness init [OPTION]...",
	.text_en = "Makes the folder, the keys and an account for the console (--name), whose passphrase it "
		   "asks\n"
		   "for, and shows the key with which it cosigns. Again: another account, or another "
		   "passphrase.",
	.text_ja =
		"フォルダーと鍵、コンソールのアカウント(--name)を作り、パスフレーズを尋ねる。連署の検証鍵を\n"
		"表示する。再度実行すると、アカウントの追加又はパスフレーズの変更となる。",
	.example = "hinomi witness init --config witness.yaml --name tanaka",
};

static int show_keys(const struct witness *w)
{
	uint8_t public_key[NOTE_PUBLIC_SIZE];
	struct note_key key;
	char text[NOTE_VKEY_MAX];
	(void)crypto_sign_ed25519_sk_to_pk(public_key, w->secret);
	int err = note_key_init(&key, w->origin, NOTE_COSIGNATURE, public_key);
	if (err != HN_OK)
		return err;
	note_vkey_format(&key, text);
	printf("%s\n", text);
	return HN_OK;
}

int witness_cmd_init(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	char *passphrase = NULL;
	int code = witness_command_begin(argc, argv, &init_help, 0, 0, &a, &w);
	if (code != -1)
		return code;
	int err = witness_open_pki(&w, &fault);
	if (err == HN_OK)
		err = witness_passphrase(a.passphrase_file,
					 tr("Passphrase for the console: ", "コンソールのパスフレーズ: "),
					 &passphrase, &fault);
	if (err == HN_OK)
		err = account_put(w.state, a.name, passphrase, &fault);
	sodium_free(passphrase);
	if (err == HN_OK)
		err = show_keys(&w);
	return witness_command_end(&w, err, &fault);
}

/* ---- status ---- */

static const struct command_help status_help = {
	.usage = "hinomi witness status [OPTION]...",
	.text_en = "Says how it stands: edges, their receipts, the hub, alarms. Exit code 1 while an alarm "
		   "stands.",
	.text_ja = "エッジと受領証、ハブ、警報の状態を示す。警報が残っている間の終了コードは1。",
	.example = "hinomi witness status --config witness.yaml",
};

static int print_edge(void *context, sqlite3_stmt *row)
{
	char heard[UTC_SIZE];
	(void)context;
	utc_format(sqlite3_column_int64(row, 2), heard);
	printf(tr("%s %s: heard %s, receipts %lld up to number %lld, %lld with findings\n",
		  "%s %s: 最後の連絡 %s、受領証 %lld件(最終番号 %lld)、うち不合格 %lld件\n"),
	       state_text(row, 0), state_text(row, 1), heard, (long long)sqlite3_column_int64(row, 3),
	       (long long)sqlite3_column_int64(row, 4), (long long)sqlite3_column_int64(row, 5));
	return HN_OK;
}

static void print_due(void *context, const struct due *due)
{
	char until[UTC_SIZE];
	(void)context;
	utc_format(due->until_ns, until);
	printf(tr("until %s: %s %s\n", "期限 %s: %s %s\n"), until, due_title(due), due->id);
}

static int print_status(struct state *s, int64_t *alarms)
{
	sqlite3_stmt *row;
	char heard[UTC_SIZE];
	int64_t hub_ns = 0;
	int err = state_each(
		s, print_edge, NULL,
		"SELECT id, name, heard, (SELECT count(*) FROM receipts WHERE edge = id), (SELECT "
		"max(number) FROM receipts WHERE edge = id), (SELECT count(*) FROM receipts WHERE edge = id "
		"AND finding != '') FROM edges ORDER BY name",
		"");
	if (err == HN_OK)
		err = state_number(s, "hub_heard", &hub_ns);
	if (err == HN_OK && hub_ns != 0) {
		utc_format(hub_ns, heard);
		printf(tr("hub: heard %s\n", "ハブ: 最後の応答 %s\n"), heard);
	}
	if (err == HN_OK)
		err = due_each(s, utc_now_ns(), print_due, NULL);
	if (err == HN_OK)
		err = state_one(s, &row, "SELECT count(*) FROM alarms WHERE acknowledged = 0", "");
	if (err != HN_OK)
		return err;
	*alarms = sqlite3_column_int64(row, 0);
	printf(tr("alarms: %lld\n", "警報: %lld件\n"), (long long)*alarms);
	state_done(row);
	return HN_OK;
}

int witness_cmd_status(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	int64_t alarms = 0;
	int code = witness_command_begin(argc, argv, &status_help, 0, 0, &a, &w);
	if (code != -1)
		return code;
	int err = state_begin(w.state);
	if (err == HN_OK)
		err = state_end(w.state, print_status(w.state, &alarms));
	code = witness_command_end(&w, err, &fault);
	return code == HN_EXIT_DONE && alarms > 0 ? HN_EXIT_NO : code;
}
