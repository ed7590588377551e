/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_CASE_ENTRY_H
#define HINOMI_SENSOR_CASE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "authority/domestic.h"
#include "authority/refusal.h"
#include "authority/trust.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "match/set.h"
#include "sensor/output.h"

/** What is about to be used: the ledger is told before. */
struct case_entry {
	const struct uuid *epoch;
	const struct authorization *authorization; /* NULL: nothing is authorised, for this reason: */
	enum refusal refused;
	const struct trust *trust;
	const struct domestic *domestic;
	const struct set *const *sets;
	size_t set_count;
};

/**
 * Enters it. An overlay is the list of changes itself, told by its digest and counted.
 *
 * @param kind  "run-begun", or "in-force" when it changes while a run goes on
 */
HN_MUST_USE int case_enter(struct output *o, const char *kind, const struct case_entry *c, int64_t time_ns);

/** Whether there was anything to mend. */
bool case_mended(const struct output_mended *m);

/** Enters what an earlier run had left (`mended`), if anything; logs nothing. */
HN_MUST_USE int case_enter_mended(struct output *o, const struct output_mended *m, int64_t time_ns);

/**
 * Enters a refusal.
 *
 * @param what  the member that `name` stands under: authorization, trust, set, ...; NULL: none
 */
HN_MUST_USE int case_enter_refused(struct output *o, enum refusal refusal, const struct uuid *sensor,
				   const char *detail, const char *what, const char *name, int64_t time_ns);

#endif
