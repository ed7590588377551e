/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/lang.h"
#include "http/answer.h"
#include "http/head.h"
#include "http/route.h"
#include "hub/hub.h"
#include "hub/record/record.h"
#include "hub/request/own.h"
#include "hub/request/request_store.h"
#include "store/kept.h"
#include "store/outbox.h"

/* A change under way: from the handler to the store's writer, to the ledger, back to the server's thread. */
struct change {
	int (*job)(struct writing *w, struct request *r, void *context);
	void *context;
	const char *key; /* Idempotency-Key; NULL: none */
	size_t key_len;
	uint8_t digest[SHA256_SIZE];
	bool noted;    /* an entry for the ledger was put into the outbox */
	bool replayed; /* the answer is one that was kept */
	int err;
};

/* What makes a request the same: method, target, media type, body. */
static void digest_of(const struct request *r, uint8_t out[SHA256_SIZE])
{
	size_t method_len, query_len;
	const char *method = request_method(r, &method_len), *query = request_query_text(r, &query_len);
	uint8_t target[SHA256_SIZE], kind[SHA256_SIZE], body[SHA256_SIZE];
	sha256_parts(method, method_len, r->path, strlen(r->path), query, query_len, target);
	sha256(r->media ? r->media : "", r->media ? strlen(r->media) : 0, kind);
	sha256(r->body.len > 0 ? r->body.data : "", r->body.len, body);
	sha256_parts(target, sizeof(target), kind, sizeof(kind), body, sizeof(body), out);
}

static int replay(struct writing *w, struct request *r, struct change *c)
{
	struct kept kept;
	memcpy(kept.digest, c->digest, sizeof(kept.digest));
	buf_init(&kept.fields, HEAD_SIZE_MAX);
	buf_init(&kept.body, KEPT_BODY_MAX);
	int rc = kept_find(w, &r->who.account, c->key, c->key_len, &kept);
	if (rc == HN_OK) {
		char *media = arena_text(r->arena, kept.media, strlen(kept.media));
		buf_add(answer_body(r), kept.body.data, kept.body.len);
		answer_fields(r, &kept.fields);
		answer_etag(r, kept.etag);
		answer_header(r, "Idempotency-Replayed", "true");
		c->replayed = true;
		rc = media ? answer_send(r, kept.status, media[0] ? media : NULL) : HN_ENOMEM;
	}
	buf_clear(&kept.fields);
	buf_clear(&kept.body);
	return rc;
}

static int keep(struct writing *w, const struct request *r, const struct change *c,
		const struct answer_told *told)
{
	struct kept kept = {.status = told->status, .fields = *told->fields, .body = *told->body};
	memcpy(kept.digest, c->digest, sizeof(kept.digest));
	(void)snprintf(kept.media, sizeof(kept.media), "%s", told->media ? told->media : "");
	(void)snprintf(kept.etag, sizeof(kept.etag), "%s", told->etag);
	return kept_put(w, &r->who.account, c->key, c->key_len, &kept);
}

/* On the store's thread. A problem that the job wrote undoes the change as an error does. */
static int run(struct writing *w, void *context)
{
	struct request *r = context;
	struct change *c = own_of(r)->change;
	struct answer_told told;
	lang_set_thread(r->lang);
	answer_restart(r);
	r->fault = (struct fault){.place = ""};
	c->noted = c->replayed = false;
	int rc = c->key ? replay(w, r, c) : HN_ENOENT;
	if (rc == HN_ENOENT)
		rc = c->job(w, r, c->context);
	else if (rc == HN_EEXIST)
		(void)answer_problem(r, 422, "idempotency-key",
				     tr("this key was used for another request",
					"このキーは別のリクエストに使われている"));
	bool answered = answer_look(r, &told);
	if (rc == HN_OK && answered && told.problem && !told.change_holds)
		rc = HN_ESTATE;
	if (rc == HN_OK && c->key && answered && !c->replayed)
		rc = keep(w, r, c, &told);
	lang_reset_thread();
	return rc;
}

/* An error throws away what was answered, unless that tells of it. */
static int finish(struct request *r)
{
	const struct change *c = own_of(r)->change;
	return c->err;
}

/* The change holds; that its entry is in the ledger only later, should the disk refuse it now, the outbox
 * sees to. */
static void recorded(void *context, int err)
{
	(void)err;
	request_resume(context, finish);
}

static void done(void *context, int err)
{
	struct request *r = context;
	struct change *c = own_of(r)->change;
	c->err = err;
	if (err == HN_OK && c->noted && hub_of(r)->record &&
	    record_outbox(hub_of(r)->record, recorded, r) == HN_OK)
		return;
	request_resume(r, finish);
}

static int read_key(struct request *r, struct change *c)
{
	if (r->route->flags & ROUTE_NO_KEEP)
		return HN_OK;
	c->key = request_header(r, "Idempotency-Key", &c->key_len);
	if (!c->key)
		return HN_OK;
	if (c->key_len == 0 || c->key_len > KEPT_KEY_MAX || r->route->piece)
		return fault_set(&r->fault, HN_EFORMAT, "Idempotency-Key", "%s",
				 tr("a key has 1 to 128 bytes", "キーは1から128バイト"));
	digest_of(r, c->digest);
	return HN_OK;
}

/* The writer's queue is full, or there is none. */
static int not_taken(struct request *r)
{
	const struct change *c = own_of(r)->change;
	if (c->err != HN_ELIMIT)
		return c->err;
	(void)answer_problem(r, 503, "busy", NULL);
	answer_header(r, "Retry-After", "1");
	return HN_OK;
}

int request_change(struct request *r, int (*job)(struct writing *w, struct request *r, void *context),
		   void *context)
{
	struct change *c = arena_alloc(r->arena, sizeof(*c));
	if (!c)
		return HN_ENOMEM;
	c->job = job;
	c->context = context;
	own_of(r)->change = c;
	int rc = read_key(r, c);
	if (rc != HN_OK)
		return rc;
	request_wait(r);
	rc = store_submit(hub_of(r)->store, run, done, r);
	if (rc != HN_OK) {
		c->err = rc;
		request_resume(r, not_taken);
	}
	return HN_OK;
}

int request_note(struct writing *w, struct request *r, const char *kind, const char *record, size_t len)
{
	struct change *c = own_of(r)->change;
	int64_t number = writing_next_seq(w);
	char uid[UUID_TEXT_SIZE], account[UUID_TEXT_SIZE];
	struct buf b;
	if (len < 2 || record[0] != '{' || record[len - 1] != '}')
		return HN_EFORMAT;
	if (!hub_of(r)->record)
		return HN_OK;
	uuid_format(&r->uid, uid);
	uuid_format(&r->who.account, account);
	buf_init(&b, 1u << 20);
	buf_addf(&b, "{\"account\":\"%s\",\"change\":%lld,\"request\":\"%s\",\"what\":", account,
		 (long long)number, uid);
	buf_add(&b, record, len);
	buf_addc(&b, '}');
	int rc = buf_err(&b);
	if (rc == HN_OK)
		rc = outbox_put(w, record_origin(hub_of(r)->record), number, kind, b.data, b.len);
	buf_clear(&b);
	if (rc == HN_OK && c)
		c->noted = true;
	return rc;
}
