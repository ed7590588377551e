/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/disguise.h"

#include "../check.h"

static const uint8_t key[SIPHASH_KEY] = {1, 2, 3}, other[SIPHASH_KEY] = {1, 2, 4};

static void is_undone(void **state)
{
	static const uint64_t numbers[] = {0, 1, 2, 255, 1u << 31, UINT64_C(1) << 32, INT64_MAX, UINT64_MAX};
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		assert_true(disguise_undo(key, disguise(key, numbers[i])) == numbers[i]);
		assert_true(disguise(key, disguise_undo(key, numbers[i])) == numbers[i]);
		assert_true(disguise(key, numbers[i]) != disguise(other, numbers[i]));
	}
}

/* Of neighbours about half of all bits differ, over many of them: neither order nor distance is left. */
static void tells_no_distance(void **state)
{
	(void)state;
	unsigned differ = 0, rises = 0;
	for (uint64_t n = 0; n < 4096; n++) {
		uint64_t a = disguise(key, n), b = disguise(key, n + 1);
		differ += (unsigned)__builtin_popcountll(a ^ b);
		rises += b > a;
	}
	assert_in_range(differ, 4096u * 31, 4096u * 33);
	assert_in_range(rises, 1900, 2200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(is_undone), cmocka_unit_test(tells_no_distance)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
