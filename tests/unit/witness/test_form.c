/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/form.h"

#include "tests/unit/check.h"

/* Reads from a block that ends where the body does. */
static int field(const char *body, const char *name, size_t max, char *out)
{
	size_t len = strlen(body);
	uint8_t *copy = exact_copy(body, len);
	int err = form_field((const char *)copy, len, name, max, out);
	free(copy);
	return err;
}

static void fields_are_decoded(void **state)
{
	static const struct {
		const char *body, *value;
	} cases[] = {
		{"a=b", "b"},
		{"a=", ""},
		{"a", ""},
		{"x=1&a=b&y=2", "b"},
		{"a=one+two%20three%2B", "one two three+"},
		{"a=%E8%AD%A6%e5%a0%b1", "警報"},
		{"a=b%26c%3Dd", "b&c=d"},
		{"a=b=c", "b=c"},
		{"&&a=b&&", "b"},
		{"aa=1&a=2", "2"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[64] = "untouched";
		assert_int_equal(field(cases[i].body, "a", sizeof(out) - 1, out), HN_OK);
		assert_string_equal(out, cases[i].value);
	}
}

static void what_is_wrong_is_refused(void **state)
{
	static const struct {
		const char *body;
		int err;
	} cases[] = {
		{"", HN_ENOENT},         {"b=1", HN_ENOENT},     {"A=1", HN_ENOENT},
		{"a=%", HN_EFORMAT},     {"a=%1", HN_EFORMAT},   {"a=%zz", HN_EFORMAT},
		{"a=%00", HN_EFORMAT},   {"a=%ff", HN_EFORMAT},  {"a=%c0%80", HN_EFORMAT},
		{"a=1&a=2", HN_EFORMAT}, {"a=12345", HN_ELIMIT},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[16] = "untouched";
		assert_int_equal(field(cases[i].body, "a", 4, out), cases[i].err);
		assert_string_equal(out, "untouched");
	}
}

static void the_limit_is_of_decoded_bytes(void **state)
{
	char out[3];
	(void)state;
	assert_int_equal(field("a=%41%42", "a", 2, out), HN_OK);
	assert_string_equal(out, "AB");
	assert_int_equal(field("a=%41%42%43", "a", 2, out), HN_ELIMIT);
}

static void text_stays_text(void **state)
{
	struct buf page;
	(void)state;
	buf_init(&page, 1024);
	html_text(&page, "<b onclick='x' title=\"y\">&amp;\x01\n警報</b>");
	assert_int_equal(buf_err(&page), HN_OK);
	assert_string_equal(page.data,
			    "&lt;b onclick=&#39;x&#39; title=&quot;y&quot;&gt;&amp;amp;  警報&lt;/b&gt;");
	buf_clear(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_decoded),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(the_limit_is_of_decoded_bytes),
		cmocka_unit_test(text_stays_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
