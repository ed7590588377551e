/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utc.h"
#include "match/canonical.h"
#include "resolver/commands.h"
#include "resolver/config.h"
#include "resolver/explain.h"
#include "resolver/judge.h"

#define TEXT_MAX (1u << 20)

static const struct command_help help = {
	.usage = "hinomi resolver explain [OPTION]... NAME",
	.text_en =
		"Says which entry of which set decides about a name, with its object id, and which others "
		"matched\n"
		"and lost. The resolver that runs is asked what is in force; it resolves the name where that "
		"matters.\n"
		"With --config the files are read and nothing is resolved. Exit code 0.",
	.text_ja = "名前についてどの集合のどの項目が決めるかを、オブジェクトIDとともに示す。一致したが採られ"
		   "なかったもの"
		   "も示す。\n"
		   "動いている resolver に施行中のものを尋ね、必要なら名前を解決する。--config "
		   "があればファイルを読み、解決はしない。",
	.example = "hinomi resolver explain www.example.jp --client 192.0.2.7",
};

struct request {
	const char *config, *socket, *client_text, *group, *type;
	bool json, tcp;
	struct ip client;
	struct canonical name;
};

static int read_name(const char *text, struct canonical *out)
{
	if (canonical_name(text, strlen(text), out) == HN_OK && out->key.kind == ENTRY_NAME)
		return -1;
	log_line(LOG_LEVEL_ERROR, tr("'%s' is no host name", "'%s' はホスト名ではない"), text);
	return HN_EXIT_USAGE;
}

static int read_client(struct request *r)
{
	if (r->client_text == NULL || ip_parse(r->client_text, strlen(r->client_text), &r->client) == HN_OK)
		return -1;
	log_line(LOG_LEVEL_ERROR,
		 tr("--client takes an address, not '%s'", "--client はアドレス。'%s' は不可"),
		 r->client_text);
	return HN_EXIT_USAGE;
}

/* As the server judges before it resolves anything. */
static struct explained *judge(const struct request *r, const struct policy *policy, unsigned view)
{
	struct explained *x = calloc(1, sizeof(*x));
	if (x == NULL)
		return NULL;
	const struct judged_question q = {
		.policy = policy,
		.view = view,
		.transport = RESOLVER_UDP,
		.client = r->client_text == NULL ? NULL : &r->client,
		.name = r->name.key.data,
		.name_len = r->name.key.len,
		.utc_ns = utc_now_ns(),
	};
	x->name = q.name;
	x->len = q.name_len;
	x->by_client = q.client != NULL;
	x->now_ns = q.utc_ns;
	x->end = EXPLAIN_OFFLINE;
	policy_begin(policy, view, &x->verdict);
	x->verdict.trace = &x->trace;
	judge_question(&q, &x->verdict);
	return x;
}

static int explain(const struct request *r, const struct policy *policy, unsigned view)
{
	struct buf out;
	struct explained *x = judge(r, policy, view);

	buf_init(&out, TEXT_MAX);
	int rc = x == NULL ? HN_ENOMEM : r->json ? explain_json(x, &out) : explain_text(x, &out);
	free(x);
	if (rc == HN_OK && r->json)
		buf_addc(&out, '\n');
	if (rc == HN_OK)
		rc = buf_err(&out);
	if (rc == HN_OK && out.len > 0)
		(void)fwrite(out.data, 1, out.len, stdout);
	buf_clear(&out);
	if (rc == HN_OK && fflush(stdout) == 0)
		return HN_EXIT_DONE;
	log_line(LOG_LEVEL_ERROR, "%s", hn_strerror(rc == HN_OK ? HN_EIO : rc));
	return HN_EXIT_UNFINISHED;
}

static int explain_files(const struct request *r)
{
	struct resolver_config *config;
	struct policy *policy;
	unsigned view;

	int code = resolver_load(r->config, &config, &policy);
	if (code != -1)
		return code;
	code = resolver_view(config, r->group, r->client_text == NULL ? NULL : &r->client, &view);
	if (code == -1)
		code = explain(r, policy, view);
	policy_free(policy);
	resolver_config_free(config);
	return code;
}

int resolver_cmd_explain(int argc, char **argv)
{
	struct request r = {0};
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"client", 0, OPTION_STRING, &r.client_text, "ADDRESS",
		 "who asks (default: one of the first group)",
		 "問い合わせるクライアント(既定は最初のグループ)"},
		{"group", 'g', OPTION_STRING, &r.group, "NAME", "with --config: a client of this group",
		 "--config とともに: このグループのクライアント"},
		{"config", 'c', OPTION_STRING, &r.config, "FILE", "read these files instead of asking",
		 "尋ねる代わりにこの設定のファイルを読む"},
		{"type", 't', OPTION_STRING, &r.type, "TYPE",
		 "the record type asked for (default: A and AAAA)",
		 "問い合わせるレコード種別(既定は A と AAAA)"},
		{"tcp", 0, OPTION_FLAG, &r.tcp, NULL, "over TCP, TLS or HTTPS instead of UDP",
		 "UDPではなくTCP・TLS・HTTPSによる問合せ"},
		{"socket", 's', OPTION_STRING, &r.socket, "PATH", "the resolver's control socket",
		 "resolver の制御用ソケット"},
		{"json", 0, OPTION_FLAG, &r.json, NULL, "as JSON", "JSONで出す"},
		{0},
	};

	log_init("hinomi resolver explain", false);
	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count != 1) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("takes one name; see --help", "名前を一つ指定すること。--help を参照"));
		return HN_EXIT_USAGE;
	}
	code = read_name(args[0], &r.name);
	if (code == -1)
		code = read_client(&r);
	if (code != -1)
		return code;
	if (r.config != NULL)
		return explain_files(&r);
	const char *const words[] = {"explain", args[0], r.client_text == NULL ? "-" : r.client_text,
				     r.type == NULL ? "-" : r.type, r.tcp ? "tcp" : "udp"};
	return resolver_ask(r.socket, NULL, words, sizeof(words) / sizeof(words[0]), r.json);
}
