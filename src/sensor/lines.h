/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LINES_H
#define HINOMI_SENSOR_LINES_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/** The lines of a file that is open, one after the other, however many there are; by pread(). */
struct lines {
	int fd;         /* the caller's */
	off_t at;       /* in the file, of the line that was read last */
	size_t used;    /* bytes of that line, with its line feed */
	struct buf buf; /* of the file, from `at` on */
};

/** @param line_max  bytes that a line may have */
void lines_init(struct lines *l, int fd, off_t at, size_t line_max);
void lines_clear(struct lines *l);

/**
 * The next line without its line feed; it lives until the next call. Bytes behind the last line feed are
 * none.
 *
 * @return HN_ENOENT at the end; HN_ELIMIT for a longer line; HN_EIO (errno), HN_ENOMEM
 */
HN_MUST_USE int lines_next(struct lines *l, const char **out, size_t *len_out);

/** After HN_ENOENT: bytes behind the last line feed. */
size_t lines_left(const struct lines *l);

#endif
