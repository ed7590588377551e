/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_RECORD_ACCESS_LOG_H
#define HINOMI_HUB_RECORD_ACCESS_LOG_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "hub/record/record.h"

/*
 * The access log: lines of JSON in access/current.ndjson below the data folder, which is turned over into
 * access/TIME.ndjson when it is full. Lines are gathered in memory by the threads that answer, and written by
 * the record's thread twice a second.
 */
struct access_log;

/** @param files  how many that are turned over stay; 0: all. @return HN_EIO, HN_ENOSPC, HN_ENOMEM */
HN_MUST_USE int access_log_open(int dir_fd, uint64_t bytes, unsigned files, struct access_log **out,
				struct fault *fault);
/** Writes what is left. NULL is allowed. */
void access_log_close(struct access_log *a);

/** From any thread: adds a line. */
void access_log_add(struct access_log *a, const struct access_entry *entry);

/** Writes what was added, turns over. From one thread. @return HN_EIO, HN_ENOSPC: those lines are lost and
 * counted */
HN_MUST_USE int access_log_write(struct access_log *a);

/** Lines that could not be written. */
uint64_t access_log_lost(struct access_log *a);

/** The line alone, with its line feed. */
void access_line(const struct access_entry *entry, struct buf *b);

#endif
