/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/registrable.h"

#include "../check.h"
#include "wire/name.h"

static size_t wire(const char *text, uint8_t out[NAME_MAX_WIRE])
{
	size_t len = 0;
	if (text[0] != 0)
		assert_int_equal(name_from_text((const uint8_t *)text, strlen(text), out, &len), HN_OK);
	return len;
}

static void the_public_suffix_and_one_label(void **state)
{
	(void)state;
	static const struct {
		const char *name, *registrable;
	} cases[] = {
		{"", ""},
		{"com", "com"},
		{"example.com", "example.com"},
		{"a.b.example.com", "example.com"},
		{"co.jp", "co.jp"},
		{"office.co.jp", "office.co.jp"},
		{"www.office.co.jp", "office.co.jp"},
		{"www.city.kawasaki.jp", "city.kawasaki.jp"},
		{"a.b.c.kawasaki.jp", "b.c.kawasaki.jp"},
		{"a.b.unlisted", "b.unlisted"},
		{"unlisted", "unlisted"},
		{"a.b.xn--fiqs8s", "b.xn--fiqs8s"},
		{"_dmarc.example.com", "example.com"},
		{"4.3.2.192.in-addr.arpa", "2.192.in-addr.arpa"},
		{"2.192.in-addr.arpa", "2.192.in-addr.arpa"},
		{"in-addr.arpa", "in-addr.arpa"},
		{"1.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t name[NAME_MAX_WIRE];
		uint8_t expected[NAME_MAX_WIRE];
		size_t len = wire(cases[i].name, name);
		size_t expected_len = wire(cases[i].registrable, expected);
		uint8_t *copy = exact_copy(name, len);
		assert_int_equal(registrable_len(copy, len), expected_len);
		assert_memory_equal(copy + len - expected_len, expected, expected_len);
		unsigned labels = 0;
		for (size_t at = 0; at < expected_len; at += 1 + (size_t)expected[at])
			labels++;
		assert_int_equal(registrable_labels(copy, len), labels);
		free(copy);
	}
}

/* A dot inside a label is no border, and no byte is read as another. */
static void labels_hold_any_byte(void **state)
{
	(void)state;
	static const uint8_t name[] = "\7a.co.jp\2\0\xff\3com";
	size_t len = sizeof(name) - 1;
	uint8_t *copy = exact_copy(name, len);
	assert_int_equal(registrable_len(copy, len), 7);
	assert_int_equal(registrable_labels(copy, len), 2);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_public_suffix_and_one_label),
		cmocka_unit_test(labels_hold_any_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
