/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SOURCE_READ_H
#define HINOMI_STORE_SOURCE_READ_H

#include "store/db.h"
#include "store/sources.h"

/** Columns that source_of_row() reads, from 0 on. */
#define SOURCE_COLUMNS "s.number, s.revision, s.organisation, s.label, s.body, s.uuid_a, s.uuid_b, s.made"

/** The source of a row. */
HN_MUST_USE int source_of_row(struct db *db, const struct db_rows *rows, struct source *out);

/** The database's clock, microseconds since 1970. */
HN_MUST_USE int source_clock(struct db *db, int64_t *out);

/** Reads a source as people write it. @param text_out  canonical JSON; buf_clear() it */
HN_MUST_USE int source_read(struct db *db, const char *text, size_t len, const struct uuid *id,
			    struct source *out, struct buf *text_out, struct fault *fault);

#endif
