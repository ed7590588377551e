/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What heads say: names, writing, what may follow what. head_read.c reads them. */
#include "bus/head_inside.h"

#include <stdlib.h>
#include <string.h>

#include "authority/jws.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "bus/batch.h"

static const char *const kinds[HEAD_KIND_COUNT] = {
	[HEAD_SET] = "set",
	[HEAD_AUTHORISATIONS] = "authorisations",
	[HEAD_TRUST] = "trust",
	[HEAD_REVOCATIONS] = "revocations",
	[HEAD_QUESTIONS] = "questions",
};

static const char *const actions[] = {
	[HEAD_ACTION_UNSAID] = "",
	[HEAD_WATCH] = "watch",
	[HEAD_BLOCK] = "block",
	[HEAD_SELECT] = "select",
};

static const char *const asks[HEAD_ASK_COUNT] = {
	[HEAD_EXPLAIN] = "explain",
	[HEAD_STATISTICS] = "statistics",
	[HEAD_SKETCH] = "sketch",
};

const char *head_kind_name(enum head_kind kind)
{
	return kinds[kind];
}

const char *head_action_name(enum head_action action)
{
	return actions[action];
}

const char *head_ask_name(enum head_ask ask)
{
	return asks[ask];
}

/* ---- writing ---- */

static void add_file(struct buf *b, const struct head_file *f)
{
	char digest[65];
	hex_encode(f->digest, 32, digest);
	buf_addf(b, "{\"digest\":\"%s\",\"size\":%llu}", digest, (unsigned long long)f->size);
}

static void add_files(struct buf *b, const struct head_file files[], size_t count, bool has_base)
{
	size_t first = has_base ? 1 : 0;
	buf_adds(b, "\"base\":");
	if (has_base)
		add_file(b, &files[0]);
	else
		buf_adds(b, "null");
	buf_adds(b, ",\"overlays\":[");
	for (size_t i = first; i < count; i++) {
		buf_adds(b, i > first ? "," : "");
		add_file(b, &files[i]);
	}
	buf_adds(b, "]");
}

static int add_set(const struct head *h, struct buf *out)
{
	size_t first = h->has_base ? 1 : 0;
	if (h->file_count > first + HEAD_OVERLAYS_MAX || h->former_count > HEAD_FILES_MAX)
		return HN_ELIMIT;
	if (h->file_count < first || (h->former_count > 0 && !h->has_base) || h->spread_s > HEAD_SPREAD_MAX)
		return HN_EFORMAT;
	buf_adds(out, ",");
	add_files(out, h->files, h->file_count, h->has_base);
	if (h->action != HEAD_ACTION_UNSAID)
		buf_addf(out, ",\"action\":\"%s\"", actions[h->action]);
	if (h->former_count > 0) {
		buf_adds(out, ",\"former\":{");
		add_files(out, h->former, h->former_count, true);
		buf_addf(out, ",\"spread\":%u}", (unsigned)h->spread_s);
	}
	return HN_OK;
}

static int add_document(const struct head *h, struct buf *out)
{
	if (h->file_count != 1)
		return HN_EFORMAT;
	buf_adds(out, ",\"document\":");
	add_file(out, &h->files[0]);
	return HN_OK;
}

/* The table of domestic prefixes goes with the trust file that names its digest. */
static int add_trust(const struct head *h, struct buf *out)
{
	if (h->file_count != 1 && h->file_count != 2)
		return HN_EFORMAT;
	buf_adds(out, ",\"document\":");
	add_file(out, &h->files[0]);
	if (h->file_count == 2) {
		buf_adds(out, ",\"domestic\":");
		add_file(out, &h->files[1]);
	}
	return HN_OK;
}

static int add_documents(const struct head *h, struct buf *out)
{
	char id[UUID_TEXT_SIZE], digest[65];
	if (h->document_count > HEAD_DOCUMENTS_MAX)
		return HN_ELIMIT;
	buf_adds(out, ",\"documents\":[");
	for (size_t i = 0; i < h->document_count; i++) {
		const struct head_document *d = &h->documents[i];
		uuid_format(&d->id, id);
		hex_encode(d->file.digest, 32, digest);
		buf_addf(out, "%s{\"id\":\"%s\",\"digest\":\"%s\",\"size\":%llu}", i > 0 ? "," : "", id,
			 digest, (unsigned long long)d->file.size);
	}
	buf_adds(out, "]");
	return HN_OK;
}

/* The arguments are read and written anew, so nothing but JSON gets into what is signed. */
static int add_arguments(const char *text, struct buf *out)
{
	json_t *o;
	size_t len = strlen(text);
	if (len > HEAD_ARGUMENTS_MAX)
		return HN_ELIMIT;
	int err = json_object_read(text, len, &o, NULL);
	if (err != HN_OK)
		return err;
	json_add(out, o);
	json_decref(o);
	return HN_OK;
}

static int add_questions(const struct head *h, struct buf *out)
{
	char id[UUID_TEXT_SIZE];
	int err = h->question_count > HEAD_QUESTIONS_MAX ? HN_ELIMIT : HN_OK;
	buf_adds(out, ",\"questions\":[");
	for (size_t i = 0; err == HN_OK && i < h->question_count; i++) {
		const struct head_question *q = &h->questions[i];
		uuid_format(&q->id, id);
		buf_addf(out, "%s{\"id\":\"%s\",\"ask\":\"%s\",\"arguments\":", i > 0 ? "," : "", id,
			 asks[q->ask]);
		err = add_arguments(q->arguments, out);
		buf_adds(out, "}");
	}
	buf_adds(out, "]");
	return err;
}

static int (*const writers[HEAD_KIND_COUNT])(const struct head *h, struct buf *out) = {
	[HEAD_SET] = add_set,
	[HEAD_AUTHORISATIONS] = add_documents,
	[HEAD_TRUST] = add_trust,
	[HEAD_REVOCATIONS] = add_document,
	[HEAD_QUESTIONS] = add_questions,
};

/* A nation has one trust and one list of revocations; all else is somebody's. */
static bool id_ok(enum head_kind kind, const char *id)
{
	char again[UUID_TEXT_SIZE];
	struct uuid u;
	if (kind == HEAD_TRUST || kind == HEAD_REVOCATIONS)
		return strcmp(id, HEAD_NATION) == 0;
	if (uuid_parse(id, strlen(id), &u) != HN_OK)
		return false;
	uuid_format(&u, again);
	return strcmp(id, again) == 0;
}

int head_check(const struct head *h)
{
	bool sizes = true;
	for (size_t i = 0; i < h->file_count && i < sizeof(h->files) / sizeof(h->files[0]); i++)
		sizes = sizes && h->files[i].size <= BATCH_SEQ_MAX;
	for (size_t i = 0; i < h->former_count && i < HEAD_FILES_MAX; i++)
		sizes = sizes && h->former[i].size <= BATCH_SEQ_MAX;
	for (size_t i = 0; i < h->document_count; i++)
		sizes = sizes && h->documents[i].file.size <= BATCH_SEQ_MAX;
	return sizes && id_ok(h->kind, h->id) && h->version > 0 && h->version <= BATCH_SEQ_MAX &&
			       h->issued_ns < h->expires_ns
		       ? HN_OK
		       : HN_EFORMAT;
}

int head_write(const struct head *h, struct buf *out)
{
	char issued[UTC_SIZE], expires[UTC_SIZE];
	int err = head_check(h);
	if (err != HN_OK)
		return err;
	utc_format(h->issued_ns, issued);
	utc_format(h->expires_ns, expires);
	buf_addf(out, "{\"kind\":\"%s\",\"id\":\"%s\",\"version\":%llu,\"issued\":\"%s\",\"expires\":\"%s\"",
		 kinds[h->kind], h->id, (unsigned long long)h->version, issued, expires);
	err = writers[h->kind](h, out);
	buf_adds(out, "}");
	return err == HN_OK ? buf_err(out) : err;
}

int head_sign(const struct head *h, const struct key *key, struct buf *out)
{
	struct jws jws = {0};
	struct buf payload;
	/* The text is a third longer than the payload, and has its signature. */
	buf_init(&payload, HEAD_TEXT_MAX / 4 * 3 - 1024);
	int err = head_write(h, &payload);
	if (err == HN_OK)
		err = jws_draft(payload.data, payload.len, &jws);
	if (err == HN_OK)
		err = jws_sign(&jws, key);
	if (err == HN_OK)
		jws_add(&jws, out);
	jws_clear(&jws);
	buf_clear(&payload);
	return err == HN_OK ? buf_err(out) : err;
}

void head_choose(struct head *h, bool former)
{
	if (former) {
		memcpy(h->files, h->former, sizeof(h->files));
		h->file_count = h->former_count;
	}
	h->former_count = 0;
}

void head_clear(struct head *h)
{
	for (size_t i = 0; i < h->question_count; i++)
		free(h->questions[i].arguments);
	free(h->questions);
	free(h->documents);
	free(h->payload);
	*h = (struct head){0};
}

/* ---- what may follow ---- */

int head_follows(const struct head *h, const struct head_held *held, struct fault *fault)
{
	if (h->version < held->version)
		return fault_set(
			fault, HN_ESTATE, h->id,
			tr("version %llu of %s '%s' is older than %llu, which is in force: rolled back",
			   "版%llu（%s「%s」）は適用中の版%lluより古い。巻き戻しである"),
			(unsigned long long)h->version, kinds[h->kind], h->id,
			(unsigned long long)held->version);
	if (h->version > held->version)
		return HN_OK;
	if (memcmp(h->digest, held->digest, sizeof(held->digest)) == 0)
		return HN_EEXIST;
	return fault_set(fault, HN_EAUTH, h->id,
			 tr("there are two different heads of version %llu of %s '%s'",
			    "版%llu（%s「%s」）として内容の異なるヘッドが2つある"),
			 (unsigned long long)h->version, kinds[h->kind], h->id);
}

bool head_expired(const struct head *h, int64_t now_ns)
{
	return now_ns >= h->expires_ns;
}
