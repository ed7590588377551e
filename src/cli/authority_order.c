/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "authority/order.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utc.h"
#include "cli/authority.h"
#include "cli/authority_common.h"
#include "cli/sandbox.h"

static const struct command_help help = {
	"hinomi authority order --trust TRUST.json --record UUID... --ground TEXT [OPTION]... -o ORDER.json",
	"Writes an order to re-identify the domestic endpoints of exactly these records (metadata.uid). It "
	"takes\n"
	"effect when as many commissioners have signed it as the trust file demands.",
	"指定した記録（metadata.uid）に限り、国内側の端末を再識別する命令書を作る。\n"
	"信頼ファイルの定める数の委員が署名すると効力を持つ。",
	"hinomi authority order --trust TRUST.json --record UUID --ground \"victim notification\" -o "
	"ORDER.json",
};

static int set_records(const struct option_list *list, struct order *o)
{
	o->records = calloc(list->count, sizeof(*o->records));
	if (o->records == NULL)
		return HN_EXIT_UNFINISHED;
	for (size_t i = 0; i < list->count; i++)
		if (uuid_parse(list->items[i], strlen(list->items[i]), &o->records[i]) != HN_OK)
			return report_value("record", list->items[i], "UUID");
	qsort(o->records, list->count, sizeof(*o->records), uuid_compare);
	for (size_t i = 0; i < list->count; i++)
		if (o->count == 0 || uuid_compare(&o->records[o->count - 1], &o->records[i]) != 0)
			o->records[o->count++] = o->records[i];
	return HN_EXIT_DONE;
}

static int write_order(const struct order *o, const char *path, bool json)
{
	char id[UUID_TEXT_SIZE];
	struct buf payload;

	uuid_format(&o->id, id);
	buf_init(&payload, JWS_SIZE_MAX / 2);
	int code = order_payload(o, &payload) == HN_OK ? save_draft(path, &payload, json, id)
						       : HN_EXIT_UNFINISHED;
	buf_clear(&payload);
	return code;
}

static int make(const struct option_list *records, const char *ground, const char *until,
		const struct trust *trust, struct order *o)
{
	o->id = uuid_v4();
	memcpy(o->trust, trust->digest, SHA256_SIZE);
	o->issued_ns = utc_now_ns() / 1000 * 1000;
	o->ground = strdup(ground);
	if (o->ground == NULL)
		return HN_EXIT_UNFINISHED;
	int code = read_time("until", until, o->issued_ns, &o->until_ns);
	return code == HN_EXIT_DONE ? set_records(records, o) : code;
}

int authority_order(int argc, char **argv)
{
	static struct option_list records;
	static struct trust trust;
	const char *trust_path = NULL, *ground = NULL, *until = "P7D", *output = NULL;
	struct order o = {0};
	bool json = false;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"output", 'o', OPTION_STRING, &output, "ORDER.json", "the file to write",
		 "書き出すファイル"},
		{"trust", 0, OPTION_STRING, &trust_path, "TRUST.json", "the trust file", "信頼ファイル"},
		{"record", 0, OPTION_LIST, &records, "UUID", "a record to open", "開く記録"},
		{"ground", 0, OPTION_STRING, &ground, "TEXT", "why", "根拠"},
		{"until", 0, OPTION_STRING, &until, "TIME", "when the order ends (default: P7D)",
		 "命令の終わり（省略時は P7D）"},
		{"json", 0, OPTION_FLAG, &json, NULL, "print JSON", "JSONで出力する"},
		{NULL}};

	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (output == NULL || ground == NULL || records.count == 0)
		return report_missing(output == NULL   ? "-o ORDER.json"
				      : ground == NULL ? "--ground"
						       : "--record");
	code = SANDBOX(output);
	if (code != -1)
		return code;
	code = load_trust(trust_path, &trust);
	if (code == HN_EXIT_DONE)
		code = make(&records, ground, until, &trust, &o);
	if (code == HN_EXIT_DONE)
		code = write_order(&o, output, json);
	order_clear(&o);
	return code;
}
