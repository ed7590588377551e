/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "http/path.h"
#include "http/route.h"

#define SEGMENTS_MAX 24
#define METHODS      5 /* of enum http_method */

enum segment_kind { LITERAL, UUID, STIX, NUMBER, NAME, TEXT, KIND_COUNT };

static const char *const KINDS[KIND_COUNT] = {"", "uuid", "stix", "number", "name", "text"};

struct text {
	const char *at;
	size_t len;
};

/* A segment of patterns that have the same ones before it. */
struct node {
	enum segment_kind kind;
	struct text literal;
	struct node *next;  /* beside it; literals first, then from the narrowest kind to the widest */
	struct node *child; /* what may follow */
	const struct route *routes[METHODS];
	size_t indexes[METHODS];
	unsigned methods;
};

struct router {
	struct node root;
	const struct route **routes;
	size_t count;
};

static unsigned method_index(enum http_method method)
{
	return (unsigned)__builtin_ctz((unsigned)method);
}

/* The next segment of a path that begins with a slash; an empty one is what follows a slash at the end. */
static bool next_segment(struct text *rest, struct text *out)
{
	if (rest->len == 0)
		return false;
	const char *at = rest->at + 1;
	size_t len = rest->len - 1;
	const char *slash = len == 0 ? NULL : memchr(at, '/', len);
	*out = (struct text){at, slash ? (size_t)(slash - at) : len};
	rest->at = at + out->len;
	rest->len = len - out->len;
	return true;
}

/* ---- building ---- */

static bool read_kind(struct text segment, enum segment_kind *kind_out)
{
	*kind_out = LITERAL;
	if (segment.len == 0 || segment.at[0] != '{')
		return true;
	const char *colon = memchr(segment.at, ':', segment.len);
	if (!colon || segment.at[segment.len - 1] != '}')
		return false;
	struct text word = {colon + 1, segment.len - (size_t)(colon - segment.at) - 2};
	for (unsigned i = UUID; i < KIND_COUNT; i++) {
		if (word.len == strlen(KINDS[i]) && memcmp(word.at, KINDS[i], word.len) == 0) {
			*kind_out = (enum segment_kind)i;
			return true;
		}
	}
	return false;
}

static bool same(const struct node *n, enum segment_kind kind, struct text literal)
{
	return n->kind == kind && (kind != LITERAL || (n->literal.len == literal.len &&
						       memcmp(n->literal.at, literal.at, literal.len) == 0));
}

static struct node *child_of(struct node *parent, enum segment_kind kind, struct text literal)
{
	struct node **at = &parent->child;
	for (; *at && (*at)->kind <= kind; at = &(*at)->next)
		if (same(*at, kind, literal))
			return *at;
	struct node *n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	*n = (struct node){.kind = kind, .literal = literal, .next = *at};
	*at = n;
	return n;
}

static int add_route(struct router *router, const struct route *route, struct fault *fault)
{
	struct text rest = {route->pattern, strlen(route->pattern)}, segment;
	struct node *at = &router->root;
	size_t params = 0, depth = 0;
	if (rest.len == 0 || rest.at[0] != '/' || !route->handle)
		return fault_set(fault, HN_EFORMAT, route->pattern, "%s", hn_strerror(HN_EFORMAT));
	while (next_segment(&rest, &segment)) {
		enum segment_kind kind;
		if (!read_kind(segment, &kind) || depth++ == SEGMENTS_MAX ||
		    (kind != LITERAL && params++ == REQUEST_PARAMS_MAX))
			return fault_set(fault, HN_EFORMAT, route->pattern, "%s", hn_strerror(HN_EFORMAT));
		at = child_of(at, kind, segment);
		if (!at)
			return fault_set(fault, HN_ENOMEM, route->pattern, "%s", hn_strerror(HN_ENOMEM));
	}
	if (at->methods & (unsigned)route->method)
		return fault_set(fault, HN_EEXIST, route->pattern, "%s",
				 tr("two routes for one path", "一つのパスにルートが二つある"));
	at->methods |= (unsigned)route->method;
	at->routes[method_index(route->method)] = route;
	at->indexes[method_index(route->method)] = router->count;
	router->routes[router->count++] = route;
	return HN_OK;
}

int router_new(const struct route *const tables[], struct router **out, struct fault *fault)
{
	size_t count = 0;
	for (size_t i = 0; tables[i]; i++)
		for (const struct route *r = tables[i]; r->pattern; r++)
			count++;
	struct router *router = calloc(1, sizeof(*router));
	int rc = router ? HN_OK : HN_ENOMEM;
	if (router)
		router->routes = calloc(count + 1, sizeof(*router->routes));
	if (router && !router->routes)
		rc = HN_ENOMEM;
	if (rc != HN_OK)
		(void)fault_set(fault, rc, "", "%s", hn_strerror(rc));
	for (size_t i = 0; rc == HN_OK && tables[i]; i++)
		for (const struct route *r = tables[i]; rc == HN_OK && r->pattern; r++)
			rc = add_route(router, r, fault);
	if (rc == HN_OK)
		*out = router;
	else
		router_free(router);
	return rc;
}

/* Its depth is a pattern's. */
static void free_nodes(struct node *n)
{
	while (n) {
		struct node *next = n->next;
		free_nodes(n->child);
		free(n);
		n = next;
	}
}

void router_free(struct router *router)
{
	if (!router)
		return;
	free_nodes(router->root.child);
	free(router->routes);
	free(router);
}

size_t router_count(const struct router *router)
{
	return router->count;
}

const struct route *router_at(const struct router *router, size_t index)
{
	return router->routes[index];
}

/* ---- finding ---- */

static bool read_number(struct text t, uint64_t *out)
{
	uint64_t n = 0;
	if (t.len == 0 || t.len > 19 || (t.len > 1 && t.at[0] == '0'))
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(t.at[i] - '0');
	}
	*out = n;
	return n <= INT64_MAX;
}

static bool is_name(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((t.at[i] < '0' || t.at[i] > '9') && (t.at[i] < 'A' || t.at[i] > 'Z') &&
		    (t.at[i] < 'a' || t.at[i] > 'z') && strchr("._~-", t.at[i]) == NULL)
			return false;
	return t.len > 0 && t.len <= 128;
}

/* A type is [a-z0-9-]; the last 36 bytes are the UUID. */
static bool read_stix(struct text t, struct stix_id *out)
{
	const size_t uuid = UUID_TEXT_SIZE - 1;
	if (t.len < uuid + 3 || t.len >= STIX_ID_MAX)
		return false;
	struct text type = {t.at, t.len - uuid - 2};
	if (type.at[type.len] != '-' || type.at[type.len + 1] != '-')
		return false;
	for (size_t i = 0; i < type.len; i++)
		if ((type.at[i] < '0' || type.at[i] > '9') && (type.at[i] < 'a' || type.at[i] > 'z') &&
		    type.at[i] != '-')
			return false;
	out->type = type.at;
	out->type_len = type.len;
	return uuid_parse(t.at + type.len + 2, uuid, &out->uuid) == HN_OK;
}

static bool fits(enum segment_kind kind, struct text t, struct request_param *out)
{
	*out = (struct request_param){.text = t.at, .len = t.len};
	switch (kind) {
	case UUID:
		return uuid_parse(t.at, t.len, &out->uuid) == HN_OK;
	case STIX:
		return read_stix(t, &out->id);
	case NUMBER:
		return read_number(t, &out->number);
	case NAME:
		return is_name(t);
	case TEXT:
		return t.len > 0 && t.len <= 1024;
	case LITERAL:
	case KIND_COUNT:
		break;
	}
	return false;
}

/* A path's segments: as they came, for literals, and decoded. */
struct parts {
	struct text raw[SEGMENTS_MAX], decoded[SEGMENTS_MAX];
	size_t count;
};

static int split(const char *path, size_t len, char *decoded, struct parts *out)
{
	struct text rest = {path, len}, segment;
	if (len == 0 || path[0] != '/')
		return HN_EFORMAT;
	out->count = 0;
	bool deep = false;
	if (len > 1 && path[len - 1] == '/')
		rest.len--;
	while (next_segment(&rest, &segment)) {
		char *at = decoded;
		size_t n;
		if (path_segment(segment.at, segment.len, at, &n) != HN_OK || (n == 0 && len > 1))
			return HN_EFORMAT;
		decoded += n + 1;
		if (out->count == SEGMENTS_MAX) {
			deep = true;
			decoded = at;
			continue;
		}
		out->raw[out->count] = segment;
		out->decoded[out->count++] = (struct text){at, n};
	}
	return deep ? HN_ENOENT : HN_OK;
}

/* Depth is bounded by SEGMENTS_MAX; breadth by the kinds that can stand at one place. */
static bool walk(const struct node *parent, const struct parts *parts, size_t at, enum http_method method,
		 struct route_found *out, size_t params)
{
	if (at == parts->count) {
		if (parent->methods == 0)
			return false;
		out->allowed |= parent->methods;
		if ((parent->methods & (unsigned)method) == 0)
			return false;
		out->route = parent->routes[method_index(method)];
		out->index = parent->indexes[method_index(method)];
		out->param_count = params;
		return true;
	}
	for (const struct node *n = parent->child; n; n = n->next) {
		if (n->kind == LITERAL) {
			if (same(n, LITERAL, parts->raw[at]) && walk(n, parts, at + 1, method, out, params))
				return true;
		} else if (fits(n->kind, parts->decoded[at], &out->params[params]) &&
			   walk(n, parts, at + 1, method, out, params + 1)) {
			return true;
		}
	}
	return false;
}

int router_find(const struct router *router, enum http_method method, const char *path, size_t len,
		char *decoded, struct route_found *out)
{
	struct parts parts;
	out->route = NULL;
	out->allowed = 0;
	out->param_count = 0;
	int rc = split(path, len, decoded, &parts);
	if (rc != HN_OK)
		return rc;
	if (walk(&router->root, &parts, 0, method, out, 0))
		return HN_OK;
	return out->allowed != 0 ? HN_OK : HN_ENOENT;
}
