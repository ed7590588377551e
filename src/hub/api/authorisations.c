/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/*
 * Authorisations on their way: applied for, handed to the commission, signed there, issued to sensors. The
 * hub signs nothing; what it says of a document is for people, sensors verify it by themselves.
 */
#include "hub/api/authorisations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/authorization.h"
#include "authority/jws.h"
#include "authority/rules.h"
#include "authority/trust.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/api/common.h"
#include "hub/edge/edge.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "store/authorizations.h"
#include "store/edge_documents.h"
#include "store/edge_receipts.h"

#define PATH "/api/v1/authorisations/"

/* ---- writing ---- */

struct page {
	struct request *r;
	struct reader *reader;
	struct buf *body;
	size_t count;
	int64_t last, revision;
	bool with_use;
};

static void add_use(struct page *p, const struct uuid *id)
{
	struct receipt_use use;
	if (!p->with_use || edge_receipts_use(p->reader, id, &use) != HN_OK)
		return;
	buf_addf(p->body, ",\"use\":{\"receipts\":%lld,\"records\":%lld", (long long)use.receipts,
		 (long long)use.records);
	common_time(p->body, "first", use.first_us);
	common_time(p->body, "last", use.last_us);
	buf_addc(p->body, '}');
}

static int add_document(struct buf *b, const struct authorization_row *a)
{
	struct jws j = {0};
	struct fault fault;
	int err = jws_parse((const char *)a->body, a->body_len, &j, &fault);
	if (err == HN_OK) {
		buf_adds(b, ",\"payload\":");
		buf_add(b, j.payload, j.payload_len);
		buf_adds(b, ",\"document\":");
		jws_add(&j, b);
	}
	jws_clear(&j);
	return err;
}

static int write_one(void *context, const struct authorization_row *a)
{
	struct page *p = context;
	char id[UUID_TEXT_SIZE], digest[SHA256_HEX_SIZE];
	uuid_format(&a->id, id);
	hex_encode(a->digest, sizeof(a->digest), digest);
	buf_addf(p->body, "%s{\"id\":\"%s\",\"state\":\"%s\",\"signatures\":%lld,\"digest\":\"%s\"",
		 p->count++ > 0 ? "," : "", id, authorization_state_name(a->state), (long long)a->signatures,
		 digest);
	common_uuid(p->body, "organisation", &a->organisation_id);
	common_uuid(p->body, "person", &a->person);
	common_time(p->body, "applied", a->made_us);
	common_time(p->body, "changed", a->changed_us);
	common_time(p->body, "from", a->begins_us);
	common_time(p->body, "until", a->until_us);
	if (a->reason[0] != '\0')
		common_text(p->body, "reason", a->reason);
	add_use(p, &a->id);
	int err = add_document(p->body, a);
	buf_addc(p->body, '}');
	p->last = a->number;
	p->revision = a->revision;
	return err == HN_OK ? buf_err(p->body) : err;
}

int authorisations_get_list(struct request *r)
{
	struct page p = {.r = r, .body = answer_body(r)};
	int64_t before = 0;
	bool more = false;
	size_t len;
	const char *state = request_query(r, "state", &len);
	int value = state != NULL ? authorization_state_value(state, len) : -1;
	int err = common_cursor(r, &before);
	if (err == HN_OK)
		err = request_read(r, &p.reader);
	if (err != HN_OK)
		return err;
	buf_adds(p.body, "{\"authorisations\":[");
	err = authorizations_list(p.reader, value < 0 ? 0 : 1u << value, before,
				  request_query_number(r, "limit", COMMON_LIMIT), write_one, &p, &more);
	reader_end(p.reader);
	common_list_end(p.body, more, p.last);
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

int authorisation_get(struct request *r)
{
	struct page p = {.r = r, .body = answer_body(r), .with_use = true};
	int err = request_read(r, &p.reader);
	if (err != HN_OK)
		return err;
	err = authorizations_get(p.reader, &r->params[0].uuid, write_one, &p);
	reader_end(p.reader);
	if (err != HN_OK)
		return err;
	common_tag(r, p.revision);
	return answer_send(r, 200, NULL);
}

/* ---- applying ---- */

static int read_trust(struct request *r, struct trust *out)
{
	struct nation_document_row row;
	struct reader *reader;
	struct buf text;
	buf_init(&text, JWS_SIZE_MAX);
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = nation_documents_get(reader, NATION_TRUST, &row);
	if (err == HN_OK)
		err = edge_documents_get(reader, row.digest, &text);
	reader_end(reader);
	if (err == HN_OK)
		err = trust_parse(text.data, text.len, out, &r->fault);
	buf_clear(&text);
	if (err != HN_ENOENT)
		return err;
	(void)answer_problem(r, 409, "no-trust",
			     tr("no trust file is here yet: nothing can be applied for",
				"信頼ファイルがまだないため、申請できない"));
	return HN_ESTATE;
}

struct applying {
	struct authorization_row row;
	struct uuid *sensors;
	size_t sensor_count;
	struct buf document;
};

/* The members that the applicant does not write. */
static int complete(json_t *object, const struct trust *trust, int64_t now_ns)
{
	char id[UUID_TEXT_SIZE], digest[SHA256_HEX_SIZE], issued[UTC_SIZE];
	struct uuid uuid = uuid_v4();
	uuid_format(&uuid, id);
	hex_encode(trust->digest, sizeof(trust->digest), digest);
	utc_format(now_ns / 1000 * 1000, issued);
	int failed = json_object_set_new(object, "type", json_string(AUTHORIZATION_TYPE));
	failed |= json_object_set_new(object, "version", json_integer(1));
	failed |= json_object_set_new(object, "id", json_string(id));
	failed |= json_object_set_new(object, "trust", json_string(digest));
	failed |= json_object_set_new(object, "issued", json_string(issued));
	return failed == 0 ? HN_OK : HN_ENOMEM;
}

static int take_payload(struct request *r, const struct trust *trust, const struct jws *j,
			struct applying *out)
{
	struct authorization *a = NULL;
	int err = authorization_read(j->payload, j->payload_len, &trust->limits, &a, &r->fault);
	if (err != HN_OK)
		return err == HN_EAUTH ? HN_EFORMAT : err;
	if (memcmp(a->trust, trust->digest, sizeof(a->trust)) != 0)
		err = fault_set(&r->fault, HN_EFORMAT, "/trust", "%s",
				tr("is not the trust file that is in force", "有効な信頼ファイルではない"));
	out->sensors = arena_alloc(r->arena, (a->sensor_count + 1) * sizeof(*out->sensors));
	if (err == HN_OK && out->sensors == NULL)
		err = HN_ENOMEM;
	for (size_t i = 0; err == HN_OK && i < a->sensor_count; i++)
		out->sensors[out->sensor_count++] = a->sensors[i].id;
	out->row.id = a->id;
	out->row.begins_us = a->from_ns / 1000;
	out->row.until_us = a->until_ns / 1000;
	authorization_free(a);
	return err;
}

static int keep_document(const struct jws *j, struct applying *out)
{
	buf_init(&out->document, JWS_SIZE_MAX);
	jws_add(j, &out->document);
	jws_digest(j, out->row.digest);
	out->row.body = (const uint8_t *)out->document.data;
	out->row.body_len = out->document.len;
	return buf_err(&out->document);
}

static int apply(struct writing *w, struct request *r, void *context)
{
	const struct applying *a = context;
	char location[64 + sizeof(PATH)] = PATH, record[96], *id = location + strlen(location);
	int err = authorizations_add(w, &a->row, a->sensors, a->sensor_count);
	uuid_format(&a->row.id, id);
	(void)snprintf(record, sizeof(record), "{\"authorisation\":\"%s\"}", id);
	if (err == HN_OK)
		err = request_note(w, r, "hub.authorisation.applied", record, strlen(record));
	if (err != HN_OK)
		return err;
	buf_addf(answer_body(r), "{\"id\":\"%s\"}", id);
	return answer_created(r, location);
}

static int read_draft(struct request *r, const struct trust *trust, struct jws *out)
{
	json_t *object = NULL;
	struct buf payload;
	if (strcmp(r->media, "application/jose+json") == 0)
		return jws_parse(r->body.data, r->body.len, out, &r->fault);
	int err = json_object_read(r->body.data, r->body.len, &object, &r->fault);
	if (err == HN_OK)
		err = complete(object, trust, r->received_ns);
	buf_init(&payload, JWS_SIZE_MAX / 2);
	if (err == HN_OK) {
		json_add(&payload, object);
		err = buf_err(&payload);
	}
	if (err == HN_OK)
		err = jws_draft(payload.data, payload.len, out);
	buf_clear(&payload);
	json_decref(object);
	return err;
}

void authorisation_end(struct request *r)
{
	struct applying *a = r->state;
	if (a != NULL)
		buf_clear(&a->document);
	r->state = NULL;
}

int authorisations_post(struct request *r)
{
	struct trust *trust = arena_alloc(r->arena, sizeof(*trust));
	struct applying *a = arena_alloc(r->arena, sizeof(*a));
	struct jws j = {0};
	if (trust == NULL || a == NULL)
		return HN_ENOMEM;
	memset(a, 0, sizeof(*a));
	int err = read_trust(r, trust);
	if (err == HN_OK)
		err = read_draft(r, trust, &j);
	if (err == HN_OK)
		err = take_payload(r, trust, &j, a);
	if (err == HN_OK) {
		r->state = a;
		err = keep_document(&j, a);
	}
	a->row.organisation = r->who.asker->organisation;
	a->row.person = r->who.account;
	a->row.reason = "";
	jws_clear(&j);
	if (err != HN_OK)
		return answer_is_sent(r) ? HN_OK : err;
	return request_change(r, apply, a);
}

/* ---- steps ---- */

struct step {
	struct authorization_row row; /* as it is to be */
	enum authorization_state from, to;
	const char *kind; /* of the ledger's entry */
	int64_t revision;
	struct buf document;
};

static int take_row(void *context, const struct authorization_row *a)
{
	struct step *s = context;
	s->row = *a;
	s->row.reason = "";
	buf_add(&s->document, a->body, a->body_len);
	s->row.body = (const uint8_t *)s->document.data;
	s->row.body_len = s->document.len;
	return buf_err(&s->document);
}

void authorisation_step_end(struct request *r)
{
	struct step *s = r->state;
	if (s != NULL)
		buf_clear(&s->document);
	r->state = NULL;
}

static int go(struct writing *w, struct request *r, void *context)
{
	const struct step *s = context;
	char id[UUID_TEXT_SIZE], record[160];
	uint8_t digest[SHA256_SIZE];
	int err = authorizations_change(w, &s->row, s->revision >= 0 ? s->revision : s->row.revision);
	if (err == HN_OK && s->to == AUTHORIZATION_ISSUED) {
		sha256(s->row.body, s->row.body_len, digest);
		err = edge_documents_put(w, digest, s->row.body, s->row.body_len);
	}
	uuid_format(&s->row.id, id);
	(void)snprintf(record, sizeof(record), "{\"authorisation\":\"%s\",\"signatures\":%lld}", id,
		       (long long)s->row.signatures);
	if (err == HN_OK)
		err = request_note(w, r, s->kind, record, strlen(record));
	edge_heads_decided();
	if (err == HN_ESTATE)
		return answer_problem(r, 409, "state",
				      tr("it was changed meanwhile", "その間に変更されている"));
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

/* Reads the row; refuses where it is in another state. */
static int begin(struct request *r, enum authorization_state from, enum authorization_state to,
		 const char *kind, struct step **out)
{
	struct step *s = arena_alloc(r->arena, sizeof(*s));
	struct reader *reader;
	if (s == NULL)
		return HN_ENOMEM;
	memset(s, 0, sizeof(*s));
	s->from = from;
	s->to = to;
	s->kind = kind;
	buf_init(&s->document, JWS_SIZE_MAX);
	r->state = s;
	int err = common_if_match(r, &s->revision);
	if (err == HN_OK)
		err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = authorizations_get(reader, &r->params[0].uuid, take_row, s);
	reader_end(reader);
	if (err != HN_OK)
		return err;
	*out = s;
	if (s->row.state == from) {
		s->row.state = to;
		return HN_OK;
	}
	(void)answer_problem(r, 409, "state",
			     tr("it is not in the state that this asks", "この操作のできる状態にない"));
	return HN_ESTATE;
}

static int finish(struct request *r, struct step *s, int err)
{
	return err == HN_OK ? request_change(r, go, s) : answer_is_sent(r) ? HN_OK : err;
}

int authorisation_hand_post(struct request *r)
{
	struct step *s = NULL;
	int err = begin(r, AUTHORIZATION_DRAFT, AUTHORIZATION_HANDED, "hub.authorisation.handed", &s);
	return finish(r, s, err);
}

int authorisation_issue_post(struct request *r)
{
	struct step *s = NULL;
	int err = begin(r, AUTHORIZATION_SIGNED, AUTHORIZATION_ISSUED, "hub.authorisation.issued", &s);
	return finish(r, s, err);
}

int authorisation_refuse_post(struct request *r)
{
	static const char *const names[] = {"reason", NULL};
	struct step *s = NULL;
	json_t *object = NULL;
	const char *reason = NULL;
	int err = json_object_read(r->body.data, r->body.len, &object, &r->fault);
	const struct form f = {.at = object, .arena = r->arena, .fault = &r->fault};
	if (err == HN_OK)
		err = json_only(object, names, &r->fault);
	if (err == HN_OK)
		err = form_text(&f, "reason", true, 4000, &reason);
	if (err == HN_OK)
		reason = arena_text(r->arena, reason, strlen(reason));
	if (err == HN_OK)
		err = begin(r, AUTHORIZATION_HANDED, AUTHORIZATION_REFUSED, "hub.authorisation.refused", &s);
	if (err == HN_OK)
		s->row.reason = reason;
	json_decref(object);
	return finish(r, s, err);
}

/* The commission's signatures: the same payload, signed by keys of the trust file. */
static int check_signed(struct request *r, const struct trust *trust, const struct jws *j, struct step *s)
{
	uint8_t digest[SHA256_SIZE];
	struct refusal_detail detail = {0};
	jws_digest(j, digest);
	if (memcmp(digest, s->row.digest, sizeof(digest)) != 0)
		return fault_set(&r->fault, HN_EFORMAT, "/payload", "%s",
				 tr("is not what was applied for", "申請された内容ではない"));
	enum refusal why = jws_check(j, trust->keys, trust->key_count, trust->threshold, &detail);
	if (why != REFUSAL_NONE && why != REFUSAL_SIGNATURES_TOO_FEW)
		return fault_set(&r->fault, HN_EFORMAT, "/signatures", "%s", refusal_text(why));
	if (why == REFUSAL_SIGNATURES_TOO_FEW)
		s->row.state = AUTHORIZATION_HANDED;
	s->row.signatures = (int64_t)j->count;
	buf_reset(&s->document);
	jws_add(j, &s->document);
	s->row.body = (const uint8_t *)s->document.data;
	s->row.body_len = s->document.len;
	return buf_err(&s->document);
}

int authorisation_document_put(struct request *r)
{
	struct step *s = NULL;
	struct trust *trust = arena_alloc(r->arena, sizeof(*trust));
	struct jws j = {0};
	int err = trust == NULL ? HN_ENOMEM : read_trust(r, trust);
	if (err == HN_OK)
		err = jws_parse(r->body.data, r->body.len, &j, &r->fault);
	if (err == HN_OK)
		err = begin(r, AUTHORIZATION_HANDED, AUTHORIZATION_SIGNED, "hub.authorisation.signed", &s);
	if (err == HN_OK)
		err = check_signed(r, trust, &j, s);
	jws_clear(&j);
	return finish(r, s, err);
}
