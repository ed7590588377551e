/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/*
 * A selected record: kept for the handlers whom its authorisation names, and counted as a sighting of the
 * day. One without a receipt that covers it, or of an authorisation that was not in force, is refused.
 */
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/lang.h"
#include "hub/edge/report.h"
#include "store/authorizations.h"
#include "store/edge_events.h"
#include "store/edge_receipts.h"
#include "store/label.h"
#include "store/labels.h"
#include "store/selected.h"

struct covering {
	int64_t number, through, count, erase_by_us;
	uint8_t digest[SHA256_SIZE];
	bool holds;
};

static int take_receipt(void *context, const struct edge_receipt *row)
{
	struct covering *c = context;
	c->number = row->number;
	c->through = row->records_through;
	c->count = row->records;
	c->erase_by_us = row->erase_by_us;
	c->holds = row->holds;
	memcpy(c->digest, row->records_digest, sizeof(c->digest));
	return HN_OK;
}

struct standing {
	bool found;
	enum authorization_state state;
	int64_t begins_us, until_us, changed_us;
};

static int take_authorization(void *context, const struct authorization_row *a)
{
	struct standing *s = context;
	*s = (struct standing){true, a->state, a->begins_us, a->until_us, a->changed_us};
	return HN_OK;
}

/* @return NULL: it was in force; else why not */
static const char *why_not(const struct standing *s, int64_t time_us)
{
	if (!s->found)
		return "its authorisation is not known here";
	if (s->state != AUTHORIZATION_ISSUED && s->state != AUTHORIZATION_REVOKED)
		return "its authorisation was never issued";
	if (s->state == AUTHORIZATION_REVOKED && time_us >= s->changed_us)
		return "its authorisation was revoked";
	return time_us < s->begins_us || time_us >= s->until_us ? "its authorisation was not in force" : NULL;
}

static int label_of(struct report *r, const struct uuid *authorization, int64_t *out)
{
	struct label label;
	label_init(&label, r->peer->organisation);
	label.selected = true;
	label.authorization = *authorization;
	return labels_number(r->w, &label, out);
}

/* ---- the receipt's digest, once all that it covers is here ---- */

static int add_line(void *context, const struct selected_record *s)
{
	struct sha256 *h = context;
	sha256_add(h, s->body, s->body_len);
	sha256_add(h, "\n", 1);
	return HN_OK;
}

static int check_digest(struct report *r, const struct covering *c)
{
	static const char other[] = "/records/sha256: the records that came are not those of the receipt";
	uint8_t digest[SHA256_SIZE];
	struct sha256 *h = sha256_new();
	if (h == NULL)
		return HN_ENOMEM;
	int err = selected_of_receipt(r->w, r->peer->number, c->number, add_line, h);
	sha256_end(h, digest);
	sha256_free(h);
	if (err != HN_OK || memcmp(digest, c->digest, sizeof(digest)) == 0)
		return err;
	err = edge_receipts_find(r->w, r->peer->number, c->number, other);
	return err == HN_OK ? report_finding(r, c->number, other) : err;
}

static int keep(struct report *r, const json_t *own, const struct covering *c, struct selected_record *s)
{
	static const struct uuid none = {{0}};
	struct sighting_day day = {.indicator = report_indicator(report_text(own, "indicator")),
				   .organisation = s->organisation,
				   .kind = SIGHTING_SENSOR,
				   .times = 1,
				   .first_us = s->time_us};
	bool is_new = false;
	int err = label_of(r, &s->authorization, &s->label);
	day.label = s->label;
	if (err == HN_OK)
		err = selected_add(r->w, s, &is_new);
	if (err == HN_OK && is_new && memcmp(&day.indicator, &none, sizeof(none)) != 0)
		err = sightings_raise(r->w, &day);
	if (err == HN_OK && is_new && (int64_t)r->seq == c->through && c->holds)
		err = check_digest(r, c);
	r->taken += is_new;
	r->known += !is_new;
	return err;
}

static int add(struct report *r, const json_t *record, const char *line, size_t len)
{
	const json_t *own = report_own(record);
	struct selected_record s = {.edge = r->peer->number, .body = line, .body_len = len};
	struct covering c = {.number = 0};
	struct standing standing = {.found = false};
	const char *authorization = report_text(own, "authorization");
	if (len > REPORT_RECORD_MAX)
		return report_refuse(r, "longer than any record");
	/* Its time was over before it was sent; its number stays. */
	if (json_is_true(json_object_get(record, "erased"))) {
		r->known++;
		return HN_OK;
	}
	if (report_uid(record, &s.uid) != HN_OK || report_time(r, record, &s.time_us) != HN_OK ||
	    uuid_parse(authorization, strlen(authorization), &s.authorization) != HN_OK)
		return report_refuse(r, "not a record of a sensor");
	int err = edge_receipts_covering(r->w, r->peer->number, (int64_t)r->seq, take_receipt, &c);
	if (err == HN_ENOENT)
		return report_refuse(r, "no receipt covers it");
	if (err == HN_OK)
		err = authorizations_find(r->w, &s.authorization, take_authorization, &standing);
	if (err != HN_OK && err != HN_ENOENT)
		return err;
	bool named = false;
	err = authorizations_names(r->w, &s.authorization, &r->peer->id, &named);
	if (err != HN_OK)
		return err;
	const char *why = why_not(&standing, s.time_us);
	if (why == NULL && !named)
		why = "its authorisation is not this sensor's";
	if (why != NULL)
		return report_refuse(r, why);
	s.receipt = c.number;
	s.erase_by_us = c.erase_by_us;
	s.organisation = report_organisation(r, report_text(own, "organisation"));
	return keep(r, own, &c, &s);
}

int report_record(struct report *r, const char *line, size_t len)
{
	struct fault fault = {0};
	json_t *record = NULL;
	if (json_object_read(line, len, &record, &fault) != HN_OK)
		return report_refuse(r, fault.message);
	int err = add(r, record, line, len);
	json_decref(record);
	return err;
}
