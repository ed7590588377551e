/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi ledger verify, prove, verify-proof: what anybody may ask. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utf8.h"
#include "cli/ledger.h"
#include "cli/ledger_common.h"
#include "cli/sandbox.h"
#include "ledger/proof.h"
#include "ledger/verify.h"

static void add_head(json_t *object, const struct checkpoint *head, bool signature)
{
	char root[2 * MERKLE_HASH_SIZE + 1];
	hex_encode(head->root.bytes, MERKLE_HASH_SIZE, root);
	(void)json_object_set_new(object, "origin", json_string(head->origin));
	(void)json_object_set_new(object, "size", json_integer((json_int_t)head->size));
	(void)json_object_set_new(object, "root", json_string(root));
	(void)json_object_set_new(object, "signature", json_string(signature ? "verified" : "not checked"));
}

static void print_json(json_t *object)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	json_add_pretty(&text, object);
	if (buf_err(&text) == HN_OK)
		(void)fwrite(text.data, 1, text.len, stdout);
	buf_clear(&text);
	json_decref(object);
}

static void report_json(const struct verify_report *r, int rc, const struct fault *fault)
{
	json_t *object = json_object();
	(void)json_object_set_new(object, "verified", json_boolean(rc == HN_OK));
	if (rc != HN_OK) {
		(void)json_object_set_new(object, "file", json_string(fault->place));
		(void)json_object_set_new(object, "message", json_string(fault->message));
	}
	add_head(object, &r->head, r->signature_checked);
	(void)json_object_set_new(object, "entries", json_integer((json_int_t)r->entries));
	(void)json_object_set_new(object, "bundles", json_integer((json_int_t)r->bundles));
	(void)json_object_set_new(object, "tiles", json_integer((json_int_t)r->tiles));
	(void)json_object_set_new(object, "private", json_boolean(r->private_there));
	(void)json_object_set_new(object, "records", json_integer((json_int_t)r->records));
	(void)json_object_set_new(object, "erased", json_integer((json_int_t)r->erased));
	(void)json_object_set_new(object, "beyond", json_integer((json_int_t)r->beyond));
	print_json(object);
}

static void report_text(const struct verify_report *r)
{
	char root[2 * MERKLE_HASH_SIZE + 1];
	hex_encode(r->head.root.bytes, MERKLE_HASH_SIZE, root);
	printf(tr("verified: %s, %llu entries, root %s\n", "検証した: %s、%llu件、根 %s\n"), r->head.origin,
	       (unsigned long long)r->head.size, root);
	printf("%s\n",
	       r->signature_checked
		       ? tr("the checkpoint's signature holds", "チェックポイントの署名は正しい")
		       : tr("the checkpoint's signature was not checked: give the log's key with --key",
			    "チェックポイントの署名は未検証。--key でログの公開鍵を指定すること"));
	printf(tr("%llu bundles, %llu tiles\n", "エントリの束%llu個、タイル%llu個\n"),
	       (unsigned long long)r->bundles, (unsigned long long)r->tiles);
	if (r->private_there)
		printf(tr("%llu private records fit their commitments, %llu were erased\n",
			  "非公開の記録: コミットメントと一致%llu件、消去済み%llu件\n"),
		       (unsigned long long)r->records, (unsigned long long)r->erased);
	else
		printf("%s\n", tr("no private records here", "非公開の記録はここにない"));
	if (r->beyond > 0)
		printf(tr("%llu files beyond the checkpoint, left by an unfinished run; the next one drops "
			  "them\n",
			  "中断した処理が残したチェックポイント外のファイル%llu個。次の実行で除かれる\n"),
		       (unsigned long long)r->beyond);
}

/* What verify and verify-proof are told. */
struct check {
	const struct note_key *key; /* NULL: none was given */
	bool json;
	const char *subject; /* the log's directory, or the proof's file */
	struct note_key room;
};

/* Confines itself before it reads the key. @return -1 to go on, or the exit code */
static int check_options(int argc, char **argv, const struct command_help *help, struct check *out)
{
	const char *key_path = NULL;
	const struct option_row rows[] = {
		LEDGER_KEY_ROW(&key_path),
		{"json", 0, OPTION_FLAG, &out->json, NULL, "the result as JSON", "結果をJSONで出す"},
		{NULL},
	};
	char **args;

	out->json = false;
	int code = ledger_cmd_options(argc, argv, rows, help, 1, &args);
	if (code != -1)
		return code;
	out->subject = args[0];
	code = SANDBOX(NULL);
	return code != -1 ? code : ledger_cmd_key(key_path, &out->room, &out->key);
}

int ledger_cmd_verify(int argc, char **argv)
{
	struct check check;
	static const struct command_help help = {"hinomi ledger verify [OPTION]... DIR",
						 "Rechecks every tile, entry, private record and the "
						 "signature of a log. Names the file and the first\n"
						 "entry or hash that does not fit, and ends with 1.",
						 "ログの全タイル・エントリ・非公開記録と署名を検証する。一致"
						 "しないときは、そのファイルと最初の\n"
						 "エントリまたはハッシュを示し、終了コード1で終わる。",
						 "hinomi ledger verify --key edge.pub out/"};
	struct verify_report report = {0};
	struct fault fault = {{0}, {0}};
	int fd;

	int code = check_options(argc, argv, &help, &check);
	if (code == -1)
		code = ledger_cmd_open_dir(check.subject, &fd);
	if (code != -1)
		return code;
	int rc = ledger_verify(fd, check.key, &report, &fault);
	(void)close(fd);
	if (check.json && (rc == HN_OK || rc == HN_EAUTH))
		report_json(&report, rc, &fault);
	else if (rc == HN_OK)
		report_text(&report);
	return rc == HN_OK ? HN_EXIT_DONE : ledger_cmd_fail(check.subject, rc, &fault);
}

/* A whole number, with which an entry is told. */
static bool read_index(const char *text, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
		log_line(LOG_LEVEL_ERROR, tr("'%s' is no index of an entry", "'%s' はエントリの番号ではない"),
			 text);
		return false;
	}
	*out = value;
	return true;
}

static int prove(const char *dir, const struct note_key *key, uint64_t index, const char *out_path)
{
	struct fault fault = {{0}, {0}};
	struct tlog *t = NULL;
	struct buf out;

	int code = ledger_cmd_open(dir, key, &t);
	if (code != -1)
		return code;
	buf_init(&out, PROOF_SIZE_MAX);
	int rc = proof_make(t, index, &out, &fault);
	if (rc == HN_OK)
		code = ledger_cmd_put(out_path, &out);
	else
		code = ledger_cmd_fail(dir, rc, &fault);
	if (rc == HN_ESTATE || rc == HN_ENOENT)
		code = HN_EXIT_NO;
	buf_clear(&out);
	tlog_free(t);
	return code;
}

int ledger_cmd_prove(int argc, char **argv)
{
	const char *key_path = NULL;
	const char *out_path = NULL;
	const struct option_row rows[] = {
		LEDGER_KEY_ROW(&key_path),
		{"output", 'o', OPTION_STRING, &out_path, "FILE",
		 "write there (0600), not to standard output", "標準出力でなくFILEに書く (0600)"},
		{NULL},
	};
	static const struct command_help help = {
		"hinomi ledger prove [OPTION]... DIR INDEX",
		"Discloses one record as JSON: record, salt, entry, inclusion proof and checkpoint. Whoever "
		"gets it reads\n"
		"the record and can verify it without the log.",
		"一つの記録をJSONで開示する: "
		"記録、ソルト、エントリ、包含証明、チェックポイント。受け取った者は記録を読み、\n"
		"ログがなくても検証できる。",
		"hinomi ledger prove out/ 0 -o proof.json"};
	struct note_key room;
	const struct note_key *key;
	uint64_t index;
	char **args;

	int code = ledger_cmd_options(argc, argv, rows, &help, 2, &args);
	if (code != -1)
		return code;
	if (!read_index(args[1], &index))
		return HN_EXIT_USAGE;
	code = SANDBOX(out_path);
	if (code == -1)
		code = ledger_cmd_key(key_path, &room, &key);
	return code != -1 ? code : prove(args[0], key, index, out_path);
}

static void proof_json(const struct proof *proof, bool signature)
{
	json_t *object = json_object();
	char time[UTC_SIZE];
	const char *data = proof->record.data == NULL ? "" : proof->record.data;

	utc_format(proof->entry.time_ns, time);
	(void)json_object_set_new(object, "verified", json_true());
	add_head(object, &proof->head, signature);
	(void)json_object_set_new(object, "index", json_integer((json_int_t)proof->index));
	(void)json_object_set_new(object, "kind", json_string(proof->entry.kind));
	(void)json_object_set_new(object, "time", json_string(time));
	if (utf8_valid(data, proof->record.len)) {
		(void)json_object_set_new(object, "record", json_stringn(data, proof->record.len));
	} else {
		struct buf text;
		buf_init(&text, SIZE_MAX / 2);
		base64_add(&text, data, proof->record.len);
		(void)json_object_set_new(object, "record_base64", json_string(text.data));
		buf_clear(&text);
	}
	print_json(object);
}

static void proof_text(const struct proof *proof, bool signature)
{
	char time[UTC_SIZE];
	utc_format(proof->entry.time_ns, time);
	printf(tr("verified: entry %llu of %s (%llu entries), %s, %s\n",
		  "検証した: エントリ%llu、ログ%s (%llu件)、種別 %s、%s\n"),
	       (unsigned long long)proof->index, proof->head.origin, (unsigned long long)proof->head.size,
	       proof->entry.kind, time);
	if (!signature)
		printf("%s\n", tr("the checkpoint's signature was not checked: give the log's key with --key",
				  "チェックポイントの署名は未検証。--key でログの公開鍵を指定すること"));
	printf("%s:\n", tr("record", "記録"));
	(void)fwrite(proof->record.data == NULL ? "" : proof->record.data, 1, proof->record.len, stdout);
	putchar('\n');
}

int ledger_cmd_verify_proof(int argc, char **argv)
{
	struct check check;
	static const struct command_help help = {"hinomi ledger verify-proof [OPTION]... FILE",
						 "Checks what 'hinomi ledger prove' wrote: record and salt "
						 "give the commitment, the entry stands in the\n"
						 "log that the checkpoint signs. Needs no log.",
						 "'hinomi ledger prove' の出力を検証する: "
						 "記録とソルトがコミットメントと一致し、そのエントリが\n"
						 "チェックポイントの署名するログにあること。ログは要らない。",
						 "hinomi ledger verify-proof --key edge.pub proof.json"};
	struct fault fault = {{0}, {0}};
	struct proof proof = {0};
	struct buf text;

	int code = check_options(argc, argv, &help, &check);
	if (code != -1)
		return code;
	buf_init(&text, PROOF_SIZE_MAX);
	int rc = file_read(check.subject, &text);
	if (rc == HN_OK)
		rc = proof_read(text.data == NULL ? "" : text.data, text.len, check.key, &proof, &fault);
	else if (rc == HN_EIO)
		(void)fault_set(&fault, rc, "", "%s", hn_errno_text(errno));
	if (rc == HN_OK && check.json)
		proof_json(&proof, check.key != NULL);
	else if (rc == HN_OK)
		proof_text(&proof, check.key != NULL);
	buf_clear(&text);
	buf_clear(&proof.record);
	return rc == HN_OK ? HN_EXIT_DONE : ledger_cmd_fail(check.subject, rc, &fault);
}
