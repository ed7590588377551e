/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/encode.h"
#include "http/answer.h"
#include "hub/exchange/export.h"
#include "hub/exchange/misp_out.h"
#include "hub/exchange/outflow.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/directory.h"
#include "store/search.h"

/*
 * A feed as MISP reads it: manifest.json, an event a file, hashes.csv. A report or grouping is an event under
 * its own UUID, with the indicators that it names. All indicators are events too: one for each UTC day of
 * adding and source. What stands in an event is what the asker may see.
 */
#define IDS_AT_ONCE 128

static const char *const event_types[] = {"indicator", "grouping", "report"};
static const char *const indicator_type[] = {"indicator"};

/* ---- manifest.json ---- */

/* @return whether this day's source was told already */
static bool was_told(struct misp_feed *f, uint64_t day, int64_t source)
{
	if (f->told_day != day)
		f->told_count = 0;
	f->told_day = day;
	for (size_t i = 0; i < f->told_count; i++)
		if (f->told[i] == source)
			return true;
	if (f->told_count < MISP_SOURCES_DAY)
		f->told[f->told_count++] = source;
	return false;
}

static void begin_manifest(struct outflow *o)
{
	misp_feed_init(outflow_extra(o), outflow_request(o), outflow_warned(o));
	buf_addc(outflow_text(o), '{');
}

static void begin_member(struct buf *out, struct misp_feed *f, const struct uuid *uuid)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(uuid, text);
	buf_addf(out, "%s\"%s\":{", f->written++ == 0 ? "\n" : ",\n", text);
}

/* A day of which warning lists leave nothing is no event. */
static int gives_any(struct misp_feed *f, const struct object_row *row, bool *gives)
{
	bool holds;
	int err = misp_read(f, row, &holds);
	*gives = err == HN_OK && misp_gives_any(f);
	return err;
}

static int add_event(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	struct misp_feed *f = outflow_extra(o);
	struct buf *out = outflow_text(o);
	if (misp_is_indicator(row)) {
		bool gives = true;
		int err = f->warned->worst == WARNING_BLOCK ? gives_any(f, row, &gives) : HN_OK;
		if (err != HN_OK || !gives)
			return err != HN_OK ? err : OUTFLOW_WITHHELD;
		if (was_told(f, misp_day_of(row), row->source))
			return HN_OK;
		struct uuid uuid = misp_day_uuid(&f->key, misp_day_of(row), (uint64_t)row->source);
		begin_member(out, f, &uuid);
		misp_add_day_head(out, f, misp_day_of(row));
		buf_addc(out, '}');
		return buf_err(out);
	}
	bool holds;
	int err = misp_read(f, row, &holds);
	if (err != HN_OK || !holds)
		return err;
	begin_member(out, f, &row->id.uuid);
	misp_add_report_head(out, f, row);
	buf_addc(out, ',');
	misp_add_tag(out, export_tlp(reader, row->label));
	buf_addc(out, '}');
	return buf_err(out);
}

static void end_object(struct outflow *o)
{
	buf_adds(outflow_text(o), "}\n");
}

static const struct outflow_form manifest = {
	.media = "application/json",
	.way = "misp",
	.begin = begin_manifest,
	.row = add_event,
	.end = end_object,
	.extra = sizeof(struct misp_feed),
	.free_extra = misp_feed_clear,
};

static int manifest_get(struct request *r)
{
	const struct object_filter filter = {.types = event_types,
					     .type_count = sizeof(event_types) / sizeof(event_types[0])};
	return outflow_send(r, &manifest, &filter);
}

/* ---- hashes.csv ---- */

static void begin_hashes(struct outflow *o)
{
	misp_feed_init(outflow_extra(o), outflow_request(o), outflow_warned(o));
}

static int add_hashes(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	struct misp_feed *f = outflow_extra(o);
	struct uuid event = misp_day_uuid(&f->key, misp_day_of(row), (uint64_t)row->source);
	char uuid[UUID_TEXT_SIZE];
	bool holds;
	(void)reader;
	int err = misp_read(f, row, &holds);
	uuid_format(&event, uuid);
	for (size_t i = 0; err == HN_OK && holds && i < f->object.value_count; i++) {
		uint8_t digest[MD5_SIZE];
		char hex[2 * MD5_SIZE + 1];
		struct warning_hit hit;
		if (!misp_gives(f, &f->object.values[i], &hit))
			continue;
		search_value_text(&f->object.values[i], &f->value);
		err = md5(f->value.data, f->value.len, digest);
		if (err != HN_OK)
			break;
		hex_encode(digest, sizeof(digest), hex);
		buf_addf(outflow_text(o), "%s,%s\n", hex, uuid);
	}
	return err == HN_OK ? buf_err(outflow_text(o)) : err;
}

static const struct outflow_form hashes = {
	.media = "text/csv; charset=utf-8",
	.way = "misp",
	.begin = begin_hashes,
	.row = add_hashes,
	.extra = sizeof(struct misp_feed),
	.free_extra = misp_feed_clear,
};

static int hashes_get(struct request *r)
{
	const struct object_filter filter = {.types = indicator_type, .type_count = 1};
	return outflow_send(r, &hashes, &filter);
}

/* ---- EVENT.json ---- */

static int add_of_day(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	struct misp_feed *f = outflow_extra(o);
	struct buf *out = outflow_text(o);
	if (row->source != (int64_t)f->source)
		return HN_OK;
	return misp_add_attributes(f, reader, row, out);
}

static void begin_day(struct outflow *o)
{
	struct misp_feed *f = outflow_extra(o);
	struct buf *out = outflow_text(o);
	misp_feed_init(f, outflow_request(o), outflow_warned(o));
	(void)misp_uuid_day(&f->key, &outflow_request(o)->params[0].uuid, &f->day, &f->source);
	buf_adds(out, "{\"Event\":{");
	misp_add_uuid(out, "uuid", &outflow_request(o)->params[0].uuid);
	misp_add_day_head(out, f, f->day);
	buf_adds(out, ",\"Attribute\":[");
}

static void end_event(struct outflow *o)
{
	buf_adds(outflow_text(o), "]}}\n");
}

static const struct outflow_form day_event = {
	.media = "application/json",
	.way = "misp",
	.begin = begin_day,
	.row = add_of_day,
	.end = end_event,
	.extra = sizeof(struct misp_feed),
	.free_extra = misp_feed_clear,
};

/* ---- everything ---- */

/* The event is that of the asker's organisation: imported again, it takes the place of the former one. */
static struct uuid export_uuid(const struct misp_feed *f, const struct request *r)
{
	struct uuid names[2] = {{{0}}}; /* the use of the name, then whose */
	memcpy(names[0].bytes, "MISP export", 11);
	if (r->who.asker->organisation != 0 && directory_uuid(hub_of(r)->directory, DIRECTORY_ORGANISATION,
							      r->who.asker->organisation, &names[1]) != HN_OK)
		memset(&names[1], 0, sizeof(names[1]));
	return uuid_v5(&f->key.centre, names, sizeof(names));
}

static void begin_export(struct outflow *o)
{
	struct misp_feed *f = outflow_extra(o);
	struct buf *out = outflow_text(o);
	misp_feed_init(f, outflow_request(o), outflow_warned(o));
	struct uuid uuid = export_uuid(f, outflow_request(o));
	buf_adds(out, "{\"Event\":{");
	misp_add_uuid(out, "uuid", &uuid);
	misp_add_export_head(out, f);
	buf_adds(out, ",\"distribution\":\"0\",\"Attribute\":[");
}

static int add_to_export(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	return misp_add_attributes(outflow_extra(o), reader, row, outflow_text(o));
}

const struct outflow_form MISP_EXPORT = {
	.media = "application/json",
	.way = "misp",
	.begin = begin_export,
	.row = add_to_export,
	.end = end_event,
	.extra = sizeof(struct misp_feed),
	.free_extra = misp_feed_clear,
};

/* ---- reports ---- */

/* A report's event is gathered: what it names is a list of identifiers, some at a time. */
struct report {
	struct request *request;
	struct reader *reader;
	struct misp_feed feed;
	struct warned warned;
	struct reading reading;
	struct stix_id *ids; /* indicators that it names, in the request's arena */
	size_t id_count;
	bool found;
};

static int take_report(void *context, const struct object_row *row)
{
	struct report *p = context;
	struct buf *out = answer_body(p->request);
	bool holds;
	int err = misp_read(&p->feed, row, &holds);
	if (err != HN_OK || !holds)
		return err;
	p->found = true;
	reading_add(&p->reading, row);
	buf_adds(out, "{\"Event\":{");
	misp_add_uuid(out, "uuid", &row->id.uuid);
	misp_add_report_head(out, &p->feed, row);
	buf_addc(out, ',');
	misp_add_tag(out, export_tlp(p->reader, row->label));
	buf_adds(out, ",\"Attribute\":[");
	p->ids = arena_alloc(p->request->arena, (p->feed.object.ref_count + 1) * sizeof(p->ids[0]));
	for (size_t i = 0; p->ids != NULL && i < p->feed.object.ref_count; i++) {
		const struct stix_id *id = &p->feed.object.refs[i].target;
		if (id->type_len != strlen(indicator_type[0]) ||
		    memcmp(id->type, indicator_type[0], id->type_len) != 0)
			continue;
		p->ids[p->id_count] = *id;
		p->ids[p->id_count++].type = indicator_type[0]; /* the row's bytes go */
	}
	return p->ids != NULL ? buf_err(out) : HN_ENOMEM;
}

static int take_indicator(void *context, const struct object_row *row)
{
	struct report *p = context;
	reading_add(&p->reading, row);
	return misp_add_attributes(&p->feed, p->reader, row, answer_body(p->request));
}

static int gather(struct report *p, const struct uuid *uuid)
{
	static const char *const types[] = {"report", "grouping"};
	int err = HN_ENOENT;
	for (size_t i = 0; i < 2 && err == HN_ENOENT; i++) {
		const struct stix_id id = {.type = types[i], .type_len = strlen(types[i]), .uuid = *uuid};
		err = objects_get(p->reader, &id, take_report, p);
		if (err == HN_OK && !p->found)
			err = HN_ENOENT;
	}
	for (size_t at = 0; err == HN_OK && at < p->id_count; at += IDS_AT_ONCE) {
		const struct object_filter f = {.ids = p->ids + at,
						.id_count = p->id_count - at < IDS_AT_ONCE ? p->id_count - at
											   : IDS_AT_ONCE,
						.content = true};
		bool more;
		err = objects_page(p->reader, &f, IDS_AT_ONCE, take_indicator, p, &more);
	}
	return err;
}

static int send_report(struct request *r)
{
	struct report p = {.request = r};
	uint8_t digest[SHA256_SIZE];
	char etag[2 * 16 + 1];
	int err = request_read_feed(r, &p.reader);
	if (err != HN_OK)
		return err;
	err = warned_begin(&p.warned, r, p.reader, "misp");
	misp_feed_init(&p.feed, r, &p.warned);
	reading_begin(&p.reading, r, p.reader);
	if (err == HN_OK && !answer_is_sent(r))
		err = gather(&p, &r->params[0].uuid);
	reader_end(p.reader);
	misp_feed_clear(&p.feed);
	if (err == HN_OK && !answer_is_sent(r))
		err = reading_end(&p.reading);
	if (err != HN_OK || answer_is_sent(r))
		return err;
	struct buf *out = answer_body(r);
	buf_adds(out, "]}}\n");
	sha256(out->data, out->len, digest);
	hex_encode(digest, 16, etag);
	answer_etag(r, etag);
	return answer_send(r, 200, NULL);
}

/* Whether the asker sees any indicator of that day and source: else there is no such event. */
static int find_any(void *context, const struct object_row *row)
{
	const struct misp_feed *f = context;
	return row->source == (int64_t)f->source ? HN_EEXIST : HN_OK;
}

static int day_is_there(struct request *r, const struct misp_feed *f, const struct object_filter *filter)
{
	struct reader *reader;
	struct object_filter scan = *filter;
	bool more = false;
	int err = request_read_feed(r, &reader);
	if (err != HN_OK)
		return err;
	err = objects_page(reader, &scan, UINT32_MAX, find_any, (void *)(uintptr_t)f, &more);
	reader_end(reader);
	return err == HN_EEXIST ? HN_OK : err == HN_OK ? HN_ENOENT : err;
}

static int event_get(struct request *r)
{
	struct misp_feed f = {.day = 0};
	misp_read_key(r, &f.key);
	if (!misp_uuid_day(&f.key, &r->params[0].uuid, &f.day, &f.source))
		return send_report(r);
	int64_t from = (int64_t)f.day * MISP_DAY_US;
	const struct object_filter filter = {.types = indicator_type,
					     .type_count = 1,
					     .after_seq = from - 1,
					     .until_seq = from + MISP_DAY_US - 1};
	int err = day_is_there(r, &f, &filter);
	return err == HN_OK ? outflow_send(r, &day_event, &filter) : err;
}

static int event_file_get(struct request *r)
{
	struct request_param *p = &r->params[0];
	static const char ending[] = ".json";
	const size_t tail = sizeof(ending) - 1;
	if (p->len != UUID_TEXT_SIZE - 1 + tail || strcmp(p->text + p->len - tail, ending) != 0 ||
	    uuid_parse(p->text, p->len - tail, &p->uuid) != HN_OK)
		return HN_ENOENT;
	return event_get(r);
}

#define FILE(path, name, handler, media)                                                                     \
	{                                                                                                    \
		.method = HTTP_GET, .pattern = path, .operation = name,                                      \
		.flags = ROUTE_PUBLIC | ROUTE_HIDDEN, .scopes = SCOPE_READ, .handle = handler,               \
		.end = outflow_free, .gives = media,                                                         \
	}

/* Open to the public, who sees what is TLP:CLEAR. */
const struct route MISP_ROUTES[] = {
	FILE("/misp/manifest.json", "mispManifest", manifest_get, "application/json"),
	FILE("/misp/hashes.csv", "mispHashes", hashes_get, "text/csv|application/json"),
	FILE("/misp/{event:name}", "mispEvent", event_file_get, "application/json"),
	{0},
};
