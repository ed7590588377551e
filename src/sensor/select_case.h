/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_SELECT_CASE_H
#define HINOMI_SENSOR_SELECT_CASE_H

#include <stddef.h>
#include <stdint.h>

#include "authority/verify.h"
#include "match/set.h"
#include "sensor/select_options.h"

/*
 * What a run stands on: trust, authorisation, revocations, domestic table and sets, read and judged before a
 * packet is looked at.
 */

#define SELECT_SETS_MAX 64

struct select_case {
	struct trust trust;
	struct authorization *authorization;
	struct revocations revocations;
	struct domestic *domestic;
	struct set *sets[SELECT_SETS_MAX];
	size_t set_count;
};

/**
 * Reads the domestic table and the sets; these are inputs like others.
 *
 * @return -1, or the exit code (HN_EXIT_INPUT) after one line
 */
HN_MUST_USE int select_case_inputs(const struct select_options *o, struct select_case *out);

/**
 * Asks whether this run is authorised: signatures, validity, revocation, sensor, domestic table, every entry
 * of every set.
 *
 * @param newest_signed_ns  the newest time that this directory's ledger has signed; a clock behind it is not
 *        believed
 * @return REFUSAL_NONE with authorization set; else detail says what exactly
 */
HN_MUST_USE enum refusal select_case_judge(const struct select_options *o, const struct uuid *sensor,
					   int64_t now_ns, int64_t newest_signed_ns, struct select_case *c,
					   struct refusal_detail *detail);

/** Frees what opening and judging took. */
void select_case_clear(struct select_case *c);

#endif
