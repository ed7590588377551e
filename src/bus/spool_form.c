/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Names and first lines of the spool's files. */
#include <stdio.h>
#include <string.h>

#include "authority/field.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "bus/batch_inside.h"
#include "bus/spool_inside.h"

static const char *const endings[FORM_COUNT] = {
	[FORM_FULL] = ".zst",        [FORM_SENT] = ".sent",
	[FORM_SPACE] = ".space",     [FORM_RETENTION] = ".retention",
	[FORM_DAMAGED] = ".damaged",
};

static const char *const destinations[SPOOL_DESTINATION_COUNT] = {
	[SPOOL_HUB] = "hub", [SPOOL_WITNESS] = "witness"};

void spool_name(uint64_t first, uint64_t count, enum spool_form form, char out[SPOOL_NAME_SIZE])
{
	(void)snprintf(out, SPOOL_NAME_SIZE, "%llu-%llu%s", (unsigned long long)first,
		       (unsigned long long)count, endings[form]);
}

static bool form_of(const char *ending, enum spool_form *out)
{
	for (enum spool_form f = 0; f < FORM_COUNT; f++)
		if (strcmp(ending, endings[f]) == 0) {
			*out = f;
			return true;
		}
	return false;
}

int spool_name_read(const char *name, struct spool_entry *out)
{
	struct spool_entry e = {0};
	const char *dash = strchr(name, '-'), *dot = dash == NULL ? NULL : strchr(dash, '.');
	if (dot == NULL || !form_of(dot, &e.form) ||
	    batch_number(name, (size_t)(dash - name), &e.first) != HN_OK ||
	    batch_number(dash + 1, (size_t)(dot - dash - 1), &e.count) != HN_OK)
		return HN_EFORMAT;
	bool none = e.first == 0 && e.count == 0 && e.form == FORM_SENT;
	if (!none && (e.first == 0 || e.count == 0 || e.first > BATCH_SEQ_MAX || e.count > BATCH_SEQ_MAX ||
		      spool_last(&e) > BATCH_SEQ_MAX || (e.form == FORM_FULL && e.count > BATCH_LINES_MAX)))
		return HN_EFORMAT;
	*out = e;
	return HN_OK;
}

void spool_mark_name(enum spool_destination to, uint64_t through, char out[SPOOL_NAME_SIZE])
{
	(void)snprintf(out, SPOOL_NAME_SIZE, "%s.%llu", destinations[to], (unsigned long long)through);
}

int spool_mark_read(const char *name, enum spool_destination *to_out, uint64_t *through_out)
{
	for (enum spool_destination d = 0; d < SPOOL_DESTINATION_COUNT; d++) {
		size_t len = strlen(destinations[d]);
		if (strncmp(name, destinations[d], len) != 0 || name[len] != '.')
			continue;
		int err = batch_number(name + len + 1, strlen(name + len + 1), through_out);
		if (err == HN_OK)
			*to_out = d;
		return err;
	}
	return HN_EFORMAT;
}

uint64_t spool_last(const struct spool_entry *e)
{
	return e->count == 0 ? 0 : e->first + e->count - 1;
}

int spool_header_write(const struct spool_header *h, struct buf *out)
{
	char epoch[UUID_TEXT_SIZE], digest[65], erase_by[UTC_SIZE];
	uuid_format(&h->epoch, epoch);
	hex_encode(h->digest, sizeof(h->digest), digest);
	buf_addf(out, "{\"stream\":\"%s\",\"epoch\":\"%s\",\"first\":%llu,\"count\":%llu,",
		 stream_name(h->stream), epoch, (unsigned long long)h->first, (unsigned long long)h->count);
	buf_addf(out, "\"digest\":\"%s\",\"size\":%llu,", digest, (unsigned long long)h->size);
	if (h->erase_by_ns > 0) {
		utc_format(h->erase_by_ns, erase_by);
		buf_addf(out, "\"erase_by\":\"%s\",", erase_by);
	}
	buf_adds(out, "\"position\":");
	buf_json_string(out, h->position, strlen(h->position));
	buf_adds(out, "}\n");
	return buf_err(out);
}

static int read_number(const json_t *o, const char *name, uint64_t *out)
{
	int64_t value = 0;
	int err = json_get_int(o, name, true, 0, (int64_t)BATCH_SEQ_MAX, &value, NULL);
	*out = (uint64_t)value;
	return err;
}

static int read_texts(const json_t *o, struct spool_header *h)
{
	const char *stream, *position;
	int err = json_get_string(o, "stream", true, &stream, NULL);
	if (err == HN_OK)
		err = stream_find(stream, strlen(stream), &h->stream) == HN_OK ? HN_OK : HN_EFORMAT;
	if (err == HN_OK)
		err = json_get_string(o, "position", true, &position, NULL);
	if (err != HN_OK)
		return err;
	if (strlen(position) > SPOOL_POSITION_MAX)
		return HN_EFORMAT;
	memcpy(h->position, position, strlen(position) + 1);
	return HN_OK;
}

static int read_members(const json_t *o, struct spool_header *h)
{
	int err = read_texts(o, h);
	if (err == HN_OK)
		err = field_uuid(o, "epoch", &h->epoch, NULL);
	if (err == HN_OK)
		err = read_number(o, "first", &h->first);
	if (err == HN_OK)
		err = read_number(o, "count", &h->count);
	if (err == HN_OK)
		err = read_number(o, "size", &h->size);
	if (err == HN_OK)
		err = field_hex(o, "digest", true, h->digest, sizeof(h->digest), NULL);
	if (err == HN_OK && json_object_get(o, "erase_by") != NULL)
		err = field_time(o, "erase_by", &h->erase_by_ns, NULL);
	return err == HN_OK && h->size > BATCH_BODY_MAX ? HN_EFORMAT : err;
}

int spool_header_read(const char *data, size_t len, struct spool_header *out, size_t *len_out)
{
	struct spool_header h = {0};
	const char *end = memchr(data, '\n', len < SPOOL_HEADER_MAX ? len : SPOOL_HEADER_MAX);
	json_t *o;
	if (end == NULL)
		return HN_EFORMAT;
	int err = json_object_read(data, (size_t)(end - data), &o, NULL);
	if (err != HN_OK)
		return err == HN_ENOMEM ? err : HN_EFORMAT;
	err = read_members(o, &h);
	json_decref(o);
	if (err != HN_OK)
		return err == HN_ENOMEM ? err : HN_EFORMAT;
	*out = h;
	*len_out = (size_t)(end - data) + 1;
	return HN_OK;
}
