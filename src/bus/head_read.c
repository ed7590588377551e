/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Reads heads: first whose they are, then what they say. */
#include <stdlib.h>
#include <string.h>

#include "authority/field.h"
#include "authority/jws.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/lang.h"
#include "bus/batch.h"
#include "bus/head_inside.h"

static int read_file(const json_t *o, const char *place, struct head_file *out, struct fault *fault)
{
	int64_t size = 0;
	if (!json_is_object(o))
		return fault_set(fault, HN_EFORMAT, place, "%s",
				 tr("must be an object", "はオブジェクトでなければならない"));
	int err = field_hex(o, "digest", true, out->digest, sizeof(out->digest), fault);
	if (err == HN_OK)
		err = json_get_int(o, "size", true, 0, (int64_t)BATCH_SEQ_MAX, &size, fault);
	out->size = (uint64_t)size;
	return err;
}

static int too_many(const char *place, size_t most, struct fault *fault)
{
	return fault_set(fault, HN_ELIMIT, place, tr("more than %zu", "%zu個を超えている"), most);
}

static int read_action(const json_t *o, struct head *h, struct fault *fault)
{
	const char *text = "";
	int err = json_get_string(o, "action", false, &text, fault);
	if (err != HN_OK)
		return err;
	for (enum head_action a = HEAD_ACTION_UNSAID; a <= HEAD_SELECT; a++)
		if (strcmp(text, head_action_name(a)) == 0) {
			h->action = a;
			return HN_OK;
		}
	return fault_set(fault, HN_EUNSUPPORTED, "/action", "%s",
			 tr("is an action that this program does not know",
			    "はこのプログラムの知らないアクションである"));
}

static int read_files(const json_t *o, struct head_file files[HEAD_FILES_MAX], bool *has_base, size_t *count,
		      struct fault *fault)
{
	const json_t *overlays, *base = json_object_get(o, "base");
	int err = json_get_array(o, "overlays", true, &overlays, fault);
	if (err != HN_OK)
		return err;
	if (json_array_size(overlays) > HEAD_OVERLAYS_MAX)
		return too_many("/overlays", HEAD_OVERLAYS_MAX, fault);
	*has_base = !json_is_null(base);
	if (*has_base)
		err = read_file(base, "/base", &files[(*count)++], fault);
	for (size_t i = 0; err == HN_OK && i < json_array_size(overlays); i++)
		err = read_file(json_array_get(overlays, i), "/overlays", &files[(*count)++], fault);
	return err;
}

static int read_former(const json_t *o, struct head *h, struct fault *fault)
{
	const json_t *former = NULL;
	int64_t spread = 0;
	bool has_base = false;
	int err = json_get_object(o, "former", false, &former, fault);
	if (err != HN_OK || former == NULL)
		return err;
	err = read_files(former, h->former, &has_base, &h->former_count, fault);
	if (err == HN_OK)
		err = json_get_int(former, "spread", false, 0, HEAD_SPREAD_MAX, &spread, fault);
	h->spread_s = (uint32_t)spread;
	if (err == HN_OK && (!has_base || !h->has_base))
		err = fault_set(fault, HN_EFORMAT, "/former", "%s", tr("has no base", "に基底がない"));
	return err;
}

static int read_set(const json_t *o, struct head *h, struct fault *fault)
{
	int err = read_action(o, h, fault);
	if (err == HN_OK)
		err = read_files(o, h->files, &h->has_base, &h->file_count, fault);
	return err == HN_OK ? read_former(o, h, fault) : err;
}

static int read_document(const json_t *o, struct head *h, struct fault *fault)
{
	h->file_count = 1;
	return read_file(json_object_get(o, "document"), "/document", &h->files[0], fault);
}

static int read_trust(const json_t *o, struct head *h, struct fault *fault)
{
	const json_t *domestic = json_object_get(o, "domestic");
	int err = read_document(o, h, fault);
	if (err != HN_OK || domestic == NULL)
		return err;
	h->file_count = 2;
	return read_file(domestic, "/domestic", &h->files[1], fault);
}

static int read_documents(const json_t *o, struct head *h, struct fault *fault)
{
	const json_t *array;
	int err = json_get_array(o, "documents", true, &array, fault);
	if (err != HN_OK)
		return err;
	size_t count = json_array_size(array);
	if (count > HEAD_DOCUMENTS_MAX)
		return too_many("/documents", HEAD_DOCUMENTS_MAX, fault);
	h->documents = calloc(count + 1, sizeof(*h->documents));
	if (h->documents == NULL)
		return HN_ENOMEM;
	h->document_count = count;
	for (size_t i = 0; err == HN_OK && i < count; i++) {
		const json_t *d = json_array_get(array, i);
		err = read_file(d, "/documents", &h->documents[i].file, fault);
		if (err == HN_OK)
			err = field_uuid(d, "id", &h->documents[i].id, fault);
	}
	return err;
}

static int read_ask(const json_t *o, enum head_ask *out, struct fault *fault)
{
	const char *text;
	int err = json_get_string(o, "ask", true, &text, fault);
	if (err != HN_OK)
		return err;
	for (enum head_ask a = 0; a < HEAD_ASK_COUNT; a++)
		if (strcmp(text, head_ask_name(a)) == 0) {
			*out = a;
			return HN_OK;
		}
	return fault_set(
		fault, HN_EUNSUPPORTED, "/ask", "%s",
		tr("is a question that this program does not know", "はこのプログラムの知らない質問である"));
}

static int read_arguments(const json_t *o, char **out, struct fault *fault)
{
	const json_t *arguments;
	struct buf text;
	int err = json_get_object(o, "arguments", true, &arguments, fault);
	if (err != HN_OK)
		return err;
	buf_init(&text, HEAD_ARGUMENTS_MAX);
	json_add(&text, arguments);
	err = buf_err(&text);
	if (err != HN_OK) {
		buf_clear(&text);
		return fault_set(fault, err, "/arguments", "%s", hn_strerror(err));
	}
	*out = text.data;
	return HN_OK;
}

static int read_question(const json_t *o, struct head_question *q, struct fault *fault)
{
	if (!json_is_object(o))
		return fault_set(fault, HN_EFORMAT, "/questions", "%s",
				 tr("must hold objects", "はオブジェクトの配列でなければならない"));
	int err = field_uuid(o, "id", &q->id, fault);
	if (err == HN_OK)
		err = read_ask(o, &q->ask, fault);
	return err == HN_OK ? read_arguments(o, &q->arguments, fault) : err;
}

/* A question of a later kind is passed over; the others are answered. */
static int read_questions(const json_t *o, struct head *h, struct fault *fault)
{
	const json_t *array;
	int err = json_get_array(o, "questions", true, &array, fault);
	if (err != HN_OK)
		return err;
	size_t count = json_array_size(array);
	if (count > HEAD_QUESTIONS_MAX)
		return too_many("/questions", HEAD_QUESTIONS_MAX, fault);
	h->questions = calloc(count + 1, sizeof(*h->questions));
	if (h->questions == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; err == HN_OK && i < count; i++) {
		err = read_question(json_array_get(array, i), &h->questions[h->question_count], fault);
		if (err == HN_OK)
			h->question_count++;
		else if (err == HN_EUNSUPPORTED)
			err = HN_OK;
	}
	return err;
}

static int (*const readers[HEAD_KIND_COUNT])(const json_t *o, struct head *h, struct fault *fault) = {
	[HEAD_SET] = read_set,
	[HEAD_AUTHORISATIONS] = read_documents,
	[HEAD_TRUST] = read_trust,
	[HEAD_REVOCATIONS] = read_document,
	[HEAD_QUESTIONS] = read_questions,
};

static int read_kind(const json_t *o, enum head_kind *out, struct fault *fault)
{
	const char *text;
	int err = json_get_string(o, "kind", true, &text, fault);
	if (err != HN_OK)
		return err;
	for (enum head_kind k = 0; k < HEAD_KIND_COUNT; k++)
		if (strcmp(text, head_kind_name(k)) == 0) {
			*out = k;
			return HN_OK;
		}
	return fault_set(
		fault, HN_EUNSUPPORTED, "/kind", "%s",
		tr("is a kind that this program does not know", "はこのプログラムの知らない種類である"));
}

static int read_common(const json_t *o, struct head *h, struct fault *fault)
{
	const char *id;
	int64_t version = 0;
	int err = read_kind(o, &h->kind, fault);
	if (err == HN_OK)
		err = json_get_string(o, "id", true, &id, fault);
	if (err == HN_OK)
		err = json_get_int(o, "version", true, 1, (int64_t)BATCH_SEQ_MAX, &version, fault);
	if (err == HN_OK)
		err = field_time(o, "issued", &h->issued_ns, fault);
	if (err == HN_OK)
		err = field_time(o, "expires", &h->expires_ns, fault);
	if (err != HN_OK)
		return err;
	h->version = (uint64_t)version;
	size_t len = strlen(id);
	if (len < sizeof(h->id))
		memcpy(h->id, id, len + 1);
	return head_check(h) == HN_OK ? HN_OK
				      : fault_set(fault, HN_EFORMAT, "/id", "%s",
						  tr("is not an id of its kind, or it expires before it was "
						     "issued",
						     "が種類に合わないか、発行より前に失効している"));
}

/* The bytes that were signed are kept as they are: one line for the files of consumers. */
static int keep_payload(const char *text, size_t len, struct head *h)
{
	if (memchr(text, '\n', len) != NULL || memchr(text, '\0', len) != NULL)
		return HN_EFORMAT;
	h->payload = malloc(len + 1);
	if (h->payload == NULL)
		return HN_ENOMEM;
	memcpy(h->payload, text, len);
	h->payload[len] = '\0';
	h->payload_len = len;
	sha256(text, len, h->digest);
	return HN_OK;
}

int head_read_payload(const char *text, size_t len, struct head *out, struct fault *fault)
{
	struct head h = {0};
	json_t *o;
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > HEAD_TEXT_MAX)
		return fault_set(fault, HN_ELIMIT, "", "%s", hn_strerror(HN_ELIMIT));
	int err = json_object_read(text, len, &o, fault);
	if (err != HN_OK)
		return err;
	err = read_common(o, &h, fault);
	if (err == HN_OK)
		err = readers[h.kind](o, &h, fault);
	json_decref(o);
	if (err == HN_OK && (err = keep_payload(text, len, &h)) != HN_OK)
		(void)fault_set(fault, err, "", "%s",
				tr("must stand on one line", "は1行でなければならない"));
	if (err == HN_OK)
		*out = h;
	else
		head_clear(&h);
	return err;
}

int head_read(const char *text, size_t len, const struct key_public *key, struct head *out,
	      struct fault *fault)
{
	struct refusal_detail detail = {""};
	struct jws jws = {0};
	if (len > HEAD_TEXT_MAX)
		return fault_set(fault, HN_ELIMIT, "", "%s", hn_strerror(HN_ELIMIT));
	int err = jws_parse(text, len, &jws, fault);
	if (err != HN_OK)
		return err;
	enum refusal refusal =
		jws.count == 1 ? jws_check(&jws, key, 1, 1, &detail) : REFUSAL_SIGNATURES_TOO_FEW;
	if (refusal != REFUSAL_NONE)
		err = fault_set(fault, HN_EAUTH, "/signatures", "%s: %s", refusal_text(refusal), detail.text);
	else
		err = head_read_payload((const char *)jws.payload, jws.payload_len, out, fault);
	jws_clear(&jws);
	return err;
}
