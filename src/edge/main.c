/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "edge/commands.h"

static const struct command_help help = {
	.usage = "hinomi edge enrol CODE | run | status",
	.text_en = "Joins a sensor or a resolver to the hub: brings what is in force to it, and what it did "
		   "to the\n"
		   "hub and to the commission's witness. It runs beside the one that it serves and shares "
		   "nothing\n"
		   "with it but folders.",
	.text_ja = "センサー又はリゾルバーをハブにつなぐ。有効な集合や承認を届け、記録をハブと委員会の検査に"
		   "送る。\n"
		   "センサーやリゾルバーの傍らで動き、フォルダーのほかは何も共有しない。",
	.example = "hinomi edge enrol hinomi1-... --sensor /var/lib/hinomi-sensor",
};

int edge_report(int err, const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR, "%s%s%s", fault->place, fault->place[0] == '\0' ? "" : ": ",
		 fault->message[0] == '\0' ? hn_strerror(err) : fault->message);
	switch (err) {
	case HN_EAUTH:
		return HN_EXIT_NOT_AUTHORISED;
	case HN_EIO:
	case HN_ENOSPC:
	case HN_ENOMEM:
	case HN_EEXIST:
		return HN_EXIT_UNFINISHED;
	case HN_EFORMAT:
	case HN_ELIMIT:
		return HN_EXIT_USAGE;
	default:
		return HN_EXIT_INPUT;
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {{"enrol", edge_cmd_enrol}, {"run", edge_cmd_run}, {"status", edge_cmd_status}};
	static const struct option_row rows[] = {{0}};
	char **args;
	size_t count;
	log_init("hinomi edge", false);
	if (sodium_init() < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", tr("libsodium does not start", "libsodiumを使えない"));
		return HN_EXIT_UNFINISHED;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	log_line(LOG_LEVEL_ERROR,
		 tr("no command '%s'; see --help", "'%s' というコマンドはない。--help を参照"),
		 count > 0 ? args[0] : "");
	return HN_EXIT_USAGE;
}
