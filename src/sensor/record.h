/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_RECORD_H
#define HINOMI_SENSOR_RECORD_H

#include <stddef.h>

#include "authority/authorization.h"
#include "authority/domestic.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ocsf.h"
#include "base/uuid.h"
#include "match/set.h"
#include "sensor/message.h"

/** What all records of a run have in common. */
struct record_context {
	const struct authorization *authorization;
	const struct domestic *domestic;
	const struct set *const *sets;
	size_t set_count;
	struct uuid edge;
	struct uuid epoch;
};

/**
 * Appends the record of a flow that has ended as one line of JSON (OCSF Network Activity, or DNS Activity
 * when a DNS field matched; catalog/record.schema.json). Names, addresses and fingerprints that are shown
 * come from the indicator, never from what was observed.
 *
 * @return HN_OK; HN_EFORMAT when the message names a set, layer or pattern that is not there; what buf_err()
 * says
 */
HN_MUST_USE int record_add(const struct record_context *c, const struct message_record *r, struct buf *out);

#endif
