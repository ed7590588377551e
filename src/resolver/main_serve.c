/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/program.h"
#include "resolver/commands.h"
#include "resolver/config.h"
#include "resolver/config_files.h"
#include "resolver/cookie_file.h"
#include "resolver/recursor_plan.h"
#include "resolver/sandbox.h"
#include "resolver/serve.h"
#include "resolver/tls.h"

static const struct command_help help = {
	.usage = "hinomi resolver [OPTION]... | explain NAME | ctl COMMAND | export",
	.text_en =
		"Protective DNS: answers questions, refuses names and addresses that serve attacks, tells "
		"what it\n"
		"stopped. Without a configuration it serves this machine on 127.0.0.1 and ::1, port 5300.\n"
		"  explain NAME    which entry of which set decides, and why\n"
		"  ctl COMMAND     asks the resolver that runs: status, reload, flush, stats, top, policy\n"
		"  export          a group's policy as a response policy zone\n"
		"SIGHUP reads configuration and policy again; SIGTERM answers what waits and ends.",
	.text_ja =
		"プロテクティブDNS: "
		"問合せに答え、攻撃に使われる名前とアドレスを遮断し、遮断したものを報告する。\n"
		"設定を指定しなければ、127.0.0.1 と ::1 のポート5300でこのマシンだけに答える。\n"
		"  explain 名前    どの集合のどの項目が、なぜ決めるか\n"
		"  ctl コマンド    動いている resolver に尋ねる: status、reload、flush、stats、top、policy\n"
		"  export          グループのポリシーをRPZとして書き出す\n"
		"SIGHUPで設定とポリシーを読み直し、SIGTERMで待ちに答えて終わる。",
	.example = "hinomi resolver --config /etc/hinomi/resolver.yaml --check",
};

/* Certificates, the cookies' file, trust anchors, root hints, zones: what serving would read next. */
static int read_rest(const struct resolver_config *config, struct fault *fault)
{
	struct cookie_secrets *secrets = NULL;
	struct recursor *recursor = NULL;
	struct recursor_plan plan;
	struct tls_contexts *contexts = NULL;

	int rc = tls_contexts_new(config, &contexts, fault);
	tls_contexts_free(contexts);
	if (rc == HN_OK)
		rc = cookie_secrets_read(config->cookies.secrets, &secrets, fault);
	if (rc != HN_OK)
		return rc;
	sodium_free(secrets);
	rc = recursor_plan_make(config, &plan);
	if (rc != HN_OK)
		return rc;
	rc = recursor_new(&plan.options, &recursor, fault);
	recursor_plan_clear(&plan);
	recursor_free(recursor);
	return rc;
}

static int check_rest(const struct resolver_config *config)
{
	struct fault fault = {0};
	int rc = read_rest(config, &fault);
	if (rc == HN_OK)
		return -1;
	config_files_blame(config, &fault);
	return resolver_report(rc, &fault);
}

static void count_fault(void *context, const struct fault *fault)
{
	size_t *count = context;
	++*count;
	log_line(LOG_LEVEL_ERROR, "%s: %s", fault->place, fault->message);
}

/* Each file that the user whom the resolver becomes cannot reach. @return -1, or the exit code */
static int check_reach(const char *path)
{
	struct resolver_config *config;
	struct fault fault = {0};
	size_t count = 0;
	uid_t user;
	gid_t group;

	int rc = resolver_config_read(path, &config, &fault);
	if (rc != HN_OK)
		return -1; /* told by who reads it next */
	rc = sandbox_user(config, &user, &group, &fault);
	if (rc == HN_OK && config_files_try(config, user, group, count_fault, &count) != HN_OK)
		rc = fault_set(&fault, HN_EIO, "user", "%s", hn_errno_text(errno));
	resolver_config_free(config);
	if (rc != HN_OK)
		return resolver_report(rc, &fault);
	return count > 0 ? HN_EXIT_INPUT : -1;
}

static int check(const char *path)
{
	struct resolver_config *config;
	struct policy *policy;
	uint64_t entries = 0;

	int code = check_reach(path);
	if (code == -1)
		code = resolver_load(path, &config, &policy);
	if (code != -1)
		return code;
	for (size_t i = 0; i < policy_set_count(policy); i++) {
		struct policy_set_info info;
		policy_set_info(policy, i, &info);
		entries += info.entries;
	}
	code = check_rest(config);
	if (code == -1)
		printf(tr("%s: good; %zu listeners, %zu groups, %zu policies with %llu entries\n",
			  "%s: 問題なし。待受け %zu、グループ %zu、ポリシー %zu(項目 %llu)\n"),
		       config->file, config->listen.count, config->groups.count, config->policy.count,
		       (unsigned long long)entries);
	policy_free(policy);
	resolver_config_free(config);
	if (code == -1)
		code = fflush(stdout) == 0 ? HN_EXIT_DONE : HN_EXIT_UNFINISHED;
	return code;
}

static int serve(const char *path)
{
	struct fault fault = {0};
	struct resolver_config *config;

	int rc = resolver_config_read(path, &config, &fault);
	if (rc != HN_OK) {
		int code = resolver_report(rc, &fault);
		return rc == HN_EFORMAT || rc == HN_ELIMIT || rc == HN_EEXIST ? HN_EXIT_USAGE : code;
	}
	rc = resolver_serve(config, &fault);
	config_files_blame(config, &fault);
	resolver_config_free(config);
	if (rc == HN_OK)
		return HN_EXIT_DONE;
	int code = resolver_report(rc, &fault);
	/* An address or socket that cannot be had is no input of ours. */
	return rc == HN_EIO || rc == HN_EEXIST ? HN_EXIT_UNFINISHED : code;
}

int resolver_cmd_serve(int argc, char **argv)
{
	const char *path = NULL;
	bool only_check = false;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"config", 'c', OPTION_STRING, &path, "FILE", "resolver.yaml (docs/resolver.md)",
		 "resolver.yaml(docs/resolver.md)"},
		{"check", 0, OPTION_FLAG, &only_check, NULL, "read it and what it names, then end",
		 "設定とそれが指すファイルを調べて終わる"},
		{0},
	};

	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	code = program_no_command(args, count);
	if (code != -1)
		return code;
	return only_check ? check(path) : serve(path);
}
