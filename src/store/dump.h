/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DUMP_H
#define HINOMI_STORE_DUMP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The file of a backup that is no database itself: pieces, each of a kind, compressed with zstd, and at the
 * end the SHA-256 of all that stands before it. Before compression:
 *
 *   "hinomi backup 1\n", then pieces: kind (1 byte), length (4 bytes, network order), content; the last is of
 *   kind DUMP_END and holds the digest of everything before it.
 */
enum dump_kind {
	DUMP_STEP = 'S',  /* number (8 bytes) of the last step of its form (store/schema.h) */
	DUMP_TABLE = 'T', /* name of a table, NUL, its columns as SQL names them */
	DUMP_DATA = 'D',  /* more of the table's rows, cut anywhere */
	DUMP_ROWS = 'R',  /* ends a table: count (8 bytes) of its rows */
	DUMP_END = 'E',
};

#define DUMP_PIECE_MAX (256 * 1024)

struct dump_writer;

/** Begins a new file, readable by nobody else. @return HN_EEXIST, HN_ENOENT, HN_ENOSPC, HN_EIO, HN_ENOMEM */
HN_MUST_USE int dump_create(const char *path, struct dump_writer **out);

/** Adds content of a kind, as one piece or, of DUMP_DATA, as many as it takes. @return HN_ENOSPC, HN_EIO;
 * HN_ELIMIT */
HN_MUST_USE int dump_add(struct dump_writer *w, enum dump_kind kind, const void *data, size_t len);

/** Ends the file, makes it durable. @return HN_ENOSPC, HN_EIO */
HN_MUST_USE int dump_finish(struct dump_writer *w);

/** Frees the writer; a file that was not finished stays, for the caller to remove. NULL is allowed. */
void dump_writer_free(struct dump_writer *w);

/**
 * Told of each piece but the last. It lives during the call. @return anything but HN_OK ends the reading with
 * it
 */
typedef int (*dump_fn)(void *context, enum dump_kind kind, const uint8_t *data, size_t len);

/**
 * Reads a file. What fn is told is as yet unproven: read it once with fn NULL first.
 *
 * @return HN_ENOENT, HN_EIO; HN_EFORMAT, HN_ETRUNC: it is no backup, or not a whole one; HN_ENOMEM
 */
HN_MUST_USE int dump_read(const char *path, dump_fn fn, void *context);

#endif
