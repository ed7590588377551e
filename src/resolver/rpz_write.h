/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RPZ_WRITE_H
#define HINOMI_RESOLVER_RPZ_WRITE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "resolver/policy.h"

/*
 * Writes what a view's sets say as one response policy zone, for resolvers that know nothing of ours.
 *
 * Entries of a set are left out where a set before it, or an allow entry of any set, covers all that they
 * cover; allow entries become PASSTHRU. So for each trigger a resolver that follows the zone decides as the
 * view does. Between triggers the zone has RPZ's order, not that of the sets; log-only sets and entries
 * outside their time are left out. The file begins with RPZ_PROMISE and ends with RPZ_END (rpz_read.h).
 */

struct rpz_written {
	uint64_t rules;
	uint64_t covered;  /* left out because another decides */
	uint64_t too_long; /* left out because name and zone are longer than a name may be */
};

/**
 * @param zone    the zone's name as text
 * @param serial  of its SOA
 * @param out     is appended to; its maximum bounds the file
 *
 * @return HN_EFORMAT (zone), HN_ENOENT (view), HN_ELIMIT, HN_ENOMEM
 */
HN_MUST_USE int rpz_write(const struct policy *p, unsigned view, const char *zone, uint32_t serial,
			  int64_t now_ns, struct buf *out, struct rpz_written *written_out,
			  struct fault *fault);

#endif
