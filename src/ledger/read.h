/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_READ_H
#define HINOMI_LEDGER_READ_H

#include "base/buf.h"
#include "base/err.h"
#include "ledger/tile.h"

/**
 * Reads a whole regular file below a directory; out is emptied first and bounds the size.
 * Symbolic links as last element are refused.
 *
 * @return HN_ENOENT; HN_ELIMIT over out's maximum; HN_EFORMAT when it is no regular file; HN_EIO
 *         (errno), HN_ENOMEM
 */
HN_MUST_USE int read_file_at(int dir_fd, const char *path, struct buf *out);

/**
 * Reads a tile or bundle of a tree below the log's directory: the file of that very width, else
 * the front of the full one. out is emptied first, its maximum TILE_BUNDLE_MAX.
 *
 * @return HN_ENOENT; HN_EFORMAT when hashes or entries are not as many as the tile has; as above
 */
HN_MUST_USE int read_tile_at(int log_fd, const struct tile *tile, struct buf *out);

#endif
