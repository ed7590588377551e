/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/edge/sighting.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utc.h"
#include "stix/object.h"
#include "store/labels.h"
#include "store/objects.h"

#define TEXT_MAX 4096
/* Of TLP:AMBER+STRICT (TLP 2.0 for STIX 2.1). */
#define MARKING "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
#define STIX_MS 1000 /* microseconds: STIX says milliseconds */

/* Our name space for sightings. */
static const struct uuid space = {
	{0x6b, 0x1f, 0x4c, 0x0a, 0x52, 0x9d, 0x5e, 0x1b, 0x8a, 0x77, 0x03, 0xf2, 0x9d, 0x41, 0xe6, 0x5c}};

static void identifier(const struct sighting_day *d, char out[UUID_TEXT_SIZE])
{
	char indicator[UUID_TEXT_SIZE], organisation[UUID_TEXT_SIZE], name[160];
	uuid_format(&d->indicator, indicator);
	uuid_format(&d->organisation_id, organisation);
	int len = snprintf(name, sizeof(name), "%s|%s|%lld|%s|%lld", indicator, organisation,
			   (long long)d->day_us, sighting_kind_name(d->kind), (long long)d->label);
	struct uuid id = uuid_v5(&space, name, (size_t)len);
	uuid_format(&id, out);
}

static void add_time(struct buf *b, const char *name, int64_t us)
{
	char text[UTC_SIZE];
	utc_format((us - us % STIX_MS) * 1000, text);
	buf_addf(b, ",\"%s\":\"%s\"", name, text);
}

static int write_object(const struct sighting_day *d, int64_t now_us, struct buf *b)
{
	char id[UUID_TEXT_SIZE], indicator[UUID_TEXT_SIZE], organisation[UUID_TEXT_SIZE];
	identifier(d, id);
	uuid_format(&d->indicator, indicator);
	uuid_format(&d->organisation_id, organisation);
	buf_addf(b, "{\"type\":\"sighting\",\"spec_version\":\"2.1\",\"id\":\"sighting--%s\"", id);
	buf_addf(b, ",\"created_by_ref\":\"identity--%s\"", organisation);
	add_time(b, "created", d->day_us);
	add_time(b, "modified", now_us);
	add_time(b, "first_seen", d->first_us);
	add_time(b, "last_seen", d->last_us);
	buf_addf(b, ",\"count\":%lld,\"sighting_of_ref\":\"indicator--%s\"",
		 (long long)(d->times > 999999999 ? 999999999 : d->times), indicator);
	buf_addf(b, ",\"where_sighted_refs\":[\"identity--%s\"],\"labels\":[\"hinomi:%s\"]", organisation,
		 sighting_kind_name(d->kind));
	buf_adds(b, ",\"object_marking_refs\":[\"" MARKING "\"]}");
	return buf_err(b);
}

static int label_of(struct writing *w, const struct sighting_day *d, int64_t *out)
{
	struct label label;
	*out = d->label;
	if (d->label != 0)
		return HN_OK;
	label_init(&label, d->organisation);
	label.recipients[label.recipient_count++] = d->organisation;
	return labels_number(w, &label, out);
}

static int add(struct writing *w, const struct sighting_day *d, const struct buf *text)
{
	struct stix_object object;
	struct fault fault = {0};
	enum object_outcome outcome;
	struct object_new new = {.stix = &object, .owner = d->organisation};
	int64_t seq;
	stix_object_init(&object);
	int err = stix_object_read(&object, cur_of(text->data, text->len), STIX_2_1, &STIX_DEFAULTS, &fault);
	if (err == HN_OK)
		err = label_of(w, d, &new.label);
	if (err == HN_OK)
		err = objects_add(w, &new, &outcome, &seq);
	stix_object_clear(&object);
	return err;
}

int sighting_write(struct writing *w, const struct sighting_day *d)
{
	struct buf text;
	buf_init(&text, TEXT_MAX);
	int err = write_object(d, writing_now_us(w), &text);
	if (err == HN_OK)
		err = add(w, d, &text);
	buf_clear(&text);
	return err;
}
