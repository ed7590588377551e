/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/uuid.h"

#include "../check.h"

#define DNS_SPACE "6ba7b810-9dad-11d1-80b4-00c04fd430c8" /* RFC 9562, 6.6 */

static struct uuid uuid_of(const char *text)
{
	struct uuid u;
	assert_int_equal(uuid_parse(text, strlen(text), &u), HN_OK);
	return u;
}

static void version_5_gives_the_standards_example(void **state)
{
	(void)state;
	struct uuid dns = uuid_of(DNS_SPACE);
	struct uuid u = uuid_v5(&dns, "www.example.com", 15);
	char text[UUID_TEXT_SIZE];
	uuid_format(&u, text);
	assert_string_equal(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2"); /* RFC 9562, A.4 */
}

static void version_7_begins_with_the_milliseconds(void **state)
{
	(void)state;
	char text[UUID_TEXT_SIZE], next[UUID_TEXT_SIZE];
	struct uuid u = uuid_v7(INT64_C(1645557742000) * 1000000); /* RFC 9562, A.6 */
	uuid_format(&u, text);
	assert_memory_equal(text, "017f22e2-79b0-7", 15);
	assert_non_null(strchr("89ab", text[19]));
	u = uuid_v7(INT64_C(1645557742001) * 1000000);
	uuid_format(&u, next);
	assert_true(strcmp(text, next) < 0);
}

static void version_4_is_marked_and_never_the_same(void **state)
{
	(void)state;
	struct uuid last = {0};
	for (int i = 0; i < 100; i++) {
		struct uuid u = uuid_v4();
		assert_int_equal(u.bytes[6] >> 4, 4);
		assert_int_equal(u.bytes[8] >> 6, 2);
		assert_memory_not_equal(u.bytes, last.bytes, sizeof(u.bytes));
		last = u;
	}
}

static void reads_one_form_only(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{"6ba7b810-9dad-11d1-80b4-00c04fd430c8", HN_OK},
		{"6BA7B810-9DAD-11D1-80B4-00C04FD430C8", HN_OK},
		{"{6ba7b810-9dad-11d1-80b4-00c04fd430c8}", HN_EFORMAT},
		{"6ba7b8109dad11d180b400c04fd430c8", HN_EFORMAT},
		{"6ba7b810-9dad-11d1-80b4-00c04fd430c", HN_EFORMAT},
		{"6ba7b810-9dad-11d1-80b4-00c04fd430c80", HN_EFORMAT},
		{"6ba7b8109-dad-11d1-80b4-00c04fd430c8", HN_EFORMAT},
		{"6ba7b810-9dad-11d1-80b4-00c04fd430cg", HN_EFORMAT},
		{"6ba7b810-9dad-11d1-80b4 00c04fd430c8", HN_EFORMAT},
		{"", HN_EFORMAT},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *copy = (char *)exact_copy(cases[i].text, len);
		struct uuid u = {{0xee}};
		char text[UUID_TEXT_SIZE];
		assert_int_equal(uuid_parse(copy, len, &u), cases[i].rc);
		assert_int_equal(u.bytes[0], cases[i].rc == HN_OK ? 0x6b : 0xee);
		if (cases[i].rc == HN_OK) {
			uuid_format(&u, text);
			assert_string_equal(text, DNS_SPACE);
		}
		free(copy);
	}
}

static void orders_by_bytes_as_its_text_does(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"f0000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000001",
		"7fffffff-ffff-4fff-bfff-ffffffffffff", "00000000-0000-4000-8000-000000000000",
		"80000000-0000-4000-8000-000000000000",
	};
	struct uuid all[COUNT(texts)];
	char last[UUID_TEXT_SIZE] = "", text[UUID_TEXT_SIZE];

	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(uuid_parse(texts[i], strlen(texts[i]), &all[i]), HN_OK);
	qsort(all, COUNT(all), sizeof(all[0]), uuid_compare);
	for (size_t i = 0; i < COUNT(all); i++) {
		uuid_format(&all[i], text);
		assert_true(strcmp(last, text) < 0);
		assert_int_equal(uuid_compare(&all[i], &all[i]), 0);
		memcpy(last, text, sizeof(last));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_5_gives_the_standards_example),
		cmocka_unit_test(version_7_begins_with_the_milliseconds),
		cmocka_unit_test(version_4_is_marked_and_never_the_same),
		cmocka_unit_test(reads_one_form_only),
		cmocka_unit_test(orders_by_bytes_as_its_text_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
