/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_OBJECTS_BATCH_H
#define HINOMI_STORE_OBJECTS_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stix/object.h"
#include "store/store.h"

/**
 * What is asked once for many objects that are added in one job: which of their identifiers the store has,
 * and the numbers of their types; and what is written once for all of them: how many they are. It saves a
 * question to the database, which may be a way across a network, for each.
 */
struct objects_batch;

/** Asks. The batch is worth something within this job only. objects_batch_free() it. */
HN_MUST_USE int objects_batch_new(struct writing *w, const struct uuid *ids, size_t count,
				  struct objects_batch **out);
/** NULL is allowed. */
void objects_batch_free(struct objects_batch *b);

/** Whether the store surely has nothing under this identifier; from now on it is taken for there. NULL:
 * false. */
bool objects_batch_is_new(struct objects_batch *b, const struct uuid *id);

/** The number of a type. @return as types_number() */
HN_MUST_USE int objects_batch_type(struct objects_batch *b, struct writing *w, const struct stix_id *id,
				   int64_t *number_out);

/** Counts newest versions of a label and type: noted until objects_batch_end(). NULL: counted at once. */
HN_MUST_USE int objects_batch_tally(struct objects_batch *b, struct writing *w, int64_t label, int64_t type,
				    int64_t by);

/** Writes what was counted; the job's last act with the batch, unless it failed. */
HN_MUST_USE int objects_batch_end(struct objects_batch *b, struct writing *w);

#endif
