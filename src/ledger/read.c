/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/file.h"
#include "ledger/io.h"
#include "ledger/log_entry.h"
#include "ledger/merkle.h"

#define CHUNK 16384

static int read_fd(int fd, struct buf *out)
{
	char chunk[CHUNK];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return HN_EIO;
	if (!S_ISREG(st.st_mode))
		return HN_EFORMAT;
	for (;;) {
		size_t got;
		int rc = fd_read_full(fd, chunk, sizeof(chunk), &got);
		if (rc != HN_OK)
			return rc;
		buf_add(out, chunk, got);
		rc = buf_err(out);
		if (rc != HN_OK || got < sizeof(chunk))
			return rc;
	}
}

int read_file_at(int dir_fd, const char *path, struct buf *out)
{
	buf_reset(out);
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR || errno == ENXIO))
		return HN_EFORMAT;
	if (fd < 0)
		return hn_err_of_errno(errno);
	int rc = read_fd(fd, out);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

/* Bytes of the first entries of a bundle. */
static int bundle_front(const struct buf *bundle, unsigned entries, size_t *len_out)
{
	struct cur c = cur_of(bundle->data, bundle->len);
	const uint8_t *data;
	size_t len;

	for (unsigned i = 0; i < entries; i++)
		if (bundle_next(&c, &data, &len) != HN_OK)
			return HN_EFORMAT;
	*len_out = bundle->len - cur_left(&c);
	return HN_OK;
}

/* Cuts the file of a tile of this width to its first hashes or entries. */
static int cut(struct buf *out, const struct tile *file, unsigned width)
{
	size_t all = (size_t)file->width * MERKLE_HASH_SIZE;
	size_t front = (size_t)width * MERKLE_HASH_SIZE;

	if (file->level == TILE_ENTRIES &&
	    (bundle_front(out, file->width, &all) != HN_OK || bundle_front(out, width, &front) != HN_OK))
		return HN_EFORMAT;
	if (out->len != all)
		return HN_EFORMAT;
	out->len = front;
	return HN_OK;
}

int read_tile_at(int log_fd, const struct tile *tile, struct buf *out)
{
	char path[TILE_PATH_SIZE];
	struct tile file = *tile;

	tile_path(&file, path);
	int rc = read_file_at(log_fd, path, out);
	if (rc == HN_ENOENT && tile->width < TILE_WIDTH) {
		/* The log outgrew the partial tile and may have deleted it (tlog-tiles, "Partial Tiles"). */
		file.width = TILE_WIDTH;
		tile_path(&file, path);
		rc = read_file_at(log_fd, path, out);
	}
	if (rc == HN_ELIMIT)
		return HN_EFORMAT;
	return rc == HN_OK ? cut(out, &file, tile->width) : rc;
}
