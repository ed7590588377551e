/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_case.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/jws.h"
#include "authority/verify.h"
#include "base/file.h"
#include "base/lang.h"
#include "sensor/live_documents.h"

static void domestic_unuse(struct live_domestic *d)
{
	if (d == NULL || --d->uses > 0)
		return;
	domestic_free(d->table);
	buf_clear(&d->text);
	free(d);
}

void live_case_free(struct live_case *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->set_count; i++)
		live_set_unuse(c->sets[i]);
	authorization_free(c->authorization);
	domestic_unuse(c->domestic);
	buf_clear(&c->trust_text);
	buf_clear(&c->payload);
	explicit_bzero(c->secret, sizeof(c->secret));
	free(c);
}

void live_world_clear(struct live_world *w)
{
	for (size_t i = 0; i < LIVE_DOCUMENTS_MAX; i++)
		buf_clear(&w->documents[i].text);
	if (w->has_revocations)
		revocations_clear(&w->revocations);
	buf_clear(&w->trust_text);
	domestic_unuse(w->domestic);
}

static bool same_authorization(const struct authorization *a, const struct authorization *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return memcmp(a->digest, b->digest, SHA256_SIZE) == 0;
}

bool live_case_same_footing(const struct live_case *a, const struct live_case *b)
{
	return same_authorization(a->authorization, b->authorization) && a->refused == b->refused &&
	       a->stops_ns == b->stops_ns && a->domestic == b->domestic &&
	       memcmp(a->trust.digest, b->trust.digest, SHA256_SIZE) == 0;
}

static bool same_sets(const struct live_case *a, const struct live_case *b)
{
	return a->set_count == b->set_count &&
	       memcmp(a->sets, b->sets, a->set_count * sizeof(struct live_set *)) == 0;
}

/* Without a current list of what was revoked nothing is authorised; a replay only where the trust file says
 * that it is a demonstration. */
static enum refusal ask(const struct live_world *w, const struct live_document *d, int64_t now_ns,
			struct authorization **out, struct refusal_detail *detail)
{
	const struct verify_question q = {
		.text = d->text.data == NULL ? "" : d->text.data,
		.len = d->text.len,
		.trust = &w->trust,
		.revocations = w->has_revocations ? &w->revocations : NULL,
		.revocations_due = true,
		.sensor = &w->sensor,
		.domestic = w->domestic->table,
		.now_ns = now_ns,
		.newest_signed_ns = w->newest_signed_ns,
	};
	if (w->config->replay != NULL && w->trust.mark != TRUST_MARK_DEMO)
		return refusal_set(detail, REFUSAL_TRUST_UNKNOWN, "%s",
				   tr("a replay needs a trust file marked demo",
				      "再生には demo と印のある信頼ファイルが必要"));
	return verify(&q, out, detail);
}

static bool is_newer(const struct authorization *a, const struct authorization *b)
{
	if (b == NULL || a->issued_ns != b->issued_ns)
		return b == NULL || a->issued_ns > b->issued_ns;
	return strcmp(a->id_text, b->id_text) > 0;
}

/* Of those that hold, the one issued last. @return its number */
static size_t choose(const struct live_world *w, int64_t now_ns, struct live_case *c)
{
	size_t chosen = 0;
	c->refused = refusal_set(&c->detail, REFUSAL_NO_AUTHORIZATION, "%s",
				 tr("there is none for this sensor", "このセンサーへのものがない"));
	for (size_t i = 0; i < w->document_count; i++) {
		struct authorization *a = NULL;
		struct refusal_detail detail = {0};
		enum refusal r = ask(w, &w->documents[i], now_ns, &a, &detail);
		if (r == REFUSAL_NONE && a != NULL && is_newer(a, c->authorization)) {
			authorization_free(c->authorization);
			c->authorization = a;
			chosen = i;
		} else if (r == REFUSAL_NONE) {
			authorization_free(a);
		} else if (i == 0) {
			c->refused = r;
			c->detail = detail;
		}
	}
	if (c->authorization != NULL)
		c->refused = REFUSAL_NONE;
	return chosen;
}

static void refuse_chosen(struct live_case *c, enum refusal r)
{
	authorization_free(c->authorization);
	c->authorization = NULL;
	c->refused = r;
}

/* One secret as long as an authorisation is in force: else an address would change its pseudonym. */
static int take_secret(const struct live_world *w, const struct live_case *present, struct live_case *c)
{
	if (present != NULL && same_authorization(present->authorization, c->authorization)) {
		memcpy(c->secret, present->secret, sizeof(c->secret));
		c->secret_drawn = present->secret_drawn;
		return HN_OK;
	}
	struct pseudonym_secret *secret = NULL;
	int rc = pseudonym_secret_open(c->authorization, &w->sensor, w->identity, &secret, &c->secret_drawn);
	if (rc == HN_EAUTH) {
		refuse_chosen(c, refusal_set(&c->detail, REFUSAL_SENSOR_OTHER, "%s",
					     tr("the identity is not that of the sensor",
						"識別鍵がこのセンサーのものではない")));
		return HN_OK;
	}
	if (rc == HN_OK)
		pseudonym_secret_bytes(secret, c->secret);
	pseudonym_secret_free(secret);
	return rc;
}

static int take_authorization(const struct live_world *w, int64_t now_ns, const struct live_case *present,
			      struct live_case *c)
{
	struct jws j = {0};
	size_t chosen = choose(w, now_ns, c);
	int rc = c->authorization == NULL ? HN_OK : take_secret(w, present, c);
	if (rc != HN_OK || c->authorization == NULL)
		return rc;
	c->stops_ns = c->authorization->until_ns < w->revocations.next_update_ns
			      ? c->authorization->until_ns
			      : w->revocations.next_update_ns;
	const struct buf *text = &w->documents[chosen].text;
	rc = jws_parse(text->data, text->len, &j, NULL);
	if (rc == HN_OK)
		buf_add(&c->payload, j.payload, j.payload_len);
	jws_clear(&j);
	return rc == HN_OK ? buf_err(&c->payload) : rc;
}

static struct live_set *find_set(const struct live_case *c, const char *name)
{
	for (size_t i = 0; c != NULL && i < c->set_count; i++)
		if (strcmp(c->sets[i]->name, name) == 0)
			return c->sets[i];
	return NULL;
}

static void use_set(struct live_case *c, struct live_set *s)
{
	if (c->set_count == STAND_SETS_MAX) {
		live_set_unuse(s);
		return;
	}
	c->views[c->set_count] = s->set;
	c->sets[c->set_count++] = s;
}

/* The version that was in force stays, if it lies within the authorisation that is. */
static void keep_former(struct live_case *c, struct live_set *former)
{
	if (former == NULL || live_set_judge(former, c->authorization, NULL) != REFUSAL_NONE)
		return;
	former->uses++;
	use_set(c, former);
}

/* A set that was read or could not be: in force is its new version, or the former one. */
static int take_set(struct live_world *w, struct live_case *c, const struct live_case *present, int rc,
		    const struct live_set_wanted *wanted, struct fault *fault)
{
	struct live_set *former = find_set(present, wanted->name), *s = NULL;
	struct refusal_detail detail = {0};

	if (rc == HN_OK && wanted->ignored) {
		w->ignored++;
		return HN_OK;
	}
	if (rc == HN_OK && former != NULL && memcmp(former->seen, wanted->seen, SHA256_SIZE) == 0) {
		keep_former(c, former);
		return HN_OK;
	}
	if (rc == HN_OK && former != NULL && wanted->version < former->version)
		rc = fault_set(fault, HN_EAUTH, wanted->name, "%s",
			       tr("is older than the version in force", "は使用中の版より古い"));
	if (rc == HN_OK)
		rc = live_set_open(wanted, former, &s, fault);
	if (rc == HN_ENOMEM)
		return rc;
	enum refusal r = rc == HN_OK
				 ? live_set_judge(s, c->authorization, &detail)
				 : refusal_set(&detail, REFUSAL_SET_OUT_OF_BOUNDS, "%s: %s", fault->place,
					       fault->message[0] == '\0' ? hn_strerror(rc) : fault->message);
	if (r == REFUSAL_NONE && s != NULL) {
		use_set(c, s);
		return HN_OK;
	}
	live_documents_refused(w, r, detail.text, "set", wanted->name, wanted->seen);
	live_set_unuse(s);
	keep_former(c, former);
	return HN_OK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Names of folders below EDGE/sets, in order. */
static size_t list_folders(const char *folder, char names[STAND_SETS_MAX][128])
{
	size_t count = 0;
	DIR *dir = opendir(folder);
	for (struct dirent *d; dir != NULL && count < STAND_SETS_MAX && (d = readdir(dir)) != NULL;)
		if (d->d_name[0] != '.' && strlen(d->d_name) < 128)
			(void)snprintf(names[count++], 128, "%.127s", d->d_name);
	if (dir != NULL)
		(void)closedir(dir);
	qsort(names, count, 128, compare_names);
	return count;
}

static int take_sets(struct live_world *w, struct live_case *c, const struct live_case *present)
{
	static struct live_set_wanted wanted;
	static char names[STAND_SETS_MAX][128];
	char folder[1000];
	int rc = HN_OK;
	const char *const *lists = w->config->indicators.items;

	w->ignored = 0;
	for (size_t i = 0; rc == HN_OK && i < w->config->indicators.count; i++) {
		struct fault fault = {0};
		int read = live_set_files(lists[i], &wanted, &fault);
		rc = take_set(w, c, present, read, &wanted, &fault);
	}
	if (w->config->edge == NULL ||
	    (size_t)snprintf(folder, sizeof(folder), "%s/sets", w->config->edge) >= sizeof(folder))
		return rc;
	size_t count = list_folders(folder, names);
	for (size_t i = 0; rc == HN_OK && i < count; i++) {
		struct fault fault = {0};
		int read = live_set_head(folder, names[i], &wanted, &fault);
		if (read != HN_ENOENT)
			rc = take_set(w, c, present, read, &wanted, &fault);
	}
	return rc;
}

static int take_common(const struct live_world *w, struct live_case *c)
{
	c->trust = w->trust;
	c->domestic = w->domestic;
	c->domestic->uses++;
	buf_init(&c->trust_text, JWS_SIZE_MAX);
	buf_init(&c->payload, JWS_SIZE_MAX);
	buf_add(&c->trust_text, w->trust_text.data, w->trust_text.len);
	return buf_err(&c->trust_text);
}

int live_world_read(struct live_world *w, bool files, int64_t now_ns, const struct live_case *present,
		    struct live_case **out, struct fault *fault)
{
	*out = NULL;
	int rc = files ? live_documents_read(w, fault) : HN_OK;
	if (rc != HN_OK)
		return rc;
	struct live_case *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return HN_ENOMEM;
	rc = take_common(w, c);
	if (rc == HN_OK)
		rc = take_authorization(w, now_ns, present, c);
	bool footing = rc == HN_OK && present != NULL && live_case_same_footing(c, present);
	if (rc == HN_OK && c->authorization != NULL && (files || !footing))
		rc = take_sets(w, c, present);
	if (rc != HN_OK || (footing && (!files || c->authorization == NULL || same_sets(c, present)))) {
		live_case_free(c);
		return rc;
	}
	c->generation = present == NULL ? 1 : present->generation + 1;
	*out = c;
	return HN_OK;
}
