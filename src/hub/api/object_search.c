/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <inttypes.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/api/objects.h"
#include "hub/record/reading.h"
#include "hub/request/request_store.h"
#include "store/search.h"

#define LIMIT            50
#define CORRELATIONS_MAX 20 /* objects that may share a value before it links nothing */

struct found {
	struct request *request;
	struct reader *reader;
	struct object_owner owner;
	struct buf *body;
	struct reading reading;
	size_t count;
	int64_t last;
};

static int add_found(void *context, const struct object_row *row)
{
	struct found *f = context;
	buf_adds(f->body, f->count++ == 0 ? "" : ",");
	f->last = row->seq;
	reading_add(&f->reading, row);
	return object_item_write(f->request, f->reader, row, &f->owner, f->body);
}

/* Exactly one of the four says what is asked. */
static int read_search(struct request *r, struct search *out)
{
	static const struct {
		const char *name;
		enum search_by by;
	} ways[] = {{"value", SEARCH_VALUE},
		    {"inside", SEARCH_INSIDE},
		    {"pattern", SEARCH_PATTERN},
		    {"text", SEARCH_TEXT}};
	size_t given = 0;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		size_t len;
		const char *text = request_query(r, ways[i].name, &len);
		if (text == NULL)
			continue;
		*out = (struct search){.by = ways[i].by, .text = text, .len = len};
		given++;
	}
	if (given != 1)
		return fault_set(&r->fault, HN_EFORMAT, "value",
				 tr("say one of value, inside, pattern, text",
				    "value、inside、pattern、textのうち一つを指定すること"));
	out->limit = request_query_number(r, "limit", LIMIT);
	return common_cursor(r, &out->before_seq);
}

/* How far the index is: what came later may be missing. When nothing of the asker's is, it has all until now:
 * the time of the last addition would tell of what others add. */
static int write_reach(struct request *r, struct found *f)
{
	int64_t indexed, latest;
	char time[UTC_SIZE];
	int err = search_reach(f->reader, &indexed, &latest);
	if (err != HN_OK)
		return err;
	utc_format(indexed == latest ? r->received_ns : indexed * 1000, time);
	buf_addf(f->body, ",\"indexed_until\":\"%s\",\"complete\":%s", time,
		 indexed == latest ? "true" : "false");
	return HN_OK;
}

/* Of a pattern the store says where in it; a program wants to know which parameter it was. */
static int name_pattern(const struct search *search, int err, struct fault *fault)
{
	struct fault inner = *fault;
	if (search->by != SEARCH_PATTERN || inner.message[0] == '\0' || strcmp(inner.place, "pattern") == 0)
		return err;
	return fault_set(fault, err, "pattern", "%s: %s", inner.place, inner.message);
}

int objects_search_get(struct request *r)
{
	struct search search;
	struct found f = {.request = r, .body = answer_body(r)};
	int err = read_search(r, &search);
	if (err == HN_OK)
		err = request_read(r, &f.reader);
	if (err != HN_OK)
		return err;
	reading_begin(&f.reading, r, f.reader);
	buf_adds(f.body, "{\"objects\":[");
	bool more = false, cut = false;
	err = search_objects(f.reader, &search, add_found, &f, &more, &cut, &r->fault);
	if (err != HN_OK)
		err = name_pattern(&search, err, &r->fault);
	buf_addc(f.body, ']');
	if (err == HN_OK && more)
		common_next(f.body, f.last);
	if (err == HN_OK && cut)
		buf_adds(f.body, ",\"cut\":true");
	if (err == HN_OK)
		err = write_reach(r, &f);
	if (err == HN_OK)
		err = reading_end(&f.reading);
	reader_end(f.reader);
	if (err != HN_OK)
		return err;
	buf_addc(f.body, '}');
	return answer_send(r, 200, NULL);
}

/* ---- what shares values with an object ---- */

struct sharing {
	struct found f;
	size_t values;
};

/* A value that is shared, then each object that shares it. */
static int add_sharing(void *context, const struct correlation *value, const struct object_row *other)
{
	struct sharing *s = context;
	if (other != NULL)
		return add_found(&s->f, other);
	buf_adds(s->f.body, s->values++ == 0 ? "{\"value\":" : "]},{\"value\":");
	buf_json_string(s->f.body, value->text, value->len);
	buf_addf(s->f.body, ",\"cut\":%s,\"objects\":[", value->cut ? "true" : "false");
	s->f.count = 0;
	return buf_err(s->f.body);
}

int object_correlations_get(struct request *r)
{
	struct sharing s = {.f = {.request = r, .body = answer_body(r)}};
	int err = request_read(r, &s.f.reader);
	if (err != HN_OK)
		return err;
	reading_begin(&s.f.reading, r, s.f.reader);
	buf_addf(s.f.body, "{\"limit\":%d,\"values\":[", CORRELATIONS_MAX);
	err = search_correlations(s.f.reader, &r->params[0].id, CORRELATIONS_MAX, add_sharing, &s);
	buf_adds(s.f.body, s.values == 0 ? "]" : "]}]");
	if (err == HN_OK)
		err = write_reach(r, &s.f);
	if (err == HN_OK)
		err = reading_end(&s.f.reading);
	reader_end(s.f.reader);
	if (err != HN_OK)
		return err;
	buf_addc(s.f.body, '}');
	return answer_send(r, 200, NULL);
}
