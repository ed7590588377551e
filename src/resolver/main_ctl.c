/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "resolver/commands.h"
#include "resolver/control.h"

static const struct command_help help = {
	.usage = "hinomi resolver ctl [OPTION]... COMMAND [ARGUMENT]...",
	.text_en = "Asks the resolver that runs on this machine.\n"
		   "  status                 since when, how many threads, which policy is in force\n"
		   "  reload [force]         reads policies, anchors, certificates, cookie secrets again; "
		   "force: also a zone\n"
		   "                         file that looks cut\n"
		   "  flush NAME             forgets answers for a name and all names under it\n"
		   "  stats                  counters\n"
		   "  top                    which listed names are asked for most\n"
		   "  sketch NAME            how much a name's domain was asked in the last seven days\n"
		   "  policy                 each set in force\n"
		   "  explain NAME [CLIENT]  which entry of which set decides",
	.text_ja = "このマシンで動いている resolver に尋ねる。\n"
		   "  status                 起動時刻、スレッド数、施行中のポリシー\n"
		   "  reload [force]         "
		   "ポリシー、トラストアンカー、証明書、クッキーの秘密を読み直す。force は途中で切れた\n"
		   "                         ように見えるゾーンファイルも読み込む\n"
		   "  flush 名前             その名前とその下の応答を忘れる\n"
		   "  stats                  統計\n"
		   "  top                    多く問い合わせられた登録名\n"
		   "  sketch 名前            その名前のドメインが過去7日にどれほど問い合わせられたか\n"
		   "  policy                 施行中の集合\n"
		   "  explain 名前 [アドレス]  どの集合のどの項目が決めるか",
	.example = "hinomi resolver ctl flush example.jp",
};

static const struct {
	const char *name;
	size_t args_min, args_max;
} commands[] = {
	{"status", 0, 0}, {"reload", 0, 1}, {"flush", 1, 1},  {"stats", 0, 0},
	{"top", 0, 0},    {"sketch", 1, 1}, {"policy", 0, 0}, {"explain", 1, 2},
};

static int check(char *const args[], size_t count)
{
	if (count == 0) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("no command; see --help", "コマンドがない。--help を参照"));
		return HN_EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, args[0]) != 0)
			continue;
		if (count - 1 >= commands[i].args_min && count - 1 <= commands[i].args_max)
			return -1;
		log_line(LOG_LEVEL_ERROR,
			 tr("wrong number of arguments for '%s'; see --help",
			    "'%s' の引数の数が違う。--help を参照"),
			 args[0]);
		return HN_EXIT_USAGE;
	}
	log_line(LOG_LEVEL_ERROR,
		 tr("no command '%s'; see --help", "'%s' というコマンドはない。--help を参照"), args[0]);
	return HN_EXIT_USAGE;
}

int resolver_cmd_ctl(int argc, char **argv)
{
	const char *socket = NULL, *config = NULL;
	bool json = false;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"socket", 's', OPTION_STRING, &socket, "PATH", "the resolver's control socket",
		 "resolver の制御用ソケット"},
		{"config", 'c', OPTION_STRING, &config, "FILE", "take it from this configuration",
		 "この設定から得る"},
		{"json", 0, OPTION_FLAG, &json, NULL, "the answer as it came", "応答をJSONのまま出す"},
		{0},
	};

	log_init("hinomi resolver ctl", false);
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code == -1)
		code = check(args, count);
	if (code != -1)
		return code;
	const char *words[CONTROL_WORDS_MAX];
	for (size_t i = 0; i < count; i++)
		words[i] = args[i];
	return resolver_ask(socket, config, words, count, json);
}
