/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_COMPILE_REPORT_H
#define HINOMI_CLI_COMPILE_REPORT_H

#include "base/buf.h"
#include "match/gather.h"

/*
 * What `hinomi indicators compile` tells: for people, or as one JSON object. What is left out is collected
 * while inputs are read, in the form in which it will be told.
 */

#define REPORT_SHOWN 10 /* things left out that people are shown for each reason */

struct report {
	bool json;
	bool list_all;    /* also as lines for --list-left-out */
	struct buf items; /* JSON objects of all that is left out */
	struct buf lines; /* reason, object, value, detail, separated by tabs */
	uint64_t seen[IMPORT_REASON_COUNT];
	struct buf shown[IMPORT_REASON_COUNT];
	struct buf inputs; /* rows told so far, in the form of the output */
	struct buf warnings;
};

/** What is told at the end. digest: hex; NULL when nothing was written. */
struct report_result {
	const char *set_id, *path, *digest, *base;
	size_t size;
	struct him_build_counts counts;
	const struct gather *gather;
};

/** An empty report. list_all: each value that was left out is listed, not only counted. */
void report_init(struct report *r, bool json, bool list_all);
void report_clear(struct report *r);

/** For struct gather: context is the report. @return HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int report_left_out(void *context, const struct import_left_out *what);

/** What was read from one input; what one warning list took out. */
void report_input(struct report *r, const char *path, const struct import_summary *summary);
void report_warning(struct report *r, const struct warning_summary *summary);

/** Appends the whole to out. */
void report_write(const struct report *r, const struct report_result *result, struct buf *out);

#endif
