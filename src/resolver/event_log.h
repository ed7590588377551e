/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EVENT_LOG_H
#define HINOMI_RESOLVER_EVENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "resolver/config.h"
#include "resolver/event_ring.h"
#include "resolver/policy.h"
#include "resolver/site_ring.h"

/*
 * What the resolver reports of what it stopped: a thread that takes events from the serving threads, joins
 * repeats, and writes them into the events' directory; it also keeps which entries are met most, and the
 * sketch of what was not stopped. Without a directory only the former, in memory.
 *
 * In the directory, all 0600: "events-*.ndjson.zst" with clients by pseudonym; for each organisation that
 * asked for it "organisation-UUID/events-*.ndjson.zst" with its clients' addresses, for seven days;
 * "sketch-*" and "sketch.key".
 */
struct event_log;

/** What one serving thread puts in. */
struct event_feed {
	struct event_ring *events; /* NULL: nothing is told */
	struct site_ring *sites;   /* NULL: no sketch */
	const uint8_t *site_key;   /* for sketch_site() */
};

struct event_log_counts {
	uint64_t events;    /* taken from the serving threads */
	uint64_t records;   /* written or waiting to be, after repeats were joined */
	uint64_t lost;      /* for want of room in a ring */
	uint64_t unwritten; /* records given up because the disk would not take them */
	uint64_t sites, sites_lost;
	uint64_t removed; /* files, for their age or all files' size */
	bool failing;     /* the last attempt to write did */
};

/**
 * Opens the directory, made if it is not there. Before privileges are dropped.
 *
 * @param config  lives as long
 * @param owner   user who is to own a directory that is made; (uid_t)-1: the process's own
 * @return HN_EIO (errno), HN_ENOENT, HN_ENOMEM; the fault names the directory
 */
HN_MUST_USE int event_log_new(const struct resolver_config *config, uid_t owner, struct event_log **out,
			      struct fault *fault);
/** After event_log_stop() and after every serving thread ended. NULL is allowed. */
void event_log_free(struct event_log *log);

/** Closes files that an earlier process left (of one that will not a log line tells), reads or makes the
 * sketch's key. As the user who will write. @return HN_EIO (errno), HN_ENOSPC, HN_ENOMEM, HN_EFORMAT */
HN_MUST_USE int event_log_open(struct event_log *log, struct fault *fault);

/** For one more serving thread, before event_log_start(). @return HN_ENOMEM,
 * HN_ELIMIT */
HN_MUST_USE int event_log_feed(struct event_log *log, struct event_feed *out);

/** Remembers how a policy's sets are called. Each policy that is put in force is shown, in order, by one
 * thread; events of one that was not yet shown wait for it. */
void event_log_policy(struct event_log *log, const struct policy *policy);

/** How long and how much is kept, and when files are closed, from now on. From any thread. */
void event_log_settings(struct event_log *log, const struct resolver_events *settings);

/** Starts the thread, all signals blocked. @return HN_EIO (errno) */
HN_MUST_USE int event_log_start(struct event_log *log);
/** Takes and writes what is left, ends the thread. */
void event_log_stop(struct event_log *log);
/** What the thread does each time, at a told time, for tests. @return how many events and sites it took */
size_t event_log_round(struct event_log *log, int64_t utc_ns);

/* ---- from any thread ---- */

void event_log_counts(const struct event_log *log, struct event_log_counts *out);
/** Appends the listed names that were refused most as JSON. @return what buf_err() says */
HN_MUST_USE int event_log_top(struct event_log *log, struct buf *out);
/**
 * Appends how much a name's registrable domain was asked, for each of the last days, as JSON.
 *
 * @param name  wire form, lower case
 * @return HN_ENOENT: there is no sketch; HN_EFORMAT: the root; what buf_err() says
 */
HN_MUST_USE int event_log_sketch(struct event_log *log, const uint8_t *name, size_t len, int64_t utc_ns,
				 struct buf *out);

/** What counts for a name in the sketch: stands in answers that are cached for it. 0: there is no sketch. */
uint64_t event_log_site(const struct event_log *log, const uint8_t *name, size_t len);

/** The directory's descriptor, for the sandbox and the collector; -1: none. */
int event_log_directory(const struct event_log *log);
/** System calls that its thread makes, for confine_calls(). */
const int *event_log_system_calls(size_t *count_out);

#endif
