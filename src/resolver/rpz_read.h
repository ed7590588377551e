/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RPZ_READ_H
#define HINOMI_RESOLVER_RPZ_READ_H

#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "resolver/rpz.h"
#include "resolver/zone_text.h"

/*
 * Reads a response policy zone from a zone file. All of it is understood, or none is taken: an unknown
 * trigger, action, type or directive, a record outside the zone, two actions for one owner, or broken text
 * refuses the file with its line. So does what a cut file shows: no SOA record in front, an end inside a
 * record or a line.
 *
 * A file cut between two lines looks whole to everybody. Files of rpz_write() therefore begin with
 * RPZ_PROMISE and end with RPZ_END; of others `keep_percent` of the set (policy.h) sees a great loss.
 *
 *  - Triggers: name, "*.name" and "*", rpz-client-ip, rpz-ip, rpz-nsdname, rpz-nsip.
 *  - Actions: CNAME to ".", "*.", "rpz-passthru.", "rpz-drop.", "rpz-tcp-only.", or, the older way, to the
 *    owner's own name (PASSTHRU); any other CNAME, with "*." in front the name asked is put before it; any
 *    other record is local data.
 *  - Records at the apex say nothing; DNSSEC's (RRSIG, NSEC, NSEC3, DNSKEY...) are passed over wherever they
 *    stand; NS and DNAME below the apex are refused.
 *  - Without $ORIGIN names are relative to the root. $INCLUDE and $GENERATE are refused: expand them first.
 */

#define RPZ_PROMISE "hinomi-rpz: whole only with its last line"
#define RPZ_END     "hinomi-rpz: end, %llu rules"

struct rpz_limits {
	uint64_t rules_max;
};

/** 50 million rules. */
extern const struct rpz_limits RPZ_DEFAULTS;

/**
 * @param path    for the fault
 * @param limits  NULL: RPZ_DEFAULTS
 *
 * @return HN_ETRUNC, HN_EFORMAT, HN_EEXIST (two actions for one owner), HN_EUNSUPPORTED, HN_ELIMIT,
 * HN_ENOMEM; what the source returns
 */
HN_MUST_USE int rpz_read(const struct zone_source *source, const char *path, const struct rpz_limits *limits,
			 struct rpz **out, struct fault *fault);

/** The same from a file that is open, from where it stands to its end. @return also HN_EIO; HN_ESTATE when
 * the file changed meanwhile */
HN_MUST_USE int rpz_read_fd(int fd, const char *path, const struct rpz_limits *limits, struct rpz **out,
			    struct fault *fault);

#endif
