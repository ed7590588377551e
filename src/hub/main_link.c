/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "hub/commands.h"
#include "hub/config.h"
#include "hub/link.h"

static const struct command_help help = {
	.usage = "hinomi hub link [OPTION]... LOGIN",
	.text_en = "Shows a link that signs a person in once, in a browser on this machine.\n"
		   "Beside a hub that serves, with its folder and database.",
	.text_ja = "利用者を一度だけサインインさせるリンクを表示する。このマシンのブラウザーでのみ使える。\n"
		   "動作中のハブと同じフォルダーとデータベースを指定する。",
	.example = "hinomi hub link admin",
};

static int make(const char *path, const struct hub_overrides *overrides, const char *login, unsigned minutes,
		bool json)
{
	struct fault fault = {0};
	struct hub_config *config = NULL;
	struct link link;
	int rc = hub_config_read(path, overrides, &config, &fault);
	if (rc == HN_OK)
		rc = hub_link(config, login, minutes, &link, &fault);
	hub_config_free(config);
	if (rc != HN_OK)
		return hub_report(rc, &fault);
	if (json)
		printf("{\"url\":\"%s\",\"token\":\"%s\",\"minutes\":%u}\n", link.url, link.token, minutes);
	else
		printf("%s\n", link.url);
	sodium_memzero(&link, sizeof(link));
	return HN_EXIT_DONE;
}

int hub_cmd_link(int argc, char **argv)
{
	const char *listen[1] = {NULL};
	struct hub_overrides overrides = {.data = NULL};
	const char *path = NULL;
	uint64_t minutes = LINK_MINUTES_MAX;
	bool json = false;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"config", 'c', OPTION_STRING, &path, "FILE", "hub.yaml (docs/deploy.md)",
		 "hub.yaml(docs/deploy.md)"},
		{"data", 'd', OPTION_STRING, &overrides.data, "DIR",
		 "folder of all that the hub keeps (hinomi-data)",
		 "ハブのすべてを置くフォルダー(hinomi-data)"},
		{"database", 0, OPTION_STRING, &overrides.database, "URL",
		 "postgresql://... instead of SQLite there", "そこのSQLiteの代わりに postgresql://..."},
		{"listen", 0, OPTION_STRING, &listen[0], "ADDRESS:PORT", "where the hub serves (hub.yaml)",
		 "ハブの待受けアドレス(hub.yaml)"},
		{"minutes", 0, OPTION_COUNT, &minutes, "N", "how long it holds: 1 to 15 (15)",
		 "有効な時間。1から15(分、既定は15)", .min = 1, .max = LINK_MINUTES_MAX},
		{"json", 0, OPTION_FLAG, &json, NULL, "as JSON", "JSONで表示する"},
		{0},
	};
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count != 1) {
		log_line(LOG_LEVEL_ERROR, "%s", tr("one login is needed", "ログイン名を一つ指定すること"));
		return HN_EXIT_USAGE;
	}
	if (listen[0] != NULL) {
		overrides.listen = listen;
		overrides.listen_count = 1;
	}
	return make(path, &overrides, args[0], (unsigned)minutes, json);
}
