/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/session.h"

#include <sodium.h>

#include "tests/unit/check.h"

static void one_that_began_is_found_until_it_ends(void **state)
{
	char token[SESSION_TOKEN_SIZE];
	struct session s;
	(void)state;
	session_begin("tanaka", token);
	session_find(token, strlen(token), &s);
	assert_true(s.signed_in);
	assert_string_equal(s.name, "tanaka");
	assert_string_equal(s.token, token);
	session_end(token);
	session_find(token, strlen(token), &s);
	assert_false(s.signed_in);
}

static void others_are_nobody(void **state)
{
	char token[SESSION_TOKEN_SIZE];
	struct session s;
	(void)state;
	session_begin("tanaka", token);
	session_find(NULL, 0, &s);
	assert_false(s.signed_in);
	session_find(token, strlen(token) - 1, &s);
	assert_false(s.signed_in);
	token[0] = token[0] == '0' ? '1' : '0';
	session_find(token, strlen(token), &s);
	assert_false(s.signed_in);
}

static void forms_are_made_for_one_session(void **state)
{
	char first[SESSION_TOKEN_SIZE], second[SESSION_TOKEN_SIZE];
	struct session a, b, nobody;
	(void)state;
	session_begin("a", first);
	session_begin("b", second);
	session_find(first, strlen(first), &a);
	session_find(second, strlen(second), &b);
	session_find(NULL, 0, &nobody);
	assert_true(session_made(&a, a.csrf));
	assert_false(session_made(&a, b.csrf));
	assert_false(session_made(&a, nobody.csrf));
	assert_false(session_made(&a, ""));
}

static void the_oldest_gives_way(void **state)
{
	char first[SESSION_TOKEN_SIZE], last[SESSION_TOKEN_SIZE];
	struct session s;
	(void)state;
	session_begin("first", first);
	for (int i = 0; i < 200; i++)
		session_begin("more", last);
	session_find(first, strlen(first), &s);
	assert_false(s.signed_in);
	session_find(last, strlen(last), &s);
	assert_true(s.signed_in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_began_is_found_until_it_ends),
		cmocka_unit_test(others_are_nobody),
		cmocka_unit_test(forms_are_made_for_one_session),
		cmocka_unit_test(the_oldest_gives_way),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
