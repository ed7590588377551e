/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "cli/authority.h"
#include "cli/authority_common.h"
#include "cli/sandbox.h"

static const struct command_help help = {
	"hinomi authority sign --key KEY [OPTION]... FILE",
	"Adds the key's signature to an authorisation, a trust file or an order, in place. Needs nothing "
	"but\n"
	"the file and the key, so it works on a machine that has never seen a network. Read it with\n"
	"'hinomi authority show' before you sign.",
	"承認書、信頼ファイル、命令書に、その鍵の署名を加える。必要なのはファイルと鍵だけなので、\n"
	"ネットワークにつながない端末でも使える。署名の前に 'hinomi authority show' で内容を読むこと。",
	"hinomi authority sign --key a.key A.json",
};

static int sign(const char *path, struct jws *j, const struct key *k)
{
	int rc = jws_sign(j, k);
	if (rc == HN_EEXIST) {
		log_line(LOG_LEVEL_ERROR,
			 tr("'%s': the key of '%s' has signed already",
			    "'%s': 「%s」の鍵ですでに署名されている"),
			 path, key_public(k)->name);
		return HN_EXIT_NO;
	}
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR, "'%s': %s", path, hn_strerror(rc));
		return HN_EXIT_UNFINISHED;
	}
	int code = save_over(path, j);
	if (code == HN_EXIT_DONE)
		printf(tr("%s: signed by '%s'; signatures: %zu\n", "%s: 「%s」が署名した。署名数 %zu\n"),
		       path, key_public(k)->name, j->count);
	return code;
}

int authority_sign(int argc, char **argv)
{
	const char *key_path = NULL, *passphrase_file = NULL;
	struct key *k;
	struct jws j;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"key", 0, OPTION_STRING, &key_path, "KEY", "the secret key", "秘密鍵"},
		{"passphrase-file", 0, OPTION_STRING, &passphrase_file, "FILE", "the key's passphrase",
		 "鍵のパスフレーズ"},
		{NULL}};

	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count != 1)
		return report_missing("FILE");
	code = SANDBOX(args[0]);
	if (code != -1)
		return code;
	code = load_key(key_path, passphrase_file, &k);
	if (code != HN_EXIT_DONE)
		return code;
	code = load_jws(args[0], &j);
	if (code == HN_EXIT_DONE) {
		code = sign(args[0], &j, k);
		jws_clear(&j);
	}
	key_free(k);
	return code;
}
