/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/select_options.h"

#include <string.h>

#include "base/encode.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"

static const struct command_help help = {
	.usage = "hinomi select [OPTION]... -o DIR CAPTURE...",
	.text_en = "Selects from recorded communications what the commission has authorised, erases all "
		   "else, and\n"
		   "accounts for every packet. CAPTURE is pcap or pcapng, also gzip or zstd; - is standard "
		   "input.\n"
		   "DIR receives selected.ndjson, receipt.json, ledger/ and private/, and nothing else.",
	.text_ja = "記録された通信情報から、委員会が承認したものだけを自動選別し、残りを消去し、全パケットを"
		   "計上する。\n"
		   "CAPTURE は pcap または pcapng(gzip、zstd 可)。- は標準入力。\n"
		   "DIR には selected.ndjson、receipt.json、ledger/、private/ だけを書く。",
	.example = "hinomi select --authorization A.json --trust TRUST.json --indicators SET.him "
		   "--domestic PREFIXES \\\n"
		   "    --identity sensor.key --recorded -o out traffic.pcapng",
};

static int usage(const char *text)
{
	log_line(LOG_LEVEL_ERROR, "%s", text);
	return HN_EXIT_USAGE;
}

static int check_expire(struct select_options *o)
{
	if (o->input_count > 0)
		return usage(tr("--expire takes no captures", "--expire には入力を指定しない"));
	if (o->now_text != NULL && utc_parse(o->now_text, strlen(o->now_text), &o->now_ns) != HN_OK)
		return usage(tr("--now takes a time as 2026-10-22T00:00:00Z",
				"--now は 2026-10-22T00:00:00Z のような時刻"));
	return -1;
}

/* DIR is the one argument, or that of -o. */
static int check_verify(struct select_options *o)
{
	if (o->expire || o->now_text != NULL)
		return usage(tr("--verify goes without --expire and --now",
				"--verify は --expire、--now とともに指定できない"));
	if (o->input_count + (o->output != NULL) != 1)
		return usage(tr("--verify takes one directory, and no captures",
				"--verify にはディレクトリを一つだけ指定すること (入力は不可)"));
	if (o->output == NULL)
		o->output = o->inputs[0];
	return -1;
}

static int check(struct select_options *o)
{
	if (o->verify)
		return check_verify(o);
	if (o->key != NULL)
		return usage(tr("--key goes with --verify", "--key は --verify とともに指定すること"));
	if (o->output == NULL)
		return usage(tr("no output directory; give -o DIR", "出力先がない。-o DIR を指定すること"));
	if (o->now_text != NULL && !o->expire)
		return usage(tr("--now goes with --expire", "--now は --expire とともに指定すること"));
	if (o->expire)
		return check_expire(o);
	if (o->input_count == 0)
		return usage(tr("no capture; name one or more, or - for standard input",
				"入力がない。ファイルを指定すること(標準入力は -)"));
	if (o->input_count > SELECT_INPUTS_MAX)
		return usage(tr("more than 256 captures in one run", "一度に指定できる入力は256個まで"));
	if (o->domestic == NULL)
		return usage(tr("no domestic table; give --domestic PREFIXES",
				"国内アドレス表がない。--domestic を指定すること"));
	if (o->indicators.count == 0)
		return usage(tr("no indicator set; give --indicators SET.him",
				"指標集合がない。--indicators を指定すること"));
	if (o->digest_text != NULL) {
		if (o->no_digest || o->input_count != 1)
			return usage(tr("--digest goes with one capture and without --no-digest",
					"--digest は入力が1つで --no-digest がない場合に限る"));
		if (hex_decode(o->digest_text, strlen(o->digest_text), o->digest, SHA256_SIZE) != HN_OK)
			return usage(tr("--digest takes a SHA-256 as 64 hex digits",
					"--digest は64桁の16進数(SHA-256)"));
		o->has_digest = true;
	}
	for (size_t i = 0; o->consume && i < o->input_count; i++)
		if (strcmp(o->inputs[i], "-") == 0)
			return usage(tr("--consume cannot remove standard input",
					"--consume は標準入力には使えない"));
	return -1;
}

int select_options_read(int argc, char **argv, struct select_options *o)
{
	memset(o, 0, sizeof(*o));
	o->flows_max = SELECT_FLOWS_DEFAULT;
	o->threads = 1;
	const struct option_row rows[] = {
		{"authorization", 'a', OPTION_STRING, &o->authorization, "FILE",
		 "what the commissioners signed", "委員が署名した承認書"},
		{"trust", 't', OPTION_STRING, &o->trust, "FILE", "whose signatures count (TRUST.json)",
		 "信頼ファイル (誰の署名が有効か)"},
		{"indicators", 'i', OPTION_LIST, &o->indicators, "SET.him",
		 "a set; its overlays behind commas; repeatable",
		 "指標集合。差分集合はコンマで続ける。複数可"},
		{"domestic", 'd', OPTION_STRING, &o->domestic, "FILE", "domestic prefixes, one a line",
		 "国内アドレス表 (一行に一つ)"},
		{"output", 'o', OPTION_STRING, &o->output, "DIR",
		 "where results go; a second run continues there", "出力先。再実行すると続きに書く"},
		{"sensor", 's', OPTION_STRING, &o->sensor, "UUID",
		 "this sensor (default: told by the identity)", "センサーの識別子 (既定は鍵から決まる)"},
		{"identity", 0, OPTION_STRING, &o->identity, "FILE",
		 "the sensor's keys (default: DIR/private/identity)",
		 "センサーの鍵 (既定は DIR/private/identity)"},
		{"revocations", 'r', OPTION_STRING, &o->revocations, "FILE", "list of revoked authorisations",
		 "失効リスト (取り消された承認)"},
		{"recorded", 0, OPTION_FLAG, &o->recorded, NULL,
		 "the captures were recorded earlier, elsewhere", "過去に別の場所で記録された入力である"},
		{"digest", 0, OPTION_STRING, &o->digest_text, "HEX", "SHA-256 of the capture, known already",
		 "既に分かっている入力のSHA-256"},
		{"no-digest", 0, OPTION_FLAG, &o->no_digest, NULL, "take no digest of the captures",
		 "入力のSHA-256を取らない"},
		{"consume", 0, OPTION_FLAG, &o->consume, NULL,
		 "unlink each capture once its receipt is durable", "受領証の確定後に入力を削除する"},
		{"expire", 0, OPTION_FLAG, &o->expire, NULL,
		 "erase the records in DIR whose retention ended; no captures",
		 "保存期間の終わったDIRの記録を消去する (入力なし)"},
		{"now", 0, OPTION_STRING, &o->now_text, "TIME", "with --expire: retention as of a later time",
		 "--expire で、より後のこの時刻を基準とする"},
		{"verify", 0, OPTION_FLAG, &o->verify, NULL,
		 "only recheck DIR: receipts, records and ledger; writes nothing",
		 "DIRの受領証、記録、台帳を検証するだけで、何も書かない"},
		{"key", 'k', OPTION_STRING, &o->key, "FILE",
		 "with --verify: the sensor's public key (KEY.pub)",
		 "--verify で、センサーの公開鍵 (KEY.pub)"},
		{"max-flows", 0, OPTION_COUNT, &o->flows_max, "N",
		 "flows held at once, oldest out first (1000000)", "同時に保持するフローの数 (既定1000000)",
		 16, 1u << 28},
		{"threads", 0, OPTION_COUNT, &o->threads, "N", "1 or 2", "1または2", 1, 2},
		{"json", 0, OPTION_FLAG, &o->json, NULL, "the summary as JSON", "結果の要約をJSONで出す"},
		{0},
	};
	log_init("hinomi select", false);
	int code = options_read(argc, argv, rows, &help, &o->inputs, &o->input_count);
	return code == -1 ? check(o) : code;
}
