/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/exchange/warned.h"
#include "hub/record/reading.h"
#include "hub/request/request_store.h"
#include "hub/taxii/taxii.h"

/* One page of objects, of manifest records or of versions: the same rows, written in three forms. */
struct page {
	struct request *r;
	struct buf *body;
	void (*write)(struct buf *body, const struct object_row *row);
	int64_t first, last; /* when the page's rows were added; 0: none */
	size_t count;
	bool full;    /* bytes enough; the next page begins behind `seen` */
	int64_t seen; /* when the last row was added that was looked at */
	struct warned warned;
	struct stix_object object; /* of a row, for the warning lists */
	size_t withheld, told;     /* by them */
	struct reading reading;
};

static void write_object(struct buf *body, const struct object_row *row)
{
	buf_add(body, row->bytes, row->len);
}

static void write_version(struct buf *body, const struct object_row *row)
{
	char time[TAXII_TIME_SIZE];
	taxii_time(row->modified_ns, time);
	buf_addf(body, "\"%s\"", time);
}

static void write_record(struct buf *body, const struct object_row *row)
{
	char id[STIX_ID_MAX], added[TAXII_TIME_SIZE], version[TAXII_TIME_SIZE];
	stix_id_format(&row->id, id);
	taxii_time(row->added * 1000, added);
	taxii_time(row->modified_ns, version);
	buf_addf(body,
		 "{\"id\":\"%s\",\"date_added\":\"%s\",\"version\":\"%s\","
		 "\"media_type\":\"application/stix+json;version=%s\"}",
		 id, added, version, row->spec == STIX_2_0 ? "2.0" : "2.1");
}

static int add_row(void *context, const struct object_row *row)
{
	struct page *p = context;
	enum warning_action action;
	int err = warned_row(&p->warned, row, &p->object, &action);
	if (err != HN_OK)
		return err;
	if (action == WARNING_BLOCK) {
		p->withheld++;
		p->seen = row->added;
		return HN_OK;
	}
	if (p->count > 0 && p->body->len + row->len > TAXII_BYTES_MAX) {
		p->full = true;
		return HN_ELIMIT;
	}
	buf_adds(p->body, p->count == 0 ? "" : ",");
	p->write(p->body, row);
	if (p->count++ == 0)
		p->first = row->added;
	p->last = p->seen = row->added;
	p->told += action == WARNING_INFORM;
	reading_add(&p->reading, row);
	return buf_err(p->body);
}

static void add_warned(struct page *p)
{
	char text[64];
	if (p->withheld + p->told == 0)
		return;
	(void)snprintf(text, sizeof(text), "withheld=%zu, informed=%zu", p->withheld, p->told);
	answer_header(p->r, "Hinomi-Warned", text);
}

static void add_dates(struct page *p)
{
	if (p->count == 0)
		return;
	char time[TAXII_TIME_SIZE];
	taxii_time(p->first * 1000, time);
	answer_header(p->r, "X-TAXII-Date-Added-First", time);
	taxii_time(p->last * 1000, time);
	answer_header(p->r, "X-TAXII-Date-Added-Last", time);
}

static int ignore_row(void *context, const struct object_row *row)
{
	*(bool *)context = true;
	(void)row;
	return HN_OK;
}

/* Whether the object of a page that is empty is there at all. */
static int find_object(struct reader *reader, const struct object_filter *asked)
{
	const struct object_filter any = {.ids = asked->ids,
					  .id_count = asked->id_count,
					  .versions = OBJECT_ALL,
					  .specs = 1u << STIX_2_0 | 1u << STIX_2_1,
					  .collection = asked->collection};
	bool more, found = false;
	int err = objects_page(reader, &any, 1, ignore_row, &found, &more);
	return err == HN_OK && !found ? HN_ENOENT : err;
}

/* Pages until one has something, so that nobody takes one of which lists left nothing for the end. */
static int read_rows(struct page *p, struct reader *reader, const struct taxii_query *q, bool *more)
{
	struct object_filter filter = q->filter;
	int err;
	do {
		err = objects_page(reader, &filter, q->limit, add_row, p, more);
		filter.after_seq = p->seen;
	} while (err == HN_OK && p->count == 0 && *more && p->withheld < TAXII_PAGE_MAX);
	return p->full ? HN_OK : err;
}

/* The rows of a filter under a member's name. */
static int send_rows(struct page *p, struct reader *reader, const struct taxii_query *q, const char *member,
		     bool must_exist)
{
	bool more = false;
	buf_addf(p->body, "{\"%s\":[", member);
	int err = read_rows(p, reader, q, &more);
	if (err == HN_OK && p->count + p->withheld == 0 && must_exist)
		err = find_object(reader, &q->filter);
	if (err != HN_OK)
		return err;
	if (p->count == 0)
		buf_reset(p->body), buf_addc(p->body, '{'); /* an envelope without objects is empty (3.7) */
	else
		buf_addc(p->body, ']');
	if (p->full || more)
		buf_addf(p->body, "%s\"more\":true,\"next\":\"%llx\"", p->count > 0 ? "," : "",
			 (unsigned long long)p->seen);
	buf_addc(p->body, '}');
	add_dates(p);
	add_warned(p);
	err = reading_end(&p->reading);
	return err == HN_OK ? answer_send(p->r, 200, TAXII_MEDIA) : err;
}

/* All three: the collection, the query, one object if the path names one, the page. */
static int serve(struct request *r, const char *member,
		 void (*write)(struct buf *, const struct object_row *), bool content, bool one)
{
	struct reader *reader;
	int err = request_read_feed(r, &reader);
	if (err != HN_OK)
		return err;
	struct collection c;
	struct taxii_query q;
	struct page p = {.r = r, .body = answer_body(r), .write = write};
	stix_object_init(&p.object);
	err = taxii_find_collection(r, reader, false, &c);
	if (err == HN_OK)
		err = taxii_query_read(r, &q);
	if (err == HN_OK)
		err = warned_begin(&p.warned, r, reader, "taxii");
	if (err == HN_OK && !answer_is_sent(r)) {
		q.filter.content = content || p.warned.worst != WARNING_OFF;
		q.filter.brief = write == write_object;
		q.filter.collection = c.kind == COLLECTION_ALL ? 0 : c.number;
		if (one) {
			q.filter.ids = &r->params[1].id;
			q.filter.id_count = 1;
		}
		if (strcmp(member, "versions") == 0)
			q.filter.versions = OBJECT_ALL;
		reading_begin(&p.reading, r, reader);
		err = send_rows(&p, reader, &q, member, one);
	}
	stix_object_clear(&p.object);
	reader_end(reader);
	return answer_is_sent(r) ? HN_OK : err;
}

int taxii_objects(struct request *r)
{
	return serve(r, "objects", write_object, true, false);
}

int taxii_object(struct request *r)
{
	return serve(r, "objects", write_object, true, true);
}

int taxii_manifest(struct request *r)
{
	return serve(r, "objects", write_record, false, false);
}

int taxii_object_versions(struct request *r)
{
	return serve(r, "versions", write_version, false, true);
}
