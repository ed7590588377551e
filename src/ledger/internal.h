/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_INTERNAL_H
#define HINOMI_LEDGER_INTERNAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "ledger/edge.h"
#include "ledger/ledger.h"

/* What ledger.c, which appends and commits, and recover.c, which opens, share. Nobody else includes it. */

#define LEDGER_DIR        "ledger"
#define LEDGER_CHECKPOINT "checkpoint"
#define LEDGER_TEMPORARY  "checkpoint.new"
#define PRIVATE_DIR       "private"

/* Rows for which files are kept: the tile levels, and the bundles behind them. */
#define ROW_BUNDLES TILE_LEVELS
#define ROWS        (TILE_LEVELS + 1)

struct ledger {
	const struct ledger_io *io;
	int log_fd; /* ledger/ */
	int records_fd;
	int index_fd; /* carries the lock */
	struct note_key key;
	uint8_t *secret; /* sodium_malloc() */
	bool failed;     /* a commit failed; only closing is left */

	struct checkpoint head; /* on disk */
	struct buf note;        /* the same, signed */
	uint64_t records_end;   /* bytes of private/records that belong to head */

	struct edge *edge;    /* with what is pending */
	struct buf bundle;    /* the entries of the last, partial bundle, with what is pending */
	struct buf records;   /* pending: salt || record, one behind the other */
	struct buf slots;     /* pending: slots of private/index */
	struct buf files;     /* pending: contents of tiles and bundles that became full */
	struct buf file_list; /* pending: struct pending_file of each */
	struct buf salts;     /* random bytes drawn ahead */
	size_t salts_used;

	/* Partial files that lie on disk for the last tile of a row, to be removed when it is full. */
	struct partials {
		uint64_t index;
		uint8_t widths[TILE_WIDTH / 8];
	} partials[ROWS];
};

struct pending_file {
	struct tile tile;
	size_t offset, len;
};

static inline unsigned row_level(unsigned row)
{
	return row == ROW_BUNDLES ? TILE_ENTRIES : row;
}

static inline unsigned row_of(unsigned level)
{
	return level == TILE_ENTRIES ? ROW_BUNDLES : level;
}

/** Hashes, or entries, in the row of a tree of that size. */
static inline uint64_t row_count(uint64_t size, unsigned row)
{
	return tile_hashes(size, row == ROW_BUNDLES ? 0 : row);
}

/** Signs a head, puts it in place durably, and makes it l's. Unless HN_OK, l is as it was. */
HN_MUST_USE int ledger_put_checkpoint(struct ledger *l, const struct checkpoint *head);

/** Opens or begins what lies below dir_fd, reads it into l, and drops what is beyond the checkpoint. */
HN_MUST_USE int ledger_recover(struct ledger *l, int dir_fd, struct fault *fault);

#endif
