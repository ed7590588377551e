/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include "stix/mask.h"

#define UUID_A                "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define UUID_B                "0431f809-377b-45e0-aa1c-6a4751cae5ff"
#define NEW                   "10000000-0000-5000-8000-000000000001"
#define HEAD(type, id)        "{\"type\":\"" type "\",\"spec_version\":\"2.1\",\"id\":\"" type "--" id "\","
#define TIMES                 "\"created\":\"2024-01-01T00:00:00.000Z\",\"modified\":\"2024-01-01T00:00:00.000Z\","
#define MASKED                "\"" STIX_MASKED_EXTENSION "\":{\"extension_type\":\"property-extension\",\"masked\":true}"
#define END                   ",\"extensions\":{" MASKED "}}"
#define IDENTITY(members)     HEAD("identity", UUID_A) TIMES "\"name\":\"N\"" members "}"
#define IDENTITY_OUT(members) HEAD("identity", NEW) TIMES "\"name\":\"N\"" members

static const struct {
	const char *in, *hidden[4];
	int err;
	const char *out;
} cases[] = {
	{IDENTITY(",\"description\":\"secret\""), {"description"}, HN_OK, IDENTITY_OUT("") END},
	{IDENTITY(""), {NULL}, HN_OK, IDENTITY_OUT("") END},
	{IDENTITY(""), {"id"}, HN_OK, IDENTITY_OUT("") END},
	{IDENTITY(""), {"name"}, HN_ENOENT, ""},
	{IDENTITY(""), {"type"}, HN_ENOENT, ""},
	{IDENTITY(""), {"labels"}, HN_EFORMAT, ""},
	{IDENTITY(",\"created_by_ref\":\"identity--" UUID_B "\""),
	 {"created_by_ref"},
	 HN_OK,
	 IDENTITY_OUT("") END},
	{IDENTITY(",\"labels\":[\"a\",\"b\",\"c\"]"),
	 {"labels.[1]"},
	 HN_OK,
	 IDENTITY_OUT(",\"labels\":[\"a\",\"c\"]") END},
	/* The last element takes the list with it. */
	{IDENTITY(",\"labels\":[\"a\"]"), {"labels.[0]"}, HN_OK, IDENTITY_OUT("") END},
	{IDENTITY(",\"external_references\":[{\"source_name\":\"s\",\"url\":\"u\",\"external_id\":\"x\"}]"),
	 {"external_references.[0].external_id"},
	 HN_OK,
	 IDENTITY_OUT(",\"external_references\":[{\"source_name\":\"s\",\"url\":\"u\"}]") END},
	/* A reference needs its source: nothing is shown, not half of it. */
	{IDENTITY(",\"external_references\":[{\"source_name\":\"s\",\"url\":\"u\"}]"),
	 {"external_references.[0].source_name"},
	 HN_ENOENT,
	 ""},
	/* Markings of what is gone go; the others' positions follow. */
	{IDENTITY(",\"labels\":[\"a\",\"b\",\"c\"],\"granular_markings\":[{\"marking_ref\":\"marking-"
		  "definition--" UUID_A "\",\"selectors\":[\"labels.[0]\"]},{\"lang\":\"ja\",\"selectors\":["
		  "\"labels.[2]\",\"labels.[0]\",\"name\"]}]"),
	 {"labels.[0]"},
	 HN_OK,
	 IDENTITY_OUT(",\"labels\":[\"b\",\"c\"],\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":["
		      "\"labels.[1]\",\"name\"]}]") END},
	{IDENTITY(",\"labels\":[\"a\"],\"granular_markings\":[{\"marking_ref\":\"marking-definition--" UUID_A
		  "\",\"selectors\":[\"labels\"]}]"),
	 {"labels.[0]"},
	 HN_OK,
	 IDENTITY_OUT("") END},
	{IDENTITY(",\"x_tree\":{\"a\":[[\"p\",\"q\"],[\"r\"]],\"b\":{}},\"granular_markings\":[{\"lang\":"
		  "\"ja\",\"selectors\":["
		  "\"x_tree.a.[1].[0]\",\"x_tree.a.[0].[1]\"]}]"),
	 {"x_tree.a.[0]"},
	 HN_OK,
	 IDENTITY_OUT(",\"x_tree\":{\"a\":[[\"r\"]],\"b\":{}},\"granular_markings\":[{\"lang\":\"ja\","
		      "\"selectors\":["
		      "\"x_tree.a.[0].[0]\"]}]") END},
	/* Other extensions stay beside ours. */
	{IDENTITY(",\"extensions\":{\"extension-definition--" UUID_B
		  "\":{\"extension_type\":\"property-extension\",\"rank\":5}},"
		  "\"x_n\\u0061me\":\"\\u0041\\\"\""),
	 {NULL},
	 HN_OK,
	 IDENTITY_OUT(",\"extensions\":{\"extension-definition--" UUID_B
		      "\":{\"extension_type\":\"property-extension\",\"rank\":5}," MASKED
		      "},\"x_name\":\"\\u0041\\\"\"}")},
	{IDENTITY(",\"extensions\":{\"extension-definition--" UUID_B
		  "\":{\"extension_type\":\"property-extension\",\"rank\":5}}"),
	 {"extensions"},
	 HN_OK,
	 IDENTITY_OUT("") END},
	/* Masked twice is masked. */
	{IDENTITY(",\"extensions\":{" MASKED "}"), {NULL}, HN_OK, IDENTITY_OUT("") END},
	{"{\"type\":\"tool\",\"id\":\"tool--" UUID_A "\"," TIMES
	 "\"name\":\"N\",\"labels\":[\"a\"],\"description\":\"d\"}",
	 {"description"},
	 HN_OK,
	 "{\"type\":\"tool\",\"id\":\"tool--" NEW "\"," TIMES
	 "\"name\":\"N\",\"labels\":[\"a\"],\"x_hinomi_masked\":true}"},
	{"{\"type\":\"file\",\"spec_version\":\"2.1\",\"id\":\"file--" UUID_A
	 "\",\"name\":\"n\",\"hashes\":{\"MD5\":\"d41d8cd98f00b204e9800998ecf8427e\"}}",
	 {"name", "hashes.MD5"},
	 HN_ENOENT,
	 ""},
};

static void shows_the_rest(void **state)
{
	(void)state;
	struct stix_object o;
	struct uuid id;
	stix_object_init(&o);
	assert_int_equal(uuid_parse(NEW, UUID_TEXT_SIZE - 1, &id), HN_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stix_selector hidden[4];
		size_t count = 0, len = strlen(cases[i].in);
		uint8_t *copy = exact_copy(cases[i].in, len);
		struct fault fault = {0};
		struct buf out;
		for (; count < 4 && cases[i].hidden[count] != NULL; count++)
			hidden[count] = (struct stix_selector){cases[i].hidden[count],
							       strlen(cases[i].hidden[count])};
		if (stix_object_read(&o, cur_of(copy, len), STIX_2_0, &STIX_DEFAULTS, &fault) != HN_OK)
			fail_msg("%s: %s %s", cases[i].in, fault.place, fault.message);
		buf_init(&out, 1 << 20);
		buf_adds(&out, "<");
		assert_int_equal(stix_mask(&o, hidden, count, &id, &out), cases[i].err);
		assert_string_equal(out.data + 1, cases[i].out);
		buf_clear(&out);
		free(copy);
	}
	stix_object_clear(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(shows_the_rest)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
