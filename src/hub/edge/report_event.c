/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* A question that a resolver refused: an event of the organisation, and a sighting of the day. */
#include <string.h>

#include "base/json.h"
#include "hub/edge/report.h"
#include "store/edge_events.h"

static int add(struct report *r, const json_t *record, const char *line, size_t len)
{
	const json_t *own = report_own(record), *count = json_object_get(record, "count");
	struct edge_event e = {
		.edge = r->peer->number,
		.times = json_is_integer(count) ? (int64_t)json_integer_value(count) : 1,
		.set = report_text(own, "set"),
		.action = report_text(own, "action"),
		.value = report_text(own, "value"),
		.indicator = report_indicator(report_text(own, "indicator")),
		.body = line,
		.body_len = len,
	};
	static const struct uuid none = {{0}};
	bool is_new = false;
	if (len > REPORT_EVENT_MAX)
		return report_refuse(r, "longer than any event");
	if (own == NULL || e.action[0] == '\0' || e.times < 1 || e.times > 1000000000)
		return report_refuse(r, "not an event of a resolver");
	if (report_uid(record, &e.uid) != HN_OK || report_time(r, record, &e.time_us) != HN_OK)
		return report_refuse(r, "no identifier, or a time that is not ours");
	e.organisation = report_organisation(r, report_text(own, "organisation"));
	int err = edge_events_add(r->w, &e, &is_new);
	const struct sighting_day day = {.indicator = e.indicator,
					 .organisation = e.organisation,
					 .kind = SIGHTING_RESOLVER,
					 .times = e.times,
					 .first_us = e.time_us};
	if (err == HN_OK && is_new && memcmp(&e.indicator, &none, sizeof(none)) != 0)
		err = sightings_raise(r->w, &day);
	r->taken += is_new;
	r->known += !is_new;
	return err;
}

int report_event(struct report *r, const char *line, size_t len)
{
	struct fault fault = {0};
	json_t *record = NULL;
	if (json_object_read(line, len, &record, &fault) != HN_OK)
		return report_refuse(r, fault.message);
	int err = add(r, record, line, len);
	json_decref(record);
	return err;
}
