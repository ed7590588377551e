/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/siphash.h"
#include "base/utc.h"
#include "hub/config.h"
#include "hub/exchange/export.h"
#include "hub/exchange/outflow.h"
#include "hub/http/answer.h"
#include "hub/hub.h"
#include "match/entry.h"
#include "store/directory.h"
#include "store/labels.h"
#include "store/search.h"

/*
 * A feed as MISP reads it: manifest.json, an event a file, hashes.csv. A report or grouping is an event under
 * its own UUID, with the indicators that it names. All indicators are events too: one for each UTC day of
 * adding and source, so that an old day never changes for its size. What stands in an event is what the asker
 * may see.
 */
#define DAY_US       (INT64_C(24) * 3600 * 1000000)
#define SOURCES_DAY  256 /* sources of one day; more stand together with the last */
#define IDS_AT_ONCE  128
#define EVENT_DAY_AT 20 /* bits */

static const char *const event_types[] = {"indicator", "grouping", "report"};
static const char *const indicator_type[] = {"indicator"};

/* ---- an event's UUID ---- */

struct event_key {
	uint8_t key[SIPHASH_KEY];
	struct uuid centre;
};

/* Of the centre's own identifier: two hubs' days are different events. */
static void read_key(const struct request *r, struct event_key *out)
{
	struct directory *d = r->hub->directory;
	uint8_t digest[SHA256_SIZE];
	if (directory_uuid(d, DIRECTORY_ORGANISATION, directory_centre(d), &out->centre) != HN_OK)
		memset(&out->centre, 0, sizeof(out->centre)); /* there is none yet */
	sha256_parts("misp feed", 9, out->centre.bytes, sizeof(out->centre.bytes), NULL, 0, digest);
	memcpy(out->key, digest, sizeof(out->key));
}

/*
 * Day and source stand in the UUID (version 8, RFC 9562) under a digest of them, so that the event is found
 * again without a list, and a number of ours is not shown as it is.
 */
static struct uuid day_uuid(const struct event_key *key, uint64_t day, uint64_t source)
{
	uint64_t plain = source << EVENT_DAY_AT | day;
	uint64_t tag = siphash24(key->key, &plain, sizeof(plain)) & ~UINT64_C(0xf000);
	uint64_t hidden = plain ^ (siphash24(key->key, &tag, sizeof(tag)) >> 2);
	struct uuid u;
	for (unsigned i = 0; i < 8; i++) {
		u.bytes[i] = (uint8_t)(tag >> (56 - 8 * i));
		u.bytes[8 + i] = (uint8_t)(hidden >> (56 - 8 * i));
	}
	u.bytes[6] = (uint8_t)(0x80 | (u.bytes[6] & 0x0f));
	u.bytes[8] = (uint8_t)(0x80 | (u.bytes[8] & 0x3f));
	return u;
}

/* @return whether it is one of ours */
static bool uuid_day(const struct event_key *key, const struct uuid *u, uint64_t *day, uint64_t *source)
{
	uint64_t tag = 0, hidden = 0;
	for (unsigned i = 0; i < 8; i++) {
		tag = tag << 8 | u->bytes[i];
		hidden = hidden << 8 | u->bytes[8 + i];
	}
	tag &= ~UINT64_C(0xf000);
	hidden &= UINT64_MAX >> 2;
	uint64_t plain = hidden ^ (siphash24(key->key, &tag, sizeof(tag)) >> 2);
	*day = plain & ((1u << EVENT_DAY_AT) - 1);
	*source = plain >> EVENT_DAY_AT;
	struct uuid again = day_uuid(key, *day, *source);
	return uuid_compare(&again, u) == 0;
}

/* ---- values as attributes ---- */

static const char *digest_type(const struct stix_value *v)
{
	static const char *const names[][2] = {{"SHA-512:", "sha512"},
					       {"SHA-224:", "sha224"},
					       {"SHA-384:", "sha384"},
					       {"SSDEEP:", "ssdeep"},
					       {"TLSH:", "tlsh"}};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (v->key_len > strlen(names[i][0]) && memcmp(v->key, names[i][0], strlen(names[i][0])) == 0)
			return names[i][1];
	return "text";
}

static const char *certificate_type(const struct stix_value *v)
{
	return v->key_len == 64   ? "x509-fingerprint-sha256"
	       : v->key_len == 40 ? "x509-fingerprint-sha1"
	       : v->key_len == 32 ? "x509-fingerprint-md5"
				  : "text";
}

/* The type of MISP that says the same; its category follows from the type. */
static const char *attribute_type(const struct stix_value *v)
{
	static const char *const entries[ENTRY_KIND_COUNT] = {
		[ENTRY_IP4] = "ip-dst",     [ENTRY_IP6] = "ip-dst",    [ENTRY_PREFIX4] = "ip-dst",
		[ENTRY_PREFIX6] = "ip-dst", [ENTRY_NAME] = "hostname", [ENTRY_WILDCARD] = "domain",
		[ENTRY_URL] = "url",        [ENTRY_MD5] = "md5",       [ENTRY_SHA1] = "sha1",
		[ENTRY_SHA256] = "sha256",  [ENTRY_JA4] = "text"};
	switch (v->kind) {
	case STIX_VALUE_ENTRY:
		return entries[v->entry_kind];
	case STIX_VALUE_EMAIL:
		return "email";
	case STIX_VALUE_ASN:
		return "AS";
	case STIX_VALUE_FILENAME:
		return "filename";
	case STIX_VALUE_MAC:
		return "mac-address";
	case STIX_VALUE_MUTEX:
		return "mutex";
	case STIX_VALUE_REGISTRY:
		return "regkey";
	case STIX_VALUE_CERTIFICATE:
		return certificate_type(v);
	case STIX_VALUE_VULNERABILITY:
		return "vulnerability";
	case STIX_VALUE_DIGEST:
		return digest_type(v);
	case STIX_VALUE_EXTERNAL:
		break;
	}
	return NULL;
}

static const char *category_of(const char *type)
{
	static const char *const rows[][2] = {
		{"md5", "Payload delivery"},      {"sha", "Payload delivery"},
		{"ssdeep", "Payload delivery"},   {"tlsh", "Payload delivery"},
		{"filename", "Payload delivery"}, {"email", "Payload delivery"},
		{"mutex", "Artifacts dropped"},   {"regkey", "Artifacts dropped"},
		{"vuln", "External analysis"},    {"text", "Other"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(type, rows[i][0], strlen(rows[i][0])) == 0)
			return rows[i][1];
	return "Network activity";
}

/* What the writers of events share. */
struct feed {
	struct event_key key;
	struct stix_object object;
	struct buf value;
	const char *name; /* of the hub */
	int64_t now_ns;
	uint64_t day, source; /* of the event that is asked for */
	uint64_t told_day;    /* manifest: whose sources are remembered */
	int64_t told[SOURCES_DAY];
	size_t told_count;
	size_t written; /* attributes, or events of the manifest */
};

static void feed_init(struct feed *f, const struct request *r)
{
	read_key(r, &f->key);
	stix_object_init(&f->object);
	buf_init(&f->value, 4 * ENTRY_KEY_MAX);
	f->name = r->hub->config->name;
	f->now_ns = r->received_ns;
}

static void feed_clear(void *feed)
{
	struct feed *f = feed;
	stix_object_clear(&f->object);
	buf_clear(&f->value);
}

/* @return whether the row is an object that holds now; it stands in f->object */
static int read_object(struct feed *f, const struct object_row *row, bool *holds)
{
	int err = stix_object_read(&f->object, cur_of(row->bytes, row->len), row->spec, &STIX_DEFAULTS, NULL);
	*holds = err == HN_OK && export_holds(&f->object, f->now_ns);
	return err == HN_ENOMEM ? err : HN_OK;
}

static void add_tag(struct buf *out, const char *tlp)
{
	char tag[32];
	size_t len = 0;
	for (; tlp[len] != '\0'; len++)
		tag[len] = tlp[len] >= 'A' && tlp[len] <= 'Z' ? (char)(tlp[len] + 'a' - 'A') : tlp[len];
	buf_addf(out, "\"Tag\":[{\"name\":\"%.*s\"}]", (int)len, tag);
}

static void add_uuid(struct buf *out, const char *name, const struct uuid *uuid)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(uuid, text);
	buf_addf(out, "\"%s\":\"%s\",", name, text);
}

static void add_attribute(struct feed *f, struct reader *reader, const struct object_row *row,
			  const struct stix_value *v, struct buf *out)
{
	const char *type = attribute_type(v);
	char id[STIX_ID_MAX];
	if (type == NULL)
		return;
	search_value_text(v, &f->value);
	struct uuid uuid = uuid_v5(&row->id.uuid, f->value.data, f->value.len);
	stix_id_format(&row->id, id);
	buf_adds(out, f->written++ == 0 ? "\n{" : ",\n{");
	add_uuid(out, "uuid", &uuid);
	buf_addf(out,
		 "\"type\":\"%s\",\"category\":\"%s\",\"to_ids\":%s,\"timestamp\":\"%lld\",\"value\":", type,
		 category_of(type), strcmp(type, "text") == 0 ? "false" : "true",
		 (long long)(row->modified_ns / NS_SECOND));
	buf_json_string(out, f->value.data, f->value.len);
	buf_addf(out, ",\"comment\":\"%s\",", id);
	add_tag(out, export_tlp(reader, row->label));
	buf_addc(out, '}');
}

static int add_attributes(struct feed *f, struct reader *reader, const struct object_row *row,
			  struct buf *out)
{
	bool holds;
	int err = read_object(f, row, &holds);
	for (size_t i = 0; err == HN_OK && holds && i < f->object.value_count; i++)
		add_attribute(f, reader, row, &f->object.values[i], out);
	return err == HN_OK ? buf_err(out) : err;
}

/* ---- events ---- */

/* The members that manifest and event share. */
static void add_head(struct buf *out, const struct feed *f, const char *info, size_t info_len,
		     int64_t date_ns, int64_t stamp_ns)
{
	char date[UTC_SIZE], centre[UUID_TEXT_SIZE];
	utc_format(date_ns, date);
	uuid_format(&f->key.centre, centre);
	buf_adds(out, "\"info\":");
	buf_json_string(out, info, info_len);
	buf_addf(out,
		 ",\"date\":\"%.10s\",\"timestamp\":\"%lld\",\"publish_timestamp\":\"%lld\",\"published\":"
		 "true,"
		 "\"analysis\":\"2\",\"threat_level_id\":\"4\",\"Orgc\":{\"uuid\":\"%s\",\"name\":",
		 date, (long long)(stamp_ns / NS_SECOND), (long long)(stamp_ns / NS_SECOND), centre);
	buf_json_string(out, f->name, strlen(f->name));
	buf_addc(out, '}');
}

static void add_day_head(struct buf *out, const struct feed *f, uint64_t day)
{
	char info[64], date[UTC_SIZE];
	int64_t at_ns = (int64_t)day * DAY_US * 1000;
	utc_format(at_ns, date);
	int n = snprintf(info, sizeof(info), "Indicators of %.10s", date);
	add_head(out, f, info, (size_t)n, at_ns, at_ns + DAY_US * 1000 - NS_SECOND);
}

/* The name of a report; f->object has been read, its bytes are the row's. */
static void add_report_head(struct buf *out, const struct feed *f, const struct object_row *row)
{
	json_t *tree = NULL;
	const char *name = NULL;
	if (json_object_read((const char *)row->bytes, row->len, &tree, NULL) == HN_OK)
		name = json_string_value(json_object_get(tree, "name"));
	if (name == NULL)
		name = row->id.type[0] == 'g' ? "Grouping" : "Report";
	add_head(out, f, name, strlen(name),
		 f->object.created_ns != STIX_NO_TIME ? f->object.created_ns : row->added * 1000,
		 row->modified_ns);
	json_decref(tree);
}

static bool is_indicator(const struct object_row *row)
{
	return row->id.type_len == strlen(indicator_type[0]) &&
	       memcmp(row->id.type, indicator_type[0], row->id.type_len) == 0;
}

static uint64_t day_of(const struct object_row *row)
{
	return (uint64_t)(row->added / DAY_US);
}

/* ---- manifest.json ---- */

/* @return whether this day's source was told already */
static bool was_told(struct feed *f, uint64_t day, int64_t source)
{
	if (f->told_day != day)
		f->told_count = 0;
	f->told_day = day;
	for (size_t i = 0; i < f->told_count; i++)
		if (f->told[i] == source)
			return true;
	if (f->told_count < SOURCES_DAY)
		f->told[f->told_count++] = source;
	return false;
}

static void begin_manifest(struct outflow *o)
{
	feed_init(outflow_extra(o), outflow_request(o));
	buf_addc(outflow_text(o), '{');
}

static void begin_member(struct buf *out, struct feed *f, const struct uuid *uuid)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(uuid, text);
	buf_addf(out, "%s\"%s\":{", f->written++ == 0 ? "\n" : ",\n", text);
}

static int add_event(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	struct feed *f = outflow_extra(o);
	struct buf *out = outflow_text(o);
	if (is_indicator(row)) {
		if (was_told(f, day_of(row), row->source))
			return HN_OK;
		struct uuid uuid = day_uuid(&f->key, day_of(row), (uint64_t)row->source);
		begin_member(out, f, &uuid);
		add_day_head(out, f, day_of(row));
		buf_addc(out, '}');
		return buf_err(out);
	}
	bool holds;
	int err = read_object(f, row, &holds);
	if (err != HN_OK || !holds)
		return err;
	begin_member(out, f, &row->id.uuid);
	add_report_head(out, f, row);
	buf_addc(out, ',');
	add_tag(out, export_tlp(reader, row->label));
	buf_addc(out, '}');
	return buf_err(out);
}

static void end_object(struct outflow *o)
{
	buf_adds(outflow_text(o), "}\n");
}

static const struct outflow_form manifest = {
	.media = "application/json",
	.begin = begin_manifest,
	.row = add_event,
	.end = end_object,
	.extra = sizeof(struct feed),
	.free_extra = feed_clear,
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
	feed_init(outflow_extra(o), outflow_request(o));
}

static int add_hashes(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	struct feed *f = outflow_extra(o);
	struct uuid event = day_uuid(&f->key, day_of(row), (uint64_t)row->source);
	char uuid[UUID_TEXT_SIZE];
	bool holds;
	(void)reader;
	int err = read_object(f, row, &holds);
	uuid_format(&event, uuid);
	for (size_t i = 0; err == HN_OK && holds && i < f->object.value_count; i++) {
		uint8_t digest[MD5_SIZE];
		char hex[2 * MD5_SIZE + 1];
		if (attribute_type(&f->object.values[i]) == NULL)
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
	.begin = begin_hashes,
	.row = add_hashes,
	.extra = sizeof(struct feed),
	.free_extra = feed_clear,
};

static int hashes_get(struct request *r)
{
	const struct object_filter filter = {.types = indicator_type, .type_count = 1};
	return outflow_send(r, &hashes, &filter);
}

/* ---- EVENT.json ---- */

static int add_of_day(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	struct feed *f = outflow_extra(o);
	struct buf *out = outflow_text(o);
	if (row->source != (int64_t)f->source)
		return HN_OK;
	return add_attributes(f, reader, row, out);
}

static void begin_day(struct outflow *o)
{
	struct feed *f = outflow_extra(o);
	struct buf *out = outflow_text(o);
	feed_init(f, outflow_request(o));
	(void)uuid_day(&f->key, &outflow_request(o)->params[0].uuid, &f->day, &f->source);
	buf_adds(out, "{\"Event\":{");
	add_uuid(out, "uuid", &outflow_request(o)->params[0].uuid);
	add_day_head(out, f, f->day);
	buf_adds(out, ",\"Attribute\":[");
}

static void end_event(struct outflow *o)
{
	buf_adds(outflow_text(o), "]}}\n");
}

static const struct outflow_form day_event = {
	.media = "application/json",
	.begin = begin_day,
	.row = add_of_day,
	.end = end_event,
	.extra = sizeof(struct feed),
	.free_extra = feed_clear,
};

/* A report's event is gathered: what it names is a list of identifiers, some at a time. */
struct report {
	struct request *request;
	struct reader *reader;
	struct feed feed;
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
	int err = read_object(&p->feed, row, &holds);
	if (err != HN_OK || !holds)
		return err;
	p->found = true;
	reading_add(&p->reading, row);
	buf_adds(out, "{\"Event\":{");
	add_uuid(out, "uuid", &row->id.uuid);
	add_report_head(out, &p->feed, row);
	buf_addc(out, ',');
	add_tag(out, export_tlp(p->reader, row->label));
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
	return add_attributes(&p->feed, p->reader, row, answer_body(p->request));
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
	int err = request_read(r, &p.reader);
	if (err != HN_OK)
		return err;
	feed_init(&p.feed, r);
	reading_begin(&p.reading, r, p.reader);
	err = gather(&p, &r->params[0].uuid);
	reader_end(p.reader);
	feed_clear(&p.feed);
	if (err == HN_OK)
		err = reading_end(&p.reading);
	if (err != HN_OK)
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
	const struct feed *f = context;
	return row->source == (int64_t)f->source ? HN_EEXIST : HN_OK;
}

static int day_is_there(struct request *r, const struct feed *f, const struct object_filter *filter)
{
	struct reader *reader;
	struct object_filter scan = *filter;
	bool more = false;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = objects_page(reader, &scan, UINT32_MAX, find_any, (void *)(uintptr_t)f, &more);
	reader_end(reader);
	return err == HN_EEXIST ? HN_OK : err == HN_OK ? HN_ENOENT : err;
}

static int event_get(struct request *r)
{
	struct feed f = {.day = 0};
	read_key(r, &f.key);
	if (!uuid_day(&f.key, &r->params[0].uuid, &f.day, &f.source))
		return send_report(r);
	int64_t from = (int64_t)f.day * DAY_US;
	const struct object_filter filter = {.types = indicator_type,
					     .type_count = 1,
					     .after_seq = from - 1,
					     .until_seq = from + DAY_US - 1};
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
