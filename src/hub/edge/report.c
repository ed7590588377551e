/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/edge/report.h"

#include <stdio.h>
#include <string.h>

#include "store/directory.h"

#define AHEAD_US (INT64_C(5) * 60 * 1000000)         /* clocks differ */
#define PAST_US  (INT64_C(31) * 24 * 3600 * 1000000) /* an edge was away as long as its spool keeps */

int report_refuse(struct report *r, const char *why)
{
	if (r->refused++ == 0)
		(void)snprintf(r->first, sizeof(r->first), "%s", why);
	return HN_OK;
}

int report_uid(const json_t *record, struct uuid *out)
{
	const json_t *uid = json_object_get(json_object_get(record, "metadata"), "uid");
	return json_is_string(uid) ? uuid_parse(json_string_value(uid), json_string_length(uid), out)
				   : HN_EFORMAT;
}

int report_time(const struct report *r, const json_t *record, int64_t *out_us)
{
	const json_t *time = json_object_get(record, "time");
	if (!json_is_integer(time))
		return HN_EFORMAT;
	int64_t ms = (int64_t)json_integer_value(time);
	if (ms > (r->now_us + AHEAD_US) / 1000 || ms < (r->now_us - PAST_US) / 1000)
		return HN_EFORMAT;
	*out_us = ms * 1000;
	return HN_OK;
}

const json_t *report_own(const json_t *record)
{
	return json_object_get(json_object_get(record, "unmapped"), "hinomi");
}

const char *report_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text == NULL ? "" : text;
}

/* Whether the edge's organisation speaks for another. */
static bool speaks_for(const struct report *r, int64_t organisation)
{
	struct asker other;
	if (organisation == r->peer->organisation || r->peer->asker.kind == ORG_CENTRE)
		return true;
	if (directory_organisation_asker(r->hub->directory, organisation, r->now_us, &other) != HN_OK)
		return false;
	for (size_t i = 0; i < other.parent_count; i++)
		if (other.parents[i] == r->peer->organisation)
			return true;
	return false;
}

int64_t report_organisation(const struct report *r, const char *id)
{
	struct uuid uuid;
	int64_t number = 0;
	if (uuid_parse(id, strlen(id), &uuid) == HN_OK)
		number = directory_number(r->hub->directory, DIRECTORY_ORGANISATION, &uuid);
	return number != 0 && speaks_for(r, number) ? number : r->peer->organisation;
}

struct uuid report_indicator(const char *text)
{
	static const char type[] = "indicator--";
	struct uuid id;
	if (strncmp(text, type, sizeof(type) - 1) != 0 ||
	    uuid_parse(text + sizeof(type) - 1, strlen(text) - (sizeof(type) - 1), &id) != HN_OK)
		return (struct uuid){{0}};
	return id;
}
