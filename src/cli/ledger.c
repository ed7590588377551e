/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi ledger COMMAND ... */
#include "cli/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authority/key.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/version.h"

#define KEY_FILE_MAX 65536

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help_en;
	const char *help_ja;
} commands[] = {
	{"verify", ledger_cmd_verify, "recheck every tile, entry, record and the signature",
	 "全タイル・エントリ・記録と署名を検証する"},
	{"prove", ledger_cmd_prove, "disclose one record with its proof", "一つの記録を証明とともに開示する"},
	{"verify-proof", ledger_cmd_verify_proof, "check such a proof, without the log",
	 "開示された証明をログなしで検証する"},
	{"cosign", ledger_cmd_cosign, "cosign the checkpoint if the log only grew",
	 "ログが追記のみで伸びた場合に限りチェックポイントに連署する"},
	{"export", ledger_cmd_export, "copy or list the public part", "公開部分を複写または一覧する"},
	{"erase", ledger_cmd_erase, "erase private records whose retention ended",
	 "保存期間の終わった非公開記録を消去する"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	fprintf(out, "%s: hinomi ledger %s\n\n", tr("Usage", "使い方"),
		tr("COMMAND [OPTION]... DIR", "コマンド [オプション]... ディレクトリ"));
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-14s%s\n", commands[i].name,
			lang_get() == LANG_JA ? commands[i].help_ja : commands[i].help_en);
	fprintf(out, "\n%s\n",
		tr("DIR is what 'hinomi select -o' wrote, or the ledger/ in it.\n"
		   "'hinomi ledger COMMAND --help' explains each.",
		   "ディレクトリは 'hinomi select -o' の出力先、またはその中の ledger/。\n"
		   "各コマンドの説明は 'hinomi ledger コマンド --help' で表示される。"));
	fprintf(out, "%s:\n  hinomi ledger verify --key edge.pub out/\n", tr("Example", "例"));
}

int ledger_cmd_fail(const char *path, int rc, const struct fault *fault)
{
	const char *slash = fault->place[0] == '\0' ? "" : ", ";
	const char *message = fault->message[0] == '\0' ? hn_strerror(rc) : fault->message;
	log_line(LOG_LEVEL_ERROR, "'%s'%s%s: %s", path, slash, fault->place, message);
	switch (rc) {
	case HN_EAUTH:
		return HN_EXIT_NO;
	case HN_ENOSPC:
	case HN_ENOMEM:
		return HN_EXIT_UNFINISHED;
	default:
		return HN_EXIT_INPUT;
	}
}

static int read_vkey(const char *path, struct note_key *out, struct fault *fault)
{
	struct buf text;

	buf_init(&text, KEY_FILE_MAX);
	int rc = file_read(path, &text);
	if (rc == HN_OK) {
		size_t len = text.len;
		while (len > 0 && (text.data[len - 1] == '\n' || text.data[len - 1] == '\r'))
			len--;
		rc = note_vkey_parse(text.data == NULL ? "" : text.data, len, out);
	}
	if (rc != HN_OK)
		(void)fault_set(fault, rc, "", "%s", rc == HN_EIO ? strerror(errno) : hn_strerror(rc));
	buf_clear(&text);
	return rc;
}

int ledger_cmd_key(const char *path, struct note_key *room, const struct note_key **out)
{
	struct key_public key;
	struct fault fault = {{0}, {0}};
	struct fault ignored;

	*out = NULL;
	if (path == NULL)
		return -1;
	int rc = HN_OK;
	if (read_vkey(path, room, &ignored) != HN_OK) {
		rc = key_public_read(path, &key, &fault);
		if (rc == HN_OK)
			note_key_nameless(room, NOTE_ED25519, key.ed25519);
	}
	if (rc != HN_OK) {
		log_line(LOG_LEVEL_ERROR,
			 tr("cannot read the public key '%s': %s", "公開鍵 '%s' を読めない: %s"), path,
			 fault.message[0] == '\0' ? hn_strerror(rc) : fault.message);
		return HN_EXIT_INPUT;
	}
	*out = room;
	return -1;
}

int ledger_cmd_open(const char *dir, const struct note_key *key, struct tlog **out)
{
	struct fault fault = {{0}, {0}};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)fault_set(&fault, HN_EIO, "", "%s", strerror(errno));
		return ledger_cmd_fail(dir, HN_EIO, &fault);
	}
	int rc = tlog_open(fd, key, out, &fault);
	(void)close(fd);
	return rc == HN_OK ? -1 : ledger_cmd_fail(dir, rc, &fault);
}

bool ledger_cmd_arguments(size_t have, size_t want)
{
	if (have == want)
		return true;
	log_line(LOG_LEVEL_ERROR,
		 tr("takes %zu arguments, not %zu; see --help", "引数は%zu個必要 (%zu個ある)。--help を参照"),
		 want, have);
	return false;
}

int ledger_cmd_put(const char *path, const struct buf *data)
{
	struct fault fault = {{0}, {0}};
	int rc = HN_OK;

	if (path == NULL) {
		if (fwrite(data->data, 1, data->len, stdout) != data->len || fflush(stdout) != 0)
			rc = HN_EIO;
	} else {
		rc = file_write_whole(path, data->data, data->len, 0600, true);
	}
	if (rc == HN_OK)
		return HN_EXIT_DONE;
	(void)fault_set(&fault, rc, "", "%s", rc == HN_EIO ? strerror(errno) : hn_strerror(rc));
	(void)ledger_cmd_fail(path == NULL ? "-" : path, rc, &fault);
	return HN_EXIT_UNFINISHED;
}

int main(int argc, char **argv)
{
	(void)lang_get();
	log_init("hinomi ledger", false);
	if (sodium_init() < 0)
		return HN_EXIT_UNFINISHED;
	if (argc < 2) {
		print_help(stderr);
		return HN_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return HN_EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("hinomi %s (%s)\n", HINOMI_VERSION, version_build_id());
		return HN_EXIT_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	log_line(LOG_LEVEL_ERROR,
		 tr("no command '%s'; see hinomi ledger --help",
		    "'%s' というコマンドはない。hinomi ledger --help を参照"),
		 argv[1]);
	return HN_EXIT_USAGE;
}
