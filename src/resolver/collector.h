/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_COLLECTOR_H
#define HINOMI_RESOLVER_COLLECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "resolver/policy_store.h"
#include "resolver/recursor.h"

/*
 * Gathers the addresses that attacks use: resolves the names that block sets list, each once an interval, at
 * a time that only a random key of this process decides, by a recursor of its own. What clients ask has no
 * part in it, so whoever serves a listed name learns nothing of them.
 *
 * Names are walked anew for each minute of the interval, and those whose turn it is are asked, spread over
 * the minute and few at a time: nothing is kept of the list, and a policy may be replaced meanwhile. Names of
 * wildcards are not asked: what stands below them is not known.
 *
 * Each address found is a line of "addresses-*.ndjson.zst" in the events' directory: name, address,
 * first_seen (by this process, as far back as it remembers COLLECTOR_SEEN_MAX pairs), last_seen, policy.
 */
#define COLLECTOR_UNDER_WAY 8       /* names at once */
#define COLLECTOR_TURN_MAX  65536   /* names of one minute; more are counted as skipped */
#define COLLECTOR_SEEN_MAX  262144u /* a power of two */

struct collector;

struct collector_options {
	struct policy_store *policies; /* outlives it, as does the recursor */
	struct recursor *recursor;     /* its own */
	int dir_fd;                    /* stays the caller's */
	int64_t interval_ns;           /* each name is asked once in this */
	int64_t rotate_ns;             /* of its files */
	uint64_t size_max;
};

struct collector_counts {
	uint64_t asked;     /* names */
	uint64_t addresses; /* lines written or waiting */
	uint64_t failed;    /* names that could not be asked or resolved, or whose answers were bogus */
	uint64_t skipped;   /* names that their minute had no time for */
};

HN_MUST_USE int collector_new(const struct collector_options *options, struct collector **out);
/** After collector_stop() and after the recursor drained. NULL is allowed. */
void collector_free(struct collector *c);

/** Starts the thread, all signals blocked. @return HN_EIO (errno) */
HN_MUST_USE int collector_start(struct collector *c);
/** Asks nothing more, ends the thread. What is under way may still come back. NULL is allowed. */
void collector_stop(struct collector *c);
/** Writes what came and closes the file. After the recursor drained, not from a thread that asks the policy;
 * NULL is allowed. */
void collector_finish(struct collector *c);

/** What the thread does ten times a second, from a registered reader of the policy; for tests. */
void collector_round(struct collector *c, int64_t utc_ns);

/** From any thread. */
void collector_counts(const struct collector *c, struct collector_counts *out);

#endif
