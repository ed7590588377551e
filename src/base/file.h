/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_FILE_H
#define HINOMI_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/**
 * Appends a whole file to out, at most out->max bytes ("-" is standard input).
 *
 * @return HN_ENOENT, HN_EIO (errno), HN_ELIMIT when it is larger, HN_ENOMEM
 */
HN_MUST_USE int file_read(const char *path, struct buf *out);

/**
 * Writes a file that appears whole or not at all and survives a crash: temporary file beside
 * it, fsync, rename (or link, when it must not replace one), fsync of the directory.
 *
 * @param replace  false: an existing file is left as it is, HN_EEXIST. Even if true only a regular file is
 *                 replaced, never a device, a pipe, a link or a directory
 * @return HN_EEXIST, HN_ENOENT (no such directory), HN_ENOSPC, HN_EIO (errno)
 */
HN_MUST_USE int file_write_whole(const char *path, const void *data, size_t len, mode_t mode, bool replace);

/** As above, relative to a directory that is open; path must not leave it. */
HN_MUST_USE int file_write_whole_at(int dir_fd, const char *path, const void *data, size_t len, mode_t mode,
				    bool replace);

/** Writes all of it, over short writes and EINTR. @return as hn_err_of_errno() */
HN_MUST_USE int fd_write_all(int fd, const void *data, size_t len);

/** Reads until len bytes or the end. @return HN_OK with *got_out <= len, or HN_EIO. */
HN_MUST_USE int fd_read_full(int fd, void *data, size_t len, size_t *got_out);

/**
 * Closes every descriptor from 3 up but those in keep: what a process was started with and has no use for.
 *
 * @param keep  in any order; it is sorted. Values below 3 are passed over
 * @return HN_EIO (errno)
 */
HN_MUST_USE int fd_close_except(int keep[], size_t count);

#endif
