/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* How an edge joins by a code, and renews its certificate. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/utc.h"
#include "bus/enrol.h"
#include "bus/pki.h"
#include "http/answer.h"
#include "hub/config.h"
#include "hub/edge/edge.h"
#include "hub/request/request_store.h"
#include "hub/sets/sets.h"

#define IDENTITY_MAX 1024
#define UNKNOWN_NS   (60 * NS_SECOND)

struct enrolling {
	struct enrol_request *request;
	struct edge_enrolment enrolment;
	char identity[IDENTITY_MAX];
	char program[3 * ENROL_WORD_MAX + 8];
};

static void describe(struct enrolling *e)
{
	const struct enrol_request *q = e->request;
	struct buf b;
	buf_init(&b, sizeof(e->identity) - 1);
	bool written = key_public_write(&q->identity, &b) == HN_OK;
	(void)snprintf(e->identity, sizeof(e->identity), "%s", written ? b.data : "");
	buf_clear(&b);
	(void)snprintf(e->program, sizeof(e->program), "%s %s (%s)", q->program.name, q->program.version,
		       q->program.build);
	e->enrolment.id = q->edge;
	e->enrolment.kind = q->kind == ENROL_SENSOR ? EDGE_SENSOR : EDGE_RESOLVER;
	e->enrolment.identity = e->identity;
	e->enrolment.program = e->program;
	memcpy(e->enrolment.ed25519, q->identity.ed25519, sizeof(e->enrolment.ed25519));
	code_secret_digest(q->secret, e->enrolment.secret);
	/* What makes it the same request: who asks, for which key. */
	sha256_parts(q->identity.ed25519, sizeof(q->identity.ed25519), q->csr, q->csr_len, "", 0,
		     e->enrolment.request);
}

static int note(struct writing *w, struct request *r, const char *kind, const struct uuid *edge,
		const char *why)
{
	char id[UUID_TEXT_SIZE], record[160];
	uuid_format(edge, id);
	(void)snprintf(record, sizeof(record), "{\"edge\":\"%s\",\"why\":\"%s\"}", id, why);
	return request_note(w, r, kind, record, strlen(record));
}

static int give_certificate(struct writing *w, struct request *r, int64_t edge, const struct uuid *id,
			    const char *csr, size_t csr_len, const uint8_t *secret, char pem[4096])
{
	struct pki_certificate said;
	uint8_t serial[EDGE_SERIAL_MAX];
	struct buf b;
	buf_init(&b, 4095);
	int err = pki_sign_edge(edge_pki(), csr, csr_len, id, r->received_ns, &b, &said, &r->fault);
	size_t serial_len = strlen(said.serial) / 2;
	if (err == HN_OK)
		err = serial_len > sizeof(serial)
			      ? HN_ELIMIT
			      : hex_decode(said.serial, serial_len * 2, serial, serial_len);
	if (err == HN_OK) {
		const struct edge_certificate c = {serial, serial_len, said.until_ns / 1000, b.data};
		err = edges_certificate_add(w, edge, &c, secret);
		memcpy(pem, b.data, b.len + 1);
	}
	buf_clear(&b);
	return err;
}

static int answer_enrolled(struct request *r, const struct enrolling *e, const struct edge_enrolled *out)
{
	struct enrol_answer a = {
		.edge = e->enrolment.id,
		.certificate = (char *)(uintptr_t)out->pem,
		.root = (char *)(uintptr_t)pki_root_pem(edge_pki()),
		.head_key = *sets_key(),
	};
	(void)snprintf(a.name, sizeof(a.name), "%s",
		       r->lang == LANG_JA && out->name_ja[0] != '\0' ? out->name_ja : out->name_en);
	(void)snprintf(a.hub, sizeof(a.hub), "%s", hub_of(r)->config->name);
	int err = enrol_answer_write(&a, answer_body(r));
	return err == HN_OK ? answer_send(r, 201, NULL) : err;
}

/* Whoever has no code at all must not fill the ledger: an entry a minute, with how many there were. The
 * writer's thread alone has this. */
static bool is_noted(struct request *r, uint64_t *count_out)
{
	static int64_t noted_ns;
	static uint64_t since;
	since++;
	if (noted_ns != 0 && r->received_ns - noted_ns < UNKNOWN_NS && r->received_ns >= noted_ns)
		return false;
	*count_out = since;
	noted_ns = r->received_ns;
	since = 0;
	return true;
}

/* A refusal, which is an entry of the ledger; the same answer for all of them. */
static int refuse(struct writing *w, struct request *r, const struct enrolling *e, int why)
{
	const char *word = why == HN_ENOENT ? "unknown" : why == HN_EEXIST ? "used" : "other";
	char id[UUID_TEXT_SIZE], record[160];
	uint64_t count = 1;
	uuid_format(&e->enrolment.id, id);
	bool noted = why != HN_ENOENT || is_noted(r, &count);
	(void)snprintf(record, sizeof(record), "{\"count\":%llu,\"edge\":\"%s\",\"why\":\"%s\"}",
		       (unsigned long long)count, id, word);
	int err = noted ? request_note(w, r, "hub.edge.refused", record, strlen(record)) : HN_OK;
	if (err != HN_OK)
		return err;
	answer_keep_change(r);
	return answer_problem(
		r, 403, "code",
		tr("this code does not work: it was used, it is over, or it was not given out for this; "
		   "ask for a new one",
		   "このコードは使えない: 使用済み、期限切れ、又は用途が異なる。新しいコードを求めること"));
}

static int enrol(struct writing *w, struct request *r, void *context)
{
	struct enrolling *e = context;
	struct edge_enrolled out;
	int err = edges_enrol(w, &e->enrolment, &out);
	if (err == HN_ENOENT || err == HN_EEXIST || err == HN_EAUTH)
		return refuse(w, r, e, err);
	if (err == HN_OK && !out.again) {
		err = give_certificate(w, r, out.number, &e->enrolment.id, e->request->csr,
				       e->request->csr_len, e->enrolment.secret, out.pem);
		if (err == HN_OK)
			err = note(w, r, "hub.edge.enrolled", &e->enrolment.id,
				   edge_kind_name(e->enrolment.kind));
		edge_heads_decided();
	}
	return err == HN_OK ? answer_enrolled(r, e, &out) : err;
}

void edge_enrol_end(struct request *r)
{
	enrol_request_free(r->state);
	r->state = NULL;
}

int edge_enrol_post(struct request *r)
{
	struct enrolling *e = arena_alloc(r->arena, sizeof(*e));
	struct enrol_request *q = enrol_request_new();
	if (e == NULL || q == NULL) {
		enrol_request_free(q);
		return HN_ENOMEM;
	}
	r->state = q;
	int err = enrol_request_read(r->body.data, r->body.len, q, &r->fault);
	if (err != HN_OK)
		return err;
	e->request = q;
	describe(e);
	return request_change(r, enrol, e);
}

struct renewing {
	char csr[PKI_CSR_MAX + 1];
};

static int renew(struct writing *w, struct request *r, void *context)
{
	const struct renewing *n = context;
	const struct edge_peer *p = edge_peer_of(r);
	char pem[4096];
	int err = give_certificate(w, r, p->number, &p->id, n->csr, strlen(n->csr), NULL, pem);
	if (err == HN_OK)
		err = note(w, r, "hub.edge.renewed", &p->id, "time");
	if (err == HN_OK)
		err = renew_answer_write(pem, pki_root_pem(edge_pki()), answer_body(r));
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

int edge_renew_post(struct request *r)
{
	struct renewing *n = arena_alloc(r->arena, sizeof(*n));
	if (n == NULL)
		return HN_ENOMEM;
	int err = renew_request_read(r->body.data, r->body.len, n->csr, &r->fault);
	return err == HN_OK ? request_change(r, renew, n) : err;
}
