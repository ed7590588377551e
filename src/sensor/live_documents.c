/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_documents.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/jws.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/lang.h"

void live_documents_refused(struct live_world *w, enum refusal r, const char *detail, const char *what,
			    const char *name, const uint8_t seen[SHA256_SIZE])
{
	const size_t kept = sizeof(w->told) / sizeof(w->told[0]);
	uint8_t key[SHA256_SIZE];
	char head[320];
	int n = snprintf(head, sizeof(head), "%s %s %s", what, name, refusal_name(r));
	sha256_parts(head, (size_t)n < sizeof(head) ? (size_t)n : sizeof(head) - 1, seen, SHA256_SIZE, NULL,
		     0, key);
	for (size_t i = 0; i < kept; i++)
		if (memcmp(w->told[i], key, SHA256_SIZE) == 0)
			return;
	memcpy(w->told[w->told_next++ % kept], key, SHA256_SIZE);
	w->refused(w->context, r, detail, what, name);
}

static void refuse_text(struct live_world *w, enum refusal r, const char *detail, const char *what,
			const char *name, const struct buf *text)
{
	uint8_t seen[SHA256_SIZE];
	sha256(text->data == NULL ? "" : text->data, text->len, seen);
	live_documents_refused(w, r, detail, what, name, seen);
}

static bool same_text(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static const char *text_of(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}

static int adopt_trust(struct live_world *w, const struct trust *t, struct buf *text)
{
	int rc = w->trusted == NULL ? HN_OK : w->trusted(w->context, text_of(text), text->len);
	if (rc != HN_OK)
		return rc;
	buf_clear(&w->trust_text);
	w->trust_text = *text;
	buf_init(text, JWS_SIZE_MAX);
	w->trust = *t;
	w->has_trust = true;
	return HN_OK;
}

int live_world_pin(struct live_world *w, const char *text, size_t len)
{
	buf_init(&w->trust_text, JWS_SIZE_MAX);
	int rc = trust_parse(text, len, &w->trust, NULL);
	if (rc == HN_OK) {
		buf_add(&w->trust_text, text, len);
		rc = buf_err(&w->trust_text);
	}
	w->has_trust = rc == HN_OK;
	return rc;
}

/* The first is trusted as it stands; each next one must follow. */
static int read_trust(struct live_world *w, struct fault *fault)
{
	struct refusal_detail detail = {0};
	struct trust t;
	struct buf text;

	buf_init(&text, JWS_SIZE_MAX);
	int rc = file_read(w->config->trust, &text);
	if (rc == HN_OK && w->has_trust && same_text(&text, &w->trust_text)) {
		buf_clear(&text);
		return HN_OK;
	}
	if (rc == HN_OK)
		rc = trust_parse(text_of(&text), text.len, &t, fault);
	else
		(void)fault_set(fault, rc, w->config->trust, "%s", hn_strerror(rc));
	if (rc == HN_OK && w->has_trust && memcmp(t.digest, w->trust.digest, SHA256_SIZE) != 0) {
		enum refusal r = trust_follows(&w->trust, text_of(&text), text.len, &detail);
		if (r != REFUSAL_NONE) {
			refuse_text(w, r, detail.text, "trust", w->config->trust, &text);
			buf_clear(&text);
			return HN_OK;
		}
	}
	if (rc == HN_OK)
		rc = adopt_trust(w, &t, &text);
	else if (rc != HN_ENOMEM && w->has_trust) {
		refuse_text(w, REFUSAL_TRUST_UNKNOWN, fault->message, "trust", w->config->trust, &text);
		rc = HN_OK;
	} else if (rc != HN_ENOMEM)
		rc = HN_EAUTH;
	buf_clear(&text);
	return rc;
}

static int read_domestic(struct live_world *w, struct fault *fault)
{
	struct live_domestic *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return HN_ENOMEM;
	d->uses = 1;
	buf_init(&d->text, DOMESTIC_FILE_MAX);
	int rc = file_read(w->config->domestic, &d->text);
	if (rc == HN_OK && (w->domestic == NULL || !same_text(&d->text, &w->domestic->text))) {
		rc = domestic_parse(text_of(&d->text), d->text.len, &d->table, fault);
		if (rc == HN_OK) {
			struct live_domestic *former = w->domestic;
			w->domestic = d;
			if (former == NULL || --former->uses > 0)
				return HN_OK;
			d = former;
		}
	} else if (rc != HN_OK)
		(void)fault_set(fault, rc, w->config->domestic, "%s", hn_strerror(rc));
	if (rc != HN_OK && rc != HN_ENOMEM && w->domestic != NULL) {
		refuse_text(w, REFUSAL_DOMESTIC_OTHER, fault->message, "domestic", w->config->domestic,
			    &d->text);
		rc = HN_OK;
	}
	domestic_free(d->table);
	buf_clear(&d->text);
	free(d);
	return rc == HN_OK || rc == HN_ENOMEM ? rc : HN_EAUTH;
}

/* Without a list there is none; one that is there stays until one comes that may follow it. */
static int read_revocations(struct live_world *w)
{
	struct refusal_detail detail = {0};
	struct revocations next;
	struct buf text;

	if (w->config->revocations == NULL)
		return HN_OK;
	buf_init(&text, JWS_SIZE_MAX);
	int rc = file_read(w->config->revocations, &text);
	if (rc != HN_OK) {
		buf_clear(&text);
		return rc == HN_ENOMEM ? rc : HN_OK;
	}
	enum refusal r = revocations_parse(text_of(&text), text.len, &w->trust, &next, &detail);
	if (r == REFUSAL_NONE && w->has_revocations) {
		r = revocations_follows(&w->revocations, &next, &detail);
		if (r != REFUSAL_NONE)
			revocations_clear(&next);
	}
	if (r == REFUSAL_NONE) {
		if (w->has_revocations)
			revocations_clear(&w->revocations);
		w->revocations = next;
		w->has_revocations = true;
	} else {
		refuse_text(w, r, detail.text, "revocations", w->config->revocations, &text);
	}
	buf_clear(&text);
	return HN_OK;
}

static int add_document(struct live_world *w, const char *path)
{
	if (w->document_count == LIVE_DOCUMENTS_MAX)
		return HN_OK;
	struct live_document *d = &w->documents[w->document_count];
	buf_clear(&d->text);
	buf_init(&d->text, JWS_SIZE_MAX);
	(void)snprintf(d->name, sizeof(d->name), "%s", path);
	int rc = file_read(path, &d->text);
	if (rc == HN_OK)
		w->document_count++;
	return rc == HN_ENOMEM ? rc : HN_OK;
}

static bool is_document(const char *name)
{
	size_t len = strlen(name);
	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".json") == 0;
}

static int read_authorizations(struct live_world *w)
{
	char folder[1000], path[1300];
	w->document_count = 0;
	int rc = w->config->authorization == NULL ? HN_OK : add_document(w, w->config->authorization);
	if (rc != HN_OK || w->config->edge == NULL ||
	    (size_t)snprintf(folder, sizeof(folder), "%s/authorizations", w->config->edge) >= sizeof(folder))
		return rc;
	DIR *dir = opendir(folder);
	for (struct dirent *d; rc == HN_OK && dir != NULL && (d = readdir(dir)) != NULL;) {
		if (!is_document(d->d_name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		rc = add_document(w, path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return rc;
}

int live_documents_read(struct live_world *w, struct fault *fault)
{
	int rc = read_trust(w, fault);
	if (rc == HN_OK)
		rc = read_domestic(w, fault);
	if (rc == HN_OK)
		rc = read_revocations(w);
	return rc == HN_OK ? read_authorizations(w) : rc;
}
