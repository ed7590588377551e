/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int io_open_at(void *ctx, int dir_fd, const char *path, int flags, mode_t mode)
{
	(void)ctx;
	return openat(dir_fd, path, flags, mode);
}

static ssize_t io_write_at(void *ctx, int fd, const void *data, size_t len, off_t offset)
{
	(void)ctx;
	return pwrite(fd, data, len, offset);
}

static int io_sync(void *ctx, int fd)
{
	(void)ctx;
	return fsync(fd);
}

static void io_write_out(void *ctx, int fd)
{
	(void)ctx;
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static int io_truncate(void *ctx, int fd, off_t len)
{
	(void)ctx;
	return ftruncate(fd, len);
}

static int io_rename_at(void *ctx, int dir_fd, const char *from, const char *to)
{
	(void)ctx;
	return renameat(dir_fd, from, dir_fd, to);
}

static int io_mkdir_at(void *ctx, int dir_fd, const char *path, mode_t mode)
{
	(void)ctx;
	return mkdirat(dir_fd, path, mode);
}

static int io_unlink_at(void *ctx, int dir_fd, const char *path, int flags)
{
	(void)ctx;
	return unlinkat(dir_fd, path, flags);
}

const struct ledger_io ledger_io_system = {
	.open_at = io_open_at,
	.write_at = io_write_at,
	.sync = io_sync,
	.write_out = io_write_out,
	.truncate = io_truncate,
	.rename_at = io_rename_at,
	.mkdir_at = io_mkdir_at,
	.unlink_at = io_unlink_at,
};

int ledger_io_write(const struct ledger_io *io, int fd, const void *data, size_t len, uint64_t offset)
{
	const char *at = data;
	while (len > 0) {
		ssize_t n = io->write_at(io->ctx, fd, at, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return hn_err_of_errno(errno);
		at += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return HN_OK;
}

int ledger_io_write_out(const struct ledger_io *io, int fd, const void *data, size_t len, uint64_t offset)
{
	int rc = ledger_io_write(io, fd, data, len, offset);
	if (rc == HN_OK && io->write_out != NULL)
		io->write_out(io->ctx, fd);
	return rc;
}
