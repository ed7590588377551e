/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>

#include "../check.h"
#include "base/arena.h"
#include "http/exchange.h"
#include "hub/taxii/taxii.h"

/* Reads a query as a request for a collection's objects has it. */
static int read_it(struct exchange *e, const char *query, struct taxii_query *out)
{
	memset(e, 0, sizeof(*e));
	for (const struct route *r = TAXII_ROUTES; r->pattern != NULL; r++)
		if (strcmp(r->operation, "taxiiObjects") == 0)
			e->pub.route = r;
	assert_non_null(e->pub.route);
	e->pub.arena = arena_new(REQUEST_ARENA_MAX);
	e->head.query = query;
	e->head.query_len = strlen(query);
	memset(out, 0xee, sizeof(*out));
	int err = query_read(e);
	return err == HN_OK ? taxii_query_read(&e->pub, out) : err;
}

static struct exchange exchange;

static void filters_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *query;
		int64_t after;
		size_t limit, ids, types, times;
		unsigned versions, specs;
	} rows[] = {
		{"", 0, TAXII_PAGE, 0, 0, 0, 0, 0},
		{"limit=5", 0, 5, 0, 0, 0, 0, 0},
		{"limit=999999", 0, TAXII_PAGE_MAX, 0, 0, 0, 0, 0},
		{"added_after=1970-01-01T00:00:01Z", 1000000, TAXII_PAGE, 0, 0, 0, 0, 0},
		{"added_after=1970-01-01T00:00:01.000001Z&next=f4242", 1000002, TAXII_PAGE, 0, 0, 0, 0, 0},
		{"added_after=1970-01-01T00:00:02Z&next=1", 2000000, TAXII_PAGE, 0, 0, 0, 0, 0},
		{"match[type]=indicator,malware", 0, TAXII_PAGE, 0, 2, 0, 0, 0},
		{"match%5Btype%5D=indicator", 0, TAXII_PAGE, 0, 1, 0, 0, 0},
		{"match[version]=all,first,last", 0, TAXII_PAGE, 0, 0, 0,
		 OBJECT_ALL | OBJECT_FIRST | OBJECT_LAST, 0},
		{"match[version]=2026-01-01T00:00:00Z,2026-01-02T00:00:00.5Z", 0, TAXII_PAGE, 0, 0, 2, 0, 0},
		{"match[spec_version]=2.0,2.1", 0, TAXII_PAGE, 0, 0, 0, 0, 1u << STIX_2_0 | 1u << STIX_2_1},
		{"match[spec_version]=3.0", 0, TAXII_PAGE, 0, 0, 0, 0, 4},
		{"match[id]=indicator--8e2e2d2b-17d4-4cbf-938f-000000000001,malware--8e2e2d2b-17d4-4cbf-938f-"
		 "000000000002",
		 0, TAXII_PAGE, 2, 0, 0, 0, 0},
		{"match[colour]=mauve&x=1", 0, TAXII_PAGE, 0, 0, 0, 0, 0},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct taxii_query q;
		if (read_it(&exchange, rows[i].query, &q) != HN_OK)
			fail_msg("%s: %s %s", rows[i].query, exchange.pub.fault.place,
				 exchange.pub.fault.message);
		assert_int_equal(q.filter.after_seq, rows[i].after);
		assert_int_equal(q.limit, rows[i].limit);
		assert_int_equal(q.filter.id_count, rows[i].ids);
		assert_int_equal(q.filter.type_count, rows[i].types);
		assert_int_equal(q.filter.version_count, rows[i].times);
		assert_int_equal(q.filter.versions, rows[i].versions);
		assert_int_equal(q.filter.specs, rows[i].specs);
		arena_free(exchange.pub.arena);
	}
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *query, *place;
	} rows[] = {
		{"added_after=yesterday", "added_after"},
		{"added_after=", "added_after"},
		{"limit=0", "limit"},
		{"limit=x", "limit"},
		{"next=zz", "next"},
		{"next=", "next"},
		{"next=-1", "next"},
		{"next=1234567890123456", "next"},
		{"match[id]=indicator", "match[id]"},
		{"match[id]=indicator--8e2e2d2b-17d4-4cbf-938f-000000000001,", "match[id]"},
		{"match[version]=newest", "match[version]"},
		{"match[version]=last,,first", "match[version]"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct taxii_query q, untouched;
		memset(&untouched, 0xee, sizeof(untouched));
		assert_int_equal(read_it(&exchange, rows[i].query, &q), HN_EFORMAT);
		assert_string_equal(exchange.pub.fault.place, rows[i].place);
		assert_memory_equal(&q, &untouched, sizeof(q));
		arena_free(exchange.pub.arena);
	}
}

static void lists_have_an_end(void **state)
{
	(void)state;
	static const char *const names[] = {"match[id]", "match[type]", "match[version]"};
	static const char *const items[] = {"indicator--8e2e2d2b-17d4-4cbf-938f-000000000001", "indicator",
					    "2026-01-01T00:00:00Z"};
	for (size_t i = 0; i < COUNT(names); i++) {
		for (unsigned count = 64; count <= 65; count++) {
			struct taxii_query q;
			struct buf query;
			buf_init(&query, 1 << 16);
			buf_addf(&query, "%s=%s", names[i], items[i]);
			for (unsigned n = 1; n < count; n++)
				buf_addf(&query, ",%s", items[i]);
			buf_addc(&query, '\0');
			assert_int_equal(read_it(&exchange, query.data, &q),
					 count == 64 ? HN_OK : HN_EFORMAT);
			arena_free(exchange.pub.arena);
			buf_clear(&query);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_are_read),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(lists_have_an_end),
	};
	return cmocka_run_group_tests_name("taxii_query", tests, NULL, NULL);
}
