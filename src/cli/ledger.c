/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi ledger COMMAND ... */
#include "cli/ledger.h"

#include "cli/subcommands.h"

static const struct subcommand commands[] = {
	{"verify", ledger_cmd_verify, "recheck every tile, entry, record and the signature",
	 "全タイル・エントリ・記録と署名を検証する"},
	{"prove", ledger_cmd_prove, "disclose one record with its proof", "一つの記録を証明とともに開示する"},
	{"verify-proof", ledger_cmd_verify_proof, "check such a proof, without the log",
	 "開示された証明をログなしで検証する"},
	{"cosign", ledger_cmd_cosign, "cosign the checkpoint if the log only grew",
	 "ログが追記のみで伸びた場合に限りチェックポイントに連署する"},
	{"export", ledger_cmd_export, "copy or list the public part", "公開部分を複写または一覧する"},
	{"erase", ledger_cmd_erase, "erase private records whose retention ended",
	 "保存期間の終わった非公開記録を消去する"},
};

int main(int argc, char **argv)
{
	static const struct subcommands self = {
		.command = "hinomi ledger",
		.arguments_en = "COMMAND [OPTION]... DIR",
		.arguments_ja = "コマンド [オプション]... ディレクトリ",
		.note_en = "DIR is what 'hinomi select -o' wrote, or the ledger/ in it.\n",
		.note_ja = "ディレクトリは 'hinomi select -o' の出力先、またはその中の ledger/。\n",
		.example = "hinomi ledger verify --key edge.pub out/",
		.rows = commands,
		.count = sizeof(commands) / sizeof(commands[0]),
	};
	return subcommands_main(&self, argc, argv);
}
