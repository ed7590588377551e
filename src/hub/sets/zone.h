/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SETS_ZONE_H
#define HINOMI_HUB_SETS_ZONE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "store/set_files.h"

/**
 * Writes the set in force as a response policy zone (draft-vixie-dnsop-dns-rpz-00): names and wildcards give
 * NXDOMAIN, addresses and prefixes by rpz-ip; allow entries pass. What no zone can hold (URLs, digests,
 * fingerprints), and what is outside its time, is left out and counted in the last comment. The serial is the
 * head's version.
 *
 * @param zone  the zone's name
 * @return HN_EFORMAT: no name; HN_ELIMIT: more than the buffer holds
 */
HN_MUST_USE int zone_write(const struct set_standing *s, const char *zone, int64_t now_ns, struct buf *out,
			   struct fault *fault);

#endif
