/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_BOUNDS_H
#define HINOMI_AUTHORITY_BOUNDS_H

#include <stddef.h>
#include <stdint.h>

#include "authority/pattern.h"
#include "authority/refusal.h"
#include "base/err.h"
#include "match/entry.h"

#define BOUNDS_KIND_BIT(kind)  ((uint32_t)1 << (kind))
#define BOUNDS_ENTRIES_DEFAULT 1000000

/** Within what a set may change without a new signature. */
struct bounds {
	char set[PATTERN_ID_MAX + 1]; /* id of the set */
	uint32_t kinds;               /* BOUNDS_KIND_BITs of enum entry_kind */
	uint64_t entries_max;
	uint8_t prefix4; /* widest prefix: no shorter length */
	uint8_t prefix6;
};

struct authorization;

/**
 * Judges one entry. An allow entry takes away only and is inside any bounds.
 *
 * @return REFUSAL_NONE, or REFUSAL_SET_OUT_OF_BOUNDS with the bound and the entry in detail
 */
HN_MUST_USE enum refusal bounds_check_entry(const struct authorization *a, const struct bounds *b,
					    const struct entry_key *key, const struct entry_meta *meta,
					    struct refusal_detail *detail);

/** The entries that bounds_check_entry() finds inside; a and b must outlive its use. */
struct entry_pass bounds_pass(const struct authorization *a, const struct bounds *b);

/** Judges the number of entries of the set in force. */
HN_MUST_USE enum refusal bounds_check_count(const struct bounds *b, uint64_t entries,
					    struct refusal_detail *detail);

#endif
