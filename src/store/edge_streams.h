/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_EDGE_STREAMS_H
#define HINOMI_STORE_EDGE_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "store/store.h"

/*
 * How far the streams of an edge have come. A batch and the number behind it are stored in one transaction,
 * so that each line counts exactly once, however often it is sent.
 */
#define EDGE_STREAMS 5 /* the numbers of the streams are those of bus/batch.h */

struct edge_place {
	struct uuid epoch; /* all zero: nothing has come yet */
	int64_t through;   /* up to here nothing is missing */
	int64_t gave_way;  /* of these, lines that gave way at the edge before they were sent */
	int64_t made_us;   /* when it last moved */
};

/** Where a stream stands; all zero before the first batch. */
HN_MUST_USE int edge_streams_get(struct writing *w, int64_t edge, unsigned stream, struct edge_place *out);

/** The same of all streams of an edge, by number. */
HN_MUST_USE int edge_streams_all(struct reader *reader, int64_t edge, struct edge_place out[EDGE_STREAMS]);

/** Moves it on, in the transaction that stores what came. */
HN_MUST_USE int edge_streams_put(struct writing *w, int64_t edge, unsigned stream,
				 const struct edge_place *to);

#endif
