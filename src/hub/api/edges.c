/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Edges as people see them: codes to enrol, how each stands, questions to one. */
#include "hub/api/edges.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/lang.h"
#include "bus/batch.h"
#include "bus/code.h"
#include "bus/head.h"
#include "bus/pki.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/config.h"
#include "hub/edge/edge.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "store/directory.h"
#include "store/edge_documents.h"
#include "store/edge_streams.h"
#include "store/edges.h"

#define CODE_US     (INT64_C(15) * 60 * 1000000)
#define QUESTION_US (INT64_C(60) * 1000000)
#define EDGE_PATH   "/api/v1/edges/"

/* ---- writing ---- */

struct page {
	struct request *r;
	struct reader *reader;
	struct buf *body;
	size_t count;
	int64_t last;
	int64_t revision, number;
	struct uuid organisation;
};

static int write_streams(struct page *p, int64_t edge)
{
	struct edge_place places[EDGE_STREAMS];
	bool any = false;
	int err = edge_streams_all(p->reader, edge, places);
	buf_adds(p->body, ",\"streams\":{");
	for (unsigned i = 0; err == HN_OK && i < STREAM_COUNT; i++) {
		if (places[i].made_us == 0)
			continue;
		buf_addf(p->body, "%s\"%s\":{\"through\":%lld,\"gave_way\":%lld", any ? "," : "",
			 stream_name((enum stream)i), (long long)places[i].through,
			 (long long)places[i].gave_way);
		common_time(p->body, "at", places[i].made_us);
		buf_addc(p->body, '}');
		any = true;
	}
	buf_addc(p->body, '}');
	return err;
}

static int write_edge(void *context, const struct edge_row *e)
{
	struct page *p = context;
	char id[UUID_TEXT_SIZE];
	uuid_format(&e->id, id);
	buf_addf(p->body, "%s{\"id\":\"%s\",\"kind\":\"%s\"", p->count++ > 0 ? "," : "", id,
		 edge_kind_name(e->kind));
	common_uuid(p->body, "organisation", &e->organisation_id);
	buf_adds(p->body, ",\"names\":{\"en\":");
	buf_json_string(p->body, e->name_en, strlen(e->name_en));
	buf_adds(p->body, ",\"ja\":");
	buf_json_string(p->body, e->name_ja, strlen(e->name_ja));
	buf_addf(p->body, "},\"state\":\"%s\",\"follows\":%s", e->revoked_us != 0 ? "revoked" : "enrolled",
		 edge_heads_follows(e->number) ? "true" : "false");
	common_text(p->body, "program", e->program);
	common_time(p->body, "enrolled", e->enrolled_us);
	common_time(p->body, "revoked", e->revoked_us);
	common_time(p->body, "certificate_until", e->certificate_us);
	common_time(p->body, "health_at", e->health_us);
	if (e->health[0] != '\0')
		buf_addf(p->body, ",\"health\":%s", e->health);
	int err = write_streams(p, e->number);
	buf_addc(p->body, '}');
	p->last = e->number;
	p->number = e->number;
	p->revision = e->revision;
	p->organisation = e->organisation_id;
	return err == HN_OK ? buf_err(p->body) : err;
}

int edges_list_get(struct request *r)
{
	struct page p = {.r = r, .body = answer_body(r)};
	int64_t after = 0;
	bool more = false;
	int err = common_cursor(r, &after);
	if (err == HN_OK)
		err = request_read(r, &p.reader);
	if (err != HN_OK)
		return err;
	buf_adds(p.body, "{\"edges\":[");
	err = edges_list(p.reader, after, request_query_number(r, "limit", COMMON_LIMIT), write_edge, &p,
			 &more);
	reader_end(p.reader);
	common_list_end(p.body, more, p.last);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

/* Reads one into the answer; not known is not there. */
static int read_edge(struct request *r, struct page *p)
{
	*p = (struct page){.r = r, .body = answer_body(r)};
	int err = request_read(r, &p->reader);
	if (err != HN_OK)
		return err;
	err = edges_get(p->reader, &r->params[0].uuid, write_edge, p);
	reader_end(p->reader);
	return err;
}

int edge_get(struct request *r)
{
	struct page p;
	int err = read_edge(r, &p);
	if (err != HN_OK)
		return err;
	common_tag(r, p.revision);
	return answer_send(r, 200, NULL);
}

/* ---- enrolling ---- */

struct inviting {
	struct edge_new edge;
	uint8_t secret[EDGE_SECRET_SIZE];
	char code[CODE_TEXT_MAX];
	int64_t until_us;
};

static int note(struct writing *w, struct request *r, const char *kind, const char *text)
{
	struct buf record;
	buf_init(&record, 4096);
	buf_adds(&record, "{\"edge\":");
	buf_json_string(&record, text, strlen(text));
	buf_addc(&record, '}');
	int err = buf_err(&record);
	if (err == HN_OK)
		err = request_note(w, r, kind, record.data, record.len);
	buf_clear(&record);
	return err;
}

static int invite(struct writing *w, struct request *r, void *context)
{
	const struct inviting *i = context;
	struct buf *b = answer_body(r);
	int err = edges_code_add(w, i->secret, &i->edge, i->until_us);
	if (err == HN_OK)
		err = note(w, r, "hub.edge.invited", i->edge.name_en);
	if (err != HN_OK)
		return err;
	buf_addf(b, "{\"code\":\"%s\"", i->code);
	common_time(b, "until", i->until_us);
	buf_addc(b, '}');
	return answer_send(r, 201, NULL);
}

static int make_code(struct request *r, struct inviting *out)
{
	const struct hub_edges *c = &hub_of(r)->config->edges;
	const struct endpoint *listen = c->listen.items;
	const char *const *names = c->names.items;
	uint8_t root[32];
	struct code *code = NULL;
	struct buf text;
	if (edge_pki() == NULL)
		return answer_problem(r, 409, "no-channel",
				      tr("this hub serves no edges", "このハブはエッジを受け付けていない")) ==
				       HN_OK
			       ? HN_ESTATE
			       : HN_EIO;
	pki_root_digest(edge_pki(), root);
	int err = code_make(names[0], listen[0].port, root, &code);
	if (err != HN_OK)
		return err;
	buf_init(&text, CODE_TEXT_MAX);
	err = code_format(code, &text);
	if (err == HN_OK) {
		(void)snprintf(out->code, sizeof(out->code), "%s", text.data);
		code_secret_digest(code->secret, out->secret);
		sodium_memzero(text.data, text.len);
	}
	buf_clear(&text);
	code_free(code);
	return err;
}

static int read_names(const struct form *f, struct edge_new *out)
{
	static const char *const names[] = {"en", "ja", NULL};
	const json_t *object = NULL;
	int err = json_get_object(f->at, "names", true, &object, f->fault);
	if (err != HN_OK)
		return err;
	const struct form inner = {.at = object, .arena = f->arena, .fault = f->fault};
	err = json_only(object, names, f->fault);
	if (err == HN_OK)
		err = form_text(&inner, "en", true, EDGE_NAME_MAX, &out->name_en);
	if (err == HN_OK)
		err = form_text(&inner, "ja", true, EDGE_NAME_MAX, &out->name_ja);
	return form_within(f, "names", err);
}

/* The centre enrols for every organisation, others for their own. */
static int read_organisation(struct request *r, const struct form *f, int64_t *out)
{
	const struct asker *a = r->who.asker;
	struct uuid id;
	*out = a->organisation;
	if (json_object_get(f->at, "organisation") == NULL)
		return HN_OK;
	int err = form_uuid(f, "organisation", true, &id);
	if (err != HN_OK)
		return err;
	*out = directory_number(hub_of(r)->directory, DIRECTORY_ORGANISATION, &id);
	if (*out == 0)
		return form_wrong(f, "organisation", "is no organisation that is known here",
				  "は登録された組織ではない");
	return *out == a->organisation || a->kind == ORG_CENTRE ? HN_OK : HN_EAUTH;
}

int edges_post(struct request *r)
{
	static const char *const names[] = {"organisation", "kind", "names", NULL};
	struct inviting *i = arena_alloc(r->arena, sizeof(*i));
	struct form f;
	int kind = 0;
	if (i == NULL)
		return HN_ENOMEM;
	memset(i, 0, sizeof(*i));
	int err = common_body(r, names, &f);
	if (err == HN_OK)
		err = form_word(&f, "kind", true, edge_kind_value, &kind);
	if (err == HN_OK)
		err = read_names(&f, &i->edge);
	if (err == HN_OK)
		err = read_organisation(r, &f, &i->edge.organisation);
	if (err == HN_OK)
		err = make_code(r, i);
	if (err != HN_OK)
		return answer_is_sent(r) ? HN_OK : err;
	i->edge.kind = (enum edge_kind)kind;
	i->until_us = r->received_ns / 1000 + CODE_US;
	return request_change(r, invite, i);
}

/* ---- changing ---- */

struct changing {
	struct edge_new to;
	int64_t number, revision;
};

/* Whose edge it is, and the centre: reading has answered that nobody else knows of it. */
static int find(struct request *r, struct changing *c)
{
	struct page p = {.number = 0};
	int err = common_if_match(r, &c->revision);
	if (err == HN_OK)
		err = read_edge(r, &p);
	buf_reset(answer_body(r));
	c->number = p.number;
	return err;
}

static int changed(struct request *r, int err)
{
	if (err == HN_ESTATE)
		return answer_problem(r, 412, "changed", NULL);
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

static int change(struct writing *w, struct request *r, void *context)
{
	const struct changing *c = context;
	char id[UUID_TEXT_SIZE];
	int err = edges_change(w, c->number, &c->to, c->revision);
	uuid_format(&r->params[0].uuid, id);
	if (err == HN_OK)
		err = note(w, r, "hub.edge.changed", id);
	return changed(r, err);
}

int edge_put(struct request *r)
{
	static const char *const names[] = {"names", NULL};
	struct changing *c = arena_alloc(r->arena, sizeof(*c));
	struct form f;
	if (c == NULL)
		return HN_ENOMEM;
	memset(c, 0, sizeof(*c));
	int err = common_body(r, names, &f);
	if (err == HN_OK)
		err = read_names(&f, &c->to);
	if (err == HN_OK)
		err = find(r, c);
	return err == HN_OK ? request_change(r, change, c) : answer_is_sent(r) ? HN_OK : err;
}

static int revoke(struct writing *w, struct request *r, void *context)
{
	const struct changing *c = context;
	char id[UUID_TEXT_SIZE];
	int err = edges_revoke(w, c->number, c->revision);
	uuid_format(&r->params[0].uuid, id);
	if (err == HN_OK)
		err = note(w, r, "hub.edge.revoked", id);
	edge_heads_decided();
	return changed(r, err);
}

void edge_delete_end(struct request *r)
{
	/* What is durable now holds at its next request anyway; streams that are open end here. */
	if (r->state != NULL)
		edge_cut(&r->params[0].uuid);
	r->state = NULL;
}

int edge_delete(struct request *r)
{
	struct changing *c = arena_alloc(r->arena, sizeof(*c));
	if (c == NULL)
		return HN_ENOMEM;
	memset(c, 0, sizeof(*c));
	int err = find(r, c);
	if (err != HN_OK)
		return answer_is_sent(r) ? HN_OK : err;
	r->state = c;
	return request_change(r, revoke, c);
}

/* ---- questions ---- */

struct asking {
	struct edge_question question;
	char *arguments;
	struct changing edge;
};

static int ask(struct writing *w, struct request *r, void *context)
{
	struct asking *a = context;
	char location[128], edge[UUID_TEXT_SIZE], id[UUID_TEXT_SIZE];
	int err = edge_questions_add(w, &a->question);
	if (err != HN_OK)
		return err;
	edge_heads_decided();
	uuid_format(&r->params[0].uuid, edge);
	uuid_format(&a->question.id, id);
	(void)snprintf(location, sizeof(location), EDGE_PATH "%s/questions/%s", edge, id);
	buf_addf(answer_body(r), "{\"id\":\"%s\"}", id);
	return answer_created(r, location);
}

static int ask_value(const char *word, size_t len)
{
	for (int i = 0; i < HEAD_ASK_COUNT; i++) {
		const char *name = head_ask_name((enum head_ask)i);
		if (strlen(name) == len && memcmp(name, word, len) == 0)
			return i;
	}
	return -1;
}

static int read_arguments(struct request *r, const struct form *f, struct asking *a)
{
	const json_t *object = NULL;
	struct buf text;
	int err = json_get_object(f->at, "arguments", false, &object, f->fault);
	if (err != HN_OK)
		return err;
	buf_init(&text, HEAD_ARGUMENTS_MAX);
	if (object != NULL)
		json_add(&text, object);
	else
		buf_adds(&text, "{}");
	err = buf_err(&text);
	if (err == HN_OK) {
		a->arguments = arena_text(r->arena, text.data, text.len);
		a->question.arguments = a->arguments;
		err = a->arguments == NULL ? HN_ENOMEM : HN_OK;
	}
	buf_clear(&text);
	return err;
}

int edge_questions_post(struct request *r)
{
	static const char *const names[] = {"ask", "arguments", NULL};
	struct asking *a = arena_alloc(r->arena, sizeof(*a));
	struct form f;
	int word = 0;
	if (a == NULL)
		return HN_ENOMEM;
	memset(a, 0, sizeof(*a));
	int err = common_body(r, names, &f);
	if (err == HN_OK)
		err = form_word(&f, "ask", true, ask_value, &word);
	if (err == HN_OK)
		err = read_arguments(r, &f, a);
	if (err == HN_OK)
		err = find(r, &a->edge);
	if (err != HN_OK)
		return answer_is_sent(r) ? HN_OK : err;
	a->question.id = uuid_v4();
	a->question.edge = a->edge.number;
	a->question.ask = head_ask_name((enum head_ask)word);
	a->question.until_us = r->received_ns / 1000 + QUESTION_US;
	return request_change(r, ask, a);
}

static int write_question(void *context, const struct edge_question *q)
{
	struct page *p = context;
	char id[UUID_TEXT_SIZE];
	uuid_format(&q->id, id);
	buf_addf(p->body, "{\"id\":\"%s\",\"ask\":\"%s\",\"arguments\":%s", id, q->ask, q->arguments);
	common_time(p->body, "asked", q->asked_us);
	common_time(p->body, "until", q->until_us);
	common_time(p->body, "answered", q->answered_us);
	if (q->answered_us != 0)
		buf_addf(p->body, ",\"answer\":%s", q->answer);
	buf_addc(p->body, '}');
	return buf_err(p->body);
}

int edge_question_get(struct request *r)
{
	struct page p = {.r = r, .body = answer_body(r)};
	int err = request_read(r, &p.reader);
	if (err != HN_OK)
		return err;
	err = edge_questions_get(p.reader, &r->params[0].uuid, &r->params[1].uuid, write_question, &p);
	reader_end(p.reader);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}
