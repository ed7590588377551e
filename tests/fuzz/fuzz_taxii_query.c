/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The query of a TAXII request. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "http/exchange.h"
#include "hub/taxii/taxii.h"
#include "tests/fuzz/target.h"

static const struct route *objects_route(void)
{
	const struct route *r = TAXII_ROUTES;
	while (strcmp(r->operation, "taxiiObjects") != 0)
		r++;
	return r;
}

static void check(const struct taxii_query *q)
{
	assert(q->limit >= 1 && q->limit <= TAXII_PAGE_MAX);
	assert(q->filter.id_count <= 64 && q->filter.type_count <= 64 && q->filter.version_count <= 64);
	assert(q->filter.specs < 8 && q->filter.versions < 8);
	for (size_t i = 0; i < q->filter.type_count; i++)
		assert(memchr(q->filter.types[i], ',', strlen(q->filter.types[i])) == NULL);
	for (size_t i = 0; i < q->filter.id_count; i++)
		assert(q->filter.ids[i].type_len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct exchange e;
	struct taxii_query q;
	char *text = malloc(len + 1);
	assert(text);
	memcpy(text, data, len);
	memset(&e, 0, sizeof(e));
	e.pub.route = objects_route();
	e.pub.arena = arena_new(REQUEST_ARENA_MAX);
	assert(e.pub.arena);
	e.head.query = text;
	e.head.query_len = len;
	if (query_read(&e) == HN_OK) {
		int err = taxii_query_read(&e.pub, &q);
		assert(err == HN_OK || err == HN_EFORMAT || err == HN_ENOMEM);
		if (err == HN_OK)
			check(&q);
		else if (err == HN_EFORMAT)
			assert(e.pub.fault.place[0] != '\0');
	}
	arena_free(e.pub.arena);
	free(text);
	return 0;
}
