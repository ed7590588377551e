/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "base/utc.h"
#include "hub/exchange/intake.h"
#include "hub/exchange/terms.h"
#include "hub/http/answer.h"
#include "hub/hub.h"
#include "hub/taxii/taxii.h"
#include "store/statuses.h"

/*
 * Adding objects (TAXII 2.1, 5.5). They are read and written as they arrive; the answer comes when all are
 * durable, so its status is complete at once. What was taken is told one by one as far as SUCCESSES_MAX.
 */
#define SUCCESSES_MAX 20000

struct adding {
	struct request *r;
	struct intake *intake;
	int (*again)(struct request *r); /* after a rest: NULL between pieces */
	struct buf successes; /* filled on the writer's thread, read when nothing is under way any more */
	uint64_t success_count;
	uint64_t told;
	struct uuid status;
};

static void ready(void *context)
{
	struct adding *a = context;
	request_resume(a->r, a->again);
}

static void note_taken(void *context, const struct stix_object *o, enum object_outcome outcome, int64_t seq)
{
	struct adding *a = context;
	if (outcome == OBJECT_CONFLICT)
		return;
	a->success_count++;
	if (a->told == SUCCESSES_MAX)
		return;
	char id[STIX_ID_MAX], version[TAXII_TIME_SIZE];
	int64_t modified = o->modified_ns != STIX_NO_TIME  ? o->modified_ns
			   : o->created_ns != STIX_NO_TIME ? o->created_ns
							   : seq * 1000;
	stix_id_format(&o->id, id);
	taxii_time(modified, version);
	buf_addf(&a->successes, "%s{\"id\":\"%s\",\"version\":\"%s\"}", a->told++ == 0 ? "" : ",", id,
		 version);
}

/* Before the first piece: may the asker write there, and whose are the objects. */
static int begin(struct request *r)
{
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	struct collection c;
	struct intake_terms terms;
	err = taxii_find_collection(r, reader, true, &c);
	if (err == HN_OK)
		err = terms_of_request(r, reader, &terms);
	reader_end(reader);
	if (err != HN_OK)
		return err;
	terms.collection = c.number;
	struct adding *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return HN_ENOMEM;
	a->r = r;
	a->status = uuid_v7(r->received_ns);
	buf_init(&a->successes, STATUS_MAX / 2);
	r->state = a;
	err = intake_new(r->hub->store, &terms, ready, a, &a->intake);
	if (err == HN_OK)
		intake_on_taken(a->intake, note_taken, a);
	return err;
}

/* On INTAKE_WAIT the request rests; the intake resumes it. */
static int rest(struct adding *a, int err)
{
	if (err != INTAKE_WAIT)
		return err;
	request_wait(a->r);
	intake_wait(a->intake);
	return HN_OK;
}

int taxii_add_piece(struct request *r, const uint8_t *data, size_t len)
{
	int err = r->state == NULL ? begin(r) : HN_OK;
	if (err != HN_OK)
		return err;
	struct adding *a = r->state;
	a->again = NULL;
	return rest(a, intake_feed(a->intake, data, len, &r->fault));
}

/* ---- the answer ---- */

static void write_failures(struct buf *b, const struct intake_result *result)
{
	for (size_t i = 0; i < result->failure_count; i++) {
		const struct intake_failure *f = &result->failures[i];
		buf_addf(b, "%s{\"id\":", i == 0 ? "" : ",");
		buf_json_string(b, f->id, strlen(f->id));
		buf_adds(b, ",\"message\":");
		char message[sizeof(f->fault.place) + sizeof(f->fault.message) + 64];
		int n = snprintf(message, sizeof(message), "objects[%llu]%s: %s",
				 (unsigned long long)f->index, f->fault.place, f->fault.message);
		buf_json_string(b, message, (size_t)n);
		buf_addc(b, '}');
	}
}

/* The status resource (4.3.1). */
static void write_status(struct adding *a, const struct intake_result *result, struct buf *b)
{
	char id[UUID_TEXT_SIZE], time[TAXII_TIME_SIZE];
	uuid_format(&a->status, id);
	taxii_time(a->r->received_ns, time);
	buf_addf(b,
		 "{\"id\":\"%s\",\"status\":\"complete\",\"request_timestamp\":\"%s\",\"total_count\":%llu,"
		 "\"success_count\":%llu",
		 id, time, (unsigned long long)result->objects, (unsigned long long)a->success_count);
	if (a->told > 0) {
		buf_adds(b, ",\"successes\":[");
		buf_add(b, a->successes.data, a->successes.len);
		buf_addc(b, ']');
	}
	buf_addf(b, ",\"failure_count\":%llu", (unsigned long long)result->failed);
	if (result->failure_count > 0) {
		buf_adds(b, ",\"failures\":[");
		write_failures(b, result);
		buf_addc(b, ']');
	}
	buf_adds(b, ",\"pending_count\":0}");
}

static int keep_status(struct writing *w, struct request *r, void *context)
{
	struct adding *a = context;
	struct intake_result result;
	intake_result(a->intake, &result);
	struct buf *b = answer_body(r);
	write_status(a, &result, b);
	int err = buf_err(b);
	if (err == HN_OK)
		err = statuses_put(w, &a->status, r->who.asker->organisation, b->data, b->len);
	request_count(r, result.objects);
	return err == HN_OK ? answer_send(r, 202, TAXII_MEDIA) : err;
}

int taxii_add(struct request *r)
{
	int err = r->state == NULL ? begin(r) : HN_OK; /* a body without a byte */
	if (err != HN_OK)
		return err;
	struct adding *a = r->state;
	a->again = taxii_add;
	err = intake_end(a->intake, &r->fault);
	if (err == HN_OK)
		return request_change(r, keep_status, a);
	return rest(a, err);
}

void taxii_add_end(struct request *r)
{
	struct adding *a = r->state;
	if (a == NULL)
		return;
	intake_free(a->intake);
	buf_clear(&a->successes);
	free(a);
	r->state = NULL;
}

/* ---- taking out of a collection (5.7) ---- */

static int remove_object(struct writing *w, struct request *r, void *context)
{
	const struct collection *c = context;
	struct taxii_query q;
	int err = taxii_query_read(r, &q);
	if (err == HN_OK && q.filter.version_count > 1)
		err = fault_set(&r->fault, HN_EFORMAT, "match[version]",
				tr("name one version or 'all'", "版は一つ、または all を指定すること"));
	if (err == HN_OK)
		err = collections_remove(w, c->number, &r->params[1].id, r->who.asker->organisation,
					 q.filter.version_count == 1 ? q.filter.version_ns[0] : STIX_NO_TIME);
	return err == HN_OK ? answer_send(r, 200, TAXII_MEDIA) : err;
}

int taxii_object_delete(struct request *r)
{
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	struct collection *c = arena_alloc(r->arena, sizeof(*c));
	err = c == NULL ? HN_ENOMEM : taxii_find_collection(r, reader, true, c);
	reader_end(reader);
	if (err != HN_OK)
		return answer_is_sent(r) ? HN_OK : err;
	return request_change(r, remove_object, c);
}
