/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/select_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "sensor/output_verify.h"

static void root_text(const struct output_verified *v, char out[2 * MERKLE_HASH_SIZE + 1])
{
	hex_encode(v->ledger.head.root.bytes, MERKLE_HASH_SIZE, out);
}

static void put(json_t *object, const char *name, uint64_t n)
{
	(void)json_object_set_new(object, name, json_integer((json_int_t)n));
}

static void put_fault(json_t *object, const struct output_verified *v, const struct fault *fault)
{
	(void)json_object_set_new(object, "place", json_string(fault->place));
	(void)json_object_set_new(object, "message", json_string(fault->message));
	if (v->bad_receipt > 0)
		put(object, "receipt", v->bad_receipt);
	if (v->has_range) {
		put(object, "offset", v->bad_offset);
		put(object, "bytes", v->bad_bytes);
	}
}

static void report_json(const struct output_verified *v, bool key, int rc, const struct fault *fault)
{
	char root[2 * MERKLE_HASH_SIZE + 1];
	json_t *object = json_object();
	struct buf text;

	root_text(v, root);
	(void)json_object_set_new(object, "verified", json_boolean(rc == HN_OK));
	if (rc != HN_OK)
		put_fault(object, v, fault);
	(void)json_object_set_new(object, "signatures", json_string(key ? "verified" : "not checked"));
	(void)json_object_set_new(object, "origin", json_string(v->ledger.head.origin));
	put(object, "entries", v->ledger.head.size);
	(void)json_object_set_new(object, "root", json_string(root));
	put(object, "receipts", v->receipts);
	put(object, "receipts_committed", v->committed);
	put(object, "records", v->records);
	put(object, "records_erased", v->erased_records);
	put(object, "receipts_erased", v->erased_receipts);
	put(object, "pending_packets", v->pending_packets);
	put(object, "flows_without_record", v->flows_lost);
	buf_init(&text, 1u << 16);
	json_add_pretty(&text, object);
	if (buf_err(&text) == HN_OK)
		(void)fwrite(text.data, 1, text.len, stdout);
	buf_clear(&text);
	json_decref(object);
}

static void report_text(const struct output_verified *v, bool key)
{
	char root[2 * MERKLE_HASH_SIZE + 1];
	root_text(v, root);
	printf(tr("verified: %s, %llu ledger entries, root %s\n", "検証した: %s、台帳%llu件、根 %s\n"),
	       v->ledger.head.origin, (unsigned long long)v->ledger.head.size, root);
	printf("%s\n", key ? tr("the signatures of the checkpoint and of every receipt hold",
				"チェックポイントと全受領証の署名は正しい")
			   : tr("signatures were not checked: give the sensor's public key with --key",
				"署名は未検証。--key でセンサーの公開鍵を指定すること"));
	printf(tr("receipts: %llu, each follows the former and adds up; %llu are what their ledger entries "
		  "commit to\n",
		  "受領証: "
		  "%llu通。いずれも前の受領証に続き、収支が合う。うち%llu通は台帳のコミットメントと一致\n"),
	       (unsigned long long)v->receipts, (unsigned long long)v->committed);
	printf(tr("records: %llu, as their receipts say; %llu more were erased at the end of their "
		  "retention\n",
		  "記録: 受領証のとおり%llu件。ほかに%llu件が保存期間の終了により消去済み\n"),
	       (unsigned long long)v->records, (unsigned long long)v->erased_records);
	if (v->pending_packets > 0 || v->flows_lost > 0)
		printf(tr("the last run ended between its inputs: %llu packets were pending, %llu selected "
			  "flows have no record\n",
			  "最後の実行は入力の途中で終わっている。保留%llu"
			  "パケット、記録のない選別フロー%llu件\n"),
		       (unsigned long long)v->pending_packets, (unsigned long long)v->flows_lost);
}

static int fail(const char *path, int rc, const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR, "'%s'%s%s: %s", path, fault->place[0] == '\0' ? "" : ", ", fault->place,
		 fault->message[0] == '\0' ? hn_strerror(rc) : fault->message);
	if (rc == HN_EAUTH)
		return HN_EXIT_NO;
	return rc == HN_ENOMEM || rc == HN_ESTATE ? HN_EXIT_UNFINISHED : HN_EXIT_INPUT;
}

/* Nothing may be written from here on. @return -1 or the exit code */
static int confine(void)
{
	struct confinement state = {0};

	/* The library of digests reads its configuration, and may load more of itself, when first used. */
	sha256_free(sha256_new());
	int rc = confine_command(NULL, 0, NULL, CONFINE_ABI_MAX, &state);
	if (rc == HN_OK)
		return -1;
	log_line(LOG_LEVEL_ERROR,
		 tr("the command could not confine itself: %s; nothing was read",
		    "コマンドを隔離できない: %s。何も読んでいない"),
		 rc == HN_EUNSUPPORTED ? tr("this kernel has no Landlock", "このカーネルにはLandlockがない")
		 : rc == HN_EIO ? hn_errno_text(errno)
				: hn_strerror(rc));
	return HN_EXIT_UNFINISHED;
}

int select_verify(const char *directory, const char *key_path, bool json)
{
	struct key_public key;
	struct output_verified verified;
	struct fault fault = {{0}, {0}};

	int code = confine();
	if (code != -1)
		return code;
	int rc = key_path == NULL ? HN_OK : key_public_read(key_path, &key, &fault);
	if (rc != HN_OK)
		return fail(key_path, HN_EIO, &fault);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)fault_set(&fault, HN_EIO, "", "%s", hn_errno_text(errno));
		return fail(directory, HN_EIO, &fault);
	}
	rc = output_verify(fd, key_path == NULL ? NULL : &key, &verified, &fault);
	(void)close(fd);
	if (json && (rc == HN_OK || rc == HN_EAUTH))
		report_json(&verified, key_path != NULL, rc, &fault);
	else if (rc == HN_OK)
		report_text(&verified, key_path != NULL);
	return rc == HN_OK ? HN_EXIT_DONE : fail(directory, rc, &fault);
}
