/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/utf8.h"

#include "../check.h"

/* Writes a value as UTF-8 would, without asking whether it may be one. @return bytes */
static size_t put(unsigned value, char out[4])
{
	if (value < 0x80) {
		out[0] = (char)value;
		return 1;
	}
	size_t n = value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
	static const unsigned first[] = {0, 0, 0xC0, 0xE0, 0xF0};
	for (size_t i = n - 1; i > 0; i--, value >>= 6)
		out[i] = (char)(0x80 | (value & 0x3F));
	out[0] = (char)(first[n] | value);
	return n;
}

static void every_character_and_no_surrogate(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 0x120000; value++) {
		char text[4];
		size_t len = put(value, text);
		bool good = value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
		if (utf8_char_len(text, len) != (good ? len : 0))
			fail_msg("U+%04X", value);
	}
}

static void other_forms_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"\x80",         "\xbf",         "\xc0\x80",         "\xc1\xbf",
		"\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf5\x80\x80\x80",
		"\xff",         "\xc2",         "\xe3\x81",         "\xf0\x9f\x94",
		"\xc2 ",        "\xe3\x81 ",    "\xe3 \x81"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t len = strlen(bad[i]);
		char *copy = (char *)exact_copy(bad[i], len);
		assert_int_equal(utf8_char_len(copy, len), 0);
		assert_false(utf8_valid(copy, len));
		free(copy);
	}
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("火の見 tower", strlen("火の見 tower")));
	assert_false(utf8_valid("tower\xff", 6));
}

static void a_cut_character_is_left_out(void **state)
{
	(void)state;
	static const char text[] = "a火\xC3\xA9\xF0\x9F\x94\xA5";
	static const size_t whole[] = {0, 1, 1, 1, 4, 4, 6, 6, 6, 6, 10};
	for (size_t len = 0; len < COUNT(whole); len++)
		assert_int_equal(utf8_uncut_len(text, len), whole[len]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_and_no_surrogate),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(a_cut_character_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
