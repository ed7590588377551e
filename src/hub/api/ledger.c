/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/api/tables.h"
#include "hub/config.h"
#include "hub/hub.h"
#include "hub/record/record.h"
#include "hub/request/rights.h"
#include "ledger/note.h"
#include "ledger/tile.h"

#define PREFIX   "/api/v1/ledger/"
#define TEXT     "text/plain"
#define COSIGNED "cosigned" /* file in the data folder: the largest checkpoint that was cosigned */

static int checkpoint(struct request *r)
{
	int rc = record_checkpoint(hub_of(r)->record, answer_body(r));
	answer_cache(r, "no-cache");
	return rc == HN_OK ? answer_send(r, 200, "text/plain; charset=utf-8") : rc;
}

static int key(struct request *r)
{
	char text[NOTE_VKEY_MAX];
	struct note_key own;
	record_key(hub_of(r)->record, &own);
	note_vkey_format(&own, text);
	buf_adds(answer_body(r), text);
	buf_addc(answer_body(r), '\n');
	return answer_send(r, 200, "text/plain; charset=utf-8");
}

/* The path behind the prefix is the one of C2SP tlog-tiles, byte for byte. */
static int tile(struct request *r)
{
	const char *path = r->path + strlen(PREFIX);
	struct tile tile;
	if (!rights_audit(r))
		return fault_set(&r->fault, HN_EAUTH, "", "%s",
				 tr("the ledger's entries are for the centre's auditors and the commission",
				    "台帳の項目を閲覧できるのはセンターの監査担当者と委員会である"));
	if (tile_path_parse(path, strlen(path), &tile) != HN_OK)
		return HN_ENOENT;
	int rc = record_tile(hub_of(r)->record, &tile, answer_body(r));
	if (rc != HN_OK)
		return rc == HN_EIO ? rc : HN_ENOENT;
	answer_cache(r, "private, max-age=31536000, immutable");
	return answer_send(r, 200, "application/octet-stream");
}

/* ---- cosignatures ---- */

/* How many entries a checkpoint covers: its second line. */
static uint64_t size_of(const struct note *note)
{
	const char *line = memchr(note->text, '\n', note->text_len);
	return line ? strtoull(line + 1, NULL, 10) : 0;
}

/* Ours, and signed by one whom the configuration names. @return HN_EAUTH */
static int check_note(struct request *r, const struct note *note)
{
	const struct config_list *list = &hub_of(r)->config->cosigners;
	const char *const *keys = list->items;
	struct note_key own;
	record_key(hub_of(r)->record, &own);
	if (note_verify(note, &own, NULL) != HN_OK)
		return fault_set(&r->fault, HN_EAUTH, "", "%s",
				 tr("is no checkpoint of this log", "この台帳のチェックポイントではない"));
	for (size_t i = 0; i < list->count; i++) {
		struct note_key other;
		if (note_vkey_parse(keys[i], strlen(keys[i]), &other) == HN_OK &&
		    note_verify(note, &other, NULL) == HN_OK)
			return HN_OK;
	}
	return fault_set(&r->fault, HN_EAUTH, "", "%s",
			 tr("carries no cosignature of one who is known here", "既知の連署者の署名がない"));
}

static int open_data(const struct request *r)
{
	return open(hub_of(r)->config->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int read_kept(int data_fd, struct buf *out)
{
	int fd = openat(data_fd, COSIGNED, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t got = 0;
	if (fd < 0)
		return HN_ENOENT;
	int rc = buf_reserve(out, NOTE_SIZE_MAX);
	if (rc == HN_OK)
		rc = fd_read_full(fd, out->data, NOTE_SIZE_MAX, &got);
	out->len = rc == HN_OK ? got : 0;
	(void)close(fd);
	return rc;
}

/* A smaller one never takes the place of a larger. */
static int keep(struct request *r)
{
	struct note former, note;
	struct buf kept;
	int data_fd = open_data(r);
	if (data_fd < 0)
		return HN_EIO;
	buf_init(&kept, NOTE_SIZE_MAX);
	int rc = note_parse(r->body.data, r->body.len, &note);
	bool larger = rc == HN_OK && read_kept(data_fd, &kept) == HN_OK &&
		      note_parse(kept.data, kept.len, &former) == HN_OK && size_of(&former) > size_of(&note);
	if (rc == HN_OK && !larger)
		rc = file_write_whole_at(data_fd, COSIGNED, r->body.data, r->body.len, 0640, true);
	buf_clear(&kept);
	(void)close(data_fd);
	return rc;
}

static int kept(struct request *r)
{
	return answer_send(r, 204, NULL);
}

static int lost(struct request *r)
{
	(void)r;
	return HN_EIO;
}

/* On the record's thread, which may wait for the disk. */
static void recorded(void *context, int err)
{
	struct request *r = context;
	if (err == HN_OK)
		err = keep(r);
	request_resume(r, err == HN_OK ? kept : lost);
}

static int cosign(struct request *r)
{
	struct note note;
	struct buf b;
	int rc = note_parse(r->body.data ? r->body.data : "", r->body.len, &note);
	if (rc == HN_OK)
		rc = check_note(r, &note);
	if (rc != HN_OK)
		return rc;
	buf_init(&b, 4 * NOTE_SIZE_MAX);
	buf_adds(&b, "{\"note\":");
	buf_json_string(&b, r->body.data, r->body.len);
	buf_addc(&b, '}');
	rc = buf_err(&b);
	if (rc == HN_OK) {
		request_wait(r);
		rc = record_append(hub_of(r)->record, "hub.cosigned", b.data, b.len, recorded, r);
		if (rc != HN_OK)
			request_resume(r, lost);
	}
	buf_clear(&b);
	return HN_OK;
}

static int cosigned(struct request *r)
{
	int data_fd = open_data(r);
	if (data_fd < 0)
		return HN_EIO;
	int rc = read_kept(data_fd, answer_body(r));
	(void)close(data_fd);
	return rc == HN_OK ? answer_send(r, 200, "text/plain; charset=utf-8") : rc;
}

#define TILE_ROW(name, path_)                                                                                \
	{                                                                                                    \
		.method = HTTP_GET, .pattern = PREFIX "tile/{level:name}/" path_, .operation = name,         \
		.scopes = SCOPE_AUDIT, .handle = tile, .gives = "application/octet-stream",                  \
		.answers = {{200, NULL, "application/octet-stream"}}, .tag = "ledger",                       \
		.summary_en = "A tile or bundle of the log (C2SP tlog-tiles)",                               \
		.summary_ja = "ログのタイルまたはバンドル(C2SP tlog-tiles)",                                 \
	}

const struct route LEDGER_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = PREFIX "checkpoint",
	 .operation = "getCheckpoint",
	 .flags = ROUTE_PUBLIC,
	 .handle = checkpoint,
	 .gives = TEXT,
	 .answers = {{200, NULL, TEXT}},
	 .tag = "ledger",
	 .summary_en = "The ledger's last checkpoint, a signed note (C2SP tlog-tiles)",
	 .summary_ja = "台帳の最新のチェックポイント(署名付きノート、C2SP tlog-tiles)"},
	{.method = HTTP_GET,
	 .pattern = PREFIX "key",
	 .operation = "getLedgerKey",
	 .flags = ROUTE_PUBLIC,
	 .handle = key,
	 .gives = TEXT,
	 .answers = {{200, NULL, TEXT}},
	 .tag = "ledger",
	 .summary_en = "The key that verifies checkpoints, as one word (C2SP signed-note)",
	 .summary_ja = "チェックポイントを検証する鍵(C2SP signed-note の一語形式)"},
	{.method = HTTP_GET,
	 .pattern = PREFIX "cosigned",
	 .operation = "getCosigned",
	 .flags = ROUTE_PUBLIC,
	 .handle = cosigned,
	 .gives = TEXT,
	 .answers = {{200, NULL, TEXT}},
	 .tag = "ledger",
	 .summary_en = "The largest checkpoint that others have cosigned",
	 .summary_ja = "連署された最大のチェックポイント"},
	{.method = HTTP_POST,
	 .pattern = PREFIX "cosigned",
	 .operation = "addCosigned",
	 .flags = ROUTE_NO_KEEP,
	 .scopes = SCOPE_AUDIT,
	 .handle = cosign,
	 .takes = TEXT,
	 .body_max = NOTE_SIZE_MAX,
	 .answers = {{204, NULL, NULL}},
	 .tag = "ledger",
	 .summary_en = "Hands in a checkpoint with a cosignature (C2SP tlog-cosignature)",
	 .summary_ja = "連署したチェックポイントを提出する(C2SP tlog-cosignature)"},
	TILE_ROW("getTile1", "{a:name}"),
	TILE_ROW("getTile2", "{a:name}/{b:name}"),
	TILE_ROW("getTile3", "{a:name}/{b:name}/{c:name}"),
	TILE_ROW("getTile4", "{a:name}/{b:name}/{c:name}/{d:name}"),
	TILE_ROW("getTile5", "{a:name}/{b:name}/{c:name}/{d:name}/{e:name}"),
	{0},
};
