/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SOURCE_READ_H
#define HINOMI_STORE_SOURCE_READ_H

#include "store/db.h"
#include "store/sources.h"

/** Reads a source as people write it. @param text_out  canonical JSON; buf_clear() it */
HN_MUST_USE int source_read(struct db *db, const char *text, size_t len, const struct uuid *id,
			    struct source *out, struct buf *text_out, struct fault *fault);

#endif
