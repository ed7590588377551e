/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/sets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/hub.h"
#include "hub/record/reading.h"
#include "hub/request/request_store.h"
#include "hub/sets/draft.h"
#include "hub/sets/sets.h"
#include "match/canonical.h"
#include "store/approvals.h"
#include "store/holds.h"
#include "store/warnings.h"

#define ENTRIES_SHOWN 100

/* ---- writing ---- */

struct page {
	struct reader *reader;
	struct buf *body;
	size_t count;
	int64_t last;
	bool entries; /* shown one by one */
	char etag[COMMON_ETAG_SIZE];
};

static void write_step(struct buf *b, const char *name, const struct approval_step *s)
{
	char id[UUID_TEXT_SIZE], at[UTC_SIZE];
	if (s->at_us == 0)
		return;
	uuid_format(&s->person, id);
	utc_format(s->at_us * 1000, at);
	if (name != NULL)
		buf_addf(b, ",\"%s\":", name);
	buf_addf(b, "{\"by\":\"%s\",\"at\":\"%s\"}", id, at);
}

static int write_entry(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct page *p = context;
	struct buf text;
	(void)meta;
	buf_init(&text, 2 * ENTRY_KEY_MAX);
	canonical_format(key, &text);
	int err = buf_err(&text);
	buf_addf(p->body, "%s{\"kind\":\"%s\",\"value\":", p->body->data[p->body->len - 1] == '[' ? "" : ",",
		 entry_kind_name(key->kind));
	buf_json_string(p->body, err == HN_OK ? text.data : "", text.len);
	buf_addc(p->body, '}');
	buf_clear(&text);
	return err;
}

static void write_votes(struct buf *b, const struct approval *a)
{
	if (a->vote_count == 0)
		return;
	buf_adds(b, ",\"approvals\":[");
	for (size_t i = 0; i < a->vote_count; i++) {
		buf_adds(b, i > 0 ? "," : "");
		write_step(b, NULL, &a->votes[i]);
	}
	buf_addc(b, ']');
}

static int write_approval(void *context, const struct approval *a)
{
	struct page *p = context;
	struct buf *b = p->body;
	char id[UUID_TEXT_SIZE], object[STIX_ID_MAX], version[UTC_SIZE];
	int err = HN_OK;
	uuid_format(&a->id, id);
	stix_id_format(&a->object, object);
	utc_format(a->modified_ns, version);
	buf_addf(b, "%s{\"id\":\"%s\"", p->count++ > 0 ? "," : "", id);
	common_uuid(b, "set", &a->set_id);
	buf_addf(b, ",\"object\":\"%s\",\"version\":\"%s\",\"superseded\":%s,\"state\":\"%s\"", object,
		 version, a->superseded ? "true" : "false", approval_state_name(a->state));
	if (a->act[0] != '\0')
		common_text(b, "act", a->act);
	if (a->reason[0] != '\0')
		common_text(b, "reason", a->reason);
	if (a->closing[0] != '\0')
		common_text(b, "closing", a->closing);
	common_time(b, "valid_until", a->until_us);
	write_step(b, "drafted", &a->drafted);
	write_step(b, "proposed", &a->proposed);
	write_votes(b, a);
	write_step(b, "decided", &a->decided);
	write_step(b, "retired", &a->retired);
	buf_addf(b, ",\"entry_count\":%" PRId64 ",\"left_out\":%s", a->entries, a->left_out);
	if (p->entries) {
		buf_adds(b, ",\"entries\":[");
		err = approvals_entries(reader_db(p->reader), a->number, ENTRIES_SHOWN, write_entry, p);
		buf_addc(b, ']');
	}
	buf_addc(b, '}');
	common_etag(a->revision, p->etag);
	p->last = a->number;
	return err == HN_OK ? buf_err(b) : err;
}

int approvals_list_get(struct request *r)
{
	struct page p = {.body = answer_body(r)};
	int64_t before = 0;
	bool more = false;
	size_t len;
	const char *state = request_query(r, "state", &len);
	int err = common_cursor(r, &before);
	if (err == HN_OK)
		err = request_read(r, &p.reader);
	if (err != HN_OK)
		return err;
	buf_adds(p.body, "{\"approvals\":[");
	err = approvals_list(p.reader, &r->params[0].uuid,
			     state == NULL ? -1 : approval_state_value(state, len), before,
			     request_query_number(r, "limit", COMMON_LIMIT), write_approval, &p, &more);
	reader_end(p.reader);
	common_list_end(p.body, more, p.last);
	request_count(r, p.count);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

int approval_get(struct request *r)
{
	struct page p = {.body = answer_body(r), .entries = true};
	int err = request_read(r, &p.reader);
	if (err != HN_OK)
		return err;
	err = approvals_get(p.reader, &r->params[1].uuid, write_approval, &p);
	reader_end(p.reader);
	if (err != HN_OK)
		return err;
	answer_etag(r, p.etag);
	return answer_send(r, 200, NULL);
}

/* ---- drafting ---- */

struct drafting {
	struct approval_new a;
	struct draft draft;
	struct reading reading;
	bool masked;
};

static int note(struct writing *w, struct request *r, const char *kind, const struct uuid *approval,
		const char *more)
{
	char record[512], id[UUID_TEXT_SIZE], set[UUID_TEXT_SIZE];
	uuid_format(approval, id);
	uuid_format(&r->params[0].uuid, set);
	int len = snprintf(record, sizeof(record), "{\"set\":\"%s\",\"approval\":\"%s\"%s}", set, id, more);
	return request_note(w, r, kind, record, (size_t)len);
}

/* What was not decided, and why. */
static int refused(struct request *r, int err, const struct approval_refusal *why)
{
	if (why->word == NULL)
		return err;
	return answer_problem(r,
			      err == HN_EAUTH     ? 403
			      : err == HN_EFORMAT ? 422
						  : 409,
			      why->word, why->fault.message);
}

static int read_object(void *context, const struct object_row *row)
{
	struct drafting *d = context;
	d->masked = row->masked;
	d->a.seq = row->seq;
	reading_add(&d->reading, row);
	return draft_read(&d->draft, row->bytes, row->len, &d->reading.request->fault);
}

static int draft_job(struct writing *w, struct request *r, void *context)
{
	struct drafting *d = context;
	struct approval_refusal why = {.word = NULL};
	char location[160], object[STIX_ID_MAX], more[STIX_ID_MAX + 64];
	char set[UUID_TEXT_SIZE], id[UUID_TEXT_SIZE];
	int err = approvals_draft(w, r->who.asker, &d->a, &why);
	if (err != HN_OK)
		return refused(r, err, &why);
	stix_id_format(&d->a.object, object);
	(void)snprintf(more, sizeof(more), ",\"object\":\"%s\"", object);
	err = note(w, r, d->a.propose ? "hub.approval.proposed" : "hub.approval.drafted", &d->a.id, more);
	if (err != HN_OK)
		return err;
	uuid_format(&r->params[0].uuid, set);
	uuid_format(&d->a.id, id);
	(void)snprintf(location, sizeof(location), "/api/v1/sets/%s/approvals/%s", set, id);
	buf_addf(answer_body(r), "{\"id\":\"%s\",\"state\":\"%s\",\"entry_count\":%zu,\"left_out\":%s}", id,
		 approval_state_name(d->a.propose ? APPROVAL_PROPOSED : APPROVAL_DRAFT), d->a.entry_count,
		 d->a.left_out);
	return answer_created(r, location);
}

static int read_form(struct request *r, struct drafting *d)
{
	static const char *const names[] = {"object", "act", "reason", "valid_until", "propose", NULL};
	struct form f;
	const char *object = NULL;
	d->a.act = d->a.reason = "";
	int err = common_body(r, names, &f);
	if (err == HN_OK)
		err = form_text(&f, "object", true, STIX_ID_MAX, &object);
	if (err == HN_OK && stix_id_parse(object, strlen(object), &d->a.object) != HN_OK)
		err = form_wrong(&f, "object", "must be type--UUID", "は「型--UUID」でなければならない");
	if (err == HN_OK)
		err = form_text(&f, "act", false, APPROVAL_ACT_MAX, &d->a.act);
	if (err == HN_OK)
		err = form_text(&f, "reason", false, APPROVAL_TEXT_MAX, &d->a.reason);
	if (err == HN_OK)
		err = form_time(&f, "valid_until", &d->a.until_us);
	if (err == HN_OK)
		err = json_get_bool(f.at, "propose", false, &d->a.propose, &r->fault);
	return err;
}

static int read_indicator(struct request *r, struct drafting *d)
{
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	reading_begin(&d->reading, r, reader);
	d->draft.arena = r->arena;
	err = objects_get(reader, &d->a.object, read_object, d);
	if (err == HN_OK)
		err = reading_end(&d->reading);
	reader_end(reader);
	return err;
}

int approvals_post(struct request *r)
{
	struct drafting *d = arena_alloc(r->arena, sizeof(*d));
	int err = d == NULL ? HN_ENOMEM : read_form(r, d);
	if (err != HN_OK)
		return err;
	err = read_indicator(r, d);
	if (err == HN_OK && d->masked)
		err = answer_problem(r, 403, "masked",
				     tr("parts of it are closed to you: somebody who sees it whole drafts it",
					"閲覧できない部分がある。全体を閲覧できる者が起案する"));
	else if (err == HN_OK) {
		d->a.id = uuid_v4();
		d->a.set = r->params[0].uuid;
		d->a.entries = d->draft.entries;
		d->a.entry_count = d->draft.count;
		d->a.left_out = arena_text(r->arena, d->draft.left_out.data, d->draft.left_out.len);
		err = d->a.left_out != NULL ? request_change(r, draft_job, d) : HN_ENOMEM;
	}
	draft_clear(&d->draft);
	return err;
}

/* ---- steps ---- */

struct stepping {
	enum approval_verb verb;
	int64_t revision;
	const char *reason;
	struct approval_entry *entries; /* of an approval: what is asked of the holds */
	size_t count, room;
	int64_t number;
	enum set_action action;
	bool held;           /* found by the job */
	const char *blocked; /* a warning list that keeps it out; NULL: none */
	int64_t lists;       /* revision of the warning lists by which that was found */
	struct request *request;
	int64_t organisation;
};

static const char *const kinds[] = {
	[APPROVAL_PROPOSE] = "hub.approval.proposed",
	[APPROVAL_APPROVE] = "hub.approval.approved",
	[APPROVAL_REFUSE] = "hub.approval.refused",
	[APPROVAL_RETIRE] = "hub.approval.retired",
};

/* Asks the hold register of every entry, before anything is done; the holders see it. */
static int ask_holds(struct writing *w, struct request *r, struct stepping *s)
{
	const struct hold_asker asker = {
		.organisation = r->who.asker->organisation, .account = r->who.account, .approval = true};
	int err = HN_OK;
	s->held = false;
	for (size_t i = 0; err == HN_OK && i < s->count; i++) {
		bool held = false;
		err = holds_ask(w, &s->entries[i].key, &asker, &held);
		s->held |= held;
	}
	return err;
}

/* A refusal that must stand: the question and the entry in the ledger hold, the approval does not. */
static int stopped(struct writing *w, struct request *r, const char *word, const char *detail)
{
	char more[64];
	(void)snprintf(more, sizeof(more), ",\"why\":\"%s\"", word);
	int err = note(w, r, "hub.approval.stopped", &r->params[1].uuid, more);
	if (err != HN_OK)
		return err;
	(void)answer_problem(r, 409, word, detail);
	answer_keep_change(r);
	return HN_OK;
}

static int approve_checks(struct writing *w, struct request *r, struct stepping *s)
{
	struct approval_refusal why = {.word = NULL};
	int err = approvals_may(w, r->who.asker, &r->params[1].uuid, s->verb, s->revision, &why);
	if (err != HN_OK)
		return refused(r, err, &why);
	err = lists_are_old(r, writing_db(w), s->lists);
	if (err != HN_OK || answer_is_sent(r))
		return err;
	if (s->blocked != NULL)
		return stopped(w, r, "warning-list", s->blocked);
	err = ask_holds(w, r, s);
	/* A hold asks not to be blocked; who watches or selects disturbs nothing, and is told of the hold. */
	if (err == HN_OK && s->held && s->action == SET_BLOCK)
		return stopped(w, r, "held",
			       tr("somebody watches one of its values: ask the holder to release it",
				  "注視中の値が含まれる。保留者に解除を求めること"));
	return err;
}

static int step_job(struct writing *w, struct request *r, void *context)
{
	struct stepping *s = context;
	struct approval_refusal why = {.word = NULL};
	enum approval_state state;
	bool approves = s->verb == APPROVAL_APPROVE;
	int err = approves ? approve_checks(w, r, s) : HN_OK;
	if (err != HN_OK || answer_is_sent(r))
		return err;
	err = approvals_step(w, r->who.asker, &r->params[1].uuid, s->verb, s->revision, s->reason, &state,
			     &why);
	if (err != HN_OK)
		return refused(r, err, &why);
	if (state == APPROVAL_APPROVED || state == APPROVAL_RETIRED)
		sets_decided();
	const char *held = !approves ? "" : s->held ? ",\"held\":true" : ",\"held\":false";
	err = note(w, r, kinds[s->verb], &r->params[1].uuid, held);
	if (err != HN_OK)
		return err;
	buf_addf(answer_body(r), "{\"state\":\"%s\"%s}", approval_state_name(state), held);
	return answer_send(r, 200, NULL);
}

static int keep_entry(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct stepping *s = context;
	struct warning_hit hit;
	(void)meta;
	if (s->count == s->room)
		return HN_ELIMIT;
	struct entry_key *copy = &s->entries[s->count++].key;
	copy->kind = key->kind;
	copy->len = key->len;
	copy->data = (const uint8_t *)arena_text(s->request->arena, key->data, key->len);
	if (copy->data == NULL)
		return HN_ENOMEM;
	if (s->blocked == NULL && warnings_find(sets_warnings(), key, s->organisation, "sets", &hit, 1) > 0 &&
	    hit.action == WARNING_BLOCK)
		s->blocked = arena_text(s->request->arena, hit.name, strlen(hit.name));
	return HN_OK;
}

static int note_number(void *context, const struct approval *a)
{
	struct stepping *s = context;
	s->number = a->number;
	s->action = a->action;
	s->room = (size_t)a->entries;
	s->entries = arena_alloc(s->request->arena, (s->room + 1) * sizeof(s->entries[0]));
	return s->entries != NULL ? HN_OK : HN_ENOMEM;
}

static int read_entries(struct request *r, struct stepping *s)
{
	struct reader *reader;
	s->lists = warnings_revision(sets_warnings());
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = approvals_get(reader, &r->params[1].uuid, note_number, s);
	if (err == HN_OK)
		err = approvals_entries(reader_db(reader), s->number, s->room, keep_entry, s);
	reader_end(reader);
	return err;
}

static int step(struct request *r, enum approval_verb verb)
{
	static const char *const names[] = {"reason", NULL};
	struct stepping *s = arena_alloc(r->arena, sizeof(*s));
	struct form f;
	if (s == NULL)
		return HN_ENOMEM;
	*s = (struct stepping){
		.verb = verb, .request = r, .reason = "", .organisation = r->who.asker->organisation};
	int err = common_if_match(r, &s->revision);
	if (err == HN_OK && r->body.len > 0)
		err = common_body(r, names, &f);
	if (err == HN_OK && r->body.len > 0)
		err = form_text(&f, "reason", false, APPROVAL_TEXT_MAX, &s->reason);
	if (err == HN_OK && verb == APPROVAL_APPROVE)
		err = read_entries(r, s);
	return err == HN_OK ? request_change(r, step_job, s) : err;
}

int approval_propose_post(struct request *r)
{
	return step(r, APPROVAL_PROPOSE);
}

int approval_approve_post(struct request *r)
{
	return step(r, APPROVAL_APPROVE);
}

int approval_refuse_post(struct request *r)
{
	return step(r, APPROVAL_REFUSE);
}

int approval_retire_post(struct request *r)
{
	return step(r, APPROVAL_RETIRE);
}
