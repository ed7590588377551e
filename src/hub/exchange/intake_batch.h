/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_INTAKE_BATCH_H
#define HINOMI_HUB_EXCHANGE_INTAKE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "hub/exchange/intake.h"

/* Objects that are written in one transaction: their bytes one behind the other, and what was read of each.
 */

#define INTAKE_UNDONE 100 /* a dry run's job ends with it, so that its changes are undone */

struct intake_item {
	struct stix_object object; /* its bytes stand in the batch */
	uint64_t index;
	enum object_outcome outcome; /* after the write */
	int64_t seq;
};

struct intake_batch {
	struct intake *intake;
	struct intake_batch *next;
	uint8_t *bytes; /* INTAKE_BATCH_BYTES, or one larger object */
	size_t len, room;
	struct intake_item *items; /* INTAKE_BATCH_OBJECTS; their memory is used again */
	size_t count;
	uint64_t refused; /* since the batch before, for the source's counters */
};

/** @return NULL: no memory */
struct intake_batch *intake_batch_new(struct intake *in);
/** NULL is allowed. */
void intake_batch_free(struct intake_batch *b);
/** Empties it, keeps its memory. */
void intake_batch_reset(struct intake_batch *b);

/** Whether an object of so many bytes has its place still. An empty batch takes any. */
bool intake_batch_fits(const struct intake_batch *b, size_t len);

/** Copies and reads an object. @return as stix_object_read(); then it is not in the batch */
HN_MUST_USE int intake_batch_add(struct intake_batch *b, uint64_t index, const uint8_t *bytes, size_t len,
				 enum stix_spec spec, const struct stix_limits *limits, struct fault *fault);

/** What was last read, whole or in part, e.g. for its identifier; not for more. */
const struct stix_object *intake_batch_last(const struct intake_batch *b);

/** On the writer's thread: labels and adds each. */
HN_MUST_USE int intake_batch_write(struct intake_batch *b, struct writing *w,
				   const struct intake_terms *terms);

#endif
