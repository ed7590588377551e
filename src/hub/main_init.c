/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <sodium.h>
#include <stdio.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "hub/commands.h"
#include "hub/config.h"
#include "hub/init.h"

static const struct command_help help = {
	.usage = "hinomi hub init [OPTION]...",
	.text_en = "Makes the centre and its first administrator, and shows the password once.\n"
		   "A hub that serves already takes them in at once. Only where nobody is there yet.",
	.text_ja = "センターと最初の管理者を登録し、パスワードを一度だけ表示する。\n"
		   "動作中のハブにも直ちに反映される。登録者がまだいない場合に限る。",
	.example = "hinomi hub init --login admin --centre 'National Cybersecurity Office'",
};

static void print_json(const struct init_options *options, const struct init_result *result)
{
	char centre[UUID_TEXT_SIZE];
	char person[UUID_TEXT_SIZE];
	uuid_format(&result->centre, centre);
	uuid_format(&result->person, person);
	printf("{\"centre\":\"%s\",\"person\":\"%s\",\"login\":\"%s\",\"password\":\"%s\"", centre, person,
	       options->login, result->password);
	if (options->token)
		printf(",\"token\":\"%s\"", result->token);
	if (options->totp)
		printf(",\"totp\":\"%s\"", result->totp);
	printf("}\n");
}

static void print_text(const struct init_options *options, const struct init_result *result)
{
	printf(tr("login:    %s\npassword: %s\n", "ログイン名: %s\nパスワード: %s\n"), options->login,
	       result->password);
	if (options->token)
		printf(tr("token:    %s (one day)\n", "トークン: %s (1日間有効)\n"), result->token);
	if (options->totp)
		printf(tr("second factor, for an authenticator:\n%s\n",
			  "二要素認証(認証アプリに登録):\n%s\n"),
		       result->totp);
	printf("%s\n", options->totp ? tr("They are shown once. Change the password after the first sign-in.",
					  "表示は一度限り。最初のサインイン後にパスワードを変更すること。")
				     : tr("They are shown once. Change the password and add a second factor "
					  "after the first sign-in.",
					  "表示は一度限り。最初のサインイン後にパスワードを変更し、二要素認証"
					  "を設定すること。"));
}

static int init(const char *path, const struct hub_overrides *overrides, const struct init_options *options,
		bool json)
{
	struct fault fault = {0};
	struct hub_config *config = NULL;
	struct init_result result;
	int rc = hub_config_read(path, overrides, &config, &fault);
	if (rc == HN_OK)
		rc = hub_init(config, options, &result, &fault);
	hub_config_free(config);
	if (rc == HN_EEXIST) {
		(void)hub_report(rc, &fault);
		return HN_EXIT_NO;
	}
	if (rc != HN_OK)
		return hub_report(rc, &fault);
	if (json)
		print_json(options, &result);
	else
		print_text(options, &result);
	sodium_memzero(&result, sizeof(result));
	return HN_EXIT_DONE;
}

int hub_cmd_init(int argc, char **argv)
{
	struct hub_overrides overrides = {.data = NULL};
	struct init_options options = {.login = "admin"};
	const char *path = NULL;
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
		{"login", 0, OPTION_STRING, &options.login, "NAME", "of the administrator (admin)",
		 "管理者のログイン名(admin)"},
		{"centre", 0, OPTION_STRING, &options.centre, "NAME", "what the centre is called",
		 "センターの名称"},
		{"token", 0, OPTION_FLAG, &options.token, NULL,
		 "show a token for scripts too, valid for a day",
		 "スクリプト用のトークン(1日間有効)も表示する"},
		{"totp", 0, OPTION_FLAG, &options.totp, NULL,
		 "give a second factor (otpauth URI), asked for from the first sign-in on",
		 "二要素認証の秘密(otpauth URI)も発行し、最初のサインインから求める"},
		{"json", 0, OPTION_FLAG, &json, NULL, "as JSON", "JSONで表示する"},
		{0},
	};
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count > 0) {
		log_line(LOG_LEVEL_ERROR, tr("unexpected argument '%s'", "余分な引数 '%s'"), args[0]);
		return HN_EXIT_USAGE;
	}
	if (options.centre == NULL)
		options.centre = tr("The centre", "センター");
	return init(path, &overrides, &options, json);
}
