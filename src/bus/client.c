/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What an edge asks: to enrol, to renew, to keep a batch, where streams stand. */
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "bus/client_inside.h"

static void release_state(struct op *op)
{
	free(op->state);
}

/* A request with a state of its own. */
static int begin(struct client *c, const char *path, size_t size,
		 void (*finish)(struct op *, struct client_result *), const void *context, struct op **out)
{
	struct op *op;
	int err = op_new(c, path, &op);
	if (err != HN_OK)
		return err;
	op->state = calloc(1, size);
	op->release = release_state;
	op->finish = finish;
	op->context = context;
	if (op->state == NULL) {
		op_free(op);
		return HN_ENOMEM;
	}
	*out = op;
	return HN_OK;
}

static int post(struct op *op, const void *body, size_t len, bool copy, const char *type)
{
	int err = op_post(op, body, len, copy, type);
	if (err != HN_OK) {
		op_free(op);
		return err;
	}
	return op_start(op);
}

/* ---- enrolling and renewing ---- */

struct enrolling {
	struct uuid edge;
	const char *key;
	void (*enrolled)(void *context, const struct client_result *r, struct enrol_answer *answer);
	void (*renewed)(void *context, const struct client_result *r, const char *certificate);
	void *context;
};

static int wrong(struct client_result *r, const char *message)
{
	r->err = fault_set(&r->fault, HN_EAUTH, "", "%s", message);
	return r->err;
}

/* What the server gives is for this edge's key, and by the root that it showed. */
static int judge_certificate(const struct client *c, const struct uuid *edge, const char *key,
			     const char *certificate, const char *root, struct client_result *r)
{
	struct pki_certificate given, above;
	if (pki_certificate_read(root, strlen(root), &above) != HN_OK ||
	    memcmp(above.digest, c->root, sizeof(above.digest)) != 0)
		return wrong(r, tr("the answer names another root certificate than the pinned one",
				   "応答のルート証明書が登録コードのものと異なる"));
	if (pki_certificate_read(certificate, strlen(certificate), &given) != HN_OK || !given.is_edge ||
	    (edge != NULL && uuid_compare(&given.edge, edge) != 0) || pki_matches(certificate, key) != HN_OK)
		return wrong(r, tr("the certificate that the server gave is not for this edge and its key",
				   "サーバーの渡した証明書がこのエッジとその鍵のものではない"));
	return HN_OK;
}

static void end_enrol(struct op *op, struct client_result *r)
{
	const struct enrolling *e = op->state;
	struct enrol_answer answer = {0};
	if (op_ok(r)) {
		r->err = enrol_answer_read(op->answer.data == NULL ? "" : op->answer.data, op->answer.len,
					   &answer, &r->fault);
		if (op_ok(r) && uuid_compare(&answer.edge, &e->edge) != 0)
			(void)wrong(r,
				    tr("the server enrolled another edge", "サーバーは別のエッジを登録した"));
		if (op_ok(r))
			(void)judge_certificate(op->client, &e->edge, e->key, answer.certificate, answer.root,
						r);
		if (!op_ok(r))
			enrol_answer_clear(&answer);
	}
	e->enrolled(e->context, r, op_ok(r) ? &answer : NULL);
}

int client_enrol(struct client *c, const struct buf *request, const struct uuid *edge, const char *key,
		 void (*done)(void *context, const struct client_result *r, struct enrol_answer *answer),
		 void *context)
{
	struct op *op;
	int err = begin(c, "enrol", sizeof(struct enrolling), end_enrol, context, &op);
	if (err != HN_OK)
		return err;
	*(struct enrolling *)op->state =
		(struct enrolling){.edge = *edge, .key = key, .enrolled = done, .context = context};
	op->secret = true;
	return post(op, request->data, request->len, true, "application/json");
}

static void end_renew(struct op *op, struct client_result *r)
{
	const struct enrolling *e = op->state;
	char *certificate = NULL, *root = NULL;
	if (op_ok(r)) {
		r->err = renew_answer_read(op->answer.data == NULL ? "" : op->answer.data, op->answer.len,
					   &certificate, &root, &r->fault);
		if (op_ok(r))
			(void)judge_certificate(op->client, NULL, e->key, certificate, root, r);
	}
	e->renewed(e->context, r, op_ok(r) ? certificate : NULL);
	free(certificate);
	free(root);
}

int client_renew(struct client *c, const char *csr, const char *key,
		 void (*done)(void *context, const struct client_result *r, const char *certificate),
		 void *context)
{
	struct op *op;
	struct buf body;
	buf_init(&body, ENROL_REQUEST_MAX);
	int err = renew_request_write(csr, &body);
	if (err == HN_OK)
		err = begin(c, "renew", sizeof(struct enrolling), end_renew, context, &op);
	if (err == HN_OK) {
		*(struct enrolling *)op->state =
			(struct enrolling){.key = key, .renewed = done, .context = context};
		err = post(op, body.data, body.len, true, "application/json");
	}
	buf_clear(&body);
	return err;
}

/* ---- streams ---- */

struct sending {
	void (*sent)(void *context, const struct client_result *r, const struct client_standing *standing);
	void (*stand)(void *context, const struct client_result *r, const struct client_standing standing[]);
	void *context;
};

static void end_send(struct op *op, struct client_result *r)
{
	const struct sending *s = op->state;
	struct client_standing standing = {0};
	json_t *o;
	if (op_ok(r) && op_json(op, r, &o) == HN_OK) {
		r->err = answer_standing(o, &standing, &r->fault);
		json_decref(o);
	} else if (r->err == HN_ESTATE && op->answer.len > 0 &&
		   json_object_read(op->answer.data, op->answer.len, &o, NULL) == HN_OK) {
		if (answer_standing(o, &standing, NULL) != HN_OK)
			standing.known = false;
		json_decref(o);
	}
	s->sent(s->context, r, &standing);
}

/* The headers of a batch, one by one. */
static int add_headers(struct op *op, const struct batch *b)
{
	struct buf text;
	buf_init(&text, 1024);
	batch_headers_write(b, &text);
	int err = buf_err(&text);
	for (char *line = text.data; err == HN_OK && *line != '\0';) {
		char *end = strstr(line, "\r\n");
		*end = '\0';
		err = op_header(op, line);
		line = end + 2;
	}
	buf_clear(&text);
	return err == HN_OK ? op_header(op, "Content-Encoding: zstd") : err;
}

int client_send(struct client *c, const struct batch *b, const void *body, size_t len,
		void (*done)(void *context, const struct client_result *r,
			     const struct client_standing *standing),
		void *context)
{
	char path[64];
	struct op *op;
	(void)snprintf(path, sizeof(path), "streams/%s", stream_name(b->stream));
	int err = begin(c, path, sizeof(struct sending), end_send, context, &op);
	if (err != HN_OK)
		return err;
	*(struct sending *)op->state = (struct sending){.sent = done, .context = context};
	err = add_headers(op, b);
	if (err != HN_OK) {
		op_free(op);
		return err;
	}
	return post(op, body, len, false, "application/x-ndjson");
}

static void end_streams(struct op *op, struct client_result *r)
{
	const struct sending *s = op->state;
	struct client_standing standing[STREAM_COUNT] = {{0}};
	json_t *o;
	if (op_ok(r) && op_json(op, r, &o) == HN_OK) {
		r->err = answer_streams(o, standing, &r->fault);
		json_decref(o);
	}
	s->stand(s->context, r, standing);
}

int client_streams(struct client *c,
		   void (*done)(void *context, const struct client_result *r,
				const struct client_standing standing[]),
		   void *context)
{
	struct op *op;
	int err = begin(c, "streams", sizeof(struct sending), end_streams, context, &op);
	if (err != HN_OK)
		return err;
	*(struct sending *)op->state = (struct sending){.stand = done, .context = context};
	return op_start(op);
}
