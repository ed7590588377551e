/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/program.h"
#include "hub/commands.h"
#include "hub/config.h"
#include "hub/serve.h"

static const struct command_help help = {
	.usage = "hinomi hub [OPTION]... | backup FOLDER | restore FOLDER | check",
	.text_en =
		"The centre where threat information meets and goes out to exactly those who may have it.\n"
		"Without a configuration it keeps everything under ./hinomi-data and serves this machine on\n"
		"127.0.0.1 and ::1, port 8470.\n"
		"SIGHUP reloads; SIGTERM answers what waits and ends.",
	.text_ja = "脅威情報が集まり、見る資格のある者だけに届く中心。\n"
		   "設定を指定しなければ、すべてを ./hinomi-data に置き、127.0.0.1 と ::1 のポート8470で\n"
		   "このマシンだけに答える。\n"
		   "SIGHUPで読み直し、SIGTERMで待ちに答えて終わる。",
	.example = "hinomi hub --config /etc/hinomi/hub.yaml",
};

static int serve(const char *path, const struct hub_overrides *overrides, bool only_check)
{
	struct fault fault = {0};
	struct hub_config *config;
	int rc = hub_config_read(path, overrides, &config, &fault);
	if (rc != HN_OK)
		return hub_report(rc, &fault);
	if (only_check)
		printf(tr("%s: good; %zu listeners\n", "%s: 問題なし。待受け %zu\n"), config->file,
		       config->listen.count);
	else
		rc = hub_serve(config, overrides, &fault);
	hub_config_free(config);
	return rc == HN_OK ? HN_EXIT_DONE : hub_report(rc, &fault);
}

int hub_cmd_serve(int argc, char **argv)
{
	struct hub_overrides overrides = {.data = NULL};
	struct option_list listen = {.count = 0}, edge_listen = {.count = 0};
	const char *path = NULL;
	bool only_check = false;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"config", 'c', OPTION_STRING, &path, "FILE", "hub.yaml (docs/deploy.md)",
		 "hub.yaml(docs/deploy.md)"},
		{"data", 'd', OPTION_STRING, &overrides.data, "DIR",
		 "folder of all that it keeps (hinomi-data)", "すべてを置くフォルダー(hinomi-data)"},
		{"database", 0, OPTION_STRING, &overrides.database, "URL",
		 "postgresql://... instead of SQLite there", "そこのSQLiteの代わりに postgresql://..."},
		{"listen", 'l', OPTION_LIST, &listen, "ADDRESS:PORT",
		 "instead of 127.0.0.1:8470 and [::1]:8470", "127.0.0.1:8470 と [::1]:8470 の代わり"},
		{"edge-listen", 0, OPTION_LIST, &edge_listen, "ADDRESS:PORT",
		 "for edges, instead of 127.0.0.1:8472 and [::1]:8472",
		 "エッジ用。127.0.0.1:8472 と [::1]:8472 の代わり"},
		{"check", 0, OPTION_FLAG, &only_check, NULL, "read the configuration, then end",
		 "設定を調べて終わる"},
		{0},
	};
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	code = program_no_command(args, count);
	if (code != -1)
		return code;
	overrides.listen = listen.items;
	overrides.listen_count = listen.count;
	overrides.edge_listen = edge_listen.items;
	overrides.edge_listen_count = edge_listen.count;
	return serve(path, &overrides, only_check);
}
