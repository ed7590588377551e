/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "ledger/internal.h"
#include "ledger/private.h"
#include "ledger/publish.h"

#define SALTS_AHEAD 1024

void ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->log_fd >= 0)
		(void)close(l->log_fd);
	if (l->records_fd >= 0)
		(void)close(l->records_fd);
	if (l->index_fd >= 0)
		(void)close(l->index_fd);
	sodium_free(l->secret);
	free(l->edge);
	if (l->records.data != NULL)
		sodium_memzero(l->records.data, l->records.cap);
	if (l->salts.data != NULL)
		sodium_memzero(l->salts.data, l->salts.cap);
	struct buf *bufs[] = {&l->note,  &l->bundle,    &l->records, &l->slots,
			      &l->files, &l->file_list, &l->salts};
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		buf_clear(bufs[i]);
	free(l);
}

uint64_t ledger_size(const struct ledger *l)
{
	return l->head.size;
}

uint64_t ledger_pending(const struct ledger *l)
{
	return l->edge->size - l->head.size;
}

const char *ledger_checkpoint(const struct ledger *l, size_t *len_out)
{
	*len_out = l->note.len;
	return l->note.data;
}

static int queue_file(struct ledger *l, const struct tile *tile, const void *data, size_t len)
{
	struct pending_file file = {*tile, l->files.len, len};
	buf_add(&l->files, data, len);
	buf_add(&l->file_list, &file, sizeof(file));
	return buf_err(&l->files) != HN_OK ? buf_err(&l->files) : buf_err(&l->file_list);
}

/* A tile became full: keep its content for the commit, and that of its bundle. */
static int tile_full(void *ctx, const struct tile *tile, const struct merkle_hash hashes[TILE_WIDTH])
{
	struct ledger *l = ctx;
	int rc = HN_OK;

	if (tile->level == 0) {
		struct tile bundle = *tile;
		bundle.level = TILE_ENTRIES;
		rc = queue_file(l, &bundle, l->bundle.data, l->bundle.len);
		buf_reset(&l->bundle);
	}
	return rc == HN_OK ? queue_file(l, tile, hashes, TILE_BYTES) : rc;
}

/* Drawn in blocks: one system call for many. Each is wiped once it is used. */
static void take_salt(struct ledger *l, uint8_t out[LOG_ENTRY_SALT_SIZE])
{
	if (l->salts_used == l->salts.len) {
		randombytes_buf(l->salts.data, l->salts.len);
		l->salts_used = 0;
	}
	char *salt = l->salts.data + l->salts_used;
	memcpy(out, salt, LOG_ENTRY_SALT_SIZE);
	sodium_memzero(salt, LOG_ENTRY_SALT_SIZE);
	l->salts_used += LOG_ENTRY_SALT_SIZE;
}

/* Room for one more append, so that nothing can fail half way. */
static int reserve(struct ledger *l, size_t len)
{
	struct {
		struct buf *b;
		size_t len;
	} want[] = {
		{&l->records, LOG_ENTRY_SALT_SIZE + len},
		{&l->slots, PRIVATE_SLOT_SIZE},
		{&l->bundle, 2 + LOG_ENTRY_TEXT_MAX},
		{&l->files, (TILE_LEVELS * TILE_BYTES) + (TILE_WIDTH * (2 + LOG_ENTRY_TEXT_MAX))},
		{&l->file_list, ROWS * sizeof(struct pending_file)},
	};
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		int rc = buf_reserve(want[i].b, want[i].len);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static void add_slot(struct ledger *l, int64_t time_ns, size_t len)
{
	uint8_t bytes[PRIVATE_SLOT_SIZE];
	struct private_slot slot = {l->records_end + l->records.len, time_ns, (uint32_t)len, PRIVATE_PRESENT};
	private_slot_encode(l->edge->size, &slot, bytes);
	buf_add(&l->slots, bytes, sizeof(bytes));
}

int ledger_append(struct ledger *l, const char *kind, int64_t time_ns, const void *record, size_t len,
		  uint64_t *index_out)
{
	struct log_entry entry;
	uint8_t salt[LOG_ENTRY_SALT_SIZE];
	char text[LOG_ENTRY_TEXT_MAX];
	struct merkle_hash leaf;

	if (l->failed)
		return HN_ESTATE;
	size_t kind_len = strnlen(kind, LOG_ENTRY_KIND_MAX + 1);
	if (!log_entry_kind_ok(kind, kind_len))
		return HN_EFORMAT;
	if (len > LEDGER_RECORD_MAX || ledger_pending(l) >= LEDGER_PENDING_MAX)
		return HN_ELIMIT;
	int rc = reserve(l, len);
	if (rc != HN_OK)
		return rc;

	memset(&entry, 0, sizeof(entry));
	memcpy(entry.kind, kind, kind_len);
	entry.time_ns = time_ns < 0 ? 0 : time_ns > UTC_MAX_NS ? UTC_MAX_NS : time_ns;
	entry.time_ns -= entry.time_ns % 1000;
	take_salt(l, salt);
	log_entry_commit(salt, record, len, entry.commitment);
	size_t text_len = log_entry_format(&entry, text);
	merkle_leaf(text, text_len, &leaf);

	add_slot(l, entry.time_ns, len);
	buf_add(&l->records, salt, sizeof(salt));
	buf_add(&l->records, record, len);
	sodium_memzero(salt, sizeof(salt));
	buf_be16(&l->bundle, (uint16_t)text_len);
	buf_add(&l->bundle, text, text_len);
	if (index_out != NULL)
		*index_out = l->edge->size;
	rc = edge_push(l->edge, &leaf, tile_full, l);
	if (rc != HN_OK)
		l->failed = true; /* cannot be: the room was reserved */
	return rc;
}

static int write_private(struct ledger *l)
{
	int rc = ledger_io_write_out(l->io, l->records_fd, l->records.data, l->records.len, l->records_end);
	if (rc == HN_OK)
		rc = ledger_io_write_out(l->io, l->index_fd, l->slots.data, l->slots.len,
					 l->head.size * PRIVATE_SLOT_SIZE);
	return rc;
}

static int sync_private(struct ledger *l)
{
	if (l->io->sync(l->io->ctx, l->records_fd) != 0 || l->io->sync(l->io->ctx, l->index_fd) != 0)
		return hn_err_of_errno(errno);
	return HN_OK;
}

static int publish_tile(struct publish *p, const struct tile *tile, const void *data, size_t len)
{
	char path[TILE_PATH_SIZE];
	tile_path(tile, path);
	return publish_file(p, path, data, len);
}

/* The partial tiles and the partial bundle that this size has and the former one had not. */
static int publish_partials(struct ledger *l, struct publish *p)
{
	uint64_t size = l->edge->size;
	for (unsigned row = 0; row < ROWS; row++) {
		uint64_t count = row_count(size, row);
		struct tile tile = {row_level(row), (unsigned)(count % TILE_WIDTH), count / TILE_WIDTH};
		if (tile.width == 0 || count == row_count(l->head.size, row))
			continue;
		int rc;
		if (row == ROW_BUNDLES)
			rc = publish_tile(p, &tile, l->bundle.data, l->bundle.len);
		else
			rc = publish_tile(p, &tile, l->edge->levels[row].hashes,
					  tile.width * MERKLE_HASH_SIZE);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static int put_files(struct ledger *l)
{
	struct publish p;
	int rc = HN_OK;

	publish_init(&p, l->io, l->log_fd);
	for (size_t at = 0; at < l->file_list.len && rc == HN_OK; at += sizeof(struct pending_file)) {
		struct pending_file file;
		memcpy(&file, l->file_list.data + at, sizeof(file));
		rc = publish_tile(&p, &file.tile, l->files.data + file.offset, file.len);
	}
	if (rc == HN_OK)
		rc = publish_partials(l, &p);
	if (rc == HN_OK)
		rc = sync_private(l);
	if (rc == HN_OK)
		rc = publish_flush(&p);
	int saved = errno;
	publish_clear(&p);
	errno = saved;
	return rc;
}

/* Writes a note beside the checkpoint and renames it over. */
static int put_note(struct ledger *l, const struct buf *note)
{
	struct publish p;

	publish_init(&p, l->io, l->log_fd);
	int rc = publish_file(&p, LEDGER_TEMPORARY, note->data, note->len);
	if (rc == HN_OK)
		rc = publish_flush(&p);
	int saved = errno;
	publish_clear(&p);
	errno = saved;
	if (rc == HN_OK && l->io->rename_at(l->io->ctx, l->log_fd, LEDGER_TEMPORARY, LEDGER_CHECKPOINT) != 0)
		rc = hn_err_of_errno(errno);
	return rc == HN_OK ? publish_sync_dir(l->io, l->log_fd, ".") : rc;
}

int ledger_put_checkpoint(struct ledger *l, const struct checkpoint *head)
{
	struct buf note;

	buf_init(&note, NOTE_SIZE_MAX);
	checkpoint_sign(&note, head, &l->key, l->secret);
	int rc = buf_err(&note);
	if (rc == HN_OK)
		rc = put_note(l, &note);
	if (rc == HN_OK) {
		buf_clear(&l->note);
		l->note = note;
		l->head = *head;
	} else {
		int saved = errno;
		buf_clear(&note);
		errno = saved;
	}
	return rc;
}

/* Removes the partial files of tiles that are full now. They may stay as well, so errors mean nothing. */
static void drop_outgrown(struct ledger *l, unsigned row)
{
	struct partials *partials = &l->partials[row];
	char path[TILE_PATH_SIZE];
	bool any = false;

	for (unsigned width = 1; width < TILE_WIDTH; width++) {
		struct tile tile = {row_level(row), width, partials->index};
		if ((partials->widths[width / 8] >> (width % 8) & 1) == 0)
			continue;
		tile_path(&tile, path);
		(void)l->io->unlink_at(l->io->ctx, l->log_fd, path, 0);
		any = true;
	}
	if (any) {
		*strrchr(path, '/') = '\0';
		(void)l->io->unlink_at(l->io->ctx, l->log_fd, path, AT_REMOVEDIR);
	}
}

static void note_partials(struct ledger *l)
{
	for (unsigned row = 0; row < ROWS; row++) {
		struct partials *partials = &l->partials[row];
		uint64_t count = row_count(l->head.size, row);
		unsigned width = (unsigned)(count % TILE_WIDTH);
		if (partials->index != count / TILE_WIDTH) {
			drop_outgrown(l, row);
			memset(partials, 0, sizeof(*partials));
			partials->index = count / TILE_WIDTH;
		}
		if (width > 0)
			partials->widths[width / 8] |= (uint8_t)(1u << (width % 8));
	}
}

static void forget_pending(struct ledger *l)
{
	if (l->records.data != NULL)
		sodium_memzero(l->records.data, l->records.len);
	buf_reset(&l->records);
	buf_reset(&l->slots);
	buf_reset(&l->files);
	buf_reset(&l->file_list);
}

int ledger_commit(struct ledger *l)
{
	struct checkpoint head = l->head;

	if (l->failed)
		return HN_ESTATE;
	if (ledger_pending(l) == 0)
		return HN_OK;
	head.size = l->edge->size;
	edge_root(l->edge, &head.root);
	/* All that is new is written, then all of it is made durable, and only then signed: a checkpoint
	 * never stands on anything that could be lost. */
	int rc = write_private(l);
	if (rc == HN_OK)
		rc = put_files(l);
	if (rc == HN_OK)
		rc = ledger_put_checkpoint(l, &head);
	if (rc != HN_OK) {
		/* After a failed fsync nobody knows what the disk holds: start anew from there. */
		l->failed = true;
		return rc == HN_ENOENT ? HN_EIO : rc;
	}
	l->records_end += l->records.len;
	forget_pending(l);
	note_partials(l);
	return HN_OK;
}

static struct ledger *ledger_new(const struct ledger_options *options)
{
	struct ledger *l = sodium_init() < 0 ? NULL : calloc(1, sizeof(*l));
	if (l == NULL)
		return NULL;
	l->io = options->io == NULL ? &ledger_io_system : options->io;
	l->log_fd = l->records_fd = l->index_fd = -1;
	l->secret = sodium_malloc(NOTE_SECRET_SIZE);
	l->edge = malloc(sizeof(*l->edge));
	buf_init(&l->note, NOTE_SIZE_MAX);
	buf_init(&l->bundle, (size_t)TILE_WIDTH * (2 + LOG_ENTRY_TEXT_MAX));
	buf_init(&l->records, LEDGER_PENDING_BYTES);
	buf_init(&l->slots, (size_t)LEDGER_PENDING_MAX * PRIVATE_SLOT_SIZE);
	buf_init(&l->files, SIZE_MAX / 2);
	buf_init(&l->file_list, SIZE_MAX / 2);
	buf_init(&l->salts, (size_t)SALTS_AHEAD * LOG_ENTRY_SALT_SIZE);
	static const uint8_t none[LOG_ENTRY_SALT_SIZE];
	for (size_t i = 0; i < SALTS_AHEAD; i++)
		buf_add(&l->salts, none, sizeof(none));
	l->salts_used = l->salts.len;
	if (l->secret == NULL || l->edge == NULL || buf_err(&l->salts) != HN_OK) {
		ledger_close(l);
		return NULL;
	}
	edge_init(l->edge);
	memcpy(l->secret, options->secret_key, NOTE_SECRET_SIZE);
	return l;
}

int ledger_open(int dir_fd, const struct ledger_options *options, struct ledger **out, struct fault *fault)
{
	struct ledger *l = ledger_new(options);
	if (l == NULL)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	int rc = note_key_init(&l->key, options->origin, NOTE_ED25519,
			       options->secret_key + NOTE_SECRET_SIZE - NOTE_PUBLIC_SIZE);
	if (rc != HN_OK)
		rc = fault_set(fault, rc, "",
			       tr("the log's name must be one word without '+'",
				  "ログの名前は空白も「+」も含まない一語でなければならない"));
	if (rc == HN_OK)
		rc = ledger_recover(l, dir_fd, fault);
	if (rc == HN_OK)
		*out = l;
	else
		ledger_close(l);
	return rc;
}
