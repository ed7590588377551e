/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi authority COMMAND ... */
#include "cli/authority.h"

#include "cli/subcommands.h"

static const struct subcommand commands[] = {
	{"keygen", authority_keygen, "make a commissioner's key", "委員の鍵を作る"},
	{"trust", authority_trust, "write whose signatures count, and the limits",
	 "署名できる者と上限を定める"},
	{"issue", authority_issue, "write an authorisation to be signed", "署名のための承認書を作る"},
	{"sign", authority_sign, "add one signature; works offline", "署名を一つ加える（オフライン可）"},
	{"verify", authority_verify, "say whether an authorisation holds, and what it allows",
	 "承認書が有効か、何を認めるかを示す"},
	{"show", authority_show, "print any signed document for reading", "署名文書の内容を示す"},
	{"revoke", authority_revoke, "write and sign a revocation list", "失効リストを作り署名する"},
	{"order", authority_order, "write an order to re-identify records", "再識別の命令書を作る"},
	{"reidentify", authority_reidentify, "open the records a signed order names",
	 "命令書の示す記録を再識別する"},
};

int main(int argc, char **argv)
{
	static const struct subcommands self = {
		.command = "hinomi authority",
		.arguments_en = "COMMAND [OPTION]... [FILE]...",
		.arguments_ja = "コマンド [オプション]... [ファイル]...",
		.note_en = "",
		.note_ja = "",
		.example = "hinomi authority verify --trust TRUST.json A.json",
		.rows = commands,
		.count = sizeof(commands) / sizeof(commands[0]),
	};
	return subcommands_main(&self, argc, argv);
}
