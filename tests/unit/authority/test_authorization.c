/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/authority/world.h"

static int read_object(json_t *o, const struct limits *l, struct authorization **out, struct fault *fault)
{
	char *payload = object_text(o);
	uint8_t *copy = exact_copy(payload, strlen(payload));
	int rc = authorization_read(copy, strlen(payload), l, out, fault);
	free(copy);
	free(payload);
	return rc;
}

static json_t *specified(const struct world *w)
{
	json_t *o = agreement(w);
	put(o, "basis", "\"specified\"");
	put(o, "party", NULL);
	put(o, "links", NULL);
	put(o, "classes", "[\"foreign-domestic\",\"domestic-foreign\"]");
	put(o, "facilities",
	    "[{\"classes\":[\"foreign-domestic\",\"domestic-foreign\"],\"prefix\":\"198.51.100.0/24\"}]");
	return o;
}

static json_t *foreign(const struct world *w)
{
	json_t *o = agreement(w);
	put(o, "basis", "\"foreign-foreign\"");
	put(o, "party", NULL);
	put(o, "links", NULL);
	put(o, "classes", "[\"foreign-foreign\"]");
	return o;
}

typedef json_t *maker(const struct world *w);

/* Each basis with each class: only what the law pairs is taken. */
static void basis_decides_the_classes(void **state)
{
	static maker *const makers[] = {agreement, foreign, specified};
	static const char *const allowed[] = {"foreign-domestic", "foreign-foreign",
					      "foreign-domestic domestic-foreign"};
	struct world w;
	(void)state;
	world_init(&w);
	for (size_t b = 0; b < COUNT(makers); b++)
		for (unsigned c = 0; c < FLOW_CLASS_COUNT; c++) {
			char classes[64], facilities[128];
			const char *name = flow_class_name((enum flow_class)c);
			struct authorization *a = NULL;
			json_t *o = makers[b](&w);
			(void)snprintf(classes, sizeof(classes), "[\"%s\"]", name);
			(void)snprintf(facilities, sizeof(facilities),
				       "[{\"classes\":[\"%s\"],\"prefix\":\"198.51.100.0/24\"}]", name);
			put(o, "classes", classes);
			if (b == 2)
				put(o, "facilities", facilities);
			int rc = read_object(o, &limits_builtin, &a, NULL);
			if (rc != (strstr(allowed[b], name) != NULL ? HN_OK : HN_EAUTH))
				fail_msg("%zu %s: %d", b, name, rc);
			authorization_free(a);
			json_decref(o);
		}
	world_clear(&w);
}

/* Wide limits, as a test's trust file may set them, still never allow domestic to domestic. */
static void domestic_to_domestic_is_never_read(void **state)
{
	struct limits wide = limits_builtin;
	struct authorization *a;
	struct world w;
	(void)state;
	world_init(&w);
	for (unsigned b = 0; b < BASIS_COUNT; b++)
		wide.basis[b].classes = 0x0f;
	json_t *o = agreement(&w);
	put(o, "classes", "[\"foreign-domestic\",\"domestic-domestic\"]");
	assert_int_equal(read_object(o, &wide, &a, NULL), HN_EAUTH);
	put(o, "classes", "[\"foreign-domestic\",\"foreign-foreign\"]");
	assert_int_equal(read_object(o, &wide, &a, NULL), HN_OK);
	assert_true(authorization_has_class(a, FOREIGN_FOREIGN));
	assert_false(authorization_has_class(a, DOMESTIC_DOMESTIC));
	authorization_free(a);
	json_decref(o);
	world_clear(&w);
}

static void members_are_judged(void **state)
{
	static const struct {
		maker *make;
		const char *name, *value, *place;
		int rc;
	} cases[] = {
		{agreement, "type", "\"x\"", "/type", HN_EFORMAT},
		{agreement, "version", "2", "/version", HN_EUNSUPPORTED},
		{agreement, "id", "\"x\"", "/id", HN_EFORMAT},
		{agreement, "trust", "\"AA\"", "/trust", HN_EFORMAT},
		{agreement, "basis", "\"custom\"", "/basis", HN_EFORMAT},
		{agreement, "classes", "[]", "/classes", HN_EFORMAT},
		{agreement, "classes", "[\"x\"]", "/classes", HN_EFORMAT},
		{agreement, "classes", "[1]", "/classes", HN_EFORMAT},
		{agreement, "from", "\"2024-10-04\"", "/from", HN_EFORMAT},
		{agreement, "until", "\"2024-10-04T00:00:00Z\"", "/until", HN_EFORMAT},
		{agreement, "until", "\"2025-10-05T00:00:00.000001Z\"", "/until", HN_EAUTH},
		{foreign, "until", "\"2025-04-06T00:00:01Z\"", "/until", HN_EAUTH},
		{specified, "until", "\"2025-01-04T00:00:01Z\"", "/until", HN_EAUTH},
		{agreement, "retention", "\"P0D\"", "/retention", HN_EFORMAT},
		{agreement, "retention", "\"P732D\"", "/retention", HN_EAUTH},
		{agreement, "purpose", "\"\"", "/purpose", HN_EFORMAT},
		{agreement, "purpose", "\"a\\nb\"", "/purpose", HN_EFORMAT},
		{agreement, "party", NULL, "/party", HN_EFORMAT},
		{agreement, "links", "[]", "/links", HN_EFORMAT},
		{agreement, "links", "[\"a\",\"a\"]", "/links/1", HN_EFORMAT},
		{foreign, "party", "\"ACME\"", "/party", HN_EFORMAT},
		{agreement, "facilities",
		 "[{\"classes\":[\"foreign-domestic\"],\"prefix\":\"198.51.100.0/24\"}]", "/facilities/0",
		 HN_EFORMAT},
		{specified, "facilities", "[]", "/facilities", HN_EFORMAT},
		{specified, "facilities",
		 "[{\"classes\":[\"foreign-domestic\"],\"prefix\":\"198.51.100.0/24\"}]", "/facilities",
		 HN_EFORMAT},
		{specified, "facilities",
		 "[{\"classes\":[\"foreign-foreign\"],\"prefix\":\"198.51.100.0/24\"}]", "/facilities/0",
		 HN_EFORMAT},
		{specified, "facilities", "[{\"classes\":[],\"prefix\":\"198.51.100.0/24\"}]",
		 "/facilities/0", HN_EFORMAT},
		{specified, "facilities",
		 "[{\"classes\":[\"foreign-domestic\",\"domestic-foreign\"],\"prefix\":\"198.51.0.0/16\"}]",
		 "/facilities/0", HN_EAUTH},
		{specified, "facilities",
		 "[{\"classes\":[\"foreign-domestic\",\"domestic-foreign\"],\"prefix\":\"10.0.0.0/24\"}]",
		 "/facilities/0", HN_EFORMAT},
		{specified, "facilities",
		 "[{\"classes\":[\"foreign-domestic\"],\"prefix\":\"198.51.100.1/24\"}]",
		 "/facilities/0/prefix", HN_EFORMAT},
		{agreement, "acts", "[]", "/acts", HN_EFORMAT},
		{agreement, "acts", "[\"act-1\",\"act-1\"]", "/acts/1", HN_EFORMAT},
		{agreement, "acts", "[\"two words\"]", "/acts/0", HN_EFORMAT},
		{agreement, "acts", "[\"act-9\"]", "/patterns/0/act", HN_EFORMAT},
		{agreement, "sensors", "[]", "/sensors", HN_EFORMAT},
		{agreement, "sensors", "[{\"id\":\"" SENSOR "\"},{\"id\":\"" SENSOR "\"}]", "/sensors/1",
		 HN_EFORMAT},
		{agreement, "sensors", "[{\"id\":\"" SENSOR "\",\"secret\":\"AAAA\"}]", "/sensors/0/secret",
		 HN_EFORMAT},
		{agreement, "sets", "[{\"id\":\"c2\"}]", "/sets/0/kinds", HN_EFORMAT},
		{agreement, "sets",
		 "[{\"id\":\"c2\",\"kinds\":[],\"entries_max\":1,\"prefix4_widest\":24,\"prefix6_widest\":48}"
		 "]",
		 "/sets/0/kinds", HN_EFORMAT},
		{agreement, "sets",
		 "[{\"id\":\"c2\",\"kinds\":[\"ipv4\"],\"entries_max\":1,\"prefix4_widest\":23,\"prefix6_"
		 "widest\":48}]",
		 "/sets/0", HN_EAUTH},
		{agreement, "sets",
		 "[{\"id\":\"c2\",\"kinds\":[\"ipv4\"],\"entries_max\":1,\"prefix4_widest\":24,\"prefix6_"
		 "widest\":47}]",
		 "/sets/0", HN_EAUTH},
		{agreement, "sets",
		 "[{\"id\":\"c2\",\"kinds\":[\"ipv4\"],\"entries_max\":50000001,\"prefix4_widest\":24,"
		 "\"prefix6_widest\":48}]",
		 "/sets/0", HN_EAUTH},
		{agreement, "patterns",
		 "[{\"id\":\"p\",\"act\":\"act-1\",\"position\":\"http.body\",\"offset\":[0,0],\"bytes\":"
		 "\"de ad be ef\"}]",
		 "/patterns/0/position", HN_EFORMAT},
		{agreement, "patterns",
		 "[{\"id\":\"p\",\"act\":\"act-1\",\"position\":\"tcp.opening\",\"offset\":[0,0],\"bytes\":"
		 "\"de ad be\"}]",
		 "/patterns/0/bytes", HN_ELIMIT},
		{agreement, "identified", "{}", "/ground", HN_EFORMAT},
		{agreement, "identified", "true", "/identified", HN_EFORMAT},
		{agreement, "weight", "1", "/weight", HN_EFORMAT},
	};
	struct world w;
	(void)state;
	world_init(&w);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fault fault = {{0}, {0}};
		struct authorization *a = NULL;
		json_t *o = cases[i].make(&w);
		put(o, cases[i].name, cases[i].value);
		int rc = read_object(o, &limits_builtin, &a, &fault);
		if (rc != cases[i].rc || strcmp(fault.place, cases[i].place) != 0)
			fail_msg("case %zu (%s): %d at '%s'", i, cases[i].name, rc, fault.place);
		assert_null(a);
		json_decref(o);
	}
	world_clear(&w);
}

static void every_member_is_needed(void **state)
{
	static const char *const needed[] = {"type",    "version", "id",     "trust", "basis",
					     "classes", "issued",  "from",   "until", "retention",
					     "purpose", "acts",    "sensors"};
	struct world w;
	struct authorization *a;
	(void)state;
	world_init(&w);
	for (size_t i = 0; i < COUNT(needed); i++) {
		json_t *o = agreement(&w);
		put(o, needed[i], NULL);
		assert_int_equal(read_object(o, &limits_builtin, &a, NULL), HN_EFORMAT);
		json_decref(o);
	}
	json_t *o = agreement(&w);
	put(o, "sets", NULL);
	assert_int_equal(read_object(o, &limits_builtin, &a, NULL), HN_OK);
	authorization_free(a);
	put(o, "patterns", NULL);
	assert_int_equal(read_object(o, &limits_builtin, &a, NULL), HN_EFORMAT);
	json_decref(o);
	world_clear(&w);
}

static void what_is_written_is_read_back(void **state)
{
	static maker *const makers[] = {agreement, foreign, specified};
	struct world w;
	(void)state;
	world_init(&w);
	for (size_t i = 0; i < COUNT(makers); i++) {
		struct authorization *a, *again;
		struct buf first, second;
		json_t *o = makers[i](&w);
		put(o, "identified", "{\"ground\":\"victims are told\"}");
		assert_int_equal(read_object(o, &limits_builtin, &a, NULL), HN_OK);
		json_decref(o);
		buf_init(&first, 1 << 20);
		buf_init(&second, 1 << 20);
		assert_int_equal(authorization_payload(a, &first), HN_OK);
		assert_int_equal(authorization_read(first.data, first.len, &limits_builtin, &again, NULL),
				 HN_OK);
		assert_int_equal(authorization_payload(again, &second), HN_OK);
		assert_string_equal(first.data, second.data);
		assert_string_equal(again->ground, "victims are told");
		buf_clear(&first);
		buf_clear(&second);
		authorization_free(a);
		authorization_free(again);
	}
	world_clear(&w);
}

static void facilities_are_for_their_class(void **state)
{
	struct ip inside, outside;
	struct authorization *a;
	struct world w;
	(void)state;
	world_init(&w);
	assert_int_equal(ip_parse("198.51.100.9", 12, &inside), HN_OK);
	assert_int_equal(ip_parse("192.0.2.9", 9, &outside), HN_OK);
	json_t *o = specified(&w);
	put(o, "facilities",
	    "[{\"classes\":[\"foreign-domestic\"],\"prefix\":\"198.51.100.0/24\"},"
	    "{\"classes\":[\"domestic-foreign\"],\"prefix\":\"192.0.2.0/24\"}]");
	assert_int_equal(read_object(o, &limits_builtin, &a, NULL), HN_OK);
	assert_true(authorization_facility_has(a, FOREIGN_DOMESTIC, &inside));
	assert_false(authorization_facility_has(a, FOREIGN_DOMESTIC, &outside));
	assert_false(authorization_facility_has(a, DOMESTIC_FOREIGN, &inside));
	assert_true(authorization_facility_has(a, DOMESTIC_FOREIGN, &outside));
	authorization_free(a);
	json_decref(o);
	o = agreement(&w);
	assert_int_equal(read_object(o, &limits_builtin, &a, NULL), HN_OK);
	assert_true(authorization_facility_has(a, FOREIGN_DOMESTIC, &outside));
	assert_true(authorization_has_act(a, "act-2"));
	assert_false(authorization_has_act(a, "act-3"));
	assert_non_null(authorization_set(a, "c2"));
	assert_null(authorization_set(a, "c"));
	authorization_free(a);
	json_decref(o);
	authorization_free(NULL);
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(basis_decides_the_classes),
					   cmocka_unit_test(domestic_to_domestic_is_never_read),
					   cmocka_unit_test(members_are_judged),
					   cmocka_unit_test(every_member_is_needed),
					   cmocka_unit_test(what_is_written_is_read_back),
					   cmocka_unit_test(facilities_are_for_their_class)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
