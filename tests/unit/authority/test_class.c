/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/check.h"

#include "authority/class.h"
#include "authority/refusal.h"
#include "base/lang.h"

static void names_go_there_and_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FLOW_CLASS_COUNT; i++) {
		enum flow_class c;
		const char *name = flow_class_name((enum flow_class)i);
		assert_int_equal(flow_class_parse(name, strlen(name), &c), HN_OK);
		assert_int_equal(c, i);
		assert_int_equal(flow_class_parse(name, strlen(name) - 1, &c), HN_ENOENT);
		assert_int_equal(c, i);
		assert_true(strlen(flow_class_title((enum flow_class)i)) > 0);
	}
	assert_string_equal(flow_class_name(FLOW_CLASS_COUNT), "");
}

static void class_is_where_the_ends_lie(void **state)
{
	(void)state;
	assert_int_equal(flow_class_of(false, false), FOREIGN_FOREIGN);
	assert_int_equal(flow_class_of(false, true), FOREIGN_DOMESTIC);
	assert_int_equal(flow_class_of(true, false), DOMESTIC_FOREIGN);
	assert_int_equal(flow_class_of(true, true), DOMESTIC_DOMESTIC);
}

static void every_refusal_has_its_own_name_and_text(void **state)
{
	(void)state;
	for (int i = 0; i < REFUSAL_COUNT; i++) {
		lang_set(LANG_EN);
		const char *en = refusal_text((enum refusal)i);
		lang_set(LANG_JA);
		const char *ja = refusal_text((enum refusal)i);
		lang_set(LANG_EN);
		assert_true(strlen(en) > 0 && strlen(ja) > 0);
		assert_string_not_equal(en, ja);
		for (int k = 0; k < i; k++) {
			assert_string_not_equal(refusal_name((enum refusal)i), refusal_name((enum refusal)k));
			assert_string_not_equal(en, refusal_text((enum refusal)k));
		}
	}
	assert_string_equal(refusal_name(REFUSAL_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names_go_there_and_back),
					   cmocka_unit_test(class_is_where_the_ends_lie),
					   cmocka_unit_test(every_refusal_has_its_own_name_and_text)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
