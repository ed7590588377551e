/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/name.h"

#include "../check.h"

static void text_becomes_wire_form(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *wire; /* NULL: refused */
		int rc;
	} cases[] = {
		{"www.example", "\3www\7example", HN_OK},
		{"WWW.Example.", "\3www\7example", HN_OK},
		{"a", "\1a", HN_OK},
		{"_dmarc.x-1.example", "\6_dmarc\3x-1\7example", HN_OK},
		{"", NULL, HN_EFORMAT},
		{".", NULL, HN_EFORMAT},
		{"a..b", NULL, HN_EFORMAT},
		{".a", NULL, HN_EFORMAT},
		{"a b", NULL, HN_EFORMAT},
		{"a/b", NULL, HN_EFORMAT},
		{"caf\xc3\xa9", NULL, HN_EFORMAT},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t out[NAME_MAX_WIRE];
		size_t len = 0;
		size_t text_len = strlen(cases[i].text);
		uint8_t *text = exact_copy(cases[i].text, text_len);
		assert_int_equal(name_from_text(text, text_len, out, &len), cases[i].rc);
		if (cases[i].wire != NULL) {
			assert_int_equal(len, strlen(cases[i].wire));
			assert_memory_equal(out, cases[i].wire, len);
			assert_true(name_is_wire(out, len));
		} else {
			assert_int_equal(len, 0);
		}
		free(text);
	}
}

static void limits_are_those_of_rfc_1035(void **state)
{
	(void)state;
	uint8_t text[300];
	uint8_t out[NAME_MAX_WIRE];
	size_t len;
	memset(text, 'a', sizeof(text));
	assert_int_equal(name_from_text(text, 63, out, &len), HN_OK);
	assert_int_equal(name_from_text(text, 64, out, &len), HN_ELIMIT);
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = '.';
	assert_int_equal(name_from_text(text, 253, out, &len), HN_OK);
	assert_int_equal(len, 254);
	assert_int_equal(name_from_text(text, 255, out, &len), HN_ELIMIT);
}

static void lower_touches_letters_only(void **state)
{
	(void)state;
	for (size_t len = 0; len < 24; len++) {
		for (unsigned c = 0; c < 256; c++) {
			uint8_t in[24];
			uint8_t out[24];
			memset(in, (int)c, sizeof(in));
			memset(out, 0xee, sizeof(out));
			name_lower(out, in, len);
			uint8_t want = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : (uint8_t)c;
			for (size_t i = 0; i < len; i++)
				assert_int_equal(out[i], want);
			if (len < sizeof(out))
				assert_int_equal(out[len], 0xee);
		}
	}
}

static void a_host_is_a_name_or_an_address(void **state)
{
	(void)state;
	static struct extract x;
	static const struct {
		const char *text;
		int kind; /* -1: left out */
		unsigned len;
	} cases[] = {
		{"www.example", VALUE_NAME, 12},
		{"192.0.2.1", VALUE_IP4, 4},
		{"[2001:db8::1]", VALUE_IP6, 16},
		{"2001:db8::1", VALUE_IP6, 16},
		{"192.0.2.256", -1, 0},
		{"[www.example]", -1, 0},
		{"", -1, 0},
		{"a b", -1, 0},
		{"[]", -1, 0},
		{"1.2.3.example", VALUE_NAME, 14},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		uint8_t *text = exact_copy(cases[i].text, len);
		extract_reset(&x);
		host_add(&x, FIELD_HTTP_HOST, text, len);
		assert_int_equal(x.count, cases[i].kind >= 0);
		if (cases[i].kind >= 0) {
			assert_int_equal(x.items[0].kind, cases[i].kind);
			assert_int_equal(x.items[0].len, cases[i].len);
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_wire_form),
		cmocka_unit_test(limits_are_those_of_rfc_1035),
		cmocka_unit_test(lower_touches_letters_only),
		cmocka_unit_test(a_host_is_a_name_or_an_address),
	};
	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
