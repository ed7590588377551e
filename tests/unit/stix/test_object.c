/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include "base/utc.h"
#include "stix/object.h"

#define UUID_A "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define UUID_B "f431f809-377b-45e0-aa1c-6a4751cae5ff"
#define COMMON                                                                                               \
	"\"spec_version\":\"2.1\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-03T00:00:" \
	"00.000Z\""
#define HEAD(type) "\"type\":\"" type "\",\"id\":\"" type "--" UUID_A "\"," COMMON

static const char indicator[] = "{" HEAD(
	"indicator") ",\"created_by_ref\":\"identity--" UUID_B "\",\"confidence\":80,\"revoked\":true,"
		     "\"name\":\"\\u653b\\u6483\",\"description\":\"two hosts\",\"labels\":[\"a\",\"b\"],"
		     "\"pattern\":\"[ipv4-addr:value = '192.0.2.1' AND domain-name:value = "
		     "'Evil.Example.']\","
		     "\"pattern_type\":\"stix\",\"valid_from\":\"2024-01-02T03:04:05Z\",\"valid_until\":"
		     "\"9999-12-31T23:59:59Z\","
		     "\"external_references\":[{\"source_name\":\"cve\",\"external_id\":\"CVE-2024-12345\"}],"
		     "\"object_marking_refs\":[\"marking-definition--" UUID_B "\"],"
		     "\"granular_markings\":[{\"marking_ref\":\"marking-definition--" UUID_A
		     "\",\"selectors\":[\"labels.[1]\",\"external_references.[0].external_id\"]}],"
		     "\"x_ours_ref\":\"malware--" UUID_B "\"}";

static bool has_value(const struct stix_object *o, enum stix_value_kind kind, const char *key, size_t len)
{
	for (size_t i = 0; i < o->value_count; i++)
		if (o->values[i].kind == kind && o->values[i].key_len == len &&
		    memcmp(o->values[i].key, key, len) == 0)
			return true;
	return false;
}

static void reads_the_facts(void **state)
{
	(void)state;
	struct stix_object o;
	struct fault fault = {0};
	int64_t created;
	stix_object_init(&o);
	size_t len = sizeof(indicator) - 1;
	uint8_t *copy = exact_copy(indicator, len);
	assert_int_equal(stix_object_read(&o, cur_of(copy, len), STIX_2_0, &STIX_DEFAULTS, &fault), HN_OK);
	assert_int_equal(o.spec, STIX_2_1);
	assert_int_equal(o.family, STIX_DOMAIN);
	assert_ptr_equal(o.bytes, copy);
	assert_int_equal(o.len, len);
	assert_int_equal(utc_parse("2024-01-02T03:04:05.678Z", 24, &created), HN_OK);
	assert_true(o.created_ns == created);
	assert_true(o.valid_until_ns == UTC_MAX_NS);
	assert_true(o.revoked);
	assert_int_equal(o.confidence, 80);
	assert_true(o.has_creator);
	assert_int_equal(o.marking_count, 1);
	assert_int_equal(o.granular_count, 2);
	assert_memory_equal(o.granular[0].selector, "labels.[1]", 10);
	assert_int_equal(o.ref_count, 1);
	assert_memory_equal(o.refs[0].property, "x_ours_ref", o.refs[0].property_len);
	assert_int_equal(o.text_count, 3); /* name, description, the custom property's */
	assert_true(o.texts[0].escaped);
	assert_int_equal(o.value_count, 4);
	assert_true(has_value(&o, STIX_VALUE_ENTRY, "\xC0\x00\x02\x01", 4));
	assert_true(has_value(&o, STIX_VALUE_ENTRY,
			      "\x04"
			      "evil\x07"
			      "example",
			      13));
	assert_true(has_value(&o, STIX_VALUE_VULNERABILITY, "CVE-2024-12345", 14));
	assert_true(has_value(&o, STIX_VALUE_EXTERNAL, "cve:CVE-2024-12345", 18));
	stix_object_clear(&o);
	free(copy);
}

static void refuses_every_beginning(void **state)
{
	(void)state;
	struct stix_object o;
	stix_object_init(&o);
	for (size_t len = 0; len < sizeof(indicator) - 1; len++) {
		uint8_t *copy = exact_copy(indicator, len);
		assert_int_equal(stix_object_read(&o, cur_of(copy, len), STIX_2_1, &STIX_DEFAULTS, NULL),
				 HN_EFORMAT);
		assert_int_equal(o.value_count, 0);
		free(copy);
	}
	stix_object_clear(&o);
}

static const struct {
	const char *text, *place;
	int err;
} refused[] = {
	{"{}", "", HN_EFORMAT},
	{"[]", "", HN_EFORMAT},
	{"{\"type\":\"indicator\"}", "", HN_EFORMAT},
	{"{\"type\":\"tool\",\"id\":\"indicator--" UUID_A "\"}", "/id", HN_EFORMAT},
	{"{\"type\":\"bundle\",\"id\":\"bundle--" UUID_A "\"}", "/type", HN_EFORMAT},
	{"{" HEAD("identity") "}", "", HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":1}", "/name", HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":\"a\",\"name\":\"b\"}", "/name", HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":\"a\",\"n\\u0061me\":\"b\"}", "/name", HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":\"a\",\"labels\":[]}", "/labels", HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":\"a\",\"labels\":[\"a\",2]}", "/labels/1", HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":\"a\",\"x_a\":9007199254740992}", "/x_a", HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":\"a\",\"x_a\":1e999}", "/x_a", HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":\"a\",\"X\":1}", "/X", HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":\"a\",\"confidence\":101}", "/confidence", HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":\"a\",\"created_by_ref\":\"tool--" UUID_A "\"}", "/created_by_ref",
	 HN_EFORMAT},
	{"{" HEAD("identity") ",\"name\":\"a\",\"granular_markings\":[{\"lang\":\"ja\",\"selectors\":["
			      "\"labels\"]}]}",
	 "/granular_markings/0/selectors/0", HN_EFORMAT},
	{"{" HEAD("malware") ",\"is_family\":true}", "", HN_EFORMAT},
	{"{" HEAD("indicator") ",\"pattern\":\"[a:b = "
			       "'c'\",\"pattern_type\":\"stix\",\"valid_from\":\"2024-01-02T03:04:05Z\"}",
	 "/pattern", HN_EFORMAT},
	{"{" HEAD("indicator") ",\"pattern\":\"x\",\"pattern_type\":\"yara\",\"valid_from\":\"2024-01-02T03:"
			       "04:05+09:00\"}",
	 "/valid_from", HN_EFORMAT},
	{"{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--" UUID_A "\",\"value\":\"2001:db8::1\"}", "/value",
	 HN_EFORMAT},
	{"{\"type\":\"file\",\"id\":\"file--" UUID_A "\",\"name\":\"a\",\"hashes\":{\"MD5\":\"00\"}}",
	 "/hashes/MD5", HN_EFORMAT},
	{"{\"type\":\"file\",\"id\":\"file--" UUID_A "\",\"name\":\"\xff\"}", "/name", HN_EFORMAT},
	{"{\"type\":\"process\",\"id\":\"process--" UUID_A "\"}", "", HN_EFORMAT},
	{"{" HEAD(
		 "identity") ",\"x_a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
	 NULL, HN_ELIMIT},
};

static void says_where_and_why(void **state)
{
	(void)state;
	struct stix_object o;
	stix_object_init(&o);
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct fault fault = {0};
		size_t len = strlen(refused[i].text);
		uint8_t *copy = exact_copy(refused[i].text, len);
		int rc = stix_object_read(&o, cur_of(copy, len), STIX_2_1, &STIX_DEFAULTS, &fault);
		if (rc != refused[i].err)
			fail_msg("%s: %d", refused[i].text, rc);
		if (refused[i].place != NULL)
			assert_string_equal(fault.place, refused[i].place);
		assert_true(fault.message[0] != '\0');
		free(copy);
	}
	stix_object_clear(&o);
}

/* Which object it was is told where the object says so. */
static void names_what_it_refuses(void **state)
{
	static const struct {
		const char *text, *id;
	} cases[] = {
		{"{" HEAD("identity") ",\"name\":1}", "identity--" UUID_A},
		{"{" HEAD("identity") ",\"name\":\"a\",\"granular_markings\":[{}]}", "identity--" UUID_A},
		{"{\"type\":\"tool\",\"id\":\"indicator--" UUID_A "\"}", "indicator--" UUID_A},
		{"{\"type\":\"tool\",\"id\":\"tool--1\"}", NULL},
		{"{" HEAD("identity") ",\"name\":\"a\"", NULL},
	};
	(void)state;
	struct stix_object o;
	stix_object_init(&o);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char id[STIX_ID_MAX] = "";
		size_t len = strlen(cases[i].text);
		uint8_t *copy = exact_copy(cases[i].text, len);
		assert_int_equal(stix_object_read(&o, cur_of(copy, len), STIX_2_1, &STIX_DEFAULTS, NULL),
				 HN_EFORMAT);
		assert_int_equal(o.id.type_len > 0, cases[i].id != NULL);
		if (cases[i].id != NULL) {
			stix_id_format(&o.id, id);
			assert_string_equal(id, cases[i].id);
		}
		assert_true(o.len == 0 && o.value_count == 0 && o.marking_count == 0);
		free(copy);
	}
	stix_object_clear(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_facts), cmocka_unit_test(refuses_every_beginning),
		cmocka_unit_test(says_where_and_why), cmocka_unit_test(names_what_it_refuses)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
