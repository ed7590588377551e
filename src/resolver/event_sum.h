/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EVENT_SUM_H
#define HINOMI_RESOLVER_EVENT_SUM_H

#include <stdint.h>

#include "base/err.h"
#include "resolver/client_pseudonym.h"
#include "resolver/event_ring.h"

/*
 * Repeats: events of one client, listed entry, type and action within a minute are one. Held in memory until
 * the minute is over; when EVENT_SUM_MAX are held, the oldest gives way early.
 */
#define EVENT_SUM_MAX       16384
#define EVENT_SUM_WINDOW_NS INT64_C(60000000000)

struct event_sum {
	struct event event; /* the first */
	uint64_t count;
	int64_t first_ns, last_ns;
	char pseudonym[CLIENT_PSEUDONYM_SIZE];
	char prefix_pseudonym[CLIENT_PSEUDONYM_SIZE];
	uint64_t hash;
	uint32_t next; /* the table's */
};

struct event_sums;

/** Called for each that is over; it is valid until the call returns. */
typedef void event_sum_over(void *context, const struct event_sum *sum);

/** @return HN_ENOMEM */
HN_MUST_USE int event_sums_new(event_sum_over *over, void *context, struct event_sums **out);
/** What is held is dropped and wiped. NULL is allowed. */
void event_sums_free(struct event_sums *s);

/** @param pseudonyms  of today: what is new gets its client's */
void event_sums_add(struct event_sums *s, const struct event *e, const struct client_pseudonyms *pseudonyms);
/** Tells those that began a minute before now_ns or earlier, oldest first; INT64_MAX: all. */
void event_sums_expire(struct event_sums *s, int64_t now_ns);
/** How many are held. */
size_t event_sums_count(const struct event_sums *s);

#endif
