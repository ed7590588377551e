/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SETS_ZONE_H
#define HINOMI_HUB_SETS_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "hub/sets/compile.h"
#include "store/warnings.h"

/**
 * The set in force as a response policy zone (draft-vixie-dnsop-dns-rpz-00), piece by piece: names and
 * wildcards give NXDOMAIN, addresses and prefixes by rpz-ip; allow entries pass. What no zone can hold (URLs,
 * digests, fingerprints), and what is outside its time, is left out and counted in the last comment. It
 * needs the memory of one piece, however many entries there are. What a warning list blocks for "rpz" is left
 * out and counted too; before what one informs of stands a comment with its name.
 */
struct zone;

#define ZONE_PIECE_MAX (1u << 20) /* bytes that zone_next() appends at the most */

/**
 * Begins one.
 *
 * @param set     taken over, and emptied, also where this fails
 * @param serial  the head's version
 * @param zone    the zone's name
 * @param lists   warning lists; their revision is added to the serial. NULL: none
 * @param consumer  the organisation for which it is
 * @return HN_EFORMAT: it is no name
 */
HN_MUST_USE int zone_new(struct compile_opened *set, uint32_t serial, const char *zone, int64_t now_ns,
			 struct warnings *lists, int64_t consumer, struct zone **out, struct fault *fault);
/** NULL is allowed. */
void zone_free(struct zone *z);

/** Appends the next piece. @param ended_out  it was the last */
HN_MUST_USE int zone_next(struct zone *z, struct buf *out, bool *ended_out);

#endif
