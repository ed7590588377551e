/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_STATUSES_H
#define HINOMI_STORE_STATUSES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "store/store.h"

/*
 * What came of something that was handed in, to be asked for later (TAXII 2.1, 4.3; imports): a JSON text
 * under a UUID that only its own organisation finds.
 */
#define STATUS_KEPT_US (INT64_C(24) * 3600 * 1000000) /* microseconds */
#define STATUS_MAX     (4u << 20)                     /* bytes */

/** Keeps it, and lets go of what is older than STATUS_KEPT_US. @return HN_ELIMIT */
HN_MUST_USE int statuses_put(struct writing *w, const struct uuid *id, int64_t owner, const char *text,
			     size_t len);

/** Appends it. @return HN_ENOENT: not there, too old, or of another organisation than the reader's */
HN_MUST_USE int statuses_get(struct reader *reader, const struct uuid *id, int64_t now_us, struct buf *out);

#endif
