/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/exchange/handin.h"
#include "hub/exchange/terms.h"
#include "hub/request/request_store.h"
#include "hub/taxii/taxii.h"
#include "store/asker.h"
#include "store/statuses.h"

/*
 * Adding objects (TAXII 2.1, 5.5). They are read and written as they arrive; the answer comes when all are
 * durable, so its status is complete at once. What was taken is told one by one as far as there is room.
 */
#define SUCCESSES_BYTES (STATUS_MAX / 2)
#define SUCCESS_MAX     (STIX_ID_MAX + TAXII_TIME_SIZE + 32)

struct adding {
	struct buf successes; /* filled on the writer's thread, read when nothing is under way any more */
	uint64_t success_count, told;
};

static void note_taken(void *context, const struct stix_object *o, enum object_outcome outcome, int64_t seq)
{
	struct adding *a = context;
	if (outcome == OBJECT_CONFLICT)
		return;
	if (a->success_count++ == 0)
		buf_init(&a->successes, SUCCESSES_BYTES);
	if (a->successes.len + SUCCESS_MAX > SUCCESSES_BYTES)
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

static void free_adding(void *context)
{
	buf_clear(&((struct adding *)context)->successes);
}

/* May the asker write there, and whose are the objects. */
static int terms(struct request *r, struct intake_terms *out)
{
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	struct collection c;
	err = taxii_find_collection(r, reader, true, &c);
	reader_end(reader);
	if (err == HN_OK)
		err = terms_of_request(r, out);
	if (err == HN_OK)
		out->collection = c.number;
	return err;
}

/* ---- the answer ---- */

#define MESSAGE_MAX (sizeof(struct fault) + 64)
#define FAILURE_MAX (6 * MESSAGE_MAX + STIX_ID_MAX + 64) /* bytes of one, all of it escaped */

static void write_failures(struct buf *b, const struct intake_result *result)
{
	for (size_t i = 0; i < result->failure_count && b->len < STATUS_MAX - FAILURE_MAX; i++) {
		const struct intake_failure *f = &result->failures[i];
		buf_addf(b, "%s{\"id\":", i == 0 ? "" : ",");
		buf_json_string(b, f->id, strlen(f->id));
		buf_adds(b, ",\"message\":");
		char message[MESSAGE_MAX];
		int n = snprintf(message, sizeof(message), "objects[%llu]%s: %s",
				 (unsigned long long)f->index, f->fault.place, f->fault.message);
		buf_json_string(b, message, (size_t)n);
		buf_addc(b, '}');
	}
}

/* The status resource (4.3.1). */
static void write_status(const struct request *r, const struct uuid *status, const struct adding *a,
			 const struct intake_result *result, struct buf *b)
{
	char id[UUID_TEXT_SIZE], time[TAXII_TIME_SIZE];
	uuid_format(status, id);
	taxii_time(r->received_ns, time);
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
	struct handin *h = context;
	struct uuid status = uuid_v7(r->received_ns);
	struct intake_result result;
	handin_result(h, &result);
	struct buf *b = answer_body(r);
	write_status(r, &status, handin_extra(h), &result, b);
	int err = buf_err(b);
	if (err == HN_OK)
		err = statuses_put(w, &status, r->who.asker->organisation, b->data, b->len);
	request_count(r, result.objects);
	return err == HN_OK ? answer_send(r, 202, TAXII_MEDIA) : err;
}

static int finish(struct request *r, struct handin *h)
{
	return request_change(r, keep_status, h);
}

static const struct handin_how how = {
	.terms = terms,
	.finish = finish,
	.taken = note_taken,
	.extra = sizeof(struct adding),
	.free_extra = free_adding,
};

int taxii_add_piece(struct request *r, const uint8_t *data, size_t len)
{
	return handin_piece(r, &how, data, len);
}

int taxii_add(struct request *r)
{
	if (r->state == NULL)
		return fault_set(&r->fault, HN_EFORMAT, "", tr("there is no envelope", "エンベロープがない"));
	return handin_end(r, &how);
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
