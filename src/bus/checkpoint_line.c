/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/checkpoint_line.h"

#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"

#define HASH_TEXT 44 /* base64 of a hash */

int checkpoint_line_write(const struct checkpoint_line *l, struct buf *out)
{
	buf_adds(out, "{\"checkpoint\":");
	buf_json_string(out, l->note, strlen(l->note));
	buf_addf(out, ",\"consistency\":[");
	for (size_t i = 0; i < l->path_len; i++) {
		buf_adds(out, i > 0 ? ",\"" : "\"");
		base64_add(out, l->path[i].bytes, sizeof(l->path[i].bytes));
		buf_addc(out, '"');
	}
	buf_addf(out, "],\"from\":%llu}", (unsigned long long)l->from);
	return buf_err(out);
}

static int read_hash(const json_t *item, struct merkle_hash *out)
{
	struct buf bytes;
	if (!json_is_string(item) || json_string_length(item) != HASH_TEXT)
		return HN_EFORMAT;
	buf_init(&bytes, sizeof(out->bytes) + 1);
	int err = base64_decode(json_string_value(item), HASH_TEXT, &bytes);
	if (err == HN_OK && bytes.len != sizeof(out->bytes))
		err = HN_EFORMAT;
	if (err == HN_OK)
		memcpy(out->bytes, bytes.data, sizeof(out->bytes));
	buf_clear(&bytes);
	return err;
}

static int read_path(const json_t *list, struct checkpoint_line *out, struct fault *fault)
{
	size_t count = json_array_size(list);
	if (count > MERKLE_PROOF_MAX)
		return fault_set(fault, HN_ELIMIT, "/consistency", "%s", hn_strerror(HN_ELIMIT));
	for (size_t i = 0; i < count; i++)
		if (read_hash(json_array_get(list, i), &out->path[i]) != HN_OK)
			return fault_set(fault, HN_EFORMAT, "/consistency", "%s",
					 tr("an element is no hash", "ハッシュでない要素がある"));
	out->path_len = count;
	return HN_OK;
}

static int read_members(const json_t *object, struct checkpoint_line *out, struct fault *fault)
{
	static const char *const names[] = {"checkpoint", "consistency", "from", NULL};
	const char *note = NULL;
	const json_t *path = NULL;
	int64_t from = 0;
	int err = json_only(object, names, fault);
	if (err == HN_OK)
		err = json_get_string(object, "checkpoint", true, &note, fault);
	if (err == HN_OK)
		err = json_get_int(object, "from", true, 0, INT64_C(1) << 53, &from, fault);
	if (err == HN_OK)
		err = json_get_array(object, "consistency", true, &path, fault);
	if (err != HN_OK)
		return err;
	size_t len = strlen(note);
	if (len > NOTE_SIZE_MAX)
		return fault_set(fault, HN_ELIMIT, "/checkpoint", "%s", hn_strerror(HN_ELIMIT));
	memcpy(out->note, note, len + 1);
	out->from = (uint64_t)from;
	return read_path(path, out, fault);
}

int checkpoint_line_read(const char *text, size_t len, struct checkpoint_line *out, struct fault *fault)
{
	json_t *object = NULL;
	int err = json_object_read(text, len, &object, fault);
	if (err == HN_OK)
		err = read_members(object, out, fault);
	json_decref(object);
	return err;
}

static int wrong(struct fault *fault, const char *text)
{
	return fault_set(fault, HN_EAUTH, "/checkpoint", "%s", text);
}

int checkpoint_line_check(const struct checkpoint_line *l, const char *origin, const uint8_t ed25519[32],
			  const struct checkpoint_seen *seen, struct checkpoint *out, struct fault *fault)
{
	struct checkpoint c;
	struct note_key key;
	int err = note_key_init(&key, origin, NOTE_ED25519, ed25519);
	if (err == HN_OK)
		err = checkpoint_open(l->note, strlen(l->note), &key, &c);
	if (err != HN_OK)
		return wrong(fault, tr("is not signed by this edge", "このエッジの署名がない"));
	if (out != NULL)
		*out = c;
	if (seen->size == 0)
		return HN_OK;
	if (c.size < seen->size)
		return wrong(fault, tr("the ledger is shorter than before", "台帳が前より短い"));
	if (c.size == seen->size && memcmp(&c.root, &seen->root, sizeof(c.root)) != 0)
		return wrong(fault, tr("the ledger's history was rewritten", "台帳の履歴が書き換えられた"));
	if (c.size == seen->size)
		return HN_OK;
	if (l->from != seen->size || merkle_verify_consistency(seen->size, &seen->root, c.size, &c.root,
							       l->path, l->path_len) != HN_OK)
		return wrong(fault, tr("does not prove that it continues the last one",
				       "直前のチェックポイントの続きであることが証明されていない"));
	return HN_OK;
}
