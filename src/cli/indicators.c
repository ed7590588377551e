/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi indicators COMMAND ... */
#include "cli/indicators.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/version.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help_en;
	const char *help_ja;
} commands[] = {
	{"compile", indicators_compile, "make a set of lists, STIX, MISP, RPZ or CSV",
	 "リスト、STIX、MISP、RPZ、CSVから集合を作る"},
	{"merge", indicators_merge, "make one base of a base and its overlays",
	 "基本集合と差分集合を一つの基本集合にまとめる"},
	{"verify", indicators_verify, "check a file's digest and structure",
	 "ファイルのダイジェストと構造を検査する"},
	{"show", indicators_show, "tell what a set holds", "集合の内容を示す"},
	{"match", indicators_match, "look values up, as the sensor does", "センサーと同じ方法で値を照合する"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	fprintf(out, "%s: hinomi indicators %s\n\n", tr("Usage", "使い方"),
		tr("COMMAND [OPTION]... [FILE]...", "コマンド [オプション]... [ファイル]..."));
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s%s\n", commands[i].name,
			lang_get() == LANG_JA ? commands[i].help_ja : commands[i].help_en);
	fprintf(out, "\n%s\n",
		tr("'hinomi indicators COMMAND --help' explains each.",
		   "各コマンドの説明は 'hinomi indicators コマンド --help' で表示される。"));
	fprintf(out, "%s:\n  hinomi indicators match SET.him 192.0.2.7 www.bad.example\n",
		tr("Example", "例"));
}

int main(int argc, char **argv)
{
	(void)lang_get();
	log_init("hinomi indicators", false);
	if (argc < 2) {
		print_help(stderr);
		return HN_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return HN_EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("hinomi %s (%s)\n", HINOMI_VERSION, version_build_id());
		return HN_EXIT_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	log_line(LOG_LEVEL_ERROR,
		 tr("no command '%s'; see hinomi indicators --help",
		    "'%s' というコマンドはない。hinomi indicators --help を参照"),
		 argv[1]);
	return HN_EXIT_USAGE;
}
