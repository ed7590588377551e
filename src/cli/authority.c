/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi authority COMMAND ... */
#include "cli/authority.h"

#include <sodium.h>
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

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	fprintf(out, "%s: hinomi authority %s\n\n", tr("Usage", "使い方"),
		tr("COMMAND [OPTION]... [FILE]...", "コマンド [オプション]... [ファイル]..."));
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-12s%s\n", commands[i].name,
			lang_get() == LANG_JA ? commands[i].help_ja : commands[i].help_en);
	fprintf(out, "\n%s\n",
		tr("'hinomi authority COMMAND --help' explains each.",
		   "各コマンドの説明は 'hinomi authority コマンド --help' で表示される。"));
	fprintf(out, "%s:\n  hinomi authority verify --trust TRUST.json A.json\n", tr("Example", "例"));
}

int main(int argc, char **argv)
{
	(void)lang_get();
	log_init("hinomi authority", false);
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
	if (sodium_init() < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", tr("no source of randomness", "乱数が得られない"));
		return HN_EXIT_UNFINISHED;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	log_line(LOG_LEVEL_ERROR,
		 tr("no command '%s'; see hinomi authority --help",
		    "'%s' というコマンドはない。hinomi authority --help を参照"),
		 argv[1]);
	return HN_EXIT_USAGE;
}
