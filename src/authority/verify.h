/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_VERIFY_H
#define HINOMI_AUTHORITY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "authority/domestic.h"
#include "authority/refusal.h"
#include "authority/revocations.h"
#include "authority/trust.h"
#include "base/uuid.h"
#include "match/entry.h"

/** The one question an edge asks before it selects anything, and asks again whenever a part of it changes. */
struct verify_question {
	const char *text; /* the authorisation file; NULL: there is none */
	size_t len;
	const struct trust *trust;             /* NULL: none that could be read */
	const struct revocations *revocations; /* verified; NULL: none */
	bool revocations_due;                  /* a live sensor: none, or a stale one, refuses */
	const struct uuid *sensor;             /* NULL: not asked (the commission's desk) */
	const struct domestic *domestic;       /* NULL: not asked */
	int64_t now_ns;                        /* the program's clock */
	int64_t newest_signed_ns; /* newest time the edge has seen signed (0: none); issue times of the files
				     count too */
	bool recorded; /* a recording from outside: its packets' times are checked against the validity by the
			  caller, and now_ns here against the retention */
};

/**
 * Answers it. On REFUSAL_NONE *out is the caller's (authorization_free); else *out is untouched and
 * detail (may be NULL) says what exactly.
 */
HN_MUST_USE enum refusal verify(const struct verify_question *q, struct authorization **out,
				struct refusal_detail *detail);

/** Whether a packet's time lies in the validity. */
static inline bool verify_packet_time(const struct authorization *a, int64_t time_ns)
{
	return time_ns >= a->from_ns && time_ns < a->until_ns;
}

/** Calls back for entries, except for such as pass, and hands on what the callback returns unless it is
 * HN_OK; as set_each_outside() of match/set.h. */
typedef int verify_entries(const void *source, const struct entry_pass *pass,
			   int (*each)(void *context, const struct entry_key *key,
				       const struct entry_meta *meta),
			   void *context);

/**
 * Whether a set, whole or what an overlay adds to it, lies in the bounds the authorisation gives it.
 *
 * @param set      its id
 * @param entries  of the set in force (all layers together)
 * @param each     walks the entries to be judged, with `source` as its first argument; NULL: only id and
 * count
 * @return REFUSAL_NONE, REFUSAL_SET_NOT_COVERED, REFUSAL_SET_OUT_OF_BOUNDS (the first entry that is outside)
 */
HN_MUST_USE enum refusal verify_set(const struct authorization *a, const char *set, uint64_t entries,
				    verify_entries *each, const void *source, struct refusal_detail *detail);

#endif
