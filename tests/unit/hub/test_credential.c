/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/credential.h"

#include "../check.h"

#include <sodium.h>

static int read_exact(const char *text, struct source_credential *out, struct fault *fault)
{
	size_t len = strlen(text);
	char *copy = (char *)exact_copy(text, len);
	int err = source_credential_read(copy, len, out, fault);
	free(copy);
	return err;
}

static void each_kind_has_its_texts(void **state)
{
	(void)state;
	struct source_credential c = {0};
	struct fault fault;
	assert_int_equal(
		read_exact("{\"kind\":\"basic\",\"user\":\"m\\u00e9\",\"password\":\"p\\\"\\ud83d\\ude00\"}",
			   &c, &fault),
		HN_OK);
	assert_string_equal(c.user, "m\xc3\xa9");
	assert_string_equal(c.password, "p\"\xf0\x9f\x98\x80");
	assert_null(c.token);
	source_credential_clear(&c);
	assert_int_equal(read_exact("{\"token\":\"t\",\"kind\":\"token\"}", &c, &fault), HN_OK);
	assert_string_equal(c.token, "t");
	source_credential_clear(&c);
	assert_int_equal(
		read_exact("{\"kind\":\"certificate\",\"certificate\":\"a\\nb\",\"key\":\"\"}", &c, &fault),
		HN_OK);
	assert_string_equal(c.certificate, "a\nb");
	assert_string_equal(c.key, "");
	source_credential_clear(&c);
	source_credential_clear(&c);
}

static void what_is_wrong_is_told_at_its_place_and_not_quoted(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int err;
		const char *place;
	} cases[] = {
		{"{}", HN_EFORMAT, "/kind"},
		{"{\"kind\":\"oauth\"}", HN_EFORMAT, "/kind"},
		{"{\"kind\":\"token\"}", HN_EFORMAT, "/token"},
		{"{\"kind\":\"token\",\"token\":\"s3cret\",\"user\":\"u\"}", HN_EFORMAT, "/user"},
		{"{\"kind\":\"token\",\"token\":\"s3cret\",\"token\":\"s3cret\"}", HN_EFORMAT, "/token"},
		{"{\"kind\":\"token\",\"token\":\"s3cret\\r\\nX: y\"}", HN_EFORMAT, "/token"},
		{"{\"kind\":\"token\",\"token\":\"s3cret\\u0000\"}", HN_EFORMAT, "/token"},
		{"{\"kind\":\"basic\",\"user\":\"u\\n\",\"password\":\"s3cret\"}", HN_EFORMAT, "/user"},
		{"{\"kind\":\"token\",\"token\":7}", HN_EFORMAT, "/token"},
		{"{\"kind\":\"token\",\"s3cret\":\"x\"}", HN_EFORMAT, ""},
		{"[]", HN_EFORMAT, ""},
		{"\"s3cret\"", HN_EFORMAT, ""},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct source_credential c = {0};
		struct fault fault = {.place = ""};
		assert_int_equal(read_exact(cases[i].text, &c, &fault), cases[i].err);
		assert_string_equal(fault.place, cases[i].place);
		assert_null(strstr(fault.message, "s3cret"));
		assert_null(c.room);
	}
}

static void no_part_of_one_is_one(void **state)
{
	(void)state;
	static const char whole[] = "{\"kind\":\"basic\",\"user\":\"a\\u0062\",\"password\":\"c\"}";
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		struct source_credential c = {0};
		struct fault fault;
		char *copy = (char *)exact_copy(whole, len);
		assert_int_not_equal(source_credential_read(copy, len, &c, &fault), HN_OK);
		assert_null(c.room);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_texts),
		cmocka_unit_test(what_is_wrong_is_told_at_its_place_and_not_quoted),
		cmocka_unit_test(no_part_of_one_is_one),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("credential", tests, NULL, NULL);
}
