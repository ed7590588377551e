/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What edges reported, as people read it: events, sightings, receipts, selected records, and the situation.
 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/api/edges.h"
#include "hub/edge/edge.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/edge_events.h"
#include "store/edge_receipts.h"
#include "store/edges.h"
#include "store/objects.h"
#include "store/selected.h"

#define DAY_US    (INT64_C(24) * 3600 * 1000000)
#define HOUR_US   (INT64_C(3600) * 1000000)
#define TOP_COUNT 10
#define DAYS_MAX  400

struct page {
	struct buf *body;
	size_t count;
	int64_t last;
	struct sha256 *digest; /* of what is an entry of the ledger */
};

static const struct uuid none = {{0}};

static void add_indicator(struct buf *b, const struct uuid *indicator)
{
	char id[UUID_TEXT_SIZE];
	if (memcmp(indicator, &none, sizeof(none)) == 0)
		return;
	uuid_format(indicator, id);
	buf_addf(b, ",\"indicator\":\"indicator--%s\"", id);
}

/* ---- events ---- */

static int write_event(void *context, const struct edge_event *e)
{
	struct page *p = context;
	char id[UUID_TEXT_SIZE];
	uuid_format(&e->uid, id);
	buf_addf(p->body, "%s{\"id\":\"%s\"", p->count++ > 0 ? "," : "", id);
	common_uuid(p->body, "edge", &e->edge_id);
	common_uuid(p->body, "organisation", &e->organisation_id);
	common_time(p->body, "time", e->time_us);
	buf_addf(p->body, ",\"count\":%lld", (long long)e->times);
	add_indicator(p->body, &e->indicator);
	common_text(p->body, "set", e->set);
	common_text(p->body, "action", e->action);
	common_text(p->body, "value", e->value);
	buf_adds(p->body, ",\"record\":");
	buf_add(p->body, e->body, e->body_len);
	buf_addc(p->body, '}');
	p->last = e->number;
	return buf_err(p->body);
}

/* "indicator--UUID" of a query parameter. */
static int query_indicator(struct request *r, struct uuid *out, bool *given)
{
	size_t len;
	struct stix_id id;
	const char *text = request_query(r, "indicator", &len);
	*given = text != NULL;
	if (text == NULL)
		return HN_OK;
	int err = stix_id_parse(text, len, &id);
	*out = id.uuid;
	return err;
}

static const struct uuid *query_uuid(struct request *r, const char *name, struct uuid *out)
{
	size_t len;
	const char *text = request_query(r, name, &len);
	return text != NULL && uuid_parse(text, len, out) == HN_OK ? out : NULL;
}

static int64_t query_time(struct request *r, const char *name)
{
	size_t len;
	int64_t ns = 0;
	const char *text = request_query(r, name, &len);
	return text != NULL && utc_parse(text, len, &ns) == HN_OK ? ns / 1000 : 0;
}

static int events_get(struct request *r)
{
	struct page p = {.body = answer_body(r)};
	struct uuid edge, organisation, indicator;
	struct edge_event_filter f = {.edge = query_uuid(r, "edge", &edge),
				      .organisation = query_uuid(r, "organisation", &organisation),
				      .from_us = query_time(r, "from"),
				      .until_us = query_time(r, "until")};
	struct reader *reader;
	bool more = false, given = false;
	int err = common_cursor(r, &f.before);
	if (err == HN_OK)
		err = query_indicator(r, &indicator, &given);
	if (err == HN_OK)
		err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	f.indicator = given ? &indicator : NULL;
	buf_adds(p.body, "{\"events\":[");
	err = edge_events_list(reader, &f, request_query_number(r, "limit", COMMON_LIMIT), write_event, &p,
			       &more);
	reader_end(reader);
	common_list_end(p.body, more, p.last);
	request_count(r, p.count);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

/* ---- sightings ---- */

static int write_day(void *context, const struct sighting_day *d)
{
	struct page *p = context;
	buf_addf(p->body, "%s{\"source\":\"%s\"", p->count++ > 0 ? "," : "", sighting_kind_name(d->kind));
	common_uuid(p->body, "organisation", &d->organisation_id);
	common_time(p->body, "day", d->day_us);
	buf_addf(p->body, ",\"count\":%lld", (long long)d->times);
	common_time(p->body, "first", d->first_us);
	common_time(p->body, "last", d->last_us);
	buf_addf(p->body, ",\"selected\":%s}", d->label != 0 ? "true" : "false");
	return buf_err(p->body);
}

static int see(void *context, const struct object_row *row)
{
	(void)context;
	(void)row;
	return HN_OK;
}

/* @return HN_ENOENT: the reader may not see it */
static int see_indicator(struct reader *reader, const struct uuid *indicator)
{
	const struct stix_id id = {"indicator", sizeof("indicator") - 1, *indicator};
	return objects_get(reader, &id, see, NULL);
}

/* Whoever may see the indicator learns how often it was seen, once enough contribute. */
static int sightings_get(struct request *r)
{
	struct page p = {.body = answer_body(r)};
	struct uuid indicator;
	struct sighting_sum sum;
	struct reader *reader;
	bool given = false;
	int err = query_indicator(r, &indicator, &given);
	if (err == HN_OK)
		err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = see_indicator(reader, &indicator);
	if (err == HN_OK)
		err = sightings_sum(reader, &indicator, &sum);
	buf_adds(p.body, "{\"days\":[");
	if (err == HN_OK)
		err = sightings_list(reader, &indicator, DAYS_MAX, write_day, &p);
	reader_end(reader);
	buf_addc(p.body, ']');
	if (err == HN_OK && sum.told) {
		buf_addf(p.body, ",\"everywhere\":{\"count\":%lld,\"organisations\":%lld",
			 (long long)sum.times, (long long)sum.organisations);
		common_time(p.body, "first", sum.first_us);
		common_time(p.body, "last", sum.last_us);
		buf_addc(p.body, '}');
	}
	buf_addc(p.body, '}');
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

/* ---- receipts ---- */

static int write_receipt(void *context, const struct edge_receipt *e)
{
	struct page *p = context;
	buf_addf(p->body, "%s{\"number\":%lld", p->count++ > 0 ? "," : "", (long long)e->number);
	common_uuid(p->body, "edge", &e->edge_id);
	common_time(p->body, "made", e->made_us);
	common_time(p->body, "from", e->begins_us);
	common_time(p->body, "until", e->ends_us);
	buf_addf(p->body, ",\"holds\":%s", e->holds ? "true" : "false");
	if (!e->holds)
		common_text(p->body, "finding", e->finding);
	buf_addf(p->body,
		 ",\"packets\":{\"seen\":%lld,\"selected\":%lld,\"erased\":%lld,\"pending\":%lld,\"not_"
		 "seen\":%lld},"
		 "\"records\":%lld",
		 (long long)e->seen, (long long)e->selected, (long long)e->erased, (long long)e->pending,
		 (long long)e->not_seen, (long long)e->records);
	common_time(p->body, "erase_by", e->erase_by_us);
	buf_adds(p->body, ",\"receipt\":");
	buf_add(p->body, e->line, e->line_len);
	buf_addc(p->body, '}');
	p->last = e->seq;
	return buf_err(p->body);
}

static int receipts_get(struct request *r)
{
	struct page p = {.body = answer_body(r)};
	struct uuid edge, authorization;
	struct reader *reader;
	int64_t before = 0;
	bool more = false;
	int err = common_cursor(r, &before);
	if (err == HN_OK)
		err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	buf_adds(p.body, "{\"receipts\":[");
	err = edge_receipts_list(reader, query_uuid(r, "edge", &edge),
				 query_uuid(r, "authorisation", &authorization), before,
				 request_query_number(r, "limit", COMMON_LIMIT), write_receipt, &p, &more);
	reader_end(reader);
	common_list_end(p.body, more, p.last);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

/* ---- selected records ---- */

static int write_record(void *context, const struct selected_record *s)
{
	struct page *p = context;
	char id[UUID_TEXT_SIZE];
	uuid_format(&s->uid, id);
	sha256_add(p->digest, id, strlen(id));
	buf_addf(p->body, "%s{\"id\":\"%s\"", p->count++ > 0 ? "," : "", id);
	common_uuid(p->body, "edge", &s->edge_id);
	common_uuid(p->body, "authorisation", &s->authorization);
	buf_addf(p->body, ",\"receipt\":%lld", (long long)s->receipt);
	common_time(p->body, "time", s->time_us);
	common_time(p->body, "erase_by", s->erase_by_us);
	buf_adds(p->body, ",\"record\":");
	buf_add(p->body, s->body, s->body_len);
	buf_addc(p->body, '}');
	p->last = s->number;
	return buf_err(p->body);
}

/* Every reading of it is an entry of the ledger, durable before the answer leaves. */
static int selected_get(struct request *r)
{
	struct page p = {.body = answer_body(r), .digest = sha256_new()};
	struct uuid authorization;
	uint8_t digest[SHA256_SIZE];
	struct reader *reader = NULL;
	int64_t before = 0;
	bool more = false;
	int err = p.digest == NULL ? HN_ENOMEM : common_cursor(r, &before);
	if (err == HN_OK)
		err = request_read(r, &reader);
	buf_adds(p.body, "{\"records\":[");
	if (err == HN_OK)
		err = selected_list(reader, query_uuid(r, "authorisation", &authorization), before,
				    request_query_number(r, "limit", COMMON_LIMIT), write_record, &p, &more);
	reader_end(reader);
	common_list_end(p.body, more, p.last);
	if (err == HN_OK && p.count > 0) {
		sha256_end(p.digest, digest);
		err = request_note_read(r, digest, p.count, "selected");
	}
	sha256_free(p.digest);
	request_count(r, p.count);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

/* ---- the situation ---- */

static int write_hour(void *context, const struct event_hour *h)
{
	struct page *p = context;
	buf_adds(p->body, p->count++ > 0 ? ",{\"count\":" : "{\"count\":");
	buf_addf(p->body, "%lld", (long long)h->times);
	common_time(p->body, "hour", h->hour_us);
	buf_addc(p->body, '}');
	return buf_err(p->body);
}

static int write_top(void *context, const struct event_top *t)
{
	struct page *p = context;
	buf_adds(p->body, p->count++ > 0 ? ",{\"count\":" : "{\"count\":");
	buf_addf(p->body, "%lld", (long long)t->times);
	add_indicator(p->body, &t->indicator);
	common_text(p->body, "value", t->value);
	buf_addc(p->body, '}');
	return buf_err(p->body);
}

struct edge_count {
	uint64_t all, following, silent;
	int64_t now_us;
};

static int count_edge(void *context, const struct edge_row *e)
{
	struct edge_count *c = context;
	if (e->revoked_us != 0)
		return HN_OK;
	c->all++;
	c->following += edge_heads_follows(e->number);
	c->silent += e->health_us < c->now_us - 5 * HOUR_US / 60;
	return HN_OK;
}

static int write_situation(struct request *r, struct reader *reader, struct buf *b)
{
	int64_t now_us = r->received_ns / 1000, hours = (int64_t)request_query_number(r, "hours", 24);
	int64_t from_us = now_us - now_us % HOUR_US - (hours - 1) * HOUR_US;
	struct page p = {.body = b};
	struct receipt_sums sums = {0};
	struct edge_count edges = {.now_us = now_us};
	bool more;
	buf_adds(b, "{\"blocked\":{\"hours\":[");
	int err = edge_events_hours(reader, from_us, write_hour, &p);
	buf_adds(b, "],\"top\":[");
	p.count = 0;
	if (err == HN_OK)
		err = edge_events_top(reader, from_us, TOP_COUNT, write_top, &p);
	if (err == HN_OK)
		err = edge_receipts_sums(reader, from_us, &sums);
	if (err == HN_OK)
		err = edges_list(reader, 0, 100000, count_edge, &edges, &more);
	buf_addf(b,
		 "]},\"packets\":{\"receipts\":%lld,\"seen\":%lld,\"selected\":%lld,\"erased\":%lld,"
		 "\"pending\":%lld,"
		 "\"not_seen\":%lld,\"failing\":%lld}",
		 (long long)sums.receipts, (long long)sums.seen, (long long)sums.selected,
		 (long long)sums.erased, (long long)sums.pending, (long long)sums.not_seen,
		 (long long)sums.failing);
	buf_addf(b, ",\"edges\":{\"enrolled\":%llu,\"following\":%llu,\"silent\":%llu}",
		 (unsigned long long)edges.all, (unsigned long long)edges.following,
		 (unsigned long long)edges.silent);
	common_time(b, "from", from_us);
	common_time(b, "now", now_us);
	buf_addc(b, '}');
	return err == HN_OK ? buf_err(b) : err;
}

static int situation_get(struct request *r)
{
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = write_situation(r, reader, answer_body(r));
	reader_end(reader);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

/* ---- routes ---- */

#define EDGE_QUERY                                                                                           \
	{                                                                                                    \
		.name = "edge", .kind = QUERY_UUID, .help_en = "of this edge", .help_ja = "エッジ"        \
	}
#define AUTHORISATION_QUERY                                                                                  \
	{                                                                                                    \
		.name = "authorisation", .kind = QUERY_UUID, .help_en = "under this authorisation",          \
		.help_ja = "承認"                                                                          \
	}

static const struct query_spec events_query[] = {
	COMMON_PAGE,
	EDGE_QUERY,
	{.name = "organisation", .kind = QUERY_UUID, .help_en = "of this organisation", .help_ja = "組織"},
	{.name = "indicator", .kind = QUERY_STIX, .help_en = "of this indicator", .help_ja = "指標"},
	{.name = "from", .kind = QUERY_TIME, .help_en = "not earlier", .help_ja = "これ以後"},
	{.name = "until", .kind = QUERY_TIME, .help_en = "earlier than this", .help_ja = "これより前"},
	{0},
};
static const struct query_spec sightings_query[] = {
	{.name = "indicator",
	 .kind = QUERY_STIX,
	 .required = true,
	 .help_en = "of this indicator",
	 .help_ja = "指標"},
	{0},
};
static const struct query_spec receipts_query[] = {COMMON_PAGE, EDGE_QUERY, AUTHORISATION_QUERY, {0}};
static const struct query_spec selected_query[] = {COMMON_PAGE, AUTHORISATION_QUERY, {0}};
static const struct query_spec situation_query[] = {
	{.name = "hours",
	 .kind = QUERY_NUMBER,
	 .min = 1,
	 .max = 744,
	 .help_en = "to look back; 24 if not said",
	 .help_ja = "さかのぼる時間数。省略時は24"},
	{0},
};

const struct route REPORT_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1/edge-events",
	 .operation = "listEdgeEvents",
	 .scopes = SCOPE_READ,
	 .handle = events_get,
	 .query = events_query,
	 .answers = {{200, "edge-event-page", NULL}},
	 .tag = "reports",
	 .summary_en = "What resolvers refused, the newest first; of one's organisation, the centre sees all",
	 .summary_ja = "リゾルバーが遮断した問合せを新しい順に。自組織のもの。中央にはすべて見える"},
	{.method = HTTP_GET,
	 .pattern = "/api/v1/sightings",
	 .operation = "listSightings",
	 .scopes = SCOPE_READ,
	 .handle = sightings_get,
	 .query = sightings_query,
	 .answers = {{200, "sightings", NULL}},
	 .tag = "reports",
	 .summary_en = "How often an indicator was seen: by day for one's organisation, in sum for all",
	 .summary_ja = "指標の観測回数。自組織は日ごと、全体は合計"},
	{.method = HTTP_GET,
	 .pattern = "/api/v1/receipts",
	 .operation = "listReceipts",
	 .scopes = SCOPE_READ,
	 .handle = receipts_get,
	 .query = receipts_query,
	 .answers = {{200, "receipt-page", NULL}},
	 .tag = "reports",
	 .summary_en = "Receipts of sensors as they came, with what was found of them; the hub's word, the "
		       "commission has its own",
	 .summary_ja = "センサーの受領証とその検査結果。ハブの申告であり、委員会は自ら検査する"},
	{.method = HTTP_GET,
	 .pattern = "/api/v1/selected",
	 .operation = "listSelectedRecords",
	 .scopes = SCOPE_READ,
	 .handle = selected_get,
	 .query = selected_query,
	 .answers = {{200, "selected-page", NULL}},
	 .tag = "reports",
	 .summary_en =
		 "Selected communications information, for the handlers that its authorisation names; each "
		 "reading is in the ledger",
	 .summary_ja = "選別後通信情報。承認が定める取扱者に限る。閲覧はすべて台帳に記録される"},
	{.method = HTTP_GET,
	 .pattern = "/api/v1/situation",
	 .operation = "getSituation",
	 .scopes = SCOPE_READ,
	 .handle = situation_get,
	 .query = situation_query,
	 .answers = {{200, "situation", NULL}},
	 .tag = "reports",
	 .summary_en = "What was blocked, selected and erased of late, and how edges are",
	 .summary_ja = "最近の遮断、選別、消去と、エッジの状態"},
	{0},
};
