/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_PUBLISH_H
#define HINOMI_LEDGER_PUBLISH_H

#include <stddef.h>

#include "base/err.h"
#include "ledger/io.h"
#include "ledger/tile.h"

#define PUBLISH_FILES 256
#define PUBLISH_DIRS  32

/**
 * Writes new files below a directory so that after publish_flush() they and their names are
 * durable. Holds files open and makes them durable together: fsync after each file costs a commit of the file
 * system's journal each, while of files written out before the first fsync that one commit holds all.
 */
struct publish {
	const struct ledger_io *io;
	int dir_fd;
	size_t files;
	int fds[PUBLISH_FILES];
	size_t dirs;
	char dir_paths[PUBLISH_DIRS][TILE_PATH_SIZE];
};

/** Begins below an open directory, which stays the caller's. */
void publish_init(struct publish *p, const struct ledger_io *io, int dir_fd);

/**
 * Writes a file, making its directories. One of that name is replaced: only leftovers of what
 * never was in the log have such names.
 *
 * @param path  shorter than TILE_PATH_SIZE
 * @return as hn_err_of_errno()
 */
HN_MUST_USE int publish_file(struct publish *p, const char *path, const void *data, size_t len);

/** Makes everything durable. @return as hn_err_of_errno() */
HN_MUST_USE int publish_flush(struct publish *p);

/** Closes what is open, after an error too. */
void publish_clear(struct publish *p);

/** Makes a directory's names durable. "." is dir_fd itself. */
HN_MUST_USE int publish_sync_dir(const struct ledger_io *io, int dir_fd, const char *path);

#endif
