/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/taxii_discover.h"

#include "../check.h"

#include <stdio.h>

#define BASE "https://cti.example:8443/taxii2/"
#define ID1  "91a7b528-80eb-42ed-a74d-c6fbd5a26110"
#define ID2  "91a7b528-80eb-42ed-a74d-c6fbd5a26111"

static int roots(const char *text, struct taxii_roots *out)
{
	struct fault fault;
	size_t len = strlen(text);
	char *copy = (char *)exact_copy(text, len);
	int err = taxii_roots_read(BASE, copy, len, out, &fault);
	free(copy);
	return err;
}

static void roots_are_taken_where_the_server_is(void **state)
{
	(void)state;
	static const struct {
		const char *said, *url;
		bool elsewhere;
	} cases[] = {
		{"/api/", "https://cti.example:8443/api/", false},
		{"/api", "https://cti.example:8443/api/", false},
		{"https://cti.example:8443/x/", "https://cti.example:8443/x/", false},
		{"HTTPS://CTI.example:8443/x", "https://cti.example:8443/x/", false},
		{"https://cti.example/x/", NULL, true},
		{"http://cti.example:8443/x/", NULL, true},
		{"https://cti.example:8443.evil.example/x/", NULL, true},
		{"https://me@cti.example:8443/x/", NULL, true},
		{"//evil.example/x/", NULL, false},
		{"api/", NULL, false},
		{"/a b/", NULL, false},
		{"/a?x=1", NULL, false},
		{"/a#x", NULL, false},
		{"/a/../b/", NULL, false},
		{"", NULL, false},
	};
	struct taxii_roots *out = malloc(sizeof(*out));
	assert_non_null(out);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[256];
		(void)snprintf(text, sizeof(text), "{\"title\":\"x\",\"api_roots\":[\"%s\",7]}",
			       cases[i].said);
		assert_int_equal(roots(text, out), HN_OK);
		assert_int_equal(out->elsewhere, cases[i].elsewhere);
		assert_int_equal(out->count, cases[i].url != NULL);
		if (cases[i].url != NULL)
			assert_string_equal(out->urls[0], cases[i].url);
	}
	assert_int_equal(roots("{\"title\":\"x\",\"default\":\"/b/\",\"api_roots\":[\"/a/\",\"/b/\"]}", out),
			 HN_OK);
	assert_int_equal(out->count, 2);
	assert_string_equal(out->urls[0], "https://cti.example:8443/b/");
	assert_int_equal(
		roots("{\"title\":\"x\",\"versions\":[\"" TAXII_MEDIA "\"],\"max_content_length\":1}", out),
		HN_OK);
	assert_true(out->lone);
	assert_string_equal(out->urls[0], BASE);
	assert_int_equal(roots("{\"title\":\"x\"}", out), HN_EFORMAT);
	assert_int_equal(roots("[]", out), HN_EFORMAT);
	assert_int_equal(roots("{\"api_roots\":[", out), HN_EFORMAT);
	free(out);
}

static struct taxii_found find(const char *wanted, const char *text)
{
	struct taxii_found found = {.match = TAXII_NO};
	struct fault fault;
	size_t len = strlen(text);
	char *copy = (char *)exact_copy(text, len);
	assert_int_equal(taxii_collections_read("https://x/r/", wanted, copy, len, &found, &fault), HN_OK);
	free(copy);
	return found;
}

static void an_identifier_goes_before_an_alias_before_a_title(void **state)
{
	(void)state;
	static const char text[] =
		"{\"collections\":[{\"id\":\"" ID1
		"\",\"title\":\"A\",\"alias\":\"b\",\"can_read\":true,\"x\":1.5},"
		"{\"id\":\"" ID2 "\",\"title\":\"b\",\"can_read\":false},{\"id\":\"../x\",\"title\":\"C\"},"
		"{\"id\":\"" ID2 "\",\"title\":\"A\"}]}";
	struct taxii_found found = find("b", text);
	assert_int_equal(found.match, TAXII_ALIAS);
	assert_int_equal(found.count, 1);
	assert_true(found.readable);
	assert_string_equal(found.url, "https://x/r/collections/" ID1 "/");
	assert_int_equal(found.seen, 4);
	found = find(ID2, text);
	assert_int_equal(found.match, TAXII_ID);
	found = find("A", text);
	assert_int_equal(found.match, TAXII_TITLE);
	assert_int_equal(found.count, 2);
	assert_int_equal(find("C", text).match, TAXII_NO);
	assert_int_equal(find("a", text).match, TAXII_NO);
	assert_int_equal(find("x", "{}").seen, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_taken_where_the_server_is),
		cmocka_unit_test(an_identifier_goes_before_an_alias_before_a_title),
	};
	return cmocka_run_group_tests_name("taxii_discover", tests, NULL, NULL);
}
