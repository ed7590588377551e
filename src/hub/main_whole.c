/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi hub backup | restore | check */
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "hub/commands.h"
#include "hub/config.h"
#include "hub/whole.h"

static const struct command_help backup_help = {
	.usage = "hinomi hub backup [OPTION]... FOLDER",
	.text_en = "Copies the whole hub, also while it serves, into a new folder: database, ledger with its "
		   "private\n"
		   "records, keys. The folder is as secret as the hub.",
	.text_ja =
		"動作中でも、ハブ全体を新しいフォルダーに複製する: データベース、台帳とその非公開記録、鍵。\n"
		"このフォルダーはハブと同じく秘密に扱うこと。",
	.example = "hinomi hub backup --data /var/lib/hinomi-hub /backup/hub-2026-11-21",
};

static const struct command_help restore_help = {
	.usage = "hinomi hub restore [OPTION]... FOLDER",
	.text_en = "Puts a backup where no hub is yet; then start the hub.",
	.text_ja = "バックアップを、まだハブのない場所に戻す。その後ハブを起動する。",
	.example = "hinomi hub restore --data /var/lib/hinomi-hub /backup/hub-2026-11-21",
};

static const struct command_help check_help = {
	.usage = "hinomi hub check [OPTION]...",
	.text_en = "Rechecks database and ledger, also while the hub serves. Ends with 1 when something is "
		   "wrong.",
	.text_ja = "動作中でも、データベースと台帳を検査する。誤りがあれば終了コード1で終わる。",
	.example = "hinomi hub check --data /var/lib/hinomi-hub",
};

/* Reads options and configuration. @return -1 to go on */
static int begin(int argc, char **argv, const struct command_help *help, size_t wanted,
		 const char **folder_out, struct hub_config **config_out)
{
	struct hub_overrides overrides = {.data = NULL};
	struct fault fault = {0};
	const char *path = NULL;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"config", 'c', OPTION_STRING, &path, "FILE", "hub.yaml", "hub.yaml"},
		{"data", 'd', OPTION_STRING, &overrides.data, "DIR", "the hub's folder (hinomi-data)",
		 "ハブのフォルダー(hinomi-data)"},
		{"database", 0, OPTION_STRING, &overrides.database, "URL", "where it is not in there",
		 "データベースがそこにない場合"},
		{0},
	};
	int code = options_read(argc, argv, rows, help, &args, &count);
	if (code != -1)
		return code;
	if (count != wanted) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("wrong number of arguments; see --help", "引数の数が違う。--help を参照"));
		return HN_EXIT_USAGE;
	}
	*folder_out = count > 0 ? args[0] : NULL;
	int rc = hub_config_read(path, &overrides, config_out, &fault);
	return rc == HN_OK ? -1 : hub_report(rc, &fault);
}

int hub_cmd_backup(int argc, char **argv)
{
	struct fault fault = {0};
	struct hub_config *config;
	const char *folder;
	log_init("hinomi hub backup", false);
	int code = begin(argc, argv, &backup_help, 1, &folder, &config);
	if (code != -1)
		return code;
	int rc = whole_backup(config, folder, &fault);
	hub_config_free(config);
	return rc == HN_OK ? HN_EXIT_DONE : hub_report(rc, &fault);
}

int hub_cmd_restore(int argc, char **argv)
{
	struct fault fault = {0};
	struct hub_config *config;
	const char *folder;
	log_init("hinomi hub restore", false);
	int code = begin(argc, argv, &restore_help, 1, &folder, &config);
	if (code != -1)
		return code;
	int rc = whole_restore(config, folder, &fault);
	hub_config_free(config);
	return rc == HN_OK ? HN_EXIT_DONE : hub_report(rc, &fault);
}

static void print_finding(void *context, const char *text)
{
	(void)context;
	printf("%s\n", text);
}

int hub_cmd_check(int argc, char **argv)
{
	struct fault fault = {0};
	struct hub_config *config;
	const char *folder;
	uint64_t wrong = 0;
	log_init("hinomi hub check", false);
	int code = begin(argc, argv, &check_help, 0, &folder, &config);
	if (code != -1)
		return code;
	int rc = whole_check(config, print_finding, NULL, &wrong, &fault);
	hub_config_free(config);
	if (rc != HN_OK)
		return hub_report(rc, &fault);
	if (wrong == 0)
		printf("%s\n", tr("nothing is wrong", "問題なし"));
	return fflush(stdout) != 0 ? HN_EXIT_UNFINISHED : wrong == 0 ? HN_EXIT_DONE : HN_EXIT_NO;
}
