/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/encode.h"

#include "../check.h"

/* RFC 4648, 10; the last two show the letters in which the alphabets differ. */
static const struct {
	const char *bytes;
	size_t len;
	const char *base64;
	const char *base64url;
	const char *hex;
} pairs[] = {
	{"", 0, "", "", ""},
	{"f", 1, "Zg==", "Zg", "66"},
	{"fo", 2, "Zm8=", "Zm8", "666f"},
	{"foo", 3, "Zm9v", "Zm9v", "666f6f"},
	{"foob", 4, "Zm9vYg==", "Zm9vYg", "666f6f62"},
	{"fooba", 5, "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
	{"foobar", 6, "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
	{"\xfb\xff", 2, "+/8=", "-_8", "fbff"},
	{"\x00\xff\xfe", 3, "AP/+", "AP_-", "00fffe"},
};

static void encodes_and_decodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		char hex[20];
		uint8_t bytes[8];
		struct buf b;

		hex_encode(pairs[i].bytes, pairs[i].len, hex);
		assert_string_equal(hex, pairs[i].hex);
		assert_int_equal(hex_decode(hex, strlen(hex), bytes, pairs[i].len), HN_OK);
		assert_memory_equal(bytes, pairs[i].bytes, pairs[i].len);

		buf_init(&b, 100);
		base64_add(&b, pairs[i].bytes, pairs[i].len);
		assert_string_equal(b.data == NULL ? "" : b.data, pairs[i].base64);
		buf_reset(&b);
		base64url_add(&b, pairs[i].bytes, pairs[i].len);
		assert_string_equal(b.data == NULL ? "" : b.data, pairs[i].base64url);
		buf_reset(&b);
		assert_int_equal(base64_decode(pairs[i].base64, strlen(pairs[i].base64), &b), HN_OK);
		assert_int_equal(b.len, pairs[i].len);
		assert_true(b.len == 0 || memcmp(b.data, pairs[i].bytes, b.len) == 0);
		buf_reset(&b);
		assert_int_equal(base64url_decode(pairs[i].base64url, strlen(pairs[i].base64url), &b), HN_OK);
		assert_int_equal(b.len, pairs[i].len);
		assert_true(b.len == 0 || memcmp(b.data, pairs[i].bytes, b.len) == 0);
		buf_clear(&b);
	}
}

static void base64_has_one_spelling_only(void **state)
{
	(void)state;
	static const char *const bad[] = {"Zg",    "Zg=",    "Zg===",   "Zh==", "Zm9=", "Z",       "Zm9v ",
					  " Zm9v", "Zm9v\n", "Zm9\xf6", "Zm-v", "=",    "Zg==Zg=="};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct buf b;
		size_t len = strlen(bad[i]);
		char *copy = (char *)exact_copy(bad[i], len);
		buf_init(&b, 100);
		assert_int_equal(base64_decode(copy, len, &b), HN_EFORMAT);
		assert_int_equal(b.len, 0);
		buf_clear(&b);
		free(copy);
	}
}

static void base64url_has_one_spelling_only(void **state)
{
	(void)state;
	static const char *const bad[] = {"Zg==", "Zg=",  "Zh",    "Zm9",    "Z",
					  "Zm+v", "Zm/v", "Zm9v ", "Zm9v\n", "Zm9v="};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct buf b;
		size_t len = strlen(bad[i]);
		char *copy = (char *)exact_copy(bad[i], len);
		buf_init(&b, 100);
		assert_int_equal(base64url_decode(copy, len, &b), HN_EFORMAT);
		assert_int_equal(b.len, 0);
		buf_clear(&b);
		free(copy);
	}
}

/* Which bytes may stand as a letter, by trying each; the library once took some over 0x7f. */
static void each_alphabet_has_64_letters(void **state)
{
	(void)state;
	unsigned standard = 0, url = 0;
	for (unsigned c = 0; c < 256; c++) {
		char text[4] = {'A', 'A', 'A', (char)c};
		struct buf b;
		buf_init(&b, 10);
		standard += base64_decode(text, 4, &b) == HN_OK && c != '=';
		url += base64url_decode(text, 4, &b) == HN_OK;
		buf_clear(&b);
	}
	assert_int_equal(standard, 64);
	assert_int_equal(url, 64);
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 5);
	assert_int_equal(base64_decode("Zm9vYmFy", 8, &b), HN_ELIMIT);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

static void hex_is_whole_bytes_of_either_case(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		int rc;
	} cases[] = {{"00fF", 2, HN_OK},       {"00f", 2, HN_EFORMAT},
		     {"00ff0", 2, HN_EFORMAT}, {"00ff00", 2, HN_EFORMAT},
		     {"00fg", 2, HN_EFORMAT},  {"0 ff", 2, HN_EFORMAT},
		     {"", 0, HN_OK},           {"00:ff", 2, HN_EFORMAT}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t out[4] = {9, 9, 9, 9};
		size_t len = strlen(cases[i].text);
		char *copy = (char *)exact_copy(cases[i].text, len);
		assert_int_equal(hex_decode(copy, len, out, cases[i].len), cases[i].rc);
		assert_int_equal(out[0], cases[i].rc == HN_OK && len > 0 ? 0 : 9);
		free(copy);
	}
	uint8_t out[2];
	assert_int_equal(hex_decode("00\0ff", 5, out, 2), HN_EFORMAT);
	assert_int_equal(hex_decode("0\0ff", 4, out, 2), HN_EFORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_and_decodes),
		cmocka_unit_test(base64_has_one_spelling_only),
		cmocka_unit_test(base64url_has_one_spelling_only),
		cmocka_unit_test(each_alphabet_has_64_letters),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(hex_is_whole_bytes_of_either_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
