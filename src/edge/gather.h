/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_EDGE_GATHER_H
#define HINOMI_EDGE_GATHER_H

#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "bus/spool.h"
#include "edge/files.h"

/*
 * What goes up, from the folders of whom the edge serves into the spool. Each place in a source is durable
 * with what was taken from it, so each line goes up once, whatever is killed when.
 */

/** What it knows while it runs; all zero at first. */
struct gather {
	uint64_t receipts_at; /* up to here receipts were gone through for records */
};

/**
 * Of a sensor's output folder: lines of receipt.json, then the lines of selected.ndjson that they cover, then
 * the ledger's checkpoint with the proof that it continues the last one sent.
 *
 * @param more_out  whether there is more to take at once
 * @return HN_ENOSPC: the spool is full, the sensor's own files hold it meanwhile; HN_EFORMAT: a file is not
 * what a sensor writes; HN_EIO
 */
HN_MUST_USE int gather_sensor(const struct edge_files *f, struct gather *g, struct spool *s, bool *more_out,
			      struct fault *fault);

/** Of a resolver's folder: event files that are whole (they have their name), oldest first; each is removed
 * once it is in the spool. */
HN_MUST_USE int gather_events(const struct edge_files *f, struct spool *s, bool *more_out,
			      struct fault *fault);

#endif
