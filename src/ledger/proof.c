/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/proof.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utf8.h"
#include "ledger/ledger.h"
#include "ledger/private.h"

/* What a proof is made of. */
struct parts {
	struct buf entry;
	uint8_t salt[LOG_ENTRY_SALT_SIZE];
	struct buf record;
	struct merkle_hash path[MERKLE_PROOF_MAX];
	size_t path_len;
};

static void parts_init(struct parts *p)
{
	memset(p, 0, sizeof(*p));
	buf_init(&p->entry, UINT16_MAX);
	buf_init(&p->record, LEDGER_RECORD_MAX + 1);
}

static void parts_clear(struct parts *p)
{
	buf_clear(&p->entry);
	buf_clear(&p->record);
	sodium_memzero(p->salt, sizeof(p->salt));
}

static int fail(struct fault *fault, int rc, const char *place)
{
	int saved = errno;
	return fault_set(fault, rc, place, "%s", rc == HN_EIO ? hn_errno_text(saved) : hn_strerror(rc));
}

static int read_private(struct tlog *t, uint64_t index, struct parts *parts, struct fault *fault)
{
	struct private *p;
	struct private_slot slot;

	int rc = tlog_parent_fd(t) < 0 ? HN_ENOENT : private_open(tlog_parent_fd(t), false, &p);
	if (rc != HN_OK)
		return fail(fault, rc, "private");
	rc = private_slot(p, index, &slot);
	if (rc != HN_OK)
		(void)fail(fault, rc, "private/index");
	else
		rc = private_record(p, &slot, parts->salt, &parts->record);
	private_free(p);
	if (rc == HN_ESTATE)
		return fault_set(fault, rc, "private/records",
				 tr("the record was erased; only its entry is left",
				    "記録は消去済みで、エントリだけが残っている"));
	if (rc == HN_ETRUNC)
		rc = HN_EAUTH;
	return rc == HN_OK || fault == NULL || fault->place[0] != '\0' ? rc
								       : fail(fault, rc, "private/records");
}

/* Everything a proof claims, of parts that came from anywhere. */
static int check(const struct checkpoint *head, uint64_t index, const struct parts *parts,
		 struct log_entry *entry_out, struct fault *fault)
{
	uint8_t commitment[32];
	struct merkle_hash leaf;

	if (log_entry_parse(parts->entry.data, parts->entry.len, entry_out) != HN_OK)
		return fault_set(fault, HN_EAUTH, "/entry",
				 tr("is not in the form of an entry", "エントリの形式ではない"));
	log_entry_commit(parts->salt, parts->record.data, parts->record.len, commitment);
	if (memcmp(commitment, entry_out->commitment, sizeof(commitment)) != 0)
		return fault_set(fault, HN_EAUTH, "/record",
				 tr("record and salt do not give the entry's commitment",
				    "記録とソルトがエントリのコミットメントと一致しない"));
	merkle_leaf(parts->entry.data, parts->entry.len, &leaf);
	if (merkle_verify_inclusion(index, head->size, &leaf, parts->path, parts->path_len, &head->root) !=
	    HN_OK)
		return fault_set(fault, HN_EAUTH, "/path",
				 tr("does not lead from entry %llu to the checkpoint's root",
				    "エントリ%lluからチェックポイントの根に至らない"),
				 (unsigned long long)index);
	return HN_OK;
}

static void add_record(struct buf *out, const struct buf *record)
{
	const char *data = record->data == NULL ? "" : record->data;
	bool text = utf8_valid(data, record->len) && memchr(data, '\0', record->len) == NULL;
	buf_adds(out, text ? "  \"record\": " : "  \"record_base64\": \"");
	if (text)
		buf_json_string(out, data, record->len);
	else
		base64_add(out, data, record->len);
	buf_adds(out, text ? ",\n" : "\",\n");
}

static void format(struct buf *out, struct tlog *t, uint64_t index, const struct parts *parts)
{
	char hex[2 * MERKLE_HASH_SIZE + 1];
	size_t note_len;
	const char *note = tlog_note(t, &note_len);

	buf_addf(out, "{\n  \"format\": \"" PROOF_FORMAT "\",\n  \"index\": %llu,\n  \"entry\": ",
		 (unsigned long long)index);
	buf_json_string(out, parts->entry.data, parts->entry.len);
	hex_encode(parts->salt, sizeof(parts->salt), hex);
	buf_addf(out, ",\n  \"salt\": \"%s\",\n", hex);
	add_record(out, &parts->record);
	buf_adds(out, "  \"path\": [");
	for (size_t i = 0; i < parts->path_len; i++) {
		hex_encode(parts->path[i].bytes, MERKLE_HASH_SIZE, hex);
		buf_addf(out, "%s\n    \"%s\"", i == 0 ? "" : ",", hex);
	}
	buf_adds(out, "\n  ],\n  \"checkpoint\": ");
	buf_json_string(out, note, note_len);
	buf_adds(out, "\n}\n");
}

int proof_make(struct tlog *t, uint64_t index, struct buf *out, struct fault *fault)
{
	const struct checkpoint *head = tlog_head(t);
	struct parts parts;
	struct log_entry entry;

	if (fault != NULL)
		*fault = (struct fault){{0}, {0}};
	if (index >= head->size)
		return fault_set(
			fault, HN_ENOENT, "",
			tr("the log has %llu entries, from 0 on", "ログのエントリは0から始まる%llu件"),
			(unsigned long long)head->size);
	parts_init(&parts);
	int rc = read_private(t, index, &parts, fault);
	if (rc != HN_OK)
		goto out;
	rc = tlog_entry(t, index, &parts.entry);
	if (rc == HN_OK)
		rc = tlog_inclusion(t, index, head->size, parts.path, &parts.path_len);
	if (rc != HN_OK) {
		rc = fail(fault, rc == HN_ENOENT ? HN_EAUTH : rc, "ledger/tile");
		goto out;
	}
	rc = check(head, index, &parts, &entry, fault);
	if (rc != HN_OK)
		goto out;
	format(out, t, index, &parts);
	rc = buf_err(out);
out:
	parts_clear(&parts);
	return rc;
}

static int hex_of(const json_t *value, uint8_t out[32])
{
	const char *text = json_string_value(value);
	return text == NULL ? HN_EFORMAT : hex_decode(text, json_string_length(value), out, 32);
}

static int read_path(const json_t *object, struct parts *parts, struct fault *fault)
{
	const json_t *path = NULL;
	int rc = json_get_array(object, "path", true, &path, fault);
	if (rc != HN_OK)
		return rc;
	parts->path_len = json_array_size(path);
	if (parts->path_len > MERKLE_PROOF_MAX)
		return fail(fault, HN_ELIMIT, "/path");
	for (size_t i = 0; i < parts->path_len; i++)
		if (hex_of(json_array_get(path, i), parts->path[i].bytes) != HN_OK)
			return fail(fault, HN_EFORMAT, "/path");
	return HN_OK;
}

static int read_record(const json_t *object, struct parts *parts, struct fault *fault)
{
	const json_t *text = json_object_get(object, "record");
	const json_t *coded = json_object_get(object, "record_base64");
	int rc = HN_OK;

	if ((text == NULL) == (coded == NULL) || !json_is_string(text != NULL ? text : coded))
		return fail(fault, HN_EFORMAT, "/record");
	if (text != NULL)
		buf_add(&parts->record, json_string_value(text), json_string_length(text));
	else
		rc = base64_decode(json_string_value(coded), json_string_length(coded), &parts->record);
	if (rc == HN_OK)
		rc = buf_err(&parts->record);
	return rc == HN_OK ? rc : fail(fault, rc, text != NULL ? "/record" : "/record_base64");
}

static int read_parts(const json_t *object, struct parts *parts, int64_t *index, const char **note,
		      struct fault *fault)
{
	static const char *const names[] = {"format",        "index", "entry",      "salt", "record",
					    "record_base64", "path",  "checkpoint", NULL};
	const char *format_name = NULL;
	const char *entry = NULL;

	int rc = json_only(object, names, fault);
	if (rc == HN_OK)
		rc = json_get_string(object, "format", true, &format_name, fault);
	if (rc == HN_OK && strcmp(format_name, PROOF_FORMAT) != 0)
		rc = fail(fault, HN_EUNSUPPORTED, "/format");
	if (rc == HN_OK)
		rc = json_get_int(object, "index", true, 0, INT64_MAX, index, fault);
	if (rc == HN_OK)
		rc = json_get_string(object, "entry", true, &entry, fault);
	if (rc == HN_OK) {
		buf_adds(&parts->entry, entry);
		rc = buf_err(&parts->entry) == HN_OK ? HN_OK : fail(fault, buf_err(&parts->entry), "/entry");
	}
	if (rc == HN_OK && hex_of(json_object_get(object, "salt"), parts->salt) != HN_OK)
		rc = fail(fault, HN_EFORMAT, "/salt");
	if (rc == HN_OK)
		rc = read_record(object, parts, fault);
	if (rc == HN_OK)
		rc = read_path(object, parts, fault);
	if (rc == HN_OK)
		rc = json_get_string(object, "checkpoint", true, note, fault);
	return rc;
}

static int open_head(const char *note, const struct note_key *key, struct checkpoint *out,
		     struct fault *fault)
{
	int rc = checkpoint_open(note, strlen(note), key, out);
	if (rc == HN_ENOENT || rc == HN_EAUTH)
		return fault_set(fault, HN_EAUTH, "/checkpoint",
				 tr("is not signed by the given key", "指定された鍵の署名がない"));
	return rc == HN_OK ? rc : fail(fault, rc, "/checkpoint");
}

int proof_read(const char *text, size_t len, const struct note_key *key, struct proof *out,
	       struct fault *fault)
{
	json_t *object = NULL;
	struct parts parts;
	struct checkpoint head;
	struct log_entry entry;
	const char *note = NULL;
	int64_t index = 0;

	parts_init(&parts);
	buf_init(&out->record, LEDGER_RECORD_MAX);
	int rc = len > PROOF_SIZE_MAX ? fail(fault, HN_ELIMIT, "")
				      : json_object_read(text, len, &object, fault);
	if (rc == HN_OK)
		rc = read_parts(object, &parts, &index, &note, fault);
	if (rc == HN_OK)
		rc = open_head(note, key, &head, fault);
	if (rc == HN_OK)
		rc = check(&head, (uint64_t)index, &parts, &entry, fault);
	if (rc == HN_OK) {
		out->index = (uint64_t)index;
		out->entry = entry;
		out->head = head;
		buf_add(&out->record, parts.record.data, parts.record.len);
		rc = buf_err(&out->record);
	}
	json_decref(object);
	parts_clear(&parts);
	return rc;
}
