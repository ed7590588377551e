/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/authorization.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utc.h"
#include "cli/authority.h"
#include "cli/authority_common.h"
#include "cli/authority_issue.h"
#include "cli/sandbox.h"

static const struct command_help help = {
	"hinomi authority issue --trust TRUST.json --basis BASIS [OPTION]... -o A.json",
	"Writes an authorisation that commissioners then sign. What the law or the trust file's limits "
	"forbid is\n"
	"refused here and again wherever it is read. BASIS: agreement, foreign-foreign, specified.",
	"委員が署名する承認書を作る。法律や信頼ファイルの上限に反するものは、ここでも、読み込み時にも拒まれる"
	"。\n"
	"BASIS: agreement（当事者協定）、foreign-foreign（外外）、specified（特定外内・特定内外）。",
	"hinomi authority issue --trust TRUST.json --basis agreement --party ACME --link ix1 --purpose "
	"\"botnet C2\" \\\n"
	"    --act act-1 --from now --until P30D --sensor ID:sensor.pub --set c2:ipv4,name:1000 -o A.json",
};

/* What the options give is checked by reading the payload back: the reader's rules are the only rules. */
static int check(const struct buf *payload, const struct trust *trust)
{
	struct fault fault = {{0}, {0}};
	struct authorization *read;

	int rc = authorization_read(payload->data, payload->len, &trust->limits, &read, &fault);
	if (rc == HN_OK) {
		authorization_free(read);
		return HN_EXIT_DONE;
	}
	log_line(LOG_LEVEL_ERROR, tr("this cannot be authorised: %s %s", "これは承認できない: %s %s"),
		 fault.place, fault.message);
	return rc == HN_EAUTH ? HN_EXIT_NOT_AUTHORISED : HN_EXIT_USAGE;
}

static int write_draft(const struct issue_options *o, const struct authorization *a,
		       const struct trust *trust)
{
	struct buf payload;

	buf_init(&payload, JWS_SIZE_MAX / 2);
	int code = HN_EXIT_UNFINISHED;
	int rc = authorization_payload(a, &payload);
	if (rc == HN_OK)
		code = check(&payload, trust);
	else
		log_line(LOG_LEVEL_ERROR, "'%s': %s", o->output, hn_strerror(rc));
	if (code == HN_EXIT_DONE)
		code = save_draft(o->output, &payload, o->json, a->id_text);
	buf_clear(&payload);
	return code;
}

static const char *missing(const struct issue_options *o)
{
	return o->output == NULL       ? "-o A.json"
	       : o->trust == NULL      ? "--trust"
	       : o->basis == NULL      ? "--basis"
	       : o->purpose == NULL    ? "--purpose"
	       : o->until == NULL      ? "--until"
	       : o->acts.count == 0    ? "--act"
	       : o->sensors.count == 0 ? "--sensor"
				       : NULL;
}

static int issue(const struct issue_options *o)
{
	static struct trust trust;
	struct authorization *a;

	if (missing(o) != NULL)
		return report_missing(missing(o));
	int code = load_trust(o->trust, &trust);
	if (code != HN_EXIT_DONE)
		return code;
	code = issue_build(o, &trust, &a);
	if (code != HN_EXIT_DONE)
		return code;
	code = write_draft(o, a, &trust);
	authorization_free(a);
	return code;
}

int authority_issue(int argc, char **argv)
{
	static struct issue_options o = {.from = "now", .retention = "P30D"};
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"output", 'o', OPTION_STRING, &o.output, "A.json", "the file to write", "書き出すファイル"},
		{"trust", 0, OPTION_STRING, &o.trust, "TRUST.json", "the trust file", "信頼ファイル"},
		{"basis", 0, OPTION_STRING, &o.basis, "BASIS", "legal basis", "法的根拠"},
		{"direction", 0, OPTION_LIST, &o.directions, "CLASS", "class, e.g. foreign-domestic",
		 "通信の区分（例: foreign-domestic）"},
		{"facility", 0, OPTION_LIST, &o.facilities, "[CLASS=]PREFIX",
		 "foreign facility (basis specified)", "国外設備（specified の場合）"},
		{"party", 0, OPTION_STRING, &o.party, "NAME", "party (basis agreement)",
		 "当事者（agreement の場合）"},
		{"link", 0, OPTION_LIST, &o.links, "NAME", "a link the agreement covers", "協定の対象回線"},
		{"purpose", 0, OPTION_STRING, &o.purpose, "TEXT", "what it is for", "目的"},
		{"act", 0, OPTION_LIST, &o.acts, "ID", "target act", "対象不正行為"},
		{"from", 0, OPTION_STRING, &o.from, "TIME", "first instant (default: now)",
		 "有効期間の始め（省略時は現在）"},
		{"until", 0, OPTION_STRING, &o.until, "TIME", "end, or a duration such as P30D",
		 "有効期間の終わり、または P30D のような期間"},
		{"sensor", 0, OPTION_LIST, &o.sensors, "ID[:KEY.pub]", "sensor, by id or identity (KEY.pub)",
		 "センサーのID。識別鍵だけでもよい"},
		{"set", 0, OPTION_LIST, &o.sets, "ID[:KINDS[:MAX]]",
		 "indicator set, kinds of entry, most entries", "指標集合、項目の種類、最大件数"},
		{"pattern", 0, OPTION_LIST, &o.patterns, "FILE", "byte patterns (JSON array)",
		 "バイトパターン（JSON配列）"},
		{"identified", 0, OPTION_STRING, &o.identified, "GROUND", "do not de-identify, and why",
		 "非識別化しない場合の根拠"},
		{"retention", 0, OPTION_STRING, &o.retention, "P30D", "how long records may be kept",
		 "記録の保存期間"},
		{"recipient", 0, OPTION_LIST, &o.recipients, "ORG", "who may be given results", "提供先"},
		{"json", 0, OPTION_FLAG, &o.json, NULL, "print JSON", "JSONで出力する"},
		{NULL}};

	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count > 0)
		return report_value("set", args[0], tr("an option", "オプション"));
	code = SANDBOX(o.output);
	return code != -1 ? code : issue(&o);
}
