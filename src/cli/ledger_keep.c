/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi ledger cosign, export, erase: what those do who keep a log or watch over one. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/key.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utc.h"
#include "cli/ledger.h"
#include "cli/ledger_common.h"
#include "cli/sandbox.h"
#include "ledger/cosign.h"
#include "ledger/export.h"
#include "ledger/private.h"

struct cosign_options {
	const char *key_path;
	const char *secret_path;
	const char *name;
	const char *state_path;
	const char *out_path;
};

static int key_fail(const char *path, int rc, const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR, tr("cannot use the key '%s': %s", "鍵 '%s' を使えない: %s"), path,
		 fault->message[0] == '\0' ? hn_strerror(rc) : fault->message);
	return HN_EXIT_INPUT;
}

/* The cosigner's key for signed notes. */
static int cosigner_key(const struct cosign_options *o, struct note_key *out, struct key **key_out)
{
	struct key *key = NULL;
	struct fault fault = {{0}, {0}};

	int rc = key_read(o->secret_path, NULL, &key, &fault);
	if (rc != HN_OK)
		return key_fail(o->secret_path, rc, &fault);
	const char *name = o->name != NULL ? o->name : key_public(key)->name;
	rc = note_key_init(out, name, NOTE_COSIGNATURE, key_public(key)->ed25519);
	if (rc == HN_OK) {
		*key_out = key;
		return -1;
	}
	log_line(LOG_LEVEL_ERROR,
		 tr("'%s' cannot be a cosigner's name: give one word without '+' with --name",
		    "'%s' は連署者の名前にできない。空白も「+」も含まない一語を --name で指定すること"),
		 name);
	key_free(key);
	return HN_EXIT_USAGE;
}

static int cosign(const struct cosign_options *o, const char *dir)
{
	struct note_key log_room;
	struct note_key note_key;
	struct key *key = NULL;
	struct cosigner c = {.key = &note_key, .state_path = o->state_path};
	struct fault fault = {{0}, {0}};
	struct tlog *t = NULL;
	struct buf out;

	int code = ledger_cmd_key(o->key_path, &log_room, &c.log_key);
	if (code == -1)
		code = cosigner_key(o, &note_key, &key);
	if (code == -1)
		code = ledger_cmd_open(dir, c.log_key, &t);
	if (code == -1) {
		c.secret = key_secret(key);
		buf_init(&out, NOTE_SIZE_MAX);
		int rc = cosign_head(&c, t, (uint64_t)(utc_now_ns() / NS_SECOND), &out, &fault);
		code = rc == HN_OK ? ledger_cmd_put(o->out_path, &out) : ledger_cmd_fail(dir, rc, &fault);
		buf_clear(&out);
	}
	tlog_free(t);
	key_free(key);
	return code;
}

int ledger_cmd_cosign(int argc, char **argv)
{
	struct cosign_options o = {0};
	const struct option_row rows[] = {
		LEDGER_KEY_ROW(&o.key_path),
		{"cosigner", 0, OPTION_STRING, &o.secret_path, "KEY", "the cosigner's secret key",
		 "連署者の秘密鍵"},
		{"name", 0, OPTION_STRING, &o.name, "NAME", "the cosigner's name; else its key's",
		 "連署者の名前。なければ鍵の名前"},
		{"state", 0, OPTION_STRING, &o.state_path, "FILE",
		 "what it cosigned last; made the first time", "最後に連署したもの。初回に作られる"},
		{"output", 'o', OPTION_STRING, &o.out_path, "FILE", "write there, not to standard output",
		 "標準出力でなくFILEに書く"},
		{NULL},
	};
	static const struct command_help help = {
		"hinomi ledger cosign --key KEY.pub --cosigner KEY --state FILE [OPTION]... DIR",
		"Cosigns the log's checkpoint (C2SP tlog-cosignature) if the log only grew since the last "
		"time. A\n"
		"rollback or a fork is refused with 1 and both sizes and roots. Lose the state and you lose "
		"the proof.",
		"前回から追記のみで伸びた場合に限り、チェックポイントに連署する (C2SP "
		"tlog-cosignature)。巻き戻しや\n"
		"分岐は両方の件数と根を示して拒み、1で終わる。状態ファイルを失うと、この保証も失われる。",
		"hinomi ledger cosign --key edge.pub --cosigner witness.key --name commission.example/w1 "
		"--state edge.state out/"};
	char **args;

	int code = ledger_cmd_options(argc, argv, rows, &help, 1, &args);
	if (code != -1)
		return code;
	if (o.key_path == NULL || o.secret_path == NULL || o.state_path == NULL) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("--key, --cosigner and --state are needed; see --help",
			    "--key、--cosigner、--state が必要。--help を参照"));
		return HN_EXIT_USAGE;
	}
	code = SANDBOX(o.state_path, o.out_path);
	return code != -1 ? code : cosign(&o, args[0]);
}

static int print_path(void *ctx, const char *path)
{
	(void)ctx;
	return printf("%s\n", path) < 0 ? HN_EIO : HN_OK;
}

static int export_to(struct tlog *t, const char *path)
{
	struct fault fault = {{0}, {0}};
	int fd = -1;
	int rc = HN_OK;

	if (mkdir(path, 0755) != 0 || (fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		log_line(LOG_LEVEL_ERROR,
			 tr("cannot make the directory '%s': %s", "ディレクトリ '%s' を作れない: %s"), path,
			 hn_errno_text(errno));
		return HN_EXIT_USAGE;
	}
	rc = export_copy(t, fd, &fault);
	(void)close(fd);
	return rc == HN_OK ? HN_EXIT_DONE : ledger_cmd_fail(path, rc == HN_EFORMAT ? HN_EAUTH : rc, &fault);
}

int ledger_cmd_export(int argc, char **argv)
{
	const char *key_path = NULL;
	const char *out_path = NULL;
	const struct option_row rows[] = {
		LEDGER_KEY_ROW(&key_path),
		{"output", 'o', OPTION_STRING, &out_path, "DIR",
		 "a new directory for the copy; without it files are listed",
		 "写しを置く新しいディレクトリ。なければ一覧のみ"},
		{NULL},
	};
	static const struct command_help help = {
		"hinomi ledger export [OPTION]... DIR",
		"Copies the public part of a log, as its checkpoint shows it, or lists its files. Private "
		"records stay.",
		"ログの公開部分をチェックポイントの時点で複写、または一覧する。非公開の記録は含まない。",
		"hinomi ledger export out/ -o for-the-commission/"};
	struct note_key room;
	const struct note_key *key;
	struct tlog *t = NULL;
	char **args;

	int code = ledger_cmd_options(argc, argv, rows, &help, 1, &args);
	if (code == -1)
		code = sandbox_close_but(out_path);
	if (code == -1)
		code = ledger_cmd_key(key_path, &room, &key);
	if (code == -1)
		code = ledger_cmd_open(args[0], key, &t);
	if (code != -1)
		return code;
	if (out_path != NULL)
		code = export_to(t, out_path);
	else
		code = export_list(t, print_path, NULL) == HN_OK ? HN_EXIT_DONE : HN_EXIT_UNFINISHED;
	tlog_free(t);
	return code;
}

static int erase(const char *dir, uint64_t first, uint64_t end, int64_t before_ns, bool json)
{
	struct fault fault = {{0}, {0}};
	struct tlog *t = NULL;
	struct private *p = NULL;
	uint64_t count = 0;

	int code = ledger_cmd_open(dir, NULL, &t);
	if (code != -1)
		return code;
	uint64_t size = tlog_head(t)->size;
	int rc = tlog_parent_fd(t) < 0 ? HN_ENOENT : private_open(tlog_parent_fd(t), true, &p);
	tlog_free(t);
	if (rc == HN_OK)
		rc = ledger_private_erase(p, size, first, end, before_ns, NULL, &count);
	private_free(p);
	if (rc != HN_OK) {
		(void)fault_set(&fault, rc, "private", "%s",
				rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
		return ledger_cmd_fail(dir, rc, &fault);
	}
	if (json)
		printf("{\"erased\": %" PRIu64 "}\n", count);
	else
		printf(tr("erased %" PRIu64 " records\n", "%" PRIu64 "件の記録を消去した\n"), count);
	return HN_EXIT_DONE;
}

/* Only what is in private/ is written. */
static int close_but_private(const char *dir)
{
	char path[4096];
	struct stat st;

	int n = snprintf(path, sizeof(path), "%s/private", dir);
	return sandbox_close_but(n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 ? path : NULL);
}

int ledger_cmd_erase(int argc, char **argv)
{
	const char *before = NULL;
	uint64_t index = UINT64_MAX;
	bool json = false;
	const struct option_row rows[] = {
		{"before", 0, OPTION_STRING, &before, "TIME", "records of an earlier time (RFC 3339)",
		 "この時刻より前の記録 (RFC 3339)"},
		{"index", 0, OPTION_COUNT, &index, "N", "the record of entry N", "エントリNの記録", 0,
		 INT64_MAX},
		{"json", 0, OPTION_FLAG, &json, NULL, "the result as JSON", "結果をJSONで出す"},
		{NULL},
	};
	static const struct command_help help = {
		"hinomi ledger erase (--before TIME | --index N) DIR",
		"Overwrites private records and their salts. The public log stays and verifies; what was in "
		"an erased\n"
		"record can no longer be learnt from it. Cut off, it is run again.",
		"非公開の記録とソルトを上書きして消去する。公開ログはそのまま残り検証できるが、消去した記録の"
		"内容は\n"
		"もはや知り得ない。中断したときは、もう一度実行する。",
		"hinomi ledger erase --before 2026-10-22T00:00:00Z out/"};
	int64_t before_ns = INT64_MAX;
	char **args;

	int code = ledger_cmd_options(argc, argv, rows, &help, 1, &args);
	if (code != -1)
		return code;
	if ((before == NULL) == (index == UINT64_MAX)) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("give either --before or --index",
			    "--before か --index のどちらか一方を指定すること"));
		return HN_EXIT_USAGE;
	}
	if (before != NULL && utc_parse(before, strlen(before), &before_ns) != HN_OK) {
		log_line(LOG_LEVEL_ERROR,
			 tr("'%s' is no time as 2026-10-22T00:00:00Z",
			    "'%s' は 2026-10-22T00:00:00Z のような時刻ではない"),
			 before);
		return HN_EXIT_USAGE;
	}
	code = close_but_private(args[0]);
	if (code != -1)
		return code;
	if (before != NULL)
		return erase(args[0], 0, UINT64_MAX, before_ns, json);
	return erase(args[0], index, index + 1, INT64_MAX, json);
}
