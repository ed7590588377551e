/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_EXPORT_H
#define HINOMI_LEDGER_EXPORT_H

#include <stddef.h>

#include "base/err.h"
#include "base/fault.h"
#include "ledger/tlog.h"

/** Told each file of a log. Another value than HN_OK ends the listing with that value. */
typedef int (*export_fn)(void *ctx, const char *path);

/**
 * Lists the public files that the head needs and no others, relative to the log's directory: bundles, tiles,
 * and last the checkpoint.
 */
HN_MUST_USE int export_list(const struct tlog *t, export_fn each, void *ctx);

/**
 * Copies them into an empty directory, the checkpoint last, so that a copy that was cut off is no log.
 *
 * @return HN_EFORMAT or HN_ENOENT when a tile is damaged or missing, the fault names it; HN_ENOSPC, HN_EIO,
 *         HN_ENOMEM
 */
HN_MUST_USE int export_copy(struct tlog *t, int dir_fd, struct fault *fault);

#endif
