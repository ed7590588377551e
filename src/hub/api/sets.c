/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/sets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "authority/key.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "hub/sets/sets.h"
#include "store/label_form.h"
#include "store/labels.h"
#include "store/sets.h"

struct page {
	struct reader *reader;
	struct buf *body;
	size_t count;
	int64_t last;
	char etag[COMMON_ETAG_SIZE];
};

static int write_set(void *context, const struct set_row *s)
{
	struct page *p = context;
	char id[UUID_TEXT_SIZE];
	uuid_format(&s->id, id);
	buf_addf(p->body, "%s{\"id\":\"%s\"", p->count++ > 0 ? "," : "", id);
	common_uuid(p->body, "organisation", &s->organisation_id);
	buf_adds(p->body, ",\"names\":{\"en\":");
	buf_json_string(p->body, s->name_en, strlen(s->name_en));
	common_text(p->body, "ja", s->name_ja);
	buf_addf(p->body, "},\"action\":\"%s\",\"persons\":%u,\"entries\":%" PRId64 ",\"version\":%" PRId64,
		 set_action_name(s->action), s->persons, s->entries, s->version);
	buf_addf(p->body, ",\"published\":%s",
		 s->version > 0 && s->change == s->head_change ? "true" : "false");
	common_time(p->body, "made", s->made_us);
	common_time(p->body, "expires", s->expires_us);
	buf_adds(p->body, ",\"marking\":");
	int err = label_form_write(p->reader, s->label, p->body);
	buf_addc(p->body, '}');
	char first[COMMON_ETAG_SIZE];
	common_etag(s->revision, first);
	(void)snprintf(p->etag, sizeof(p->etag), "%.16s.%" PRIx64 ".%" PRIx64, first, (uint64_t)s->change,
		       (uint64_t)s->version);
	p->last = s->number;
	return err == HN_OK ? buf_err(p->body) : err;
}

int sets_list_get(struct request *r)
{
	struct page p = {.body = answer_body(r)};
	int64_t after = 0;
	bool more = false;
	int err = common_cursor(r, &after);
	if (err == HN_OK)
		err = sets_read(hub_of(r)->store, r->who.asker, &p.reader);
	if (err != HN_OK)
		return err;
	buf_adds(p.body, "{\"sets\":[");
	err = sets_list(p.reader, after, request_query_number(r, "limit", COMMON_LIMIT), write_set, &p,
			&more);
	reader_end(p.reader);
	common_list_end(p.body, more, p.last);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

int set_get(struct request *r)
{
	struct page p = {.body = answer_body(r)};
	int err = sets_read(hub_of(r)->store, r->who.asker, &p.reader);
	if (err != HN_OK)
		return err;
	err = sets_get(p.reader, &r->params[0].uuid, write_set, &p);
	reader_end(p.reader);
	if (err != HN_OK)
		return err;
	answer_etag(r, p.etag);
	return answer_send(r, 200, NULL);
}

int set_key_get(struct request *r)
{
	const struct key_public *k = sets_key();
	struct buf *b = answer_body(r);
	buf_addf(b, "{\"kid\":\"%s\"", k->id);
	common_text(b, "name", k->name);
	buf_adds(b, ",\"ed25519\":\"");
	base64url_add(b, k->ed25519, sizeof(k->ed25519));
	buf_adds(b, "\"}");
	return answer_send(r, 200, NULL);
}

/* ---- making and changing ---- */

struct making {
	struct set_new set;
	struct label audience;
	int64_t revision;
};

static int read_names(const struct form *f, struct set_new *s)
{
	static const char *const names[] = {"en", "ja", NULL};
	const json_t *object = NULL;
	int err = json_get_object(f->at, "names", true, &object, f->fault);
	if (err != HN_OK)
		return err;
	const struct form inner = {.at = object, .arena = f->arena, .fault = f->fault};
	err = json_only(object, names, f->fault);
	if (err == HN_OK)
		err = form_text(&inner, "en", true, SET_NAME_MAX, &s->name_en);
	if (err == HN_OK)
		err = form_text(&inner, "ja", true, SET_NAME_MAX, &s->name_ja);
	return form_within(f, "names", err);
}

static int read_form(struct request *r, const char *const names[], bool with_action, struct making **out)
{
	struct form f;
	struct making *m = arena_alloc(r->arena, sizeof(*m));
	int64_t persons = 0;
	int action = SET_WATCH;
	int err = m == NULL ? HN_ENOMEM : common_body(r, names, &f);
	if (err == HN_OK)
		err = read_names(&f, &m->set);
	if (err == HN_OK && with_action)
		err = form_word(&f, "action", true, set_action_value, &action);
	if (err == HN_OK)
		err = json_get_int(f.at, "persons", false, 1, SET_PERSONS_MAX, &persons, &r->fault);
	if (err == HN_OK && with_action && persons > 0 &&
	    persons < set_persons_least((enum set_action)action))
		err = form_wrong(&f, "persons", "is fewer than the action asks",
				 "が動作の求める人数より少ない");
	if (err == HN_OK)
		err = common_marking(r, &f, &m->audience);
	if (err != HN_OK)
		return err;
	m->set.action = (enum set_action)action;
	m->set.persons = (unsigned)persons;
	m->set.organisation = r->who.asker->organisation;
	*out = m;
	return HN_OK;
}

static int make(struct writing *w, struct request *r, void *context)
{
	struct making *m = context;
	int err = labels_number(w, &m->audience, &m->set.label);
	if (err == HN_OK)
		err = sets_add(w, &m->set);
	if (err == HN_OK)
		err = common_note(w, r, "hub.set.make", "set", &m->set.id);
	if (err != HN_OK)
		return err;
	sets_decided();
	return common_made(r, "/api/v1/sets", &m->set.id);
}

int sets_post(struct request *r)
{
	static const char *const names[] = {"names", "action", "persons", "marking", NULL};
	struct making *m = NULL;
	int err = read_form(r, names, true, &m);
	if (err != HN_OK)
		return err;
	m->set.id = uuid_v4();
	return request_change(r, make, m);
}

static int change(struct writing *w, struct request *r, void *context)
{
	struct making *m = context;
	int err = sets_change(w, &m->set, m->revision);
	if (err == HN_ESTATE)
		return answer_problem(r, 412, "changed", NULL);
	if (err == HN_EFORMAT)
		return fault_set(&r->fault, err, "/persons", "%s",
				 tr("is fewer than the action asks", "が動作の求める人数より少ない"));
	if (err == HN_OK)
		err = common_note(w, r, "hub.set.change", "set", &m->set.id);
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

int set_put(struct request *r)
{
	static const char *const names[] = {"names", "persons", NULL};
	struct making *m = NULL;
	int64_t revision;
	int err = common_if_match(r, &revision);
	if (err == HN_OK)
		err = read_form(r, names, false, &m);
	if (err != HN_OK)
		return err;
	m->set.id = r->params[0].uuid;
	m->revision = revision;
	return request_change(r, change, m);
}
