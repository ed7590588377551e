/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/taxii_discover.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/uuid.h"
#include "hub/exchange/fetch_message.h"
#include "stix/object.h"
#include "stix/tape.h"

#define RESOURCE_MAX (1u << 20)

/* ---- URLs ---- */

/* Bytes of scheme, host and port. */
static size_t origin_len(const char *url)
{
	const char *host = strstr(url, "://");
	return host == NULL ? 0 : (size_t)(host - url) + 3 + strcspn(host + 3, "/?#");
}

/* What stands in a URL and leads nowhere else than it says. */
static bool text_ok(const char *text)
{
	return text[0] != '\0' && fetch_text_ok(text, strlen(text)) && strpbrk(text, " #?\\\"<>") == NULL;
}

static bool put_url(char out[SOURCE_WHERE_MAX + 1], const char *front, size_t front_len, const char *rest)
{
	size_t len = strlen(rest);
	const char *slash = len > 0 && rest[len - 1] == '/' ? "" : "/";
	int n = snprintf(out, SOURCE_WHERE_MAX + 1, "%.*s%s%s", (int)front_len, front, rest, slash);
	return n > 0 && n <= SOURCE_WHERE_MAX;
}

enum place { HERE, ELSEWHERE, NOWHERE };

/* A root as the discovery names it: a whole URL, or a path at the same server. */
static enum place resolve(const char *base, const char *said, char out[SOURCE_WHERE_MAX + 1])
{
	size_t origin = origin_len(base);
	if (!text_ok(said) || strstr(said, "/../") != NULL)
		return NOWHERE;
	if (said[0] == '/' && said[1] != '/')
		return put_url(out, base, origin, said) ? HERE : NOWHERE;
	size_t own = origin_len(said);
	if (own == 0)
		return NOWHERE;
	if (own != origin || strncasecmp(said, base, origin) != 0)
		return ELSEWHERE;
	return put_url(out, base, origin, said + own) ? HERE : NOWHERE;
}

/* ---- resources ---- */

static int read_tape(struct stix_tape *t, const char *text, size_t len, struct fault *fault)
{
	static const struct stix_limits limits = {
		.size_max = RESOURCE_MAX,
		.depth_max = 16,
		.list_max = 65536,
		.refs_max = 1,
		.values_max = 1,
		.tokens_max = 1000000,
	};
	int err = stix_tape_read(t, cur_of(text, len), &limits, fault);
	if (err == HN_OK && t->tokens[0].kind != JSON_TOKEN_OBJECT)
		err = fault_set(fault, HN_EFORMAT, "", "%s",
				tr("the answer is no TAXII resource", "応答がTAXIIのリソースではない"));
	return err == HN_ELIMIT ? HN_EFORMAT : err;
}

/* A member's text. @return false: it has none, or one that is longer */
static bool get_text(const struct stix_tape *t, uint32_t token, char *out, size_t size)
{
	struct buf scratch;
	const char *text;
	size_t len;
	if (token == 0 || t->tokens[token].kind != JSON_TOKEN_STRING)
		return false;
	const struct json_string s = stix_tape_string(t, token);
	buf_init(&scratch, s.len);
	bool good = json_text(&s, &scratch, &text, &len) == HN_OK && len < size &&
		    memchr(text, '\0', len) == NULL;
	if (good) {
		memcpy(out, text, len);
		out[len] = '\0';
	}
	buf_clear(&scratch);
	return good;
}

static void add_root(struct taxii_roots *roots, const struct stix_tape *t, uint32_t token, const char *base)
{
	char said[SOURCE_WHERE_MAX + 1], url[SOURCE_WHERE_MAX + 1];
	if (!get_text(t, token, said, sizeof(said)))
		return;
	enum place place = resolve(base, said, url);
	roots->elsewhere += place == ELSEWHERE;
	for (size_t i = 0; place == HERE && i < roots->count; i++)
		if (strcmp(roots->urls[i], url) == 0)
			return;
	if (place == HERE && roots->count < TAXII_ROOTS_MAX)
		memcpy(roots->urls[roots->count++], url, sizeof(url));
}

int taxii_roots_read(const char *base, const char *text, size_t len, struct taxii_roots *out,
		     struct fault *fault)
{
	struct stix_tape t;
	stix_tape_init(&t);
	*out = (struct taxii_roots){.count = 0};
	int err = read_tape(&t, text, len, fault);
	uint32_t list = err == HN_OK ? stix_tape_member(&t, 0, "api_roots") : 0;
	if (err == HN_OK && list != 0 && t.tokens[list].kind == JSON_TOKEN_ARRAY) {
		add_root(out, &t, stix_tape_member(&t, 0, "default"), base);
		for (uint32_t i = list + 1; i < t.tokens[list].next; i = t.tokens[i].next)
			add_root(out, &t, i, base);
	} else if (err == HN_OK && stix_tape_member(&t, 0, "versions") != 0) {
		out->lone = true;
		out->count = strlen(base) <= SOURCE_WHERE_MAX ? 1 : 0;
		(void)snprintf(out->urls[0], sizeof(out->urls[0]), "%s", base);
	} else if (err == HN_OK) {
		err = fault_set(fault, HN_EFORMAT, "", "%s",
				tr("the answer is neither a TAXII 2.1 discovery nor an API root",
				   "応答がTAXII 2.1のDiscoveryでもAPI Rootでもない"));
	}
	stix_tape_clear(&t);
	return err;
}

static bool is_false(const struct stix_tape *t, uint32_t token)
{
	return token != 0 && t->tokens[token].kind == JSON_TOKEN_FALSE;
}

static enum taxii_match match_of(const struct stix_tape *t, uint32_t object, const char *wanted)
{
	static const struct {
		const char *name;
		enum taxii_match match;
	} ways[] = {{"id", TAXII_ID}, {"alias", TAXII_ALIAS}, {"title", TAXII_TITLE}};
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		uint32_t token = stix_tape_member(t, object, ways[i].name);
		if (token != 0 && t->tokens[token].kind == JSON_TOKEN_STRING &&
		    stix_tape_is(t, token, wanted))
			return ways[i].match;
	}
	return TAXII_NO;
}

static void add_collection(struct taxii_found *found, const struct stix_tape *t, uint32_t object,
			   const char *root, const char *wanted)
{
	char id[64], url[SOURCE_WHERE_MAX + 1], path[80];
	struct uuid uuid;
	enum taxii_match match = match_of(t, object, wanted);
	found->seen++;
	if (match == TAXII_NO || match < found->match ||
	    !get_text(t, stix_tape_member(t, object, "id"), id, sizeof(id)) ||
	    uuid_parse(id, strlen(id), &uuid) != HN_OK)
		return;
	(void)snprintf(path, sizeof(path), "collections/%s/", id);
	if (!put_url(url, root, strlen(root), path))
		return;
	found->count = match == found->match ? found->count + 1 : 1;
	found->match = match;
	found->readable = !is_false(t, stix_tape_member(t, object, "can_read"));
	memcpy(found->url, url, sizeof(url));
}

int taxii_collections_read(const char *root, const char *wanted, const char *text, size_t len,
			   struct taxii_found *found, struct fault *fault)
{
	struct stix_tape t;
	stix_tape_init(&t);
	int err = read_tape(&t, text, len, fault);
	/* Where there are none the member is left out. */
	uint32_t list = err == HN_OK ? stix_tape_member(&t, 0, "collections") : 0;
	if (list != 0 && t.tokens[list].kind == JSON_TOKEN_ARRAY)
		for (uint32_t i = list + 1; i < t.tokens[list].next; i = t.tokens[i].next)
			if (t.tokens[i].kind == JSON_TOKEN_OBJECT)
				add_collection(found, &t, i, root, wanted);
	stix_tape_clear(&t);
	return err;
}

/* ---- asking ---- */

static int take(void *context, const void *data, size_t len)
{
	struct buf *body = context;
	buf_add(body, data, len);
	return buf_err(body);
}

/* @param status_out  NULL: another one than 200 is an error */
static int get(struct fetch_run *run, const char *url, struct buf *body, unsigned *status_out,
	       struct fault *fault)
{
	struct fetch_answer answer = {0};
	const struct fetch_request request = {
		.url = url,
		.accept = TAXII_MEDIA,
		.bytes_max = RESOURCE_MAX,
		.take = take,
		.context = body,
	};
	buf_reset(body);
	int err = fetch_get(run->session, &request, &answer, fault);
	run->bytes += answer.bytes;
	if (status_out != NULL)
		*status_out = answer.status;
	return err == HN_OK && status_out == NULL ? fetch_run_status(run, &answer, fault) : err;
}

static int ask_roots(struct fetch_run *run, struct taxii_roots *roots, struct buf *body, struct fault *fault)
{
	char where[SOURCE_WHERE_MAX + 2];
	const char *said = run->source->where;
	size_t len = strlen(said);
	(void)snprintf(where, sizeof(where), "%s%s", said, said[len - 1] == '/' ? "" : "/");
	int err = get(run, where, body, NULL, fault);
	return err == HN_OK ? taxii_roots_read(where, body->data != NULL ? body->data : "", body->len, roots,
					       fault)
			    : err;
}

/* A root that refuses us may stand beside one that does not. */
static int ask_collections(struct fetch_run *run, const struct taxii_roots *roots, struct taxii_found *found,
			   struct buf *body, struct fault *fault)
{
	int err = HN_OK;
	for (size_t i = 0; i < roots->count && err == HN_OK; i++) {
		char url[SOURCE_WHERE_MAX + 16];
		unsigned status = 0;
		(void)snprintf(url, sizeof(url), "%scollections/", roots->urls[i]);
		err = get(run, url, body, roots->count > 1 ? &status : NULL, fault);
		if (err == HN_OK && (roots->count == 1 || status == 200))
			err = taxii_collections_read(roots->urls[i], run->source->collection,
						     body->data != NULL ? body->data : "", body->len, found,
						     fault);
	}
	return err;
}

static int judge(const struct fetch_run *run, const struct taxii_roots *roots,
		 const struct taxii_found *found, struct fault *fault)
{
	const char *wanted = run->source->collection;
	if (found->match == TAXII_NO && roots->count == 0 && roots->elsewhere > 0)
		return fault_set(
			fault, HN_ENOENT, "", "%s",
			tr("the server's API roots lie at another server: give the URL of one of them",
			   "API Rootが別のサーバーにある。そのURLを指定すること"));
	if (found->match == TAXII_NO)
		return fault_set(fault, HN_ENOENT, "",
				 tr("none of the server's %llu collections is '%s'",
				    "サーバーの%lluのコレクションに '%s' はない"),
				 (unsigned long long)found->seen, wanted);
	if (found->count > 1)
		return fault_set(fault, HN_EEXIST, "",
				 tr("several collections are called '%s': name it by its id",
				    "'%s' というコレクションが複数ある。idで指定すること"),
				 wanted);
	if (!found->readable)
		return fault_set(
			fault, HN_ENOENT, "",
			tr("the server does not let us read '%s'", "サーバーが '%s' の閲覧を許可していない"),
			wanted);
	return HN_OK;
}

static void move_to(struct source_state *s, const char *url)
{
	if (s->place[0] != '\0' && strcmp(s->place, url) != 0) {
		s->added_after[0] = '\0';
		s->next[0] = '\0';
	}
	(void)snprintf(s->place, sizeof(s->place), "%s", url);
}

int taxii_discover(struct fetch_run *run, struct fault *fault)
{
	struct taxii_found found = {.match = TAXII_NO};
	struct buf body;
	struct taxii_roots *roots = malloc(sizeof(*roots));
	if (roots == NULL)
		return HN_ENOMEM;
	buf_init(&body, RESOURCE_MAX);
	int err = ask_roots(run, roots, &body, fault);
	if (err == HN_OK)
		err = ask_collections(run, roots, &found, &body, fault);
	if (err == HN_OK)
		err = judge(run, roots, &found, fault);
	if (err == HN_OK)
		move_to(&run->state, found.url);
	buf_clear(&body);
	free(roots);
	return err;
}
