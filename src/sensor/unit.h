/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_UNIT_H
#define HINOMI_SENSOR_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/flow.h"

/**
 * One packet (or one datagram made whole of its fragments) as the flow stage takes it: everything the headers
 * said, already judged by class, time and facility. The payload points into the batch.
 */
struct unit {
	struct flow_key key;
	uint32_t hash;
	uint32_t tcp_seq;
	int64_t time_ns;
	const uint8_t *payload;
	uint32_t payload_len;
	uint32_t packets; /* 1, or the number of fragments; 0: a part of the batch that is accounted for
			     already */
	uint64_t bytes;   /* as on the wire */
	uint8_t tcp_flags;
	uint8_t direction; /* 0: from low to high */
	uint8_t class;
	uint8_t erased; /* enum erased_reason: decided without the flow, or ERASED_NOTHING */
	bool counted;   /* as seen, when its fragments came */
	bool cut;       /* the capture holds less of the payload than there was */
};

#define UNITS_MAX 64

/** The units of one batch of packets. Zero at first. */
struct unit_batch {
	size_t count;
	struct unit units[UNITS_MAX];
	/* Datagrams that were made whole of fragments, in the packet stage's locked memory, which is the
	 * batch's from its first use on. */
	uint8_t *whole;
	size_t whole_used;
};

/** Wipes the datagrams that were made whole; the batch may be filled again. */
void unit_batch_clear(struct unit_batch *batch);

#endif
