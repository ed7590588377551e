/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utc.h"
#include "resolver/commands.h"
#include "resolver/config.h"
#include "resolver/rpz_write.h"

#define FILE_MAX (UINT64_C(4) << 30) /* bytes */

static const struct command_help help = {
	.usage = "hinomi resolver export --config FILE [OPTION]...",
	.text_en = "Writes the policy of a group as a response policy zone file, for resolvers that know "
		   "nothing of our\n"
		   "sets. knot or nsd transfer it to them.",
	.text_ja = "グループのポリシーを、指標集合を読めない他のリゾルバーのためにRPZのゾーンファイルとして書"
		   "き出す。\n"
		   "転送はknotやnsdで行う。",
	.example = "hinomi resolver export --config resolver.yaml --zone rpz.example -o rpz.zone",
};

struct request {
	const char *config, *group, *zone, *output;
	uint64_t serial;
	bool json;
};

/* A file appears whole or not at all; standard output is as it is. */
static int put(const struct request *r, const struct buf *zone)
{
	int rc = HN_OK;
	if (r->output != NULL && strcmp(r->output, "-") != 0)
		rc = file_write_whole(r->output, zone->data, zone->len, 0644, true);
	else if (fwrite(zone->data, 1, zone->len, stdout) != zone->len || fflush(stdout) != 0)
		rc = hn_err_of_errno(errno);
	if (rc == HN_OK)
		return HN_EXIT_DONE;
	log_line(LOG_LEVEL_ERROR, tr("cannot write '%s': %s", "'%s' に書けない: %s"),
		 r->output == NULL ? "-" : r->output, rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	return HN_EXIT_UNFINISHED;
}

static void report(const struct request *r, const struct rpz_written *w)
{
	if (r->json)
		fprintf(stderr, "{\"rules\":%llu,\"covered\":%llu,\"too_long\":%llu}\n",
			(unsigned long long)w->rules, (unsigned long long)w->covered,
			(unsigned long long)w->too_long);
	else
		log_line(LOG_LEVEL_INFO,
			 tr("%llu rules; %llu left out because others decide, %llu because the name is too "
			    "long",
			    "規則 %llu。他が決めるため省いたもの %llu、名前が長すぎるもの %llu"),
			 (unsigned long long)w->rules, (unsigned long long)w->covered,
			 (unsigned long long)w->too_long);
}

static int export_view(const struct request *r, const struct policy *policy, unsigned view)
{
	struct fault fault = {0};
	struct rpz_written written;
	struct buf zone;
	int64_t now_ns = utc_now_ns();
	/* Without a number the seconds since 1970: they rise, and secondaries see the change. */
	uint32_t serial = (uint32_t)(r->serial != 0 ? r->serial : (uint64_t)(now_ns / NS_SECOND));

	buf_init(&zone, FILE_MAX);
	int rc = rpz_write(policy, view, r->zone, serial, now_ns, &zone, &written, &fault);
	int code = rc == HN_OK ? put(r, &zone) : resolver_report(rc, &fault);
	if (rc == HN_EFORMAT)
		code = HN_EXIT_USAGE;
	if (code == HN_EXIT_DONE)
		report(r, &written);
	buf_clear(&zone);
	return code;
}

int resolver_cmd_export(int argc, char **argv)
{
	struct request r = {.zone = "rpz.hinomi.internal"};
	struct resolver_config *config;
	struct policy *policy;
	char **args;
	size_t count;
	unsigned view;
	const struct option_row rows[] = {
		{"config", 'c', OPTION_STRING, &r.config, "FILE", "whose policies", "ポリシーを定めた設定"},
		{"group", 'g', OPTION_STRING, &r.group, "NAME", "whose list (default: the first group's)",
		 "対象のグループ(既定は最初のもの)"},
		{"zone", 'z', OPTION_STRING, &r.zone, "NAME", "the zone's name (rpz.hinomi.internal)",
		 "ゾーンの名前(既定は rpz.hinomi.internal)"},
		{"serial", 0, OPTION_COUNT, &r.serial, "N", "of its SOA (default: seconds since 1970)",
		 "SOAのシリアル(既定は1970年からの秒数)", 1, UINT32_MAX},
		{"output", 'o', OPTION_STRING, &r.output, "FILE", "default: standard output",
		 "既定は標準出力"},
		{"json", 0, OPTION_FLAG, &r.json, NULL, "the summary on standard error as JSON",
		 "標準エラーへの要約をJSONにする"},
		{0},
	};

	log_init("hinomi resolver export", false);
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count != 0 || r.config == NULL) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("takes --config FILE; see --help", "--config が要る。--help を参照"));
		return HN_EXIT_USAGE;
	}
	code = resolver_load(r.config, &config, &policy);
	if (code != -1)
		return code;
	code = resolver_view(config, r.group, NULL, &view);
	if (code == -1)
		code = export_view(&r, policy, view);
	policy_free(policy);
	resolver_config_free(config);
	return code;
}
