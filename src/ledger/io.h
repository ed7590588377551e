/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_IO_H
#define HINOMI_LEDGER_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/**
 * The system calls with which the log changes its files, so that a test can let any of them
 * fail. Each is as its namesake: -1 and errno. Short writes are allowed.
 */
struct ledger_io {
	void *ctx;
	int (*open_at)(void *ctx, int dir_fd, const char *path, int flags, mode_t mode);
	ssize_t (*write_at)(void *ctx, int fd, const void *data, size_t len, off_t offset);
	int (*sync)(void *ctx, int fd);
	/* Lets the disk begin with a file's bytes without waiting for it (sync_file_range). Promises nothing,
	 * so it cannot fail; NULL is allowed. */
	void (*write_out)(void *ctx, int fd);
	int (*truncate)(void *ctx, int fd, off_t len);
	int (*rename_at)(void *ctx, int dir_fd, const char *from, const char *to);
	int (*mkdir_at)(void *ctx, int dir_fd, const char *path, mode_t mode);
	int (*unlink_at)(void *ctx, int dir_fd, const char *path, int flags);
};

/** The operating system's. */
extern const struct ledger_io ledger_io_system;

/** Writes all of it at the offset, over short writes and EINTR. @return as hn_err_of_errno() */
HN_MUST_USE int ledger_io_write(const struct ledger_io *io, int fd, const void *data, size_t len,
				uint64_t offset);

/**
 * Writes all of it at the offset, over short writes and EINTR, and lets the disk begin with it. Nothing is
 * durable before sync. @return as hn_err_of_errno()
 */
HN_MUST_USE int ledger_io_write_out(const struct ledger_io *io, int fd, const void *data, size_t len,
				    uint64_t offset);

#endif
