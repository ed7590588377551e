/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>

#include "base/json.h"
#include "base/lang.h"
#include "base/options.h"
#include "cli/authority.h"
#include "cli/authority_common.h"
#include "cli/sandbox.h"

static const struct command_help help = {
	"hinomi authority show [--trust TRUST.json] FILE",
	"Prints what an authorisation, trust file, revocation list or order says, without judging it.\n"
	"Read this before you sign.",
	"承認書、信頼ファイル、失効リスト、命令書の内容を、判定せずに表示する。署名の前に読むこと。",
	"hinomi authority show A.json",
};

static int show(const char *path, const struct jws *j, const struct trust *trust, bool json)
{
	struct fault fault = {{0}, {0}};
	struct authorization *a;
	struct buf text;
	json_t *payload;

	if (!json &&
	    authorization_read(j->payload, j->payload_len, authorization_any_limits(), &a, NULL) == HN_OK) {
		printf("%s:\n", path);
		print_authorization(a, trust);
		authorization_free(a);
		print_signers(j, trust);
		return HN_EXIT_DONE;
	}
	int rc = json_object_read((const char *)j->payload, j->payload_len, &payload, &fault);
	if (rc != HN_OK)
		return report_fault(rc, &fault);
	buf_init(&text, 4 * JWS_SIZE_MAX);
	json_add_pretty(&text, payload);
	rc = buf_err(&text);
	if (rc == HN_OK)
		(void)fputs(text.data, stdout);
	if (rc == HN_OK && !json)
		print_signers(j, trust);
	json_decref(payload);
	buf_clear(&text);
	return rc == HN_OK ? HN_EXIT_DONE : HN_EXIT_UNFINISHED;
}

int authority_show(int argc, char **argv)
{
	static struct trust trust;
	const char *trust_path = NULL;
	bool json = false;
	struct jws j;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"trust", 0, OPTION_STRING, &trust_path, "TRUST.json", "to call the signers by name",
		 "署名者を名前で示すための信頼ファイル"},
		{"json", 0, OPTION_FLAG, &json, NULL, "print the payload as JSON", "内容をJSONで出力する"},
		{NULL}};

	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count != 1)
		return report_missing("FILE");
	code = SANDBOX(NULL);
	if (code != -1)
		return code;
	if (trust_path != NULL && (code = load_trust(trust_path, &trust)) != HN_EXIT_DONE)
		return code;
	code = load_jws(args[0], &j);
	if (code != HN_EXIT_DONE)
		return code;
	code = show(args[0], &j, trust_path == NULL ? NULL : &trust, json);
	jws_clear(&j);
	return code;
}
