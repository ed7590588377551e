/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/negotiate.h"

#include "../check.h"

#define TAXII "application/taxii+json;version=2.1"

static void chooses_what_is_liked_best(void **state)
{
	(void)state;
	static const struct {
		const char *accept, *ours, *chosen;
	} cases[] = {
		{"*/*", "a/b|c/d", "a/b"},
		{"c/d", "a/b|c/d", "c/d"},
		{"a/b;q=0.5, c/d;q=0.6", "a/b|c/d", "c/d"},
		{"a/b;q=0, */*", "a/b|c/d", "c/d"},
		{"a/b;q=0", "a/b", NULL},
		{"text/html", "a/b|c/d", NULL},
		{"A/B", "a/b", "a/b"},
		{"a/*", "c/d|a/b", "a/b"},
		{"application/taxii+json", TAXII, TAXII},
		{"application/taxii+json;version=2.1", TAXII, TAXII},
		{"application/taxii+json; version=\"2.1\"", TAXII, TAXII},
		{"application/taxii+json;version=2.0", TAXII, NULL},
		{"application/taxii+json;version=2.0, application/taxii+json;version=2.1;q=0.1", TAXII,
		 TAXII},
		{"a/b;q=1.1", "a/b", NULL},
		{"a/b;q=x", "a/b", NULL},
		{"", "a/b", NULL},
		{",,;", "a/b", NULL},
		{"a/b;charset=utf-8", "a/b", "a/b"},
		{"a/b;charset=latin1", "a/b", NULL},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = strlen(cases[i].accept), len;
		char *accept = (char *)exact_copy(cases[i].accept, n);
		const char *got = negotiate_choose(accept, n, cases[i].ours, &len);
		if (cases[i].chosen) {
			assert_int_equal(len, strlen(cases[i].chosen));
			assert_memory_equal(got, cases[i].chosen, len);
		} else {
			assert_null(got);
		}
		free(accept);
	}
}

static void knows_a_content_type(void **state)
{
	(void)state;
	static const struct {
		const char *type, *ours;
		bool taken;
	} cases[] = {
		{"application/json", "application/json|text/csv", true},
		{"Application/JSON; charset=UTF-8", "application/json", true},
		{"application/json; charset=shift_jis", "application/json", false},
		{"application/json;", "application/json", false},
		{"application/taxii+json;version=2.1", TAXII, true},
		{"application/taxii+json;version=2.0", TAXII, false},
		{"application/taxii+json", TAXII, true},
		{"text/plain", "application/json", false},
		{"", "application/json", false},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len;
		const char *got =
			negotiate_content(cases[i].type, strlen(cases[i].type), cases[i].ours, &len);
		assert_int_equal(got != NULL, cases[i].taken);
	}
}

static void finds_the_language(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		enum lang lang;
	} cases[] = {
		{"ja", LANG_JA},
		{"ja-JP,en;q=0.9", LANG_JA},
		{"en;q=0.9, ja;q=0.95", LANG_JA},
		{"fr, en-GB;q=0.1", LANG_EN},
		{"JA", LANG_JA},
		{"jam", LANG_EN},
		{"de", LANG_EN},
		{"", LANG_EN},
		{"ja;q=0", LANG_EN},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(negotiate_lang(cases[i].value, strlen(cases[i].value), LANG_EN),
				 cases[i].lang);
}

static void compares_entity_tags(void **state)
{
	(void)state;
	static const struct {
		const char *list, *etag;
		bool weak, holds;
	} cases[] = {
		{"\"a\"", "a", false, true},
		{"*", "a", false, true},
		{"\"b\", \"a\"", "a", false, true},
		{"W/\"a\"", "a", true, true},
		{"W/\"a\"", "a", false, false},
		{"a", "a", true, false},
		{"\"ab\"", "a", true, false},
		{"\"a,b\"", "a,b", false, true},
		{"", "a", true, false},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
			negotiate_etag(cases[i].list, strlen(cases[i].list), cases[i].etag, cases[i].weak),
			cases[i].holds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_what_is_liked_best),
		cmocka_unit_test(knows_a_content_type),
		cmocka_unit_test(finds_the_language),
		cmocka_unit_test(compares_entity_tags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
