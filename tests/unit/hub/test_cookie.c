/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/cookie.h"

#include "../check.h"

static const struct {
	const char *text;
	int err;
	const char *value;
} headers[] = {
	{"hinomi=a", HN_OK, "a"},
	{"x=1; hinomi=a", HN_OK, "a"},
	{"x=1;hinomi=a; y=2", HN_OK, "a"},
	{"hinomi=a=b", HN_OK, "a=b"},
	{"hinomi=", HN_OK, ""},
	{"hinomi=; hinomi=a", HN_EFORMAT, NULL},
	{"hinomi=a; hinomi=a", HN_EFORMAT, NULL},
	{"hinomi", HN_ENOENT, NULL},
	{"xhinomi=a", HN_ENOENT, NULL},
	{"hinomix=a", HN_ENOENT, NULL},
	{"__Host-hinomi=a", HN_ENOENT, NULL},
	{"Hinomi=a", HN_ENOENT, NULL},
	{"x=hinomi=a", HN_ENOENT, NULL},
	{"", HN_ENOENT, NULL},
	{";;; ;", HN_ENOENT, NULL},
};

static void a_cookie_is_found_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		size_t len = strlen(headers[i].text);
		char *text = (char *)exact_copy(headers[i].text, len);
		const char *value = NULL;
		size_t value_len = 77;
		assert_int_equal(cookie_find(text, len, "hinomi", &value, &value_len), headers[i].err);
		if (headers[i].value != NULL) {
			assert_int_equal(value_len, strlen(headers[i].value));
			assert_memory_equal(value, headers[i].value, value_len);
		} else {
			assert_null(value);
			assert_int_equal(value_len, 77);
		}
		free(text);
	}
}

static void one_that_is_too_long_is_none(void **state)
{
	char text[8 + COOKIE_MAX + 1];
	const char *value = NULL;
	size_t len = 0;
	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "hinomi=", 7);
	assert_int_equal(cookie_find(text, 7 + COOKIE_MAX, "hinomi", &value, &len), HN_OK);
	assert_int_equal(len, COOKIE_MAX);
	value = NULL;
	assert_int_equal(cookie_find(text, 8 + COOKIE_MAX, "hinomi", &value, &len), HN_ELIMIT);
	assert_null(value);
}

static const struct {
	const char *origin, *host;
	bool secure, same;
} origins[] = {
	{"http://localhost:8470", "localhost:8470", false, true},
	{"https://hub.example", "hub.example", true, true},
	{"https://hub.example", "Hub.Example", true, true},
	{"https://hub.example", "hub.example", false, false},
	{"http://hub.example", "hub.example", true, false},
	{"https://hub.example:444", "hub.example", true, false},
	{"https://hub.example.evil", "hub.example", true, false},
	{"https://evil.hub.example", "hub.example", true, false},
	{"null", "null", false, false},
	{"", "", false, false},
	{"http://", "", false, false},
};

static void an_origin_is_the_one_of_the_host(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(origins); i++) {
		size_t len = strlen(origins[i].origin);
		size_t host_len = strlen(origins[i].host);
		char *origin = (char *)exact_copy(origins[i].origin, len);
		char *host = (char *)exact_copy(origins[i].host, host_len);
		assert_int_equal(cookie_origin_is(origin, len, origins[i].secure, host, host_len),
				 origins[i].same);
		free(origin);
		free(host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_is_found_once),
		cmocka_unit_test(one_that_is_too_long_is_none),
		cmocka_unit_test(an_origin_is_the_one_of_the_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
