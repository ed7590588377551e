/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_EDGES_H
#define HINOMI_WITNESS_EDGES_H

#include <stdint.h>

#include "base/err.h"
#include "witness/state.h"

/* The edges that joined here: who they are, how often they speak, and the end of one. */

/*
 * SQL: an edge's own interval in ns: the longest of its last five receipts, between a second and an hour,
 * since the first and the last one of a run are shorter; of one that has sent none it is ?1, witness.yaml's.
 */
#define EDGES_INTERVAL                                                                                       \
	"min(max(coalesce((SELECT max(ends - begins) FROM (SELECT begins, ends FROM receipts WHERE edge = "  \
	"edges.id ORDER BY number DESC LIMIT 5)), ?1), 1000000000), 3600000000000)"

/**
 * In a transaction: gives (id, since when) of each that has been silent for two of its own intervals: a
 * sensor without a receipt, another edge without anything.
 *
 * @param interval_ns  of who has sent no receipt
 * @param began_ns     since when this program listens: before that nobody could be heard
 */
HN_MUST_USE int edges_silent(struct state *s, int64_t interval_ns, int64_t began_ns, int64_t now_ns,
			     state_row_fn *row, void *context);

/**
 * In a transaction: from now on its certificates open nothing here; with a new code it may join again. An
 * entry of the ledger.
 *
 * @return HN_EFORMAT: no reason; HN_ENOENT: no such edge, or it is revoked
 */
HN_MUST_USE int edges_revoke(struct state *s, const char *id, const char *who, const char *reason);

#endif
