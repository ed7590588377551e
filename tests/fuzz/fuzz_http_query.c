/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A target with its query, found among routes and read by a table. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "http/exchange.h"
#include "hub/api/tables.h"
#include "tests/fuzz/target.h"

static void check_values(const struct exchange *e)
{
	assert(e->query_count <= QUERY_VALUES_MAX);
	for (size_t i = 0; i < e->query_count; i++) {
		const struct query_value *v = &e->query[i];
		assert(v->spec && strlen(v->text) == v->len);
		if (v->spec->kind == QUERY_NUMBER)
			assert(v->number >= v->spec->min && (v->spec->max == 0 || v->number <= v->spec->max));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct router *router;
	static struct exchange e;
	struct route_found found;
	if (!router)
		assert(router_new(HUB_TABLES, &router, NULL) == HN_OK);
	char *text = malloc(len + 1), *decoded = malloc(len + 1);
	assert(text && decoded);
	memcpy(text, data, len);
	const char *mark = memchr(text, '?', len);
	size_t path_len = mark ? (size_t)(mark - text) : len;
	if (router_find(router, HTTP_GET, text, path_len, decoded, &found) == HN_OK && found.route) {
		e.pub.route = found.route;
		e.pub.arena = arena_new(REQUEST_ARENA_MAX);
		e.head.query = mark ? mark + 1 : NULL;
		e.head.query_len = mark ? len - path_len - 1 : 0;
		assert(e.pub.arena);
		for (size_t i = 0; i < found.param_count; i++)
			assert(found.params[i].len == strlen(found.params[i].text));
		if (query_read(&e) == HN_OK)
			check_values(&e);
		arena_free(e.pub.arena);
	}
	free(decoded);
	free(text);
	return 0;
}
