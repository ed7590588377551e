/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_ENGINE_H
#define HINOMI_SENSOR_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/sums.h"
#include "base/err.h"
#include "match/set.h"
#include "sensor/flow.h"
#include "sensor/patterns.h"
#include "sensor/unit.h"
#include "wire/field.h"

/*
 * The flow stage: decides each flow once. A flow is selected at its first authorised match and erased when it
 * ends without one. One engine is used by one thread; several engines share nothing but the sets.
 */

struct engine;

/** How a flow came to be selected. */
struct selection {
	struct set_hit hit; /* meaningless for FIELD_PATTERN */
	uint32_t set;       /* number of the set in engine_options.sets */
	uint32_t pattern;   /* number of the pattern, for FIELD_PATTERN */
	uint16_t pattern_offset;
	uint16_t dns_type; /* of the message that matched; 0: none */
	uint8_t dns_rcode;
	bool dns_response;
	uint8_t field;     /* enum field that matched */
	uint8_t direction; /* of the packet that matched */
	int64_t match_ns;
	uint32_t generation; /* of the sets that set and hit are numbers in (engine_adopt) */
	uint64_t open_seq;   /* the caller's, of `opened`: number of the record that it gave; 0: none */
};

struct engine_options {
	const struct set *const *sets;
	size_t set_count;
	const struct patterns *patterns; /* NULL: none */
	size_t flows_max;
	size_t streams_max;
	uint8_t classes; /* bit per class that is authorised */

	/** Called for each selected flow when it ends. */
	void (*ended)(void *context, const struct flow *flow, const struct selection *selection);
	/** Called when a flow is selected, at the packet that matched; NULL: not. It may fill open_seq. */
	void (*opened)(void *context, const struct flow *flow, struct selection *selection);
	void *context;
};

/** The options are copied; what they point to must live as long. @param locked_out as for streams */
HN_MUST_USE int engine_new(const struct engine_options *options, struct engine **out, bool *locked_out);
void engine_free(struct engine *e);

/** Takes the next units, in order. Their payload is not needed afterwards. */
void engine_take(struct engine *e, const struct unit_batch *batch);

/** The input has ended: every flow that is left is decided. */
void engine_end(struct engine *e);

/**
 * From now on other sets are asked, and patterns looked for; between two batches. Flows that were selected go
 * on, those that are pending are asked for anew with their next packet.
 *
 * @param scratch     of this thread, for the patterns; lives as long as they do
 * @param classes     as in the options
 * @param generation  the number that selections have from now on
 */
void engine_adopt(struct engine *e, const struct set *const *sets, size_t set_count,
		  const struct patterns *patterns, struct patterns_scratch *scratch, uint8_t classes,
		  uint32_t generation);

/** Time goes on though no packet came. */
void engine_advance(struct engine *e, int64_t time_ns);

/** What flows were looked at under has ended: pending ones are erased for that, selected ones end. */
void engine_stop(struct engine *e);

/** The lowest generation that a selected flow still has, as of the last engine_sums(); else the present one.
 */
uint32_t engine_oldest(const struct engine *e);

/** The sums so far, with pending_after counted anew from the flow table; then a new interval begins. */
void engine_sums(struct engine *e, struct sums *out);

#endif
