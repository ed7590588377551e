/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/field.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"

#define ALG "Ed25519"

void jws_clear(struct jws *j)
{
	free(j->payload);
	free(j->payload_text);
	free(j->signatures);
	*j = (struct jws){0};
}

/* Takes over the bytes of a buffer; both are as if newly begun afterwards. */
static void *take(struct buf *b)
{
	void *data = b->data;
	b->data = NULL;
	buf_clear(b);
	return data;
}

int jws_draft(const void *payload, size_t len, struct jws *out)
{
	struct buf text;
	struct jws j = {0};

	if (len == 0 || len > JWS_SIZE_MAX / 2)
		return HN_ELIMIT;
	buf_init(&text, JWS_SIZE_MAX);
	base64url_add(&text, payload, len);
	int rc = buf_err(&text);
	j.payload = malloc(len);
	if (rc != HN_OK || j.payload == NULL) {
		buf_clear(&text);
		free(j.payload);
		return rc != HN_OK ? rc : HN_ENOMEM;
	}
	memcpy(j.payload, payload, len);
	j.payload_len = len;
	j.payload_text = take(&text);
	*out = j;
	return HN_OK;
}

/* A place inside the array of signatures. */
static int fault_at(struct fault *fault, int rc, size_t i, const char *rest, const char *message)
{
	char place[320];
	(void)snprintf(place, sizeof(place), "/signatures/%zu%.255s", i, rest);
	return fault_set(fault, rc, place, "%s", message);
}

static int header_read(const json_t *header, struct jws_signature *s, struct fault *fault)
{
	static const char *const members[] = {"alg", "kid", NULL};
	const char *alg, *kid;
	uint8_t id[SHA256_SIZE];
	int rc;

	if ((rc = json_only(header, members, fault)) != HN_OK ||
	    (rc = json_get_string(header, "alg", true, &alg, fault)) != HN_OK)
		return rc;
	if (strcmp(alg, ALG) != 0)
		return fault_set(fault, HN_EUNSUPPORTED, "/alg",
				 tr("is '%.32s'; only 'Ed25519' is taken",
				    "は '%.32s' である。'Ed25519' しか受け付けない"),
				 alg);
	if ((rc = field_base64url(header, "kid", true, id, sizeof(id), fault)) != HN_OK ||
	    (rc = json_get_string(header, "kid", true, &kid, fault)) != HN_OK)
		return rc;
	memcpy(s->kid, kid, sizeof(s->kid));
	return HN_OK;
}

static int protected_read(const char *text, struct jws_signature *s, struct fault *fault)
{
	struct buf bytes;
	json_t *header;
	size_t len = strlen(text);

	if (len >= sizeof(s->protected_text))
		return fault_set(fault, HN_ELIMIT, "", tr("is too long", "が長過ぎる"));
	memcpy(s->protected_text, text, len + 1);
	buf_init(&bytes, sizeof(s->protected_text));
	int rc = base64url_decode(text, len, &bytes);
	if (rc != HN_OK)
		(void)fault_set(fault, rc, "", tr("is not base64url", "がbase64urlではない"));
	else
		rc = json_object_read(bytes.data == NULL ? "" : bytes.data, bytes.len, &header, fault);
	buf_clear(&bytes);
	if (rc != HN_OK)
		return rc;
	rc = header_read(header, s, fault);
	json_decref(header);
	return rc;
}

static int signature_read(const json_t *o, size_t i, struct jws_signature *s, struct fault *fault)
{
	static const char *const members[] = {"protected", "signature", NULL};
	struct fault inner = {{0}, {0}};
	const char *text;

	if (!json_is_object(o))
		return fault_at(fault, HN_EFORMAT, i, "",
				tr("must be an object", "はオブジェクトでなければならない"));
	int rc = json_only(o, members, &inner);
	if (rc == HN_OK)
		rc = json_get_string(o, "protected", true, &text, &inner);
	if (rc == HN_OK)
		rc = field_base64url(o, "signature", true, s->signature, sizeof(s->signature), &inner);
	if (rc != HN_OK)
		return fault_at(fault, rc, i, inner.place, inner.message);
	rc = protected_read(text, s, &inner);
	if (rc != HN_OK) {
		char place[300];
		(void)snprintf(place, sizeof(place), "/protected%.200s", inner.place);
		return fault_at(fault, rc, i, place, inner.message);
	}
	return HN_OK;
}

static int signatures_read(const json_t *array, struct jws *j, struct fault *fault)
{
	size_t count = json_array_size(array);
	if (count > JWS_SIGNATURES_MAX)
		return fault_set(fault, HN_ELIMIT, "/signatures", tr("more than %d", "%d個を超えている"),
				 JWS_SIGNATURES_MAX);
	if (count == 0)
		return HN_OK;
	j->signatures = calloc(count, sizeof(*j->signatures));
	if (j->signatures == NULL)
		return HN_ENOMEM;
	for (j->count = 0; j->count < count; j->count++) {
		int rc = signature_read(json_array_get(array, j->count), j->count, &j->signatures[j->count],
					fault);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static int payload_read(const char *text, struct jws *j, struct fault *fault)
{
	struct buf bytes;
	size_t len = strlen(text);

	buf_init(&bytes, JWS_SIZE_MAX);
	int rc = base64url_decode(text, len, &bytes);
	if (rc != HN_OK || bytes.len == 0) {
		buf_clear(&bytes);
		rc = rc == HN_OK ? HN_EFORMAT : rc;
		if (rc == HN_ENOMEM)
			return fault_set(fault, rc, "/payload", "%s", hn_strerror(rc));
		return fault_set(fault, rc, "/payload", tr("is not base64url", "がbase64urlではない"));
	}
	j->payload_len = bytes.len;
	j->payload = take(&bytes);
	j->payload_text = malloc(len + 1);
	if (j->payload_text == NULL)
		return HN_ENOMEM;
	memcpy(j->payload_text, text, len + 1);
	return HN_OK;
}

int jws_parse(const char *text, size_t len, struct jws *out, struct fault *fault)
{
	static const char *const members[] = {"payload", "signatures", NULL};
	const json_t *signatures;
	const char *payload;
	struct jws j = {0};
	json_t *o;

	if (len > JWS_SIZE_MAX)
		return fault_set(fault, HN_ELIMIT, "", "%s", hn_strerror(HN_ELIMIT));
	int rc = json_object_read(text, len, &o, fault);
	if (rc != HN_OK)
		return rc;
	if ((rc = json_only(o, members, fault)) == HN_OK &&
	    (rc = json_get_string(o, "payload", true, &payload, fault)) == HN_OK &&
	    (rc = json_get_array(o, "signatures", true, &signatures, fault)) == HN_OK &&
	    (rc = payload_read(payload, &j, fault)) == HN_OK)
		rc = signatures_read(signatures, &j, fault);
	json_decref(o);
	if (rc != HN_OK)
		jws_clear(&j);
	else
		*out = j;
	return rc;
}

/* The JWS signing input (RFC 7515, 5.1). */
static int signing_input(const struct jws *j, const char *protected_text, struct buf *out)
{
	buf_adds(out, protected_text);
	buf_addc(out, '.');
	buf_adds(out, j->payload_text);
	return buf_err(out);
}

static int protect(const char *kid, char *out, size_t size)
{
	char header[96];
	struct buf text;

	int n = snprintf(header, sizeof(header), "{\"alg\":\"" ALG "\",\"kid\":\"%s\"}", kid);
	buf_init(&text, size - 1);
	base64url_add(&text, header, (size_t)n);
	int rc = buf_err(&text);
	if (rc == HN_OK)
		memcpy(out, text.data, text.len + 1);
	buf_clear(&text);
	return rc;
}

int jws_sign(struct jws *j, const struct key *k)
{
	struct jws_signature s = {{0}, {0}, {0}};
	struct buf input;

	memcpy(s.kid, key_public(k)->id, sizeof(s.kid));
	for (size_t i = 0; i < j->count; i++)
		if (strcmp(j->signatures[i].kid, s.kid) == 0)
			return HN_EEXIST;
	if (j->count == JWS_SIGNATURES_MAX)
		return HN_ELIMIT;
	buf_init(&input, JWS_SIZE_MAX + sizeof(s.protected_text));
	int rc = protect(s.kid, s.protected_text, sizeof(s.protected_text));
	if (rc == HN_OK)
		rc = signing_input(j, s.protected_text, &input);
	if (rc == HN_OK)
		key_sign(k, input.data, input.len, s.signature);
	buf_clear(&input);
	if (rc != HN_OK)
		return rc;
	struct jws_signature *grown = reallocarray(j->signatures, j->count + 1, sizeof(*grown));
	if (grown == NULL)
		return HN_ENOMEM;
	grown[j->count++] = s;
	j->signatures = grown;
	return HN_OK;
}

void jws_add(const struct jws *j, struct buf *out)
{
	buf_adds(out, "{\"payload\":\"");
	buf_adds(out, j->payload_text);
	buf_adds(out, "\",\"signatures\":[");
	for (size_t i = 0; i < j->count; i++) {
		buf_adds(out, i == 0 ? "{\"protected\":\"" : ",{\"protected\":\"");
		buf_adds(out, j->signatures[i].protected_text);
		buf_adds(out, "\",\"signature\":\"");
		base64url_add(out, j->signatures[i].signature, KEY_SIGNATURE_SIZE);
		buf_adds(out, "\"}");
	}
	buf_adds(out, "]}\n");
}

void jws_digest(const struct jws *j, uint8_t out[32])
{
	sha256(j->payload, j->payload_len, out);
}

static const struct key_public *find(const struct key_public *keys, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].id, id) == 0)
			return &keys[i];
	return NULL;
}

static enum refusal check_one(const struct jws *j, size_t i, const struct key_public *keys, size_t count,
			      struct refusal_detail *detail)
{
	const struct jws_signature *s = &j->signatures[i];
	struct buf input;

	const struct key_public *key = find(keys, count, s->kid);
	if (key == NULL)
		return refusal_set(detail, REFUSAL_KEY_UNKNOWN, tr("key %s", "鍵 %s"), s->kid);
	for (size_t k = 0; k < i; k++)
		if (strcmp(j->signatures[k].kid, s->kid) == 0)
			return refusal_set(detail, REFUSAL_SIGNATURE_REPEATED,
					   tr("'%s' (key %s)", "「%s」（鍵 %s）"), key->name, key->id);
	buf_init(&input, JWS_SIZE_MAX + sizeof(s->protected_text));
	bool right = signing_input(j, s->protected_text, &input) == HN_OK &&
		     key_verify(key->ed25519, input.data, input.len, s->signature);
	buf_clear(&input);
	if (!right)
		return refusal_set(detail, REFUSAL_SIGNATURE_WRONG, tr("'%s' (key %s)", "「%s」（鍵 %s）"),
				   key->name, key->id);
	return REFUSAL_NONE;
}

enum refusal jws_check(const struct jws *j, const struct key_public *keys, size_t count, unsigned threshold,
		       struct refusal_detail *detail)
{
	for (size_t i = 0; i < j->count; i++) {
		enum refusal r = check_one(j, i, keys, count, detail);
		if (r != REFUSAL_NONE)
			return r;
	}
	if (j->count < threshold || threshold == 0)
		return refusal_set(detail, REFUSAL_SIGNATURES_TOO_FEW,
				   tr("%zu of %u", "%zu名（必要数は%u名）"), j->count, threshold);
	return REFUSAL_NONE;
}
