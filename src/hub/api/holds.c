/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/holds.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "http/limit.h"
#include "hub/api/common.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "store/holds.h"
#include "store/label_form.h"
#include "store/labels.h"

#define ASK_SECOND 1 /* questions a second of one organisation, all its people and machines together */
#define ASK_BURST  30

/* ---- writing ---- */

struct page {
	struct reader *reader;
	struct buf *body;
	size_t count;
	int64_t last;
	char etag[COMMON_ETAG_SIZE];
};

static int write_hold(void *context, const struct hold *h)
{
	struct page *p = context;
	char id[UUID_TEXT_SIZE];
	uuid_format(&h->id, id);
	buf_addf(p->body, "%s{\"id\":\"%s\"", p->count++ > 0 ? "," : "", id);
	common_uuid(p->body, "organisation", &h->organisation_id);
	if (reader_asker(p->reader)->organisation == h->organisation)
		common_uuid(p->body, "person", &h->person);
	common_text(p->body, "value", h->value);
	common_text(p->body, "reason", h->reason);
	common_text(p->body, "contact", h->contact);
	common_time(p->body, "entered", h->made_us);
	common_time(p->body, "until", h->until_us);
	common_time(p->body, "released", h->released_us);
	buf_adds(p->body, ",\"marking\":");
	int err = label_form_write(p->reader, h->label, p->body);
	buf_addc(p->body, '}');
	common_etag(h->revision, p->etag);
	p->last = h->number;
	return err == HN_OK ? buf_err(p->body) : err;
}

int holds_list_get(struct request *r)
{
	struct page p = {.body = answer_body(r)};
	int64_t after = 0;
	bool more = false;
	int err = common_cursor(r, &after);
	if (err == HN_OK)
		err = request_read(r, &p.reader);
	if (err != HN_OK)
		return err;
	buf_adds(p.body, "{\"holds\":[");
	err = holds_list(p.reader, after, request_query_flag(r, "all"), r->received_ns / 1000,
			 request_query_number(r, "limit", COMMON_LIMIT), write_hold, &p, &more);
	reader_end(p.reader);
	common_list_end(p.body, more, p.last);
	request_count(r, p.count);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

int hold_get(struct request *r)
{
	struct page p = {.body = answer_body(r)};
	int err = request_read(r, &p.reader);
	if (err != HN_OK)
		return err;
	err = holds_get(p.reader, &r->params[0].uuid, write_hold, &p);
	reader_end(p.reader);
	if (err != HN_OK)
		return err;
	answer_etag(r, p.etag);
	return answer_send(r, 200, NULL);
}

static int write_question(void *context, const struct hold_question *q)
{
	struct page *p = context;
	char id[UUID_TEXT_SIZE], at[UTC_SIZE];
	uuid_format(&q->organisation, id);
	utc_format(q->made_us * 1000, at);
	buf_addf(p->body, "%s{\"organisation\":\"%s\",\"asked\":\"%s\",\"approval\":%s}",
		 p->count++ > 0 ? "," : "", id, at, q->approval ? "true" : "false");
	p->last = q->number;
	return buf_err(p->body);
}

int hold_questions_get(struct request *r)
{
	struct page p = {.body = answer_body(r)};
	int64_t before = 0;
	bool more = false;
	int err = common_cursor(r, &before);
	if (err == HN_OK)
		err = request_read(r, &p.reader);
	if (err != HN_OK)
		return err;
	buf_adds(p.body, "{\"questions\":[");
	err = holds_questions(p.reader, &r->params[0].uuid, before,
			      request_query_number(r, "limit", COMMON_LIMIT), write_question, &p, &more);
	reader_end(p.reader);
	common_list_end(p.body, more, p.last);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

/* ---- changing ---- */

/* What somebody wrote of a hold. */
struct entering {
	struct hold_new hold;
	struct canonical value;
	struct label label;
	int64_t revision;
};

static int read_form(struct request *r, bool with_value, struct entering **out)
{
	static const char *const names[] = {"value", "reason", "contact", "until", "marking", NULL};
	struct form f;
	struct entering *e = arena_alloc(r->arena, sizeof(*e));
	if (e == NULL)
		return HN_ENOMEM;
	int err = common_body(r, with_value ? names : names + 1, &f);
	const char *value = NULL;
	if (err == HN_OK && with_value)
		err = form_text(&f, "value", true, ENTRY_KEY_MAX, &value);
	if (err == HN_OK && with_value)
		err = hold_value(value, strlen(value), &e->value, &r->fault);
	if (err == HN_OK)
		err = form_text(&f, "reason", true, HOLD_TEXT_MAX, &e->hold.reason);
	if (err == HN_OK)
		err = form_text(&f, "contact", true, HOLD_TEXT_MAX, &e->hold.contact);
	if (err == HN_OK)
		err = form_time(&f, "until", &e->hold.until_us);
	if (err == HN_OK && e->hold.until_us <= r->received_ns / 1000)
		err = form_wrong(&f, "until", "must be a time to come", "は将来の時刻でなければならない");
	if (err == HN_OK)
		err = common_marking(r, &f, &e->label);
	e->hold.key = &e->value.key;
	e->hold.organisation = r->who.asker->organisation;
	e->hold.person = r->who.account;
	*out = e;
	return err == HN_ELIMIT ? HN_EFORMAT : err;
}

static int enter(struct writing *w, struct request *r, void *context)
{
	struct entering *e = context;
	int err = labels_number(w, &e->label, &e->hold.label);
	if (err == HN_OK)
		err = holds_add(w, &e->hold);
	if (err == HN_OK)
		err = common_note(w, r, "hub.hold.enter", "hold", &e->hold.id);
	if (err != HN_OK)
		return err;
	return common_made(r, "/api/v1/holds", &e->hold.id);
}

int holds_post(struct request *r)
{
	struct entering *e = NULL;
	int err = read_form(r, true, &e);
	if (err != HN_OK)
		return err;
	e->hold.id = uuid_v4();
	return request_change(r, enter, e);
}

static int changed(struct request *r, int err)
{
	if (err == HN_ESTATE)
		return answer_problem(
			r, 409, "state",
			tr("it was released or changed meanwhile", "すでに解除されたか、変更されている"));
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

static int change(struct writing *w, struct request *r, void *context)
{
	struct entering *e = context;
	int err = labels_number(w, &e->label, &e->hold.label);
	if (err == HN_OK)
		err = holds_change(w, &e->hold, e->revision);
	if (err == HN_OK)
		err = common_note(w, r, "hub.hold.change", "hold", &e->hold.id);
	return changed(r, err);
}

int hold_put(struct request *r)
{
	struct entering *e = NULL;
	int64_t revision;
	int err = common_if_match(r, &revision);
	if (err == HN_OK)
		err = read_form(r, false, &e);
	if (err != HN_OK)
		return err;
	e->hold.id = r->params[0].uuid;
	e->revision = revision;
	return request_change(r, change, e);
}

static int release(struct writing *w, struct request *r, void *context)
{
	int err = holds_release(w, r->who.asker->organisation, &r->params[0].uuid, *(const int64_t *)context);
	if (err == HN_OK)
		err = common_note(w, r, "hub.hold.release", "hold", &r->params[0].uuid);
	return changed(r, err);
}

int hold_release_post(struct request *r)
{
	int64_t *revision = arena_alloc(r->arena, sizeof(*revision));
	int err = revision == NULL ? HN_ENOMEM : common_if_match(r, revision);
	return err == HN_OK ? request_change(r, release, revision) : err;
}

/* ---- asking ---- */

static struct limit *shares;
static pthread_once_t shares_once = PTHREAD_ONCE_INIT;

static void make_shares(void)
{
	if (limit_new(&shares) != HN_OK)
		shares = NULL;
}

int holds_share(struct request *r)
{
	(void)pthread_once(&shares_once, make_shares);
	if (shares == NULL)
		return HN_ENOMEM;
	int64_t wait = limit_take(shares, (uint64_t)r->who.asker->organisation * UINT64_C(0x9e3779b97f4a7c15),
				  ASK_SECOND, ASK_BURST, r->received_ns / 1000);
	if (wait == 0)
		return HN_OK;
	char seconds[24];
	(void)snprintf(seconds, sizeof(seconds), "%" PRId64, wait / 1000000 + 1);
	(void)answer_problem(r, 429, "rate", NULL);
	answer_header(r, "Retry-After", seconds);
	return HN_ELIMIT;
}

static int ask(struct writing *w, struct request *r, void *context)
{
	const struct entering *e = context;
	const struct hold_asker asker = {.organisation = r->who.asker->organisation,
					 .account = r->who.account};
	bool held = false;
	struct buf record;
	buf_init(&record, 64u << 10);
	int err = holds_ask(w, &e->value.key, &asker, &held);
	buf_adds(&record, "{\"value\":");
	size_t at = record.len;
	struct buf value;
	buf_init(&value, HOLD_VALUE_MAX);
	canonical_format(&e->value.key, &value);
	buf_json_string(&record, value.len > 0 ? value.data : "", value.len);
	buf_addf(&record, ",\"held\":%s}", held ? "true" : "false");
	if (err == HN_OK)
		err = buf_err(&value) != HN_OK ? buf_err(&value) : buf_err(&record);
	if (err == HN_OK && at > 0)
		err = request_note(w, r, "hub.hold.question", record.data, record.len);
	buf_clear(&value);
	buf_clear(&record);
	if (err != HN_OK)
		return err;
	buf_addf(answer_body(r), "{\"held\":%s}", held ? "true" : "false");
	return answer_send(r, 200, NULL);
}

int holds_ask_post(struct request *r)
{
	static const char *const names[] = {"value", NULL};
	struct entering *e = arena_alloc(r->arena, sizeof(*e));
	struct form f;
	const char *value = NULL;
	int err = e == NULL ? HN_ENOMEM : common_body(r, names, &f);
	if (err == HN_OK)
		err = form_text(&f, "value", true, ENTRY_KEY_MAX, &value);
	if (err == HN_OK)
		err = hold_value(value, strlen(value), &e->value, &r->fault);
	if (err != HN_OK)
		return err == HN_ELIMIT ? HN_EFORMAT : err;
	if (holds_share(r) != HN_OK)
		return HN_OK;
	return request_change(r, ask, e);
}
