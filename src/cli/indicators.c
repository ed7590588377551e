/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi indicators COMMAND ... */
#include "cli/indicators.h"

#include "cli/subcommands.h"

static const struct subcommand commands[] = {
	{"compile", indicators_compile, "make a set of lists, STIX, MISP, RPZ or CSV",
	 "リスト、STIX、MISP、RPZ、CSVから集合を作る"},
	{"merge", indicators_merge, "make one base of a base and its overlays",
	 "基本集合と差分集合を一つの基本集合にまとめる"},
	{"verify", indicators_verify, "check a file's digest and structure",
	 "ファイルのダイジェストと構造を検査する"},
	{"show", indicators_show, "tell what a set holds", "集合の内容を示す"},
	{"match", indicators_match, "look values up, as the sensor does", "センサーと同じ方法で値を照合する"},
};

int main(int argc, char **argv)
{
	static const struct subcommands self = {
		.command = "hinomi indicators",
		.arguments_en = "COMMAND [OPTION]... [FILE]...",
		.arguments_ja = "コマンド [オプション]... [ファイル]...",
		.note_en = "",
		.note_ja = "",
		.example = "hinomi indicators match SET.him 192.0.2.7 www.bad.example",
		.rows = commands,
		.count = sizeof(commands) / sizeof(commands[0]),
	};
	return subcommands_main(&self, argc, argv);
}
