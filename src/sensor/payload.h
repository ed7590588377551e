/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_PAYLOAD_H
#define HINOMI_SENSOR_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "authority/sums.h"
#include "base/err.h"
#include "sensor/engine.h"
#include "sensor/flow.h"
#include "sensor/lookup.h"
#include "sensor/patterns.h"
#include "sensor/unit.h"

/*
 * Looks inside pending flows: puts the first bytes of each TCP direction in order, lets the decoders of wire/
 * read them, asks the sets for what they found, and looks for command information. Keeps nothing of what it
 * read.
 */

struct payload;

struct payload_options {
	const struct lookup *lookup;
	const struct patterns *patterns; /* NULL: none */
	size_t streams_max;
	struct sums *sums; /* counts dropped values and streams */
};

/** @param locked_out false when the buffers could not be locked into memory */
HN_MUST_USE int payload_new(const struct payload_options *options, struct payload **out, bool *locked_out);
void payload_free(struct payload *p);

/** Other patterns from now on, with scratch memory that stays the caller's; and what the lookup asks for. */
void payload_adopt(struct payload *p, const struct patterns *patterns, struct patterns_scratch *scratch);

/** A new TCP flow: where its stream begins. */
void payload_begin(struct flow *flow, const struct unit *u);

/** Looks at a packet of a pending flow. @return whether the flow is to be selected; then *out is filled */
bool payload_look(struct payload *p, struct flow *flow, const struct unit *u, struct selection *out);

/** The flow ends: what its buffers still hold may be complete now. @return as payload_look() */
bool payload_end(struct payload *p, struct flow *flow, struct selection *out);

/** Wipes and gives back the flow's buffers. */
void payload_forget(struct payload *p, struct flow *flow);

#endif
