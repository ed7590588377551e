/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_DEIDENTIFY_H
#define HINOMI_SENSOR_DEIDENTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/domestic.h"
#include "authority/pseudonym.h"
#include "authority/seal.h"
#include "base/uuid.h"
#include "match/set.h"
#include "sensor/engine.h"
#include "sensor/flow.h"
#include "sensor/message.h"

/*
 * From a selected flow to the message about it. Domestic ends lose their address here, in the parser, before
 * anything crosses to the writer (非識別化措置), unless the authorisation says that they stay identified.
 */

struct deidentify {
	const struct domestic *domestic;
	const struct pseudonym_secret *secret;
	const struct sealer *sealer;   /* to the commission's re-identification key */
	const struct set *const *sets; /* their holdings tables tell the organisation */
	size_t set_count;
	bool identified;
	struct uuid edge;
	struct uuid epoch;
};

/** metadata.uid of a record: UUIDv5 in the edge's name space over epoch (16 bytes) and seq (8 bytes,
 * big-endian). */
struct uuid record_uid(const struct uuid *edge, const struct uuid *epoch, uint64_t seq);

/** Fills the record of a selected flow; domestic endpoints stand in it as the authorisation allows. */
void deidentify_flow(const struct deidentify *d, const struct flow *flow, const struct selection *selection,
		     uint64_t seq, struct message_record *out);

#endif
