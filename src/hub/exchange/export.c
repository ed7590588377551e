/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/export.h"

#include <string.h>

#include "base/arena.h"
#include "base/cur.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/exchange/misp_out.h"
#include "hub/exchange/outflow.h"
#include "hub/request/rights.h"
#include "match/entry.h"
#include "store/labels.h"
#include "store/search.h"
#include "store/view_tag.h"

#define TYPES_ASKED 32
#define STIX_MEDIA  "application/stix+json;version=2.1"
#define CSV_MEDIA   "text/csv; charset=utf-8; header=present"

const char *export_kind_name(const struct stix_value *value)
{
	static const char *const names[] = {
		[STIX_VALUE_EMAIL] = "email",
		[STIX_VALUE_ASN] = "asn",
		[STIX_VALUE_FILENAME] = "filename",
		[STIX_VALUE_MAC] = "mac",
		[STIX_VALUE_MUTEX] = "mutex",
		[STIX_VALUE_REGISTRY] = "registry-key",
		[STIX_VALUE_CERTIFICATE] = "certificate",
		[STIX_VALUE_VULNERABILITY] = "vulnerability",
		[STIX_VALUE_EXTERNAL] = "external",
		[STIX_VALUE_DIGEST] = "digest",
	};
	return value->kind == STIX_VALUE_ENTRY ? entry_kind_name((enum entry_kind)value->entry_kind)
					       : names[value->kind];
}

const char *export_tlp(struct reader *reader, int64_t label)
{
	static const char *const names[] = {"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT",
					    "TLP:RED"};
	struct label l;
	int64_t both[2];
	int err = labels_get(reader_labels(reader), label, &l, both);
	if (err == HN_EUNSUPPORTED)
		err = labels_get(reader_labels(reader), both[1], &l, both);
	return err == HN_OK ? names[l.tlp] : names[TLP_RED];
}

bool export_holds(const struct stix_object *o, int64_t now_ns)
{
	return !o->revoked && (o->valid_until_ns == STIX_NO_TIME || o->valid_until_ns > now_ns);
}

/* ---- a bundle ---- */

static void begin_bundle(struct outflow *o)
{
	char id[UUID_TEXT_SIZE];
	stix_object_init(outflow_extra(o));
	uuid_format(outflow_context(o), id);
	buf_addf(outflow_text(o), "{\"type\":\"bundle\",\"id\":\"bundle--%s\",\"objects\":[", id);
}

static int add_object(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	struct buf *out = outflow_text(o);
	enum warning_action action;
	(void)reader;
	int err = warned_row(outflow_warned(o), row, outflow_extra(o), &action);
	if (err != HN_OK)
		return err;
	if (action == WARNING_BLOCK)
		return OUTFLOW_WITHHELD;
	buf_adds(out, outflow_count(o) == 0 ? "\n" : ",\n");
	buf_add(out, row->bytes, row->len);
	return buf_err(out);
}

static void end_bundle(struct outflow *o)
{
	buf_adds(outflow_text(o), "]}\n");
}

static void free_object(void *extra)
{
	stix_object_clear(extra);
}

static const struct outflow_form bundle = {
	.media = STIX_MEDIA,
	.way = "stix",
	.begin = begin_bundle,
	.row = add_object,
	.end = end_bundle,
	.extra = sizeof(struct stix_object),
	.free_extra = free_object,
};

/* ---- values ---- */

struct values {
	struct stix_object object;
	struct buf value;
};

static void begin_values(struct outflow *o)
{
	struct values *v = outflow_extra(o);
	stix_object_init(&v->object);
	buf_init(&v->value, 4 * ENTRY_KEY_MAX);
	buf_adds(outflow_text(o), "value,kind,first_seen,confidence,marking,id,added,warning\r\n");
}

static void free_values(void *extra)
{
	struct values *v = extra;
	stix_object_clear(&v->object);
	buf_clear(&v->value);
}

/* RFC 4180: always quoted, so that nothing in it ends the field. */
static void add_field(struct buf *out, const char *text, size_t len)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, text[i]);
	}
	buf_addc(out, '"');
}

static void add_value(struct outflow *o, struct reader *reader, const struct object_row *row,
		      const struct stix_value *value)
{
	struct warning_hit hit = {.action = WARNING_OFF};
	if (warned_value(outflow_warned(o), value, &hit) == WARNING_BLOCK)
		return;
	struct values *v = outflow_extra(o);
	struct buf *out = outflow_text(o);
	char id[STIX_ID_MAX], seen[UTC_SIZE], added[UTC_SIZE];
	int64_t seen_ns = v->object.valid_from_ns != STIX_NO_TIME ? v->object.valid_from_ns
			  : v->object.created_ns != STIX_NO_TIME  ? v->object.created_ns
								  : row->added * 1000;
	search_value_text(value, &v->value);
	stix_id_format(&row->id, id);
	utc_format(seen_ns, seen);
	utc_format(row->added * 1000, added);
	add_field(out, v->value.data, v->value.len);
	buf_addf(out, ",%s,%s,", export_kind_name(value), seen);
	if (v->object.confidence >= 0)
		buf_addf(out, "%d", v->object.confidence);
	buf_addf(out, ",%s,%s,%s,", export_tlp(reader, row->label), id, added);
	if (hit.action != WARNING_OFF)
		add_field(out, hit.name, strlen(hit.name));
	buf_adds(out, "\r\n");
}

static int add_values(struct outflow *o, struct reader *reader, const struct object_row *row)
{
	struct values *v = outflow_extra(o);
	int err = stix_object_read(&v->object, cur_of(row->bytes, row->len), row->spec, &STIX_DEFAULTS, NULL);
	if (err == HN_ENOMEM)
		return err;
	if (err != HN_OK || !export_holds(&v->object, outflow_request(o)->received_ns))
		return HN_OK;
	for (size_t i = 0; i < v->object.value_count; i++)
		if (v->object.values[i].kind != STIX_VALUE_EXTERNAL)
			add_value(o, reader, row, &v->object.values[i]);
	return buf_err(outflow_text(o));
}

static const struct outflow_form values = {
	.media = CSV_MEDIA,
	.way = "csv",
	.begin = begin_values,
	.row = add_values,
	.extra = sizeof(struct values),
	.free_extra = free_values,
};

/* ---- the route ---- */

/* Of the warning lists; where none counts for the asker's bundle, of none. */
static void tag_lists(const struct warned *w, uint8_t tag[SHA256_SIZE])
{
	uint8_t revision[8];
	if (w->worst == WARNING_OFF)
		return;
	store_be64(revision, (uint64_t)w->revision);
	sha256_parts(tag, SHA256_SIZE, revision, sizeof(revision), NULL, 0, tag);
}

/* Of what stands under the asker's labels, of the warning lists, and of what he asked of it. */
static int tag_of(struct request *r, const struct object_filter *f, uint8_t out[SHA256_SIZE])
{
	struct reader *reader;
	uint8_t after[8];
	int err = request_read_feed(r, &reader);
	if (err != HN_OK)
		return err;
	struct warned warned;
	err = view_tag(reader, out);
	if (err == HN_OK)
		err = warned_begin(&warned, r, reader, bundle.way);
	reader_end(reader);
	if (err != HN_OK || answer_is_sent(r))
		return err;
	tag_lists(&warned, out);
	store_be64(after, (uint64_t)f->after_seq);
	sha256_parts(out, SHA256_SIZE, after, sizeof(after), NULL, 0, out);
	for (size_t i = 0; i < f->type_count; i++)
		sha256_parts(out, SHA256_SIZE, f->types[i], strlen(f->types[i]), NULL, 0, out);
	return HN_OK;
}

/* The same bundle has the same identifier, so that it is the same bytes. */
static int send_bundle(struct request *r, const struct object_filter *f)
{
	uint8_t tag[SHA256_SIZE];
	char etag[2 * 16 + 1];
	struct uuid *id = arena_alloc(r->arena, sizeof(*id));
	struct outflow_form *form = arena_alloc(r->arena, sizeof(*form));
	if (id == NULL || form == NULL)
		return HN_ENOMEM;
	int err = tag_of(r, f, tag);
	if (err != HN_OK || answer_is_sent(r))
		return err;
	const struct uuid space = {{0}};
	*id = uuid_v5(&space, tag, sizeof(tag));
	*form = bundle;
	form->context = id;
	hex_encode(tag, 16, etag);
	answer_etag(r, etag);
	return outflow_send(r, form, f);
}

static int read_types(struct request *r, struct object_filter *f)
{
	size_t at = 0, len;
	const char *type, **types = arena_alloc(r->arena, TYPES_ASKED * sizeof(*types));
	if (types == NULL)
		return HN_ENOMEM;
	while ((type = request_query_next(r, "type", &at, &len)) != NULL) {
		if (f->type_count == TYPES_ASKED)
			return fault_set(&r->fault, HN_EFORMAT, "type",
					 tr("more than %d types", "型が%d個を超えている"), TYPES_ASKED);
		if ((types[f->type_count++] = arena_text(r->arena, type, len)) == NULL)
			return HN_ENOMEM;
	}
	f->types = types;
	return HN_OK;
}

static int export_get(struct request *r)
{
	size_t len;
	int64_t after;
	struct object_filter f = {0};
	const char *format = request_query(r, "format", &len);
	bool csv =
		format != NULL ? strcmp(format, "csv") == 0 : strncmp(request_gives(r), "text/csv", 8) == 0;
	bool misp = format != NULL && strcmp(format, "misp") == 0;
	const char *text = request_query(r, "after", &len);
	int err = read_types(r, &f);
	if (err == HN_OK && text != NULL) {
		err = utc_parse(text, len, &after);
		f.after_seq = err == HN_OK ? after / 1000 : 0;
	}
	if (err != HN_OK)
		return err;
	return csv    ? outflow_send(r, &values, &f)
	       : misp ? outflow_send(r, &MISP_EXPORT, &f)
		      : send_bundle(r, &f);
}

static const struct query_spec export_query[] = {
	{.name = "format",
	 .kind = QUERY_WORD,
	 .words = "stix|csv|misp",
	 .help_en = "a STIX bundle (as unless said), values as CSV, or an event of MISP",
	 .help_ja = "STIXバンドル（既定）、値のCSV、またはMISPのイベント"},
	{.name = "type",
	 .kind = QUERY_TEXT,
	 .repeated = true,
	 .max = 250,
	 .help_en = "only of this STIX type; several are alternatives",
	 .help_ja = "このSTIX型のみ。複数指定はいずれか"},
	{.name = "after",
	 .kind = QUERY_TIME,
	 .help_en = "only what was added later than this",
	 .help_ja = "この時刻より後に登録されたもののみ"},
	{0},
};

/* Open to the public, who sees what is TLP:CLEAR. */
const struct route EXPORT_ROUTES[] = {
	{
		.method = HTTP_GET,
		.pattern = "/api/v1/export",
		.operation = "export",
		.flags = ROUTE_PUBLIC,
		.scopes = SCOPE_READ,
		.handle = export_get,
		.end = outflow_free,
		.gives = STIX_MEDIA "|text/csv|application/json",
		.query = export_query,
		.answers = {{200, NULL, STIX_MEDIA "|text/csv|application/json"}, {304, NULL, NULL}},
		.tag = "objects",
		.summary_en = "All that the asker may see, as one bundle, as CSV or as an event of MISP, of "
			      "any length",
		.summary_ja =
			"閲覧できるすべてを一つのバンドル、CSV、またはMISPのイベントで返す（長さの制限なし）",
	},
	{0},
};
