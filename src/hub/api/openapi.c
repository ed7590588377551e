/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/openapi.h"

#include <string.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/version.h"
#include "http/answer.h"
#include "hub/api/schemas.h"
#include "hub/api/tables.h"

#define DOCUMENT_MAX (8u << 20)

/* One row a document: the routes as a list, and where the text goes. */
struct writer {
	struct buf *out;
	enum lang lang;
	const struct route *const *tables;
};

static const char *say(const struct writer *w, const char *en, const char *ja)
{
	const char *text = w->lang == LANG_JA ? ja : en;
	return text ? text : "";
}

static void add_string(struct buf *b, const char *name, const char *text)
{
	buf_addf(b, "\"%s\":", name);
	buf_json_string(b, text, strlen(text));
}

static const char *method_name(enum http_method method)
{
	switch (method) {
	case HTTP_GET:
		return "get";
	case HTTP_POST:
		return "post";
	case HTTP_PUT:
		return "put";
	case HTTP_PATCH:
		return "patch";
	case HTTP_DELETE:
		return "delete";
	}
	return "";
}

static const struct route *next_route(const struct writer *w, const struct route *at)
{
	size_t table = 0;
	const struct route *r = w->tables[0];
	bool found = at == NULL;
	for (; w->tables[table]; r = w->tables[++table])
		for (; r->pattern; r++) {
			if (found && (r->flags & ROUTE_HIDDEN) == 0)
				return r;
			found = found || r == at;
		}
	return NULL;
}

/* ---- parameters ---- */

static void add_kind(struct buf *b, const char *kind, size_t len)
{
	static const struct {
		const char *kind, *schema;
	} kinds[] = {
		{"uuid", "{\"type\":\"string\",\"format\":\"uuid\"}"},
		{"stix", "{\"type\":\"string\",\"pattern\":\"^[a-z0-9-]+--[0-9a-fA-F-]{36}$\"}"},
		{"number", "{\"type\":\"integer\",\"minimum\":0}"},
		{"name", "{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9._~-]{1,128}$\"}"},
		{"text", "{\"type\":\"string\",\"minLength\":1,\"maxLength\":1024}"},
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].kind) == len && memcmp(kinds[i].kind, kind, len) == 0)
			buf_adds(b, kinds[i].schema);
}

/* The pattern without the kinds; with parameters true only the parameters are written. */
static void walk_pattern(const char *pattern, bool parameters, bool *first, struct buf *b)
{
	for (const char *at = pattern; *at; at++) {
		const char *colon = *at == '{' ? strchr(at, ':') : NULL;
		const char *end = colon ? strchr(colon, '}') : NULL;
		if (!end) {
			if (!parameters)
				buf_addc(b, *at);
			continue;
		}
		if (parameters) {
			buf_addf(b, "%s{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,\"schema\":",
				 *first ? "" : ",", (int)(colon - at - 1), at + 1);
			add_kind(b, colon + 1, (size_t)(end - colon - 1));
			buf_addc(b, '}');
			*first = false;
		} else {
			buf_addf(b, "{%.*s}", (int)(colon - at - 1), at + 1);
		}
		at = end;
	}
}

static void add_words(struct buf *b, const char *words)
{
	buf_adds(b, "{\"type\":\"string\",\"enum\":[");
	for (const char *at = words; *at;) {
		size_t len = strcspn(at, "|");
		buf_addf(b, "%s\"%.*s\"", at == words ? "" : ",", (int)len, at);
		at += len + (at[len] == '|');
	}
	buf_adds(b, "]}");
}

static void add_query_schema(struct buf *b, const struct query_spec *q)
{
	switch (q->kind) {
	case QUERY_NUMBER:
		buf_addf(b, "{\"type\":\"integer\",\"minimum\":%llu", (unsigned long long)q->min);
		if (q->max > 0)
			buf_addf(b, ",\"maximum\":%llu", (unsigned long long)q->max);
		buf_addc(b, '}');
		break;
	case QUERY_FLAG:
		buf_adds(b, "{\"type\":\"boolean\"}");
		break;
	case QUERY_WORD:
		add_words(b, q->words);
		break;
	case QUERY_UUID:
		buf_adds(b, "{\"type\":\"string\",\"format\":\"uuid\"}");
		break;
	case QUERY_TIME:
		buf_adds(b, "{\"type\":\"string\",\"format\":\"date-time\"}");
		break;
	case QUERY_STIX:
	case QUERY_TEXT:
	case QUERY_CURSOR:
		buf_addf(b, "{\"type\":\"string\",\"maxLength\":%llu}",
			 (unsigned long long)(q->max > 0 ? q->max : 1024));
		break;
	}
}

static void add_query(const struct writer *w, const struct query_spec *q, bool *first)
{
	struct buf *b = w->out;
	buf_addf(b, "%s{\"name\":\"%s\",\"in\":\"query\",\"required\":%s,", *first ? "" : ",", q->name,
		 q->required ? "true" : "false");
	add_string(b, "description", say(w, q->help_en, q->help_ja));
	buf_adds(b, q->repeated ? ",\"schema\":{\"type\":\"array\",\"items\":" : ",\"schema\":");
	add_query_schema(b, q);
	buf_adds(b, q->repeated ? "}}" : "}");
	*first = false;
}

static void add_parameters(const struct writer *w, const struct route *r)
{
	bool first = true;
	buf_adds(w->out, ",\"parameters\":[");
	walk_pattern(r->pattern, true, &first, w->out);
	for (const struct query_spec *q = r->query; q && q->name; q++)
		add_query(w, q, &first);
	if (r->method != HTTP_GET && (r->flags & ROUTE_NO_KEEP) == 0 && !r->piece)
		buf_addf(w->out, "%s{\"$ref\":\"#/components/parameters/IdempotencyKey\"}", first ? "" : ",");
	buf_addc(w->out, ']');
}

/* ---- bodies ---- */

static void add_content(struct buf *b, const char *media, const char *schema)
{
	bool first = true;
	buf_adds(b, "\"content\":{");
	for (const char *at = media; *at;) {
		size_t len = strcspn(at, "|");
		buf_addf(b, "%s\"%.*s\":{", first ? "" : ",", (int)len, at);
		if (schema && len >= 4 && memmem(at, len, "json", 4))
			buf_addf(b, "\"schema\":{\"$ref\":\"#/components/schemas/%s\"}", schema);
		buf_addc(b, '}');
		first = false;
		at += len + (at[len] == '|');
	}
	buf_addc(b, '}');
}

static void add_body(const struct writer *w, const struct route *r)
{
	if (!r->takes)
		return;
	buf_addf(w->out, ",\"requestBody\":{\"required\":%s,", r->body_schema ? "true" : "false");
	add_content(w->out, r->takes, r->body_schema);
	buf_addc(w->out, '}');
}

static void add_answers(const struct writer *w, const struct route *r)
{
	struct buf *b = w->out;
	buf_adds(b, ",\"responses\":{");
	for (size_t i = 0; i < ROUTE_ANSWERS_MAX && r->answers[i].status != 0; i++) {
		const struct route_answer *a = &r->answers[i];
		buf_addf(b, "\"%u\":{\"description\":\"\"", a->status);
		if (a->schema || a->media) {
			buf_addc(b, ',');
			add_content(b, a->media ? a->media : "application/json", a->schema);
		}
		buf_adds(b, "},");
	}
	buf_adds(b, "\"default\":{\"$ref\":\"#/components/responses/Problem\"}}");
}

static void add_operation(const struct writer *w, const struct route *r)
{
	struct buf *b = w->out;
	buf_addf(b, "\"%s\":{\"operationId\":\"%s\",", method_name(r->method), r->operation);
	add_string(b, "summary", say(w, r->summary_en, r->summary_ja));
	buf_addf(b, ",\"tags\":[\"%s\"]", r->tag ? r->tag : "system");
	buf_adds(b, r->flags & ROUTE_PUBLIC ? ",\"security\":[{},{\"token\":[]},{\"password\":[]}]"
					    : ",\"security\":[{\"token\":[]},{\"password\":[]}]");
	add_parameters(w, r);
	add_body(w, r);
	add_answers(w, r);
	buf_addc(b, '}');
}

/* ---- the whole ---- */

static bool is_first(const struct writer *w, const struct route *route)
{
	for (const struct route *r = next_route(w, NULL); r != route; r = next_route(w, r))
		if (strcmp(r->pattern, route->pattern) == 0)
			return false;
	return true;
}

static void add_path(const struct writer *w, const struct route *route)
{
	bool first = true;
	buf_addc(w->out, '"');
	walk_pattern(route->pattern, false, &first, w->out);
	buf_adds(w->out, "\":{");
	for (const struct route *r = route; r; r = next_route(w, r)) {
		if (strcmp(r->pattern, route->pattern) != 0)
			continue;
		if (!first)
			buf_addc(w->out, ',');
		add_operation(w, r);
		first = false;
	}
	buf_addc(w->out, '}');
}

static void add_components(const struct writer *w)
{
	struct buf *b = w->out;
	buf_adds(b, "\"components\":{\"schemas\":{");
	for (const struct api_schema *s = API_SCHEMAS; s->name; s++) {
		buf_addf(b, "%s\"%s\":", s == API_SCHEMAS ? "" : ",", s->name);
		buf_add(b, s->text, s->len);
	}
	buf_adds(b, "},\"parameters\":{\"IdempotencyKey\":{\"name\":\"Idempotency-Key\",\"in\":\"header\",");
	add_string(b, "description",
		   say(w, "The same request with the same key is done once; its answer is kept for a day.",
		       "同じキーの同じリクエストは一度だけ実行され、その応答は1日保存される。"));
	buf_adds(b, ",\"schema\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":128}}},"
		    "\"responses\":{\"Problem\":{");
	add_string(b, "description", say(w, "An error (RFC 9457)", "エラー(RFC 9457)"));
	buf_adds(b, ",\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":"
		    "\"#/components/schemas/problem\"}}}}},"
		    "\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
		    "\"password\":{\"type\":\"http\",\"scheme\":\"basic\"}}}");
}

void openapi_write(const struct route *const tables[], enum lang lang, struct buf *out)
{
	const struct writer w = {.out = out, .lang = lang, .tables = tables};
	bool first = true;
	buf_adds(out,
		 "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Hinomi hub\",\"version\":\"" HINOMI_VERSION
		 "\"},\"paths\":{");
	for (const struct route *r = next_route(&w, NULL); r; r = next_route(&w, r)) {
		if (!is_first(&w, r))
			continue;
		if (!first)
			buf_addc(out, ',');
		add_path(&w, r);
		first = false;
	}
	buf_adds(out, "},");
	add_components(&w);
	buf_addc(out, '}');
}

/* ---- served ---- */

/* Written when the hub begins, then only read. */
static struct document {
	struct buf text;
	char etag[SHA256_HEX_SIZE];
} documents[2];

static void stop(struct hub *hub)
{
	(void)hub;
	for (size_t i = 0; i < 2; i++)
		buf_clear(&documents[i].text);
}

static int start(struct hub *hub, struct fault *fault)
{
	(void)hub;
	for (size_t i = 0; i < 2; i++) {
		struct document *d = &documents[i];
		uint8_t digest[SHA256_SIZE];
		buf_init(&d->text, DOCUMENT_MAX);
		openapi_write(HUB_TABLES, i == 0 ? LANG_EN : LANG_JA, &d->text);
		int rc = buf_err(&d->text);
		if (rc != HN_OK)
			return fault_set(fault, rc, "openapi", "%s", hn_strerror(rc));
		sha256(d->text.data, d->text.len, digest);
		hex_encode(digest, 16, d->etag);
	}
	return HN_OK;
}

const struct hub_part OPENAPI = {.name = "openapi", .start = start, .stop = stop};

static int get(struct request *r)
{
	const struct document *d = &documents[r->lang == LANG_JA];
	answer_etag(r, d->etag);
	answer_cache(r, "no-cache");
	buf_add(answer_body(r), d->text.data, d->text.len);
	return answer_send(r, 200, NULL);
}

const struct route OPENAPI_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1/openapi.json",
	 .operation = "getOpenApi",
	 .flags = ROUTE_PUBLIC,
	 .handle = get,
	 .answers = {{200, "openapi", NULL}, {304, NULL, NULL}},
	 .tag = "system",
	 .summary_en = "This document",
	 .summary_ja = "この文書"},
	{0},
};
