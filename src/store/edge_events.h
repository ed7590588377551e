/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_EDGE_EVENTS_H
#define HINOMI_STORE_EDGE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "store/store.h"

/*
 * What edges stopped: rows with an end, never objects. An event is seen by the organisation that it concerns
 * and by the centre. What was selected from communications is not here (store/selected.h).
 */

/** From what kind of source a sighting comes. */
enum sighting_kind { SIGHTING_RESOLVER, SIGHTING_SENSOR, SIGHTING_KINDS };
const char *sighting_kind_name(enum sighting_kind kind);

struct edge_event {
	int64_t number; /* given out when it is added */
	struct uuid uid;
	int64_t edge;
	struct uuid edge_id;
	int64_t organisation; /* that it concerns */
	struct uuid organisation_id;
	int64_t time_us;
	int64_t times;         /* how often within its minute */
	struct uuid indicator; /* all zero: the entry is of no object of ours */
	const char *set, *action, *value;
	const char *body; /* the line as it came */
	size_t body_len;
};
typedef int (*edge_event_fn)(void *context, const struct edge_event *event);

/** Adds one, once for each uid. @param new_out  false: it was here */
HN_MUST_USE int edge_events_add(struct writing *w, const struct edge_event *event, bool *new_out);

/** What to read; 0, NULL: no condition. */
struct edge_event_filter {
	const struct uuid *edge, *organisation, *indicator;
	int64_t from_us, until_us;
	int64_t before; /* numbers lower than this; 0: from the newest */
};

/** The newest first, of those that the reader may see. */
HN_MUST_USE int edge_events_list(struct reader *reader, const struct edge_event_filter *filter, size_t limit,
				 edge_event_fn fn, void *context, bool *more_out);

/** Takes away what is older. @param count_out  how many rows went, at most limit */
HN_MUST_USE int edge_events_expire(struct writing *w, int64_t before_us, size_t limit, uint64_t *count_out);

/** How much was stopped in each hour of those that the reader may see, in their order. */
struct event_hour {
	int64_t hour_us; /* its beginning */
	int64_t times;
};
HN_MUST_USE int edge_events_hours(struct reader *reader, int64_t from_us,
				  int (*fn)(void *context, const struct event_hour *hour), void *context);

/** The indicators stopped most since a time, of those that the reader may see. */
struct event_top {
	struct uuid indicator;
	const char *value;
	int64_t times;
};
HN_MUST_USE int edge_events_top(struct reader *reader, int64_t from_us, size_t limit,
				int (*fn)(void *context, const struct event_top *top), void *context);

/* ---- sightings ---- */

/** One indicator, organisation, UTC day and kind of source. */
struct sighting_day {
	int64_t number;
	struct uuid indicator;
	int64_t organisation;
	struct uuid organisation_id;
	int64_t day_us; /* its beginning */
	enum sighting_kind kind;
	int64_t label; /* of what was selected from communications: its handlers' alone; else 0 */
	int64_t times;
	int64_t first_us, last_us;
};
typedef int (*sighting_day_fn)(void *context, const struct sighting_day *day);

/** Raises a day's count in place by day->times at day->first_us; its object may say so at once the first
 * time, later once an hour. number, organisation_id, day_us and last_us are not read. */
HN_MUST_USE int sightings_raise(struct writing *w, const struct sighting_day *day);

/** Those whose object is to say a newer count now; at most limit. What was selected has no object: its count
 * ends with its records. */
HN_MUST_USE int sightings_due(struct reader *reader, int64_t now_us, size_t limit, sighting_day_fn fn,
			      void *context);

/** Its object says this count; the next one not before a time. */
HN_MUST_USE int sightings_written(struct writing *w, int64_t number, int64_t times, int64_t due_us);

/** What may be told to everybody of an indicator: how often, when, by how many organisations; their number
 * and the count only once SIGHTING_ORGANISATIONS contribute. */
#define SIGHTING_ORGANISATIONS 3
struct sighting_sum {
	int64_t times, organisations;
	int64_t first_us, last_us;
	bool told; /* enough contribute */
};
HN_MUST_USE int sightings_sum(struct reader *reader, const struct uuid *indicator, struct sighting_sum *out);

/** Days of an indicator that the reader may know whole (of his organisation; the centre all), newest first.
 */
HN_MUST_USE int sightings_list(struct reader *reader, const struct uuid *indicator, size_t limit,
			       sighting_day_fn fn, void *context);

#endif
