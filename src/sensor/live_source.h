/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_SOURCE_H
#define HINOMI_SENSOR_LIVE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sensor/ring.h"
#include "wire/capture.h"

/* Where a thread of a live sensor has its packets from: a ring, or a capture that is replayed as if it were
 * now. */

struct live_source;

/** A ring that is open. @param locked_out false when its memory could not be locked. @return HN_EIO,
 * HN_ENOMEM */
HN_MUST_USE int live_source_ring(const struct ring_socket *socket, bool outgoing, struct live_source **out,
				 bool *locked_out);

/**
 * A capture, at its own pace, its first packet now, over and over. Its descriptor must be a regular file's.
 *
 * @return as capture_open()
 */
HN_MUST_USE int live_source_replay(int fd, const char *name, struct live_source **out, bool *locked_out,
				   struct fault *fault);

/**
 * The next packets. Waits for some, up to timeout_ms or until wake_fd is readable.
 *
 * @param out  count 0: none; else live_source_done() when they are no longer needed, before the next call
 */
void live_source_next(struct live_source *s, int wake_fd, int timeout_ms, struct capture_batch *out);
void live_source_done(struct live_source *s);

/** Packets that were lost before us, since the last call. */
uint64_t live_source_lost(struct live_source *s);

/** How many batches may still lie ready when the source is to end: a bound on draining it. */
unsigned live_source_backlog(const struct live_source *s);

#endif
