/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EVENT_FILE_H
#define HINOMI_RESOLVER_EVENT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Lines of JSON in compressed files that follow each other: STEM-20261121T174558.000000Z.ndjson.zst, by the
 * time of their first line; the one that is being written ends in ".part". A file is a run of whole zstd
 * frames, each appended at once, so that whatever a crash leaves reads up to its last whole frame, and
 * event_file_mend() cuts off what follows it. Everything is done through a directory's descriptor.
 */
#define EVENT_FILE_SUFFIX  ".ndjson.zst"
#define EVENT_FILE_PART    ".part"
#define EVENT_FILE_STEM    15 /* bytes of a stem at most */
#define EVENT_FILE_NAME    128
#define EVENT_FILE_PENDING (4u << 20) /* bytes of lines that wait for a disk with room */

struct event_file;

struct event_file_options {
	int dir_fd;            /* stays the caller's, open as long as the file */
	const char *directory; /* below it, made when it is needed (0700); NULL: none */
	const char *stem;
	int64_t rotate_ns; /* a file is closed after this */
	uint64_t size_max; /* or when it holds so many bytes */
};

/** Copies the texts. Opens nothing yet. @return HN_ENOMEM */
HN_MUST_USE int event_file_new(const struct event_file_options *options, struct event_file **out);
/** What was not flushed is lost. NULL is allowed. */
void event_file_free(struct event_file *f);

/** When it is closed, from now on; as in the options. */
void event_file_limit(struct event_file *f, int64_t rotate_ns, uint64_t size_max);

/** Where whole lines, each with its line feed, are appended. Full (its err set): event_file_add() drops. */
struct buf *event_file_lines(struct event_file *f);
/** One line was appended by the caller; flushes when enough have come together. @return as
 * event_file_flush(); when the lines did not fit they are dropped and counted */
HN_MUST_USE int event_file_added(struct event_file *f, int64_t utc_ns);

/**
 * Writes what has come together, as one frame. On an error the lines stay, until there are too many; the file
 * is as it was before.
 *
 * @return HN_OK, also with nothing to write; HN_ENOSPC, HN_EIO (errno), HN_ENOMEM
 */
HN_MUST_USE int event_file_flush(struct event_file *f, int64_t utc_ns);
/** Closes the file that is written: fsync, and its name without ".part". @return as above */
HN_MUST_USE int event_file_close(struct event_file *f);

/** How many lines were given up for want of room. */
uint64_t event_file_lost(const struct event_file *f);
uint64_t event_file_written(const struct event_file *f); /* bytes */

/** Whether a name is that of a closed file; its time. */
bool event_file_time(const char *name, int64_t *utc_ns_out);

/**
 * Closes the files that an earlier process left: cut behind their last whole frame, renamed, an empty one
 * removed.
 *
 * @return HN_EIO (errno), HN_ENOMEM; goes on with the others
 */
HN_MUST_USE int event_file_mend(int dir_fd);

#endif
