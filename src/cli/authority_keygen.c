/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "authority/key.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/options.h"
#include "base/uuid.h"
#include "cli/authority.h"
#include "cli/authority_common.h"
#include "cli/sandbox.h"

static const struct command_help help = {
	"hinomi authority keygen -o KEY [OPTION]...",
	"Makes a key: KEY holds the secrets (readable by its owner only), KEY.pub is for everybody.\n"
	"It signs (Ed25519) and opens what was sealed to it (X25519). An existing key is never replaced.",
	"鍵を作る。KEY は秘密（所有者だけが読める）、KEY.pub は公開用である。\n"
	"署名（Ed25519）と、この鍵宛てに封じられた値の開封（X25519）に使う。既存の鍵は上書きしない。",
	"hinomi authority keygen --name \"Commissioner A\" -o a.key",
};

static void print_key(const struct key *k, const char *path, bool json)
{
	const struct key_public *public = key_public(k);
	char id[UUID_TEXT_SIZE];
	struct uuid sensor;
	struct buf line;

	key_sensor_id(public, &sensor);
	uuid_format(&sensor, id);
	if (!json) {
		printf(tr("%s: key %s (as a sensor's identity: sensor %s)\n",
			  "%s: 鍵 %s（センサーの識別鍵として使う場合のセンサーID: %s）\n"),
		       path, public->id, id);
		return;
	}
	buf_init(&line, 65536);
	buf_adds(&line, "{\"file\":");
	buf_json_string(&line, path, strlen(path));
	buf_addf(&line, ",\"kid\":\"%s\",\"sensor\":\"%s\"}", public->id, id);
	if (buf_err(&line) == HN_OK)
		puts(line.data);
	buf_clear(&line);
}

static int make(const char *name, const char *path, const char *passphrase, bool json)
{
	struct fault fault = {{0}, {0}};
	struct key *k;

	int rc = key_make(name, &k);
	if (rc != HN_OK) {
		(void)fault_set(&fault, rc, "--name", "%s", hn_strerror(rc));
		return report_fault(rc, &fault) == HN_EXIT_INPUT ? HN_EXIT_USAGE : HN_EXIT_UNFINISHED;
	}
	rc = key_write(k, path, passphrase, &fault);
	if (rc == HN_OK)
		print_key(k, path, json);
	key_free(k);
	return rc == HN_OK ? HN_EXIT_DONE : report_fault(rc, &fault);
}

int authority_keygen(int argc, char **argv)
{
	const char *path = NULL, *name = NULL, *passphrase_file = NULL;
	char *passphrase, **args;
	bool json = false;
	size_t count;
	const struct option_row rows[] = {
		{"output", 'o', OPTION_STRING, &path, "KEY", "the file to write", "書き出すファイル"},
		{"name", 0, OPTION_STRING, &name, "NAME", "whose key it is (default: the file's name)",
		 "鍵の持ち主（省略時はファイル名）"},
		{"passphrase-file", 0, OPTION_STRING, &passphrase_file, "FILE",
		 "encrypt with the passphrase in its first line", "FILE の1行目のパスフレーズで暗号化する"},
		{"json", 0, OPTION_FLAG, &json, NULL, "print JSON", "JSONで出力する"},
		{NULL}};

	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (path == NULL || count > 0)
		return report_missing("-o KEY");
	if (name == NULL)
		name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	code = SANDBOX(path);
	if (code != -1)
		return code;
	code = load_passphrase(passphrase_file, &passphrase);
	if (code != HN_EXIT_DONE)
		return code;
	code = make(name, path, passphrase, json);
	sodium_free(passphrase);
	return code;
}
