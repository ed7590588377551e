/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/dns_type.h"

#include "../check.h"

static void types_have_their_registered_names(void **state)
{
	static const struct {
		uint16_t type;
		const char *text;
	} cases[] = {
		{0, "TYPE0"},     {1, "A"},     {5, "CNAME"},       {16, "TXT"},    {23, "NSAP-PTR"},
		{28, "AAAA"},     {33, "SRV"},  {51, "NSEC3PARAM"}, {54, "TYPE54"}, {65, "HTTPS"},
		{123, "TYPE123"}, {255, "ANY"}, {257, "CAA"},       {32769, "DLV"}, {65535, "TYPE65535"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[DNS_TYPE_TEXT_SIZE];
		dns_type_format(cases[i].type, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* Each number has one text of its own, and record.schema.json allows it. */
static void all_texts_differ_and_keep_their_form(void **state)
{
	static char texts[65536][DNS_TYPE_TEXT_SIZE];
	size_t named = 0;
	(void)state;
	for (unsigned type = 0; type < COUNT(texts); type++) {
		dns_type_format((uint16_t)type, texts[type]);
		assert_true(texts[type][0] >= 'A' && texts[type][0] <= 'Z');
		assert_int_equal(strspn(texts[type], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"),
				 strlen(texts[type]));
		if (strncmp(texts[type], "TYPE", 4) == 0)
			assert_int_equal(strtoul(texts[type] + 4, NULL, 10), type);
		else
			for (unsigned other = named++ == 0 ? type : 0; other < type; other++)
				assert_string_not_equal(texts[other], texts[type]);
	}
	assert_true(named > 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_have_their_registered_names),
		cmocka_unit_test(all_texts_differ_and_keep_their_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
