/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_EDGE_RECEIPTS_H
#define HINOMI_STORE_EDGE_RECEIPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "store/store.h"

/*
 * Receipts and checkpoints of edges, as they came and as they were found to be. Whoever knows of an edge may
 * read them: they tell counts, never what was selected.
 */
struct edge_receipt {
	int64_t edge;
	struct uuid edge_id;
	int64_t number; /* its own */
	int64_t seq;    /* in the order of coming here */
	int64_t made_us, begins_us, ends_us;
	bool holds;                                        /* signature, form, sums, chain, bounds */
	const char *finding;                               /* what does not; "" */
	int64_t seen, selected, erased, pending, not_seen; /* packets */
	int64_t records;                                   /* that it covers */
	int64_t records_through;                           /* that it and all before it cover */
	uint8_t records_digest[32];                        /* of their bytes */
	int64_t erase_by_us;
	uint8_t digest[32]; /* of the line */
	const char *line;
	size_t line_len;
	const struct uuid *authorizations;
	size_t authorization_count; /* when it is added; not when it is read */
};
typedef int (*edge_receipt_fn)(void *context, const struct edge_receipt *receipt);

/** Adds one. @param new_out  false: this number was here; the former stays */
HN_MUST_USE int edge_receipts_add(struct writing *w, const struct edge_receipt *receipt, bool *new_out);

/** The last of an edge. @return HN_ENOENT */
HN_MUST_USE int edge_receipts_last(struct writing *w, int64_t edge, edge_receipt_fn fn, void *context);

/** The first that covers a record, counted from 1 over all of the edge. @return HN_ENOENT */
HN_MUST_USE int edge_receipts_covering(struct writing *w, int64_t edge, int64_t record, edge_receipt_fn fn,
				       void *context);

/** Whether the receipt that is there under this one's number is the same, by its digest. @return HN_ENOENT */
HN_MUST_USE int edge_receipts_same(struct writing *w, const struct edge_receipt *r, bool *same_out);

/** What was found later. */
HN_MUST_USE int edge_receipts_find(struct writing *w, int64_t edge, int64_t number, const char *finding);

/** The newest first, of edges that the reader may know of; edge NULL: all. @param before  seq; 0: the newest
 */
HN_MUST_USE int edge_receipts_list(struct reader *reader, const struct uuid *edge,
				   const struct uuid *authorization, int64_t before, size_t limit,
				   edge_receipt_fn fn, void *context, bool *more_out);

/** Sums of packets over receipts made since a time, of edges that the reader may know of. */
struct receipt_sums {
	int64_t receipts, seen, selected, erased, not_seen, failing;
	int64_t pending; /* of each edge the last receipt's */
};
HN_MUST_USE int edge_receipts_sums(struct reader *reader, int64_t from_us, struct receipt_sums *out);

/** How an authorisation was used, of all edges: the commission's question. */
struct receipt_use {
	int64_t receipts, records;
	int64_t first_us, last_us;
};
HN_MUST_USE int edge_receipts_use(struct reader *reader, const struct uuid *authorization,
				  struct receipt_use *out);

struct edge_checkpoint {
	int64_t number;
	int64_t edge;
	int64_t made_us;
	int64_t size;
	uint8_t root[32];
	bool holds;
	const char *finding;
	const char *note;
};
typedef int (*edge_checkpoint_fn)(void *context, const struct edge_checkpoint *checkpoint);

HN_MUST_USE int edge_checkpoints_add(struct writing *w, const struct edge_checkpoint *checkpoint);
/** The last of an edge. @return HN_ENOENT */
HN_MUST_USE int edge_checkpoints_last(struct writing *w, int64_t edge, edge_checkpoint_fn fn, void *context);

#endif
