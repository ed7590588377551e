/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SERVE_EXPLAIN_H
#define HINOMI_RESOLVER_SERVE_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "resolver/config.h"
#include "resolver/running.h"

struct served_question {
	const uint8_t *name; /* wire form, lower case, without the root's byte */
	size_t len;
	const struct ip *client; /* whose group's list counts; NULL: none, the first group's */
	const char *type;        /* as written; NULL: A and AAAA */
	uint16_t type_number;
	enum resolver_transport transport;
};

/**
 * Judges a question as the serving threads would, from the answer cache and, unless client and name decide
 * already, by recursion, which may take SERVE_EXPLAIN_MS in all; notes no event and counts nothing. Appends
 * what explain_json() says; of two types the one that something decides, or A, and where the other comes to
 * something else, that one as `also`.
 *
 * @return HN_ESTATE: the resolver ends; HN_ENOMEM; what buf_err() says
 */
HN_MUST_USE int serve_explain(const struct running *r, const struct served_question *q, struct buf *out);

#define SERVE_EXPLAIN_MS 3000

/**
 * The same of what is known at once, for the block page: the cache alone is looked at, and nobody is asked.
 * To be called by an asking thread (policy_thread_join()).
 *
 * @param v  the verdict, as of the policy in force
 * @return whether policy blocks
 */
bool serve_explain_cached(const struct running *r, const struct served_question *q, struct policy_verdict *v);

#endif
