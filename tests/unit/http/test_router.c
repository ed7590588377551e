/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/route.h"

#include "../check.h"

static int handle(struct request *r)
{
	(void)r;
	return HN_OK;
}

#define ROW(method_, pattern_)                                                                               \
	{                                                                                                    \
		.method = method_, .pattern = pattern_, .operation = pattern_, .handle = handle              \
	}

static const struct route first[] = {
	ROW(HTTP_GET, "/"),
	ROW(HTTP_GET, "/a"),
	ROW(HTTP_POST, "/a"),
	ROW(HTTP_GET, "/a/{id:uuid}"),
	ROW(HTTP_GET, "/a/{object:stix}"),
	ROW(HTTP_GET, "/a/{number:number}"),
	ROW(HTTP_GET, "/a/{name:name}"),
	ROW(HTTP_GET, "/a/fixed"),
	{0},
};

static const struct route second[] = {
	ROW(HTTP_DELETE, "/a/{name:name}"),
	ROW(HTTP_GET, "/b/{text:text}/c/{number:number}"),
	{0},
};

static const struct route *const tables[] = {first, second, NULL};

#define UUID "11111111-2222-4333-8444-555555555555"

static void finds_the_narrowest(void **state)
{
	(void)state;
	static const struct {
		enum http_method method;
		const char *path, *pattern;
		size_t params;
	} cases[] = {
		{HTTP_GET, "/", "/", 0},
		{HTTP_GET, "/a", "/a", 0},
		{HTTP_GET, "/a/", "/a", 0},
		{HTTP_POST, "/a", "/a", 0},
		{HTTP_GET, "/a/fixed", "/a/fixed", 0},
		{HTTP_GET, "/a/" UUID, "/a/{id:uuid}", 1},
		{HTTP_GET, "/a/indicator--" UUID, "/a/{object:stix}", 1},
		{HTTP_GET, "/a/indicator%2D%2d" UUID, "/a/{object:stix}", 1},
		{HTTP_GET, "/a/42", "/a/{number:number}", 1},
		{HTTP_GET, "/a/042", "/a/{name:name}", 1},
		{HTTP_GET, "/a/99999999999999999999", "/a/{name:name}", 1},
		{HTTP_GET, "/a/x", "/a/{name:name}", 1},
		{HTTP_DELETE, "/a/fixed", "/a/{name:name}", 1},
		{HTTP_GET, "/b/%E6%94%BB%E6%92%83/c/7", "/b/{text:text}/c/{number:number}", 2},
	};
	struct router *router;
	assert_int_equal(router_new(tables, &router, NULL), HN_OK);
	assert_int_equal(router_count(router), 10);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct route_found found;
		size_t len = strlen(cases[i].path);
		char *path = (char *)exact_copy(cases[i].path, len), *decoded = malloc(len + 1);
		assert_int_equal(router_find(router, cases[i].method, path, len, decoded, &found), HN_OK);
		assert_non_null(found.route);
		assert_string_equal(found.route->pattern, cases[i].pattern);
		assert_ptr_equal(router_at(router, found.index), found.route);
		assert_int_equal(found.param_count, cases[i].params);
		free(path);
		free(decoded);
	}
	router_free(router);
}

static void reads_parameters(void **state)
{
	(void)state;
	static const char path[] = "/b/a%20b+c/c/18";
	char decoded[sizeof(path)];
	struct route_found found;
	struct router *router;
	assert_int_equal(router_new(tables, &router, NULL), HN_OK);
	assert_int_equal(router_find(router, HTTP_GET, path, sizeof(path) - 1, decoded, &found), HN_OK);
	assert_string_equal(found.params[0].text, "a b+c");
	assert_int_equal(found.params[1].number, 18);
	router_free(router);
}

static void refuses_two_meanings(void **state)
{
	(void)state;
	static const char *const paths[] = {
		"",        "a",      "//",      "//a",    "/a//",         "/a//b",  "/a/..",
		"/a/.",    "/a/%2e", "/a/%2E.", "/a/%2f", "/a/%5C",       "/a/\\",  "/a/%00",
		"/a/%1f",  "/a/%7f", "/a/%",    "/a/%4",  "/a/%zz",       "/a/%ff", "/a/%c0%af",
		"/a/\x80", "/a/ ",   "/a/<",    "/a/|",   "/a/%ed%a0%80",
	};
	struct router *router;
	assert_int_equal(router_new(tables, &router, NULL), HN_OK);
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct route_found found;
		char decoded[64];
		assert_int_equal(router_find(router, HTTP_GET, paths[i], strlen(paths[i]), decoded, &found),
				 HN_EFORMAT);
	}
	router_free(router);
}

static void tells_other_methods_and_nothing(void **state)
{
	(void)state;
	struct router *router;
	struct route_found found;
	char decoded[256];
	assert_int_equal(router_new(tables, &router, NULL), HN_OK);
	assert_int_equal(router_find(router, HTTP_PUT, "/a", 2, decoded, &found), HN_OK);
	assert_null(found.route);
	assert_int_equal(found.allowed, HTTP_GET | HTTP_POST);
	static const char *const none[] = {"/c", "/a/b/c", "/b", "/b/x/c", "/b/x/c/y", "/A", "/%61"};
	for (size_t i = 0; i < COUNT(none); i++)
		assert_int_equal(router_find(router, HTTP_GET, none[i], strlen(none[i]), decoded, &found),
				 HN_ENOENT);
	char deep[201];
	for (size_t i = 0; i < 200; i += 2)
		memcpy(deep + i, "/a", 2);
	assert_int_equal(router_find(router, HTTP_GET, deep, 200, decoded, &found), HN_ENOENT);
	router_free(router);
}

static void refuses_tables_that_contradict(void **state)
{
	(void)state;
	static const struct route twice[] = {ROW(HTTP_GET, "/x/{a:name}"), ROW(HTTP_GET, "/x/{b:name}"), {0}};
	static const struct route unknown[] = {ROW(HTTP_GET, "/x/{a:nothing}"), {0}};
	static const struct route bare[] = {ROW(HTTP_GET, "x"), {0}};
	const struct route *const bad[][2] = {{twice, NULL}, {unknown, NULL}, {bare, NULL}};
	const int errors[] = {HN_EEXIST, HN_EFORMAT, HN_EFORMAT};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct router *router = NULL;
		struct fault fault = {0};
		assert_int_equal(router_new(bad[i], &router, &fault), errors[i]);
		assert_null(router);
		assert_int_not_equal(fault.place[0], '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_narrowest),
		cmocka_unit_test(reads_parameters),
		cmocka_unit_test(refuses_two_meanings),
		cmocka_unit_test(tells_other_methods_and_nothing),
		cmocka_unit_test(refuses_tables_that_contradict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
