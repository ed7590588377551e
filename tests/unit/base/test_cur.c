/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/cur.h"

#include "../check.h"

static void reads_fields_in_order(void **state)
{
	(void)state;
	static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	struct cur c = cur_of(in, sizeof(in));
	assert_int_equal(cur_u8(&c), 1);
	assert_int_equal(cur_be16(&c), 0x0203);
	assert_int_equal(cur_be24(&c), 0x040506);
	assert_int_equal(cur_le16(&c), 0x0807);
	assert_int_equal(cur_left(&c), 2);
	assert_true(cur_ok(&c));
}

static void a_read_past_the_end_is_zero_and_bad_for_good(void **state)
{
	(void)state;
	static const uint8_t in[] = {0xff, 0xff, 0xff};
	struct cur c = cur_of(in, sizeof(in));
	assert_int_equal(cur_be32(&c), 0);
	assert_false(cur_ok(&c));
	assert_int_equal(cur_u8(&c), 0); /* although three bytes are left */
	assert_null(cur_peek(&c, 1));
}

static void a_window_cannot_read_its_parent(void **state)
{
	(void)state;
	static const uint8_t in[] = {2, 'a', 'b', 'c'};
	struct cur c = cur_of(in, sizeof(in));
	struct cur name = cur_sub(&c, cur_u8(&c));
	assert_non_null(cur_take(&name, 2));
	assert_int_equal(cur_u8(&name), 0);
	assert_false(cur_ok(&name));
	assert_true(cur_ok(&c));
	assert_int_equal(cur_u8(&c), 'c');
}

static void a_window_that_is_too_long_is_bad_in_both(void **state)
{
	(void)state;
	static const uint8_t in[] = {9, 'a'};
	struct cur c = cur_of(in, sizeof(in));
	struct cur name = cur_sub(&c, cur_u8(&c));
	assert_false(cur_ok(&name));
	assert_false(cur_ok(&c));
	assert_int_equal(cur_left(&name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_fields_in_order),
		cmocka_unit_test(a_read_past_the_end_is_zero_and_bad_for_good),
		cmocka_unit_test(a_window_cannot_read_its_parent),
		cmocka_unit_test(a_window_that_is_too_long_is_bad_in_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
