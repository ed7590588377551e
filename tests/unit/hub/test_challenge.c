/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/challenge.h"

#include <sodium.h>

#include "../check.h"

#define NOW_US INT64_C(1800000000000000)
#define END_US (NOW_US + INT64_C(1000000) * CHALLENGE_S)

static const uint8_t key[crypto_secretbox_KEYBYTES] = {7};

static void one_is_good_once_and_in_time(void **state)
{
	uint8_t made[CHALLENGE_SIZE], taken[CHALLENGE_SIZE];
	char text[CHALLENGE_TEXT_SIZE];
	struct challenges *c = challenges_new(key);
	(void)state;
	challenges_make(c, 5, NOW_US, made, text);
	assert_int_equal(challenges_take(c, text, strlen(text), 6, NOW_US, taken), HN_EAUTH);
	assert_int_equal(challenges_take(c, text, strlen(text), 0, NOW_US, taken), HN_EAUTH);
	assert_int_equal(challenges_take(c, text, strlen(text), 5, END_US, taken), HN_EAUTH);
	assert_int_equal(challenges_take(c, text, strlen(text), 5, END_US - 1, taken), HN_OK);
	assert_memory_equal(taken, made, CHALLENGE_SIZE);
	assert_int_equal(challenges_take(c, text, strlen(text), 5, END_US - 1, taken), HN_EAUTH);
	challenges_free(c);
}

static void nothing_else_is_one(void **state)
{
	uint8_t made[CHALLENGE_SIZE], taken[CHALLENGE_SIZE];
	char text[CHALLENGE_TEXT_SIZE];
	static const uint8_t other[sizeof(key)] = {8};
	struct challenges *c = challenges_new(key);
	struct challenges *d = challenges_new(other);
	(void)state;
	challenges_make(c, 0, NOW_US, made, text);
	size_t len = strlen(text);
	assert_int_equal(challenges_take(d, text, len, 0, NOW_US, taken), HN_EAUTH);
	for (size_t cut = 0; cut < len; cut++) {
		char *part = (char *)exact_copy(text, cut);
		assert_int_equal(challenges_take(c, part, cut, 0, NOW_US, taken), HN_EAUTH);
		free(part);
	}
	for (size_t i = 0; i < len; i++) {
		char *bent = (char *)exact_copy(text, len);
		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		assert_int_equal(challenges_take(c, bent, len, 0, NOW_US, taken), HN_EAUTH);
		free(bent);
	}
	assert_int_equal(challenges_take(c, text, len, 0, NOW_US, taken), HN_OK);
	challenges_free(c);
	challenges_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_good_once_and_in_time),
		cmocka_unit_test(nothing_else_is_one),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
