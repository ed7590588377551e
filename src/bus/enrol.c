/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/enrol.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "authority/field.h"
#include "authority/jws.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"

static const char *const kinds[ENROL_KIND_COUNT] = {[ENROL_SENSOR] = "sensor", [ENROL_RESOLVER] = "resolver"};

const char *enrol_kind_name(enum enrol_kind kind)
{
	return kinds[kind];
}

struct enrol_request *enrol_request_new(void)
{
	struct enrol_request *r = sodium_init() < 0 ? NULL : sodium_malloc(sizeof(*r));
	if (r != NULL)
		memset(r, 0, sizeof(*r));
	return r;
}

void enrol_request_free(struct enrol_request *r)
{
	sodium_free(r);
}

/* ---- the request, written ---- */

/* By hand, into memory that is wiped: a tree of jansson would leave the secret on the heap. */
static void write_payload(const struct code *code, enum enrol_kind kind, const struct enrol_program *program,
			  const char *csr, const struct buf *identity, struct buf *out)
{
	buf_adds(out, "{\"secret\":\"");
	base64url_add(out, code->secret, sizeof(code->secret));
	buf_adds(out, "\",\"csr\":");
	buf_json_string(out, csr, strlen(csr));
	buf_adds(out, ",\"identity\":");
	buf_json_string(out, identity->data, identity->len);
	buf_addf(out, ",\"kind\":\"%s\",\"program\":{\"name\":", kinds[kind]);
	buf_json_string(out, program->name, strlen(program->name));
	buf_adds(out, ",\"version\":");
	buf_json_string(out, program->version, strlen(program->version));
	buf_adds(out, ",\"build\":");
	buf_json_string(out, program->build, strlen(program->build));
	buf_adds(out, "}}");
}

static void wipe(struct buf *b)
{
	if (b->data != NULL)
		sodium_memzero(b->data, b->cap);
	buf_clear(b);
}

static void wipe_jws(struct jws *j)
{
	if (j->payload != NULL)
		sodium_memzero(j->payload, j->payload_len);
	if (j->payload_text != NULL)
		sodium_memzero(j->payload_text, strlen(j->payload_text));
	jws_clear(j);
}

int enrol_request_write(const struct code *code, const struct key *identity, enum enrol_kind kind,
			const struct enrol_program *program, const char *csr, struct buf *out)
{
	struct jws jws = {0};
	struct buf public, payload;
	if (strlen(csr) > PKI_CSR_MAX)
		return HN_ELIMIT;
	buf_init(&public, ENROL_REQUEST_MAX);
	buf_init(&payload, ENROL_REQUEST_MAX);
	int err = key_public_write(key_public(identity), &public);
	if (err == HN_OK)
		err = buf_reserve(&payload, ENROL_REQUEST_MAX / 2); /* does not move: no copy stays behind */
	if (err == HN_OK) {
		write_payload(code, kind, program, csr, &public, &payload);
		err = buf_err(&payload);
	}
	if (err == HN_OK)
		err = jws_draft(payload.data, payload.len, &jws);
	if (err == HN_OK)
		err = jws_sign(&jws, identity);
	if (err == HN_OK)
		err = buf_reserve(out, ENROL_REQUEST_MAX);
	if (err == HN_OK)
		jws_add(&jws, out);
	wipe_jws(&jws);
	wipe(&payload);
	buf_clear(&public);
	return err == HN_OK ? buf_err(out) : err;
}

/* ---- and read ---- */

static int get_text(const json_t *o, const char *name, size_t max, char *out, struct fault *fault)
{
	const char *text;
	int err = field_text(o, name, true, max, &text, fault);
	if (err == HN_OK)
		memcpy(out, text, strlen(text) + 1);
	return err;
}

static int get_pem(const json_t *o, const char *name, size_t max, const char **out, struct fault *fault)
{
	char place[32];
	int err = json_get_string(o, name, true, out, fault);
	if (err != HN_OK || strlen(*out) <= max)
		return err;
	(void)snprintf(place, sizeof(place), "/%s", name);
	return fault_set(fault, HN_ELIMIT, place, "%s", tr("is too long", "が長過ぎる"));
}

static int get_csr(const json_t *o, char out[PKI_CSR_MAX + 1], size_t *len_out, struct fault *fault)
{
	const char *text;
	int err = get_pem(o, "csr", PKI_CSR_MAX, &text, fault);
	if (err != HN_OK)
		return err;
	*len_out = strlen(text);
	memcpy(out, text, *len_out + 1);
	return HN_OK;
}

static int get_program(const json_t *o, struct enrol_program *out, struct fault *fault)
{
	const json_t *program;
	int err = json_get_object(o, "program", true, &program, fault);
	if (err == HN_OK)
		err = get_text(program, "name", ENROL_WORD_MAX, out->name, fault);
	if (err == HN_OK)
		err = get_text(program, "version", ENROL_WORD_MAX, out->version, fault);
	if (err == HN_OK)
		err = get_text(program, "build", ENROL_WORD_MAX, out->build, fault);
	return err;
}

static int get_kind(const json_t *o, enum enrol_kind *out, struct fault *fault)
{
	const char *text;
	int err = json_get_string(o, "kind", true, &text, fault);
	if (err != HN_OK)
		return err;
	for (enum enrol_kind k = 0; k < ENROL_KIND_COUNT; k++)
		if (strcmp(text, kinds[k]) == 0) {
			*out = k;
			return HN_OK;
		}
	return fault_set(
		fault, HN_EUNSUPPORTED, "/kind", "%s",
		tr("must be 'sensor' or 'resolver'", "は「sensor」か「resolver」でなければならない"));
}

static int get_identity(const json_t *o, struct enrol_request *r, struct fault *fault)
{
	const char *text;
	int err = json_get_string(o, "identity", true, &text, fault);
	if (err == HN_OK)
		err = key_public_parse(text, strlen(text), &r->identity, fault);
	if (err == HN_OK)
		key_sensor_id(&r->identity, &r->edge);
	return err;
}

static int read_request(const json_t *o, struct enrol_request *r, struct fault *fault)
{
	int err = field_base64url(o, "secret", true, r->secret, sizeof(r->secret), fault);
	if (err == HN_OK)
		err = get_csr(o, r->csr, &r->csr_len, fault);
	if (err == HN_OK)
		err = get_identity(o, r, fault);
	if (err == HN_OK)
		err = get_kind(o, &r->kind, fault);
	if (err == HN_OK)
		err = get_program(o, &r->program, fault);
	return err;
}

/* Who it says that it is has signed it. */
static int check_signature(const struct jws *jws, const struct enrol_request *r, struct fault *fault)
{
	struct refusal_detail detail = {""};
	enum refusal refusal =
		jws->count == 1 ? jws_check(jws, &r->identity, 1, 1, &detail) : REFUSAL_SIGNATURES_TOO_FEW;
	if (refusal == REFUSAL_NONE)
		return HN_OK;
	return fault_set(fault, HN_EAUTH, "/signatures", "%s: %s", refusal_text(refusal), detail.text);
}

int enrol_request_read(const char *text, size_t len, struct enrol_request *out, struct fault *fault)
{
	struct enrol_request *r = enrol_request_new();
	struct jws jws = {0};
	json_t *o = NULL;
	if (r == NULL)
		return HN_ENOMEM;
	int err = len > ENROL_REQUEST_MAX ? fault_set(fault, HN_ELIMIT, "", "%s", hn_strerror(HN_ELIMIT))
					  : jws_parse(text, len, &jws, fault);
	if (err == HN_OK)
		err = json_object_read((const char *)jws.payload, jws.payload_len, &o, fault);
	if (err == HN_OK)
		err = read_request(o, r, fault);
	if (err == HN_OK)
		err = check_signature(&jws, r, fault);
	if (err == HN_OK)
		*out = *r;
	json_decref(o);
	wipe_jws(&jws);
	enrol_request_free(r);
	return err;
}

/* ---- the answer ---- */

int enrol_answer_write(const struct enrol_answer *a, struct buf *out)
{
	bool bad = false;
	json_t *o = json_object(), *head_key = json_object(), *hub = json_object();
	field_put_uuid(o, "edge", &a->edge, &bad);
	field_put_string(o, "certificate", a->certificate, &bad);
	field_put_string(o, "root", a->root, &bad);
	field_put_string(head_key, "kid", a->head_key.id, &bad);
	field_put_base64url(head_key, "ed25519", a->head_key.ed25519, 32, &bad);
	field_put(o, "head_key", head_key, &bad);
	field_put_string(o, "name", a->name, &bad);
	field_put_string(hub, "name", a->hub, &bad);
	field_put(o, "hub", hub, &bad);
	if (!bad)
		json_add(out, o);
	json_decref(o);
	return bad ? HN_ENOMEM : buf_err(out);
}

void enrol_answer_clear(struct enrol_answer *a)
{
	free(a->certificate);
	free(a->root);
	*a = (struct enrol_answer){0};
}

static int get_head_key(const json_t *o, struct key_public *out, struct fault *fault)
{
	const json_t *k;
	const char *kid;
	int err = json_get_object(o, "head_key", true, &k, fault);
	if (err == HN_OK)
		err = field_base64url(k, "ed25519", true, out->ed25519, sizeof(out->ed25519), fault);
	if (err == HN_OK)
		err = json_get_string(k, "kid", true, &kid, fault);
	if (err != HN_OK)
		return err;
	key_id_of(out->ed25519, out->id);
	if (strcmp(kid, out->id) != 0)
		return fault_set(fault, HN_EFORMAT, "/head_key/kid", "%s",
				 tr("is not the id of its key", "が鍵のIDと一致しない"));
	return HN_OK;
}

static int take_pem(const json_t *o, const char *name, char **out, struct fault *fault)
{
	const char *text;
	int err = get_pem(o, name, PKI_PEM_MAX, &text, fault);
	if (err != HN_OK)
		return err;
	*out = strdup(text);
	return *out == NULL ? HN_ENOMEM : HN_OK;
}

static int read_answer(const json_t *o, struct enrol_answer *a, struct fault *fault)
{
	const json_t *hub = NULL;
	int err = field_uuid(o, "edge", &a->edge, fault);
	if (err == HN_OK)
		err = take_pem(o, "certificate", &a->certificate, fault);
	if (err == HN_OK)
		err = take_pem(o, "root", &a->root, fault);
	if (err == HN_OK)
		err = get_head_key(o, &a->head_key, fault);
	if (err == HN_OK)
		err = get_text(o, "name", ENROL_NAME_MAX, a->name, fault);
	if (err == HN_OK)
		err = json_get_object(o, "hub", true, &hub, fault);
	return err == HN_OK ? get_text(hub, "name", ENROL_NAME_MAX, a->hub, fault) : err;
}

static int read_object(const char *text, size_t len, size_t max, json_t **out, struct fault *fault)
{
	if (len > max)
		return fault_set(fault, HN_ELIMIT, "", "%s", hn_strerror(HN_ELIMIT));
	return json_object_read(text, len, out, fault);
}

int enrol_answer_read(const char *text, size_t len, struct enrol_answer *out, struct fault *fault)
{
	struct enrol_answer a = {0};
	json_t *o = NULL;
	int err = read_object(text, len, ENROL_ANSWER_MAX, &o, fault);
	if (err != HN_OK)
		return err;
	err = read_answer(o, &a, fault);
	json_decref(o);
	if (err == HN_OK)
		*out = a;
	else
		enrol_answer_clear(&a);
	return err;
}

/* ---- renewing ---- */

int renew_request_write(const char *csr, struct buf *out)
{
	buf_adds(out, "{\"csr\":");
	buf_json_string(out, csr, strlen(csr));
	buf_adds(out, "}");
	return buf_err(out);
}

int renew_request_read(const char *text, size_t len, char csr_out[PKI_CSR_MAX + 1], struct fault *fault)
{
	json_t *o = NULL;
	size_t csr_len;
	int err = read_object(text, len, ENROL_REQUEST_MAX, &o, fault);
	if (err != HN_OK)
		return err;
	err = get_csr(o, csr_out, &csr_len, fault);
	json_decref(o);
	return err;
}

int renew_answer_write(const char *certificate, const char *root, struct buf *out)
{
	buf_adds(out, "{\"certificate\":");
	buf_json_string(out, certificate, strlen(certificate));
	buf_adds(out, ",\"root\":");
	buf_json_string(out, root, strlen(root));
	buf_adds(out, "}");
	return buf_err(out);
}

int renew_answer_read(const char *text, size_t len, char **certificate_out, char **root_out,
		      struct fault *fault)
{
	char *certificate = NULL, *root = NULL;
	json_t *o = NULL;
	int err = read_object(text, len, ENROL_ANSWER_MAX, &o, fault);
	if (err != HN_OK)
		return err;
	err = take_pem(o, "certificate", &certificate, fault);
	if (err == HN_OK)
		err = take_pem(o, "root", &root, fault);
	json_decref(o);
	if (err != HN_OK) {
		free(certificate);
		free(root);
		return err;
	}
	*certificate_out = certificate;
	*root_out = root;
	return HN_OK;
}
