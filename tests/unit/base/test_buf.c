/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/buf.h"

#include <stdio.h>

#include "../check.h"

static void appends_and_ends_with_nul(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 100);
	buf_adds(&b, "ab");
	buf_addc(&b, 'c');
	buf_addf(&b, "%d-%s", 42, "x");
	assert_string_equal(b.data, "abc42-x");
	assert_int_equal(b.len, 7);
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	buf_clear(&b);
	buf_clear(&b); /* also when nothing is there */
}

static void the_maximum_holds_for_every_way_in(void **state)
{
	(void)state;
	struct buf b;
	for (size_t max = 0; max < 20; max++) {
		buf_init(&b, max);
		for (size_t i = 0; i < max; i++)
			buf_addc(&b, 'x');
		assert_int_equal(buf_err(&b), HN_OK);
		buf_addf(&b, "%c", 'y');
		assert_int_equal(buf_err(&b), HN_ELIMIT);
		assert_int_equal(b.len, max);
		buf_clear(&b);
	}
}

static void an_error_stays_and_nothing_more_is_added(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4);
	buf_adds(&b, "abc");
	buf_adds(&b, "de");
	buf_adds(&b, "f"); /* would fit */
	assert_int_equal(buf_err(&b), HN_ELIMIT);
	assert_string_equal(b.data, "abc");
	buf_reset(&b);
	buf_adds(&b, "f");
	assert_int_equal(buf_err(&b), HN_OK);
	buf_clear(&b);
}

static void no_maximum_at_all_works_too(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, SIZE_MAX);
	for (int i = 0; i < 1000; i++)
		buf_adds(&b, "0123456789");
	assert_int_equal(buf_err(&b), HN_OK);
	assert_int_equal(b.len, 10000);
	buf_clear(&b);
}

static void integers_stand_in_the_order_that_is_asked_for(void **state)
{
	(void)state;
	static const uint8_t want[] = {1, 2, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7,
				       8, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1};
	struct buf b;
	buf_init(&b, 100);
	buf_be16(&b, 0x0102);
	buf_be32(&b, 0x01020304);
	buf_be64(&b, 0x0102030405060708);
	buf_le32(&b, 0x01020304);
	buf_le64(&b, 0x0102030405060708);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.data, want, sizeof(want));
	buf_clear(&b);
}

static void json_strings_are_escaped(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{"plain", "\"plain\""},
		{"\"\\/", "\"\\\"\\\\/\""},
		{"a\nb\x7f", "\"a\\u000ab\\u007f\""},
		{"火の見", "\"火の見\""},
		{"\xff", "\"\xEF\xBF\xBD\""},
		{"\xed\xa0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* a surrogate */
		{"a\xe7\x81", "\"a\xEF\xBF\xBD\xEF\xBF\xBD\""},               /* cut */
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b;
		size_t len = strlen(cases[i].text);
		char *copy = (char *)exact_copy(cases[i].text, len);
		buf_init(&b, 100);
		buf_json_string(&b, copy, len);
		assert_string_equal(b.data, cases[i].want);
		buf_clear(&b);
		free(copy);
	}
}

static void what_was_reserved_cannot_fail(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 1000);
	assert_int_equal(buf_reserve(&b, 1000), HN_OK);
	size_t cap = b.cap;
	for (size_t i = 0; i < 1000; i++)
		buf_addc(&b, 'x');
	assert_int_equal(buf_err(&b), HN_OK);
	assert_int_equal(b.cap, cap);
	assert_int_equal(buf_reserve(&b, 1), HN_ELIMIT);
	assert_int_equal(buf_err(&b), HN_OK); /* asking is no failure */
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_and_ends_with_nul),
		cmocka_unit_test(the_maximum_holds_for_every_way_in),
		cmocka_unit_test(an_error_stays_and_nothing_more_is_added),
		cmocka_unit_test(no_maximum_at_all_works_too),
		cmocka_unit_test(integers_stand_in_the_order_that_is_asked_for),
		cmocka_unit_test(json_strings_are_escaped),
		cmocka_unit_test(what_was_reserved_cannot_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
