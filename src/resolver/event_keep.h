/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EVENT_KEEP_H
#define HINOMI_RESOLVER_EVENT_KEEP_H

#include <stdint.h>

#include "base/err.h"

/* How long closed event files are kept: until they are too old, or all together too large. */

#define EVENT_KEEP_ORGANISATION "organisation-" /* directories of events with full addresses begin so */
#define EVENT_KEEP_ADDRESSES_NS (INT64_C(7) * 86400 * 1000000000)

struct event_keep {
	int dir_fd;
	int64_t keep_ns; /* of files in organisations' directories EVENT_KEEP_ADDRESSES_NS at most */
	uint64_t size;   /* bytes, of all: the oldest goes first, wherever it is */
};

/**
 * Removes what is over. A file's age is that of its first line. Files still being written count, but stay.
 *
 * @param removed_out  how many; also on an error
 * @return HN_EIO (errno): a directory or file that would not; HN_ENOMEM. What could be removed is
 */
HN_MUST_USE int event_keep_apply(const struct event_keep *k, int64_t utc_ns, uint64_t *removed_out);

#endif
