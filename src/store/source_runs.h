/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SOURCE_RUNS_H
#define HINOMI_STORE_SOURCE_RUNS_H

#include "store/sources.h"

/*
 * Runs of sources, for the hub itself. Several hubs may share a database: who fetches from a source has its
 * lease, which ends by itself where he does not renew it. All times here are of the database's clock.
 */

/** Where its last run stopped. Empty texts: nothing. */
struct source_state {
	int64_t last_run_us, last_good_us; /* 0: never */
	int64_t next_us;              /* not before this: schedule, back-off, Retry-After; 0: not by itself */
	unsigned failures;            /* runs in a row that did not end well */
	char error[SOURCE_ERROR_MAX]; /* of the last run */
	char added_after[64];         /* TAXII: X-TAXII-Date-Added-Last of the last page taken in */
	char next[SOURCE_CURSOR_MAX]; /* TAXII: the page to go on with; feeds: the last event taken in */
	char etag[256], modified[64]; /* for conditional requests */
	char place[SOURCE_WHERE_MAX + 1]; /* TAXII: the collection's URL, where it was found by its name */
};

/** Who may write of a run. */
struct source_lease {
	int64_t number;       /* the source's */
	int64_t revision;     /* with which it is run */
	int64_t hub, holding; /* which hub, which of its runs */
};

/**
 * The enabled one that is due first, that nobody fetches from, and that has a number higher than `after`
 * where several are due at once.
 *
 * @param kind  SOURCE_DROP: of these only, due also where they are not to run by themselves; SOURCE_KINDS: of
 *              all others
 * @return HN_ENOENT: none
 */
HN_MUST_USE int sources_due(struct reader *reader, enum source_kind kind, int64_t after, struct source *out);

/**
 * Takes the lease of one that is due.
 *
 * @param lease  number and hub are given; the rest is filled in
 * @return HN_EEXIST: somebody has it; HN_ENOENT: it is not due any more
 */
HN_MUST_USE int sources_take(struct writing *w, struct source_lease *lease, int64_t lease_us);

/**
 * Writes down where the run stands, and has the lease for lease_us from now.
 *
 * @param state  NULL: only that
 * @return HN_ESTATE: the lease is another's by now, or the source was changed: nothing is written, the run is
 *         to end
 */
HN_MUST_USE int sources_keep(struct writing *w, const struct source_lease *lease,
			     const struct source_state *state, int64_t lease_us);

/**
 * Ends a run: its state, its counters, the lease. Where a run was asked for meanwhile it is due at once.
 *
 * @param state    as sources_keep(), with failures and error; times are set here
 * @param wait_us  until the next run; 0: it does not run by itself
 * @return as sources_keep(); then sources_leave()
 */
HN_MUST_USE int sources_end(struct writing *w, const struct source_lease *lease,
			    const struct source_state *state, int64_t wait_us, const struct source_use *use);

/** Gives the lease back without a word about the run: it is due as before. */
HN_MUST_USE int sources_leave(struct writing *w, const struct source_lease *lease);

/** Gives back all leases of a hub: it was killed, and begins. */
HN_MUST_USE int sources_leave_all(struct writing *w, int64_t hub);

/** Where its last run stopped. @return HN_ENOENT */
HN_MUST_USE int sources_state(struct reader *reader, int64_t number, struct source_state *out);

#endif
