/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_REPORT_H
#define HINOMI_HUB_EXCHANGE_REPORT_H

#include "base/buf.h"
#include "hub/exchange/importer.h"
#include "hub/exchange/intake.h"

/* What came of something that was taken in, in one or several parts: for people and their programs. */
struct report {
	uint64_t parts, bytes; /* pages, files, events */
	uint64_t objects, outcomes[OBJECT_OUTCOMES], failed;
	struct intake_failure *failures; /* the first INTAKE_FAILURES_MAX */
	size_t failure_count;
	struct importer_report left; /* its items are the report's own */
	struct importer_left *items;
};

/** Adds a part that has ended. What there is no memory for is counted and not told. */
void report_add(struct report *report, const struct intake_result *intake,
		const struct importer_report *importer);

/** Appends its members without brackets: "parts", "bytes", "objects", "new", "newer", "older", "same",
 * "conflict", "refused", "failures", "left_out". */
void report_write(struct buf *b, const struct report *report);

/** Gives its memory back. */
void report_clear(struct report *report);

/** Appends failures, separated by commas. */
void report_failures_write(struct buf *b, const struct intake_failure *failures, size_t count);
/** Appends what had no place, as an object. */
void report_left_write(struct buf *b, const struct importer_report *left);

#endif
