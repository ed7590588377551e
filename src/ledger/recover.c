/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "ledger/internal.h"
#include "ledger/private.h"
#include "ledger/publish.h"
#include "ledger/read.h"

/* Tiles beyond the checkpoint that an unfinished commit may have left in a row. */
#define TAIL_TILES (LEDGER_PENDING_MAX / TILE_WIDTH + 2)

static int os_fault(struct fault *fault, int rc, const char *place)
{
	int saved = errno;
	(void)fault_set(fault, rc, place, "%s", rc == HN_EIO ? hn_errno_text(saved) : hn_strerror(rc));
	errno = saved;
	return rc;
}

/* Opens a directory below dir_fd, making it and its name durable when it is not there. */
static int open_dir(const struct ledger_io *io, int dir_fd, const char *name, mode_t mode, int *fd_out)
{
	if (io->mkdir_at(io->ctx, dir_fd, name, mode) == 0) {
		int rc = publish_sync_dir(io, dir_fd, ".");
		if (rc != HN_OK)
			return rc;
	} else if (errno != EEXIST) {
		return hn_err_of_errno(errno);
	}
	*fd_out = io->open_at(io->ctx, dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
	return *fd_out < 0 ? hn_err_of_errno(errno) : HN_OK;
}

static int open_private(struct ledger *l, int dir_fd, struct fault *fault)
{
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
	int private_fd = -1;

	int rc = open_dir(l->io, dir_fd, PRIVATE_DIR, 0700, &private_fd);
	if (rc != HN_OK)
		return os_fault(fault, rc, PRIVATE_DIR);
	l->index_fd = l->io->open_at(l->io->ctx, private_fd, "index", flags, 0600);
	l->records_fd = l->index_fd < 0 ? -1 : l->io->open_at(l->io->ctx, private_fd, "records", flags, 0600);
	if (l->records_fd < 0)
		rc = hn_err_of_errno(errno);
	else
		rc = publish_sync_dir(l->io, private_fd, ".");
	if (rc != HN_OK)
		(void)os_fault(fault, rc, l->index_fd < 0 ? "private/index" : "private/records");
	(void)close(private_fd);
	if (rc == HN_OK && flock(l->index_fd, LOCK_EX | LOCK_NB) != 0)
		rc = fault_set(fault, HN_ESTATE, PRIVATE_DIR,
			       tr("another process is writing this log",
				  "他のプロセスがこのログに書き込み中である"));
	return rc;
}

static off_t size_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? st.st_size : -1;
}

/* Without a checkpoint there may be nothing: the first thing a log writes is its checkpoint of size 0. */
static int begin(struct ledger *l, struct fault *fault)
{
	struct checkpoint head;

	if (size_of(l->index_fd) != 0 || size_of(l->records_fd) != 0 ||
	    faccessat(l->log_fd, "tile", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return fault_set(fault, HN_EAUTH, "ledger/checkpoint",
				 tr("is missing although the log has entries; restore it from a copy",
				    "記録があるのにチェックポイントがない。写しから復元すること"));
	memset(&head, 0, sizeof(head));
	(void)snprintf(head.origin, sizeof(head.origin), "%s", l->key.name);
	merkle_empty(&head.root);
	int rc = ledger_put_checkpoint(l, &head);
	return rc == HN_OK ? rc : os_fault(fault, rc, "ledger/checkpoint");
}

static int load_checkpoint(struct ledger *l, struct fault *fault)
{
	static const char place[] = "ledger/checkpoint";

	int rc = read_file_at(l->log_fd, LEDGER_CHECKPOINT, &l->note);
	if (rc == HN_ENOENT)
		return begin(l, fault);
	if (rc == HN_OK)
		rc = checkpoint_open(l->note.data == NULL ? "" : l->note.data, l->note.len, &l->key,
				     &l->head);
	switch (rc) {
	case HN_OK:
		return HN_OK;
	case HN_ENOENT:
		return fault_set(fault, HN_EAUTH, place,
				 tr("is not signed by this identity; give the one that began the log",
				    "この識別鍵の署名がない。ログを始めた識別鍵を指定すること"));
	case HN_EAUTH:
		return fault_set(fault, rc, place, tr("its signature does not hold", "署名が正しくない"));
	default:
		return os_fault(fault, rc, place);
	}
}

static int load_row(struct ledger *l, unsigned level, struct fault *fault)
{
	uint64_t count = row_count(l->head.size, level);
	struct tile tile = {level, (unsigned)(count % TILE_WIDTH), count / TILE_WIDTH};
	struct buf data;
	char path[TILE_PATH_SIZE];

	if (tile.width == 0)
		return HN_OK;
	buf_init(&data, TILE_BYTES);
	int rc = read_tile_at(l->log_fd, &tile, &data);
	if (rc == HN_OK) {
		memcpy(l->edge->levels[level].hashes, data.data, data.len);
		l->edge->levels[level].count = tile.width;
	} else {
		tile_path(&tile, path);
		(void)os_fault(fault, rc, path);
	}
	buf_clear(&data);
	return rc == HN_ENOENT ? HN_EAUTH : rc;
}

/* The last bundle, whose entries must hash to the edge's leaves. */
static int load_bundle(struct ledger *l, struct fault *fault)
{
	unsigned width = (unsigned)(l->head.size % TILE_WIDTH);
	struct tile tile = {TILE_ENTRIES, width, l->head.size / TILE_WIDTH};
	char path[TILE_PATH_SIZE];
	const uint8_t *entry;
	size_t len;

	if (width == 0)
		return HN_OK;
	tile_path(&tile, path);
	int rc = read_tile_at(l->log_fd, &tile, &l->bundle);
	if (rc != HN_OK) {
		(void)os_fault(fault, rc, path);
		return rc == HN_ENOENT ? HN_EAUTH : rc;
	}
	struct cur c = cur_of(l->bundle.data, l->bundle.len);
	for (unsigned i = 0; i < width; i++) {
		struct merkle_hash leaf;
		rc = bundle_next(&c, &entry, &len);
		if (rc != HN_OK)
			return os_fault(fault, HN_EFORMAT, path);
		merkle_leaf(entry, len, &leaf);
		if (memcmp(&leaf, &l->edge->levels[0].hashes[i], sizeof(leaf)) != 0)
			return fault_set(
				fault, HN_EAUTH, path,
				tr("entry %llu does not fit its hash", "エントリ%lluがハッシュと一致しない"),
				(unsigned long long)(tile.index * TILE_WIDTH + i));
	}
	return HN_OK;
}

static int load_edge(struct ledger *l, struct fault *fault)
{
	struct merkle_hash root;

	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		int rc = load_row(l, level, fault);
		if (rc != HN_OK)
			return rc;
	}
	l->edge->size = l->head.size;
	edge_root(l->edge, &root);
	if (memcmp(&root, &l->head.root, sizeof(root)) != 0)
		return fault_set(
			fault, HN_EAUTH, "ledger/tile",
			tr("the tiles do not lead to the checkpoint's root; see 'hinomi ledger verify'",
			   "タイルがチェックポイントの根に一致しない。「hinomi ledger verify」で調べること"));
	return load_bundle(l, fault);
}

/* Cuts a file to what the checkpoint covers. */
static int cut_file(struct ledger *l, int fd, uint64_t len)
{
	off_t have = size_of(fd);
	if (have < 0)
		return HN_EIO;
	if ((uint64_t)have < len)
		return HN_ETRUNC;
	if ((uint64_t)have == len)
		return HN_OK;
	if (l->io->truncate(l->io->ctx, fd, (off_t)len) != 0 || l->io->sync(l->io->ctx, fd) != 0)
		return hn_err_of_errno(errno);
	return HN_OK;
}

static int load_private(struct ledger *l, struct fault *fault)
{
	uint8_t bytes[PRIVATE_SLOT_SIZE];
	struct private_slot slot;
	uint64_t size = l->head.size;

	int rc = cut_file(l, l->index_fd, size * PRIVATE_SLOT_SIZE);
	if (rc == HN_OK && size > 0) {
		ssize_t n = pread(l->index_fd, bytes, sizeof(bytes), (off_t)((size - 1) * PRIVATE_SLOT_SIZE));
		if (n != (ssize_t)sizeof(bytes))
			rc = HN_EIO;
		if (rc == HN_OK)
			rc = private_slot_decode(size - 1, bytes, &slot);
		if (rc == HN_OK)
			l->records_end = slot.offset + LOG_ENTRY_SALT_SIZE + slot.len;
	}
	if (rc != HN_OK)
		return os_fault(fault, rc, "private/index");
	rc = cut_file(l, l->records_fd, l->records_end);
	return rc == HN_OK ? rc : os_fault(fault, rc, "private/records");
}

/* Looks through the partial files of a tile: those beyond the checkpoint are removed, the others noted. */
static int drop_partials(struct ledger *l, unsigned row, uint64_t index, unsigned width_max)
{
	char path[TILE_PATH_SIZE];
	struct tile tile = {row_level(row), 1, index};
	struct dirent *name;

	tile_path(&tile, path);
	*strrchr(path, '/') = '\0';
	int fd = openat(l->log_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? HN_OK : hn_err_of_errno(errno);
	DIR *dir = fdopendir(fd);
	if (dir == NULL) {
		(void)close(fd);
		return HN_ENOMEM;
	}
	int rc = HN_OK;
	while (rc == HN_OK && (name = readdir(dir)) != NULL) {
		char full[TILE_PATH_SIZE + 256];
		int n = snprintf(full, sizeof(full), "%s/%s", path, name->d_name);
		if (n < 0 || tile_path_parse(full, (size_t)n, &tile) != HN_OK)
			continue;
		if (tile.width <= width_max)
			l->partials[row].widths[tile.width / 8] |= (uint8_t)(1u << (tile.width % 8));
		else if (l->io->unlink_at(l->io->ctx, l->log_fd, full, 0) != 0)
			rc = hn_err_of_errno(errno);
	}
	(void)closedir(dir);
	if (rc == HN_OK && width_max == 0)
		(void)l->io->unlink_at(l->io->ctx, l->log_fd, path, AT_REMOVEDIR);
	return rc;
}

/* One name of a directory of tiles: removed when it belongs to a tile from first on, before end. */
static int drop_name(struct ledger *l, unsigned row, const char *dir, const char *name, uint64_t first,
		     uint64_t end)
{
	uint64_t count = row_count(l->head.size, row);
	char path[TILE_PATH_SIZE + 256];
	struct tile tile;

	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (n > 0 && tile_path_parse(path, (size_t)n, &tile) == HN_OK) {
		if (tile.index < first || tile.index >= end)
			return HN_OK;
		return l->io->unlink_at(l->io->ctx, l->log_fd, path, 0) == 0 ? HN_OK : hn_err_of_errno(errno);
	}
	n = snprintf(path, sizeof(path), "%s/%s/1", dir, name);
	if (n < 0 || tile_path_parse(path, (size_t)n, &tile) != HN_OK || tile.index < first ||
	    tile.index >= end)
		return HN_OK;
	return drop_partials(l, row, tile.index, tile.index == first ? (unsigned)(count % TILE_WIDTH) : 0);
}

/* What lies beyond the checkpoint was never in the log. */
static int drop_tail(struct ledger *l, unsigned row)
{
	uint64_t first = row_count(l->head.size, row) / TILE_WIDTH;
	uint64_t end = first + TAIL_TILES;
	char path[TILE_PATH_SIZE];
	struct dirent *name;
	int rc = HN_OK;

	l->partials[row].index = first;
	/* A directory holds the tiles of a thousand. */
	for (uint64_t index = first; index < end && rc == HN_OK; index = (index / 1000 + 1) * 1000) {
		struct tile tile = {row_level(row), TILE_WIDTH, index};
		tile_path(&tile, path);
		*strrchr(path, '/') = '\0';
		int fd = openat(l->log_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 && errno == ENOENT)
			continue;
		DIR *dir = fd < 0 ? NULL : fdopendir(fd);
		if (dir == NULL)
			return hn_err_of_errno(errno);
		while (rc == HN_OK && (name = readdir(dir)) != NULL)
			rc = drop_name(l, row, path, name->d_name, first, end);
		(void)closedir(dir);
	}
	return rc;
}

int ledger_recover(struct ledger *l, int dir_fd, struct fault *fault)
{
	int rc = open_private(l, dir_fd, fault);
	if (rc != HN_OK)
		return rc;
	rc = open_dir(l->io, dir_fd, LEDGER_DIR, 0755, &l->log_fd);
	if (rc != HN_OK)
		return os_fault(fault, rc, LEDGER_DIR);
	rc = load_checkpoint(l, fault);
	if (rc == HN_OK)
		rc = load_edge(l, fault);
	if (rc == HN_OK)
		rc = load_private(l, fault);
	if (rc != HN_OK)
		return rc;
	if (l->io->unlink_at(l->io->ctx, l->log_fd, LEDGER_TEMPORARY, 0) != 0 && errno != ENOENT)
		return os_fault(fault, hn_err_of_errno(errno), "ledger/" LEDGER_TEMPORARY);
	for (unsigned row = 0; row < ROWS; row++) {
		rc = drop_tail(l, row);
		if (rc != HN_OK)
			return os_fault(fault, rc, "ledger/tile");
	}
	return HN_OK;
}
