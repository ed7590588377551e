/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_PREPARE_H
#define HINOMI_SENSOR_PREPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "authority/domestic.h"
#include "authority/sums.h"
#include "base/err.h"
#include "sensor/unit.h"
#include "wire/capture.h"

/*
 * The packet stage: headers, fragments, class, time and facility. It turns captured records into units; what
 * is decided here (undecodable, class not authorised, ...) needs no flow.
 */

#define PREPARE_BATCHES     96           /* that are ever filled, again and again */
#define PREPARE_WHOLE_BYTES (256u << 10) /* of datagrams that become whole in one batch; more are erased */

struct prepare;
struct facilities;

struct prepare_options {
	const struct authorization *authorization; /* NULL: nothing is authorised, all is erased for that */
	const struct domestic *domestic;
	int64_t stops_ns; /* live: from this time on nothing is authorised any more; 0: never */
};

/** @param locked_out false when the fragments' memory could not be locked */
HN_MUST_USE int prepare_new(const struct prepare_options *options, struct prepare **out, bool *locked_out);
/**
 * Judges by other options from now on; between two batches. Fragments that wait go on.
 *
 * @param facilities  of the authorisation, which stay the caller's; NULL: it names none
 */
void prepare_adopt(struct prepare *p, const struct prepare_options *options, struct facilities *facilities);
void prepare_free(struct prepare *p);

/**
 * Makes a unit of each record. A unit whose `packets` is 0 is accounted for here and not the flow stage's.
 * The batch must be cleared (unit_batch_clear) before it is used again; it is this stage's from its first use
 * on, one of at most PREPARE_BATCHES.
 */
void prepare_batch(struct prepare *p, const struct capture_batch *in, struct unit_batch *out);

/** The input has ended: fragments that wait are erased. */
void prepare_end(struct prepare *p);

/** Adds what this stage has accounted for and holds (fragments), and begins a new interval. */
void prepare_sums(struct prepare *p, struct sums *out);

#endif
