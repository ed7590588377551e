/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include "stix/object.h"

#define UUID_A "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"

static void reads_and_writes_identifiers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{"indicator--" UUID_A, HN_OK},
		{"x-our-own--" UUID_A, HN_OK},
		{"ipv4-addr--" UUID_A, HN_OK},
		{"a1b--" UUID_A, HN_OK},
		{"ab--" UUID_A, HN_EFORMAT},        /* a type has 3 letters or more */
		{"Indicator--" UUID_A, HN_EFORMAT}, /* and none is a capital */
		{"-indicator--" UUID_A, HN_EFORMAT},
		{"indi--cator--" UUID_A, HN_EFORMAT},
		{"indicator-" UUID_A, HN_EFORMAT},
		{"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3", HN_EFORMAT},
		{"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3g", HN_EFORMAT},
		{"--" UUID_A, HN_EFORMAT},
		{"", HN_EFORMAT},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stix_id id = {.type_len = 99};
		size_t len = strlen(cases[i].text);
		uint8_t *copy = exact_copy(cases[i].text, len);
		assert_int_equal(stix_id_parse((const char *)copy, len, &id), cases[i].err);
		if (cases[i].err == HN_OK) {
			char text[STIX_ID_MAX];
			stix_id_format(&id, text);
			assert_string_equal(text, cases[i].text);
		} else {
			assert_int_equal(id.type_len, 99);
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads_and_writes_identifiers)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
