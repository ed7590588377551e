/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <sodium.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/lang.h"
#include "base/utc.h"
#include "bus/pki.h"
#include "witness/channel.h"
#include "witness/commands.h"
#include "witness/config.h"
#include "witness/edges.h"

/* ---- edge ---- */

static const struct command_help edge_help = {
	.usage = "hinomi witness edge NAME [OPTION]...",
	.text_en = "Prints a code with which an edge enrols here: good once and for a quarter of an hour.",
	.text_ja = "エッジの登録コードを表示する。15分間、一度だけ使える。",
	.example = "hinomi witness edge 'IX Tokyo 1' --config witness.yaml",
};

int witness_cmd_edge(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	struct buf code_text;
	int code = witness_command_begin(argc, argv, &edge_help, 1, 1, &a, &w);
	if (code != -1)
		return code;
	buf_init(&code_text, 1024);
	int err = buf_reserve(&code_text, 1024);
	if (err == HN_OK)
		err = witness_open_pki(&w, &fault);
	if (err == HN_OK)
		err = channel_code(&w, a.args[0], &code_text, &fault);
	if (err == HN_OK)
		printf("%s\n", code_text.data);
	if (code_text.data != NULL)
		sodium_memzero(code_text.data, code_text.cap);
	buf_clear(&code_text);
	return witness_command_end(&w, err, &fault);
}

/* ---- edges ---- */

static const struct command_help edges_help = {
	.usage = "hinomi witness edges [OPTION]...",
	.text_en = "Lists the edges that joined here: when they were heard, how often they speak, how long "
		   "their\n"
		   "certificate is good, and which are revoked.",
	.text_ja = "登録されたエッジを一覧する。最後の連絡、受領証の間隔、証明書の期限、失効の有無を示す。",
	.example = "hinomi witness edges --config witness.yaml",
};

static int print_edge(void *context, sqlite3_stmt *row)
{
	char heard[UTC_SIZE], until[UTC_SIZE], revoked[UTC_SIZE];
	(void)context;
	utc_format(sqlite3_column_int64(row, 3), heard);
	utc_format(sqlite3_column_int64(row, 4), until);
	utc_format(sqlite3_column_int64(row, 6), revoked);
	printf("%s %s ", state_text(row, 0), state_text(row, 2));
	witness_put_text(state_text(row, 1));
	if (sqlite3_column_int64(row, 6) != 0)
		printf(tr(": revoked %s\n", ": 失効 %s\n"), revoked);
	else
		printf(tr(": heard %s, every %lld s, certificate until %s\n",
			  ": 最後の連絡 %s、間隔 %lld秒、証明書の期限 %s\n"),
		       heard, (long long)(sqlite3_column_int64(row, 5) / NS_SECOND), until);
	return HN_OK;
}

int witness_cmd_edges(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	int code = witness_command_begin(argc, argv, &edges_help, 0, 0, &a, &w);
	if (code != -1)
		return code;
	int err = state_begin(w.state);
	if (err == HN_OK)
		err = state_end(w.state, state_each(w.state, print_edge, NULL,
						    "SELECT id, name, kind, heard, (SELECT max(until) FROM "
						    "certificates WHERE edge "
						    "= edges.id), " EDGES_INTERVAL
						    ", revoked FROM edges ORDER BY name, id",
						    "i", w.config->interval_ns));
	return witness_command_end(&w, err, &fault);
}

static const struct command_help revoke_edge_help = {
	.usage = "hinomi witness revoke-edge ID --reason TEXT [--name WHO] [OPTION]...",
	.text_en = "From now on the edge's certificates open nothing here; an entry of the ledger. What it "
		   "sent stays.\n"
		   "With a new code it may join again.",
	.text_ja = "以後、このエッジの証明書では接続できない。台帳に残る。届いたものは残る。新しいコードで再"
		   "び登録\n"
		   "できる。",
	.example = "hinomi witness revoke-edge 9a8ec62b-... --reason 'the machine was stolen'",
};

int witness_cmd_revoke_edge(int argc, char **argv)
{
	struct witness_arguments a;
	struct witness w = {0};
	struct fault fault = {0};
	int code = witness_command_begin(argc, argv, &revoke_edge_help, 1, 1, &a, &w);
	if (code != -1)
		return code;
	int err = state_begin(w.state);
	if (err == HN_OK)
		err = state_end(w.state,
				edges_revoke(w.state, a.args[0], a.name, a.reason != NULL ? a.reason : ""));
	if (err == HN_EFORMAT)
		(void)fault_set(&fault, err, "--reason", "%s", tr("a reason is needed", "理由が必要"));
	else if (err == HN_ENOENT)
		(void)fault_set(&fault, err, a.args[0], "%s",
				tr("no edge with this id is in use", "この番号のエッジは使われていない"));
	return witness_command_end(&w, err, &fault);
}
