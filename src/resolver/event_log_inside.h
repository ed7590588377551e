/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EVENT_LOG_INSIDE_H
#define HINOMI_RESOLVER_EVENT_LOG_INSIDE_H

/* The inside of an event_log, shared by its sources. */
#include <pthread.h>
#include <stdatomic.h>

#include "resolver/event_file.h"
#include "resolver/event_log.h"
#include "resolver/event_names.h"
#include "resolver/event_sum.h"
#include "resolver/event_top.h"
#include "resolver/sketch.h"

/* One file for each organisation that asked for addresses. */
struct addresses {
	struct uuid organisation;
	struct event_file *file;
};

/* What is written; each may fail by itself. */
enum event_log_duty { DUTY_FILES, DUTY_SKETCH, DUTY_KEEP, EVENT_LOG_DUTIES };

struct event_log {
	const struct resolver_config *config; /* that it was made for */
	_Atomic int64_t rotate_ns, keep_ns;   /* these may change */
	_Atomic uint64_t size;
	int dir_fd; /* -1: none */
	struct event_feed feeds[RESOLVER_THREADS_MAX];
	size_t feed_count;
	struct event_names *names;
	struct sketch *sketch;

	/* The writer's. */
	struct client_pseudonyms *pseudonyms;
	struct event_sums *sums;
	struct event_file *file;
	struct addresses *addresses;
	size_t address_count;
	struct uuid epoch;
	uint64_t records;
	int64_t utc_ns, flushed_ns, sketched_ns, kept_ns;
	int trouble[EVENT_LOG_DUTIES]; /* how each went last */
	bool failing;                  /* any did not go well */
	_Atomic uint64_t count_events, count_records, count_unwritten, count_sites, count_removed;
	_Atomic bool count_failing;

	pthread_mutex_t top_lock; /* of top */
	struct event_top *top;
	int64_t since_ns;

	pthread_mutex_t stop_lock; /* of stop */
	pthread_cond_t stopped;
	bool stop;
	pthread_t thread;
	bool started;
};

/** The file of an organisation's addresses, made when it is first asked for. NULL: no memory. */
struct event_file *event_log_file_of(struct event_log *log, const struct uuid *organisation);
/** Lets all files rotate as the settings say now. */
void event_log_limit_files(struct event_log *log);
/** Writes a sum that is over. */
event_sum_over event_log_write_sum;
/** Takes and writes all that is there, and closes the files. */
void event_log_finish(struct event_log *log);

#endif
