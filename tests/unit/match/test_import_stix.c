/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "heard.h"

#include "base/lang.h"

#define BUNDLE(objects)    "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[" objects "]}"
#define INDICATOR(members) "{\"type\":\"indicator\",\"id\":\"indicator--1\"," members "}"
#define PATTERN(pattern)   BUNDLE(INDICATOR("\"pattern\":\"" pattern "\""))

static void takes_the_values_of_patterns(void **state)
{
	(void)state;
	static const struct {
		const char *in, *heard;
	} cases[] = {
		{PATTERN("[ipv4-addr:value = '192.0.2.1']"), "ipv4 192.0.2.1\n"},
		{PATTERN("[ipv4-addr:value = '192.0.2.0/24']"), "ipv4-prefix 192.0.2.0/24\n"},
		{PATTERN("[ipv4-addr:value ISSUBSET '192.0.2.0/24']"), "ipv4-prefix 192.0.2.0/24\n"},
		{PATTERN("[ipv6-addr:value IN ('2001:db8::1','2001:db8::2')]"),
		 "ipv6 2001:db8::1\nipv6 2001:db8::2\n"},
		{PATTERN("[domain-name:value = 'a.example' OR url:value = 'http://b.example/c']"),
		 "name a.example\nurl b.example/c\n"},
		{PATTERN("[domain-name:value LIKE '%.a.example']"), "wildcard *.a.example\n"},
		{PATTERN("[domain-name:value LIKE 'a%.example']"), "- pattern a%.example\n"},
		{PATTERN("[domain-name:value = 'com']"), "name com\n"},
		{PATTERN("[file:hashes.'SHA-256' = "
			 "'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']"),
		 "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"},
		{PATTERN("[file:hashes.md5 = '44d88612fea8a8f36de82e1278abb02f']"),
		 "md5 44d88612fea8a8f36de82e1278abb02f\n"},
		{PATTERN("[file:hashes.'SHA-1' = '44d88612fea8a8f36de82e1278abb02f']"),
		 "- not-indicator 44d88612fea8a8f36de82e1278abb02f\n"},
		{PATTERN("[file:hashes.'SHA-512' = 'aa']"), "- type aa\n"},
		{PATTERN("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = "
			 "'192.0.2.1']"),
		 "ipv4 192.0.2.1\n"},
		{PATTERN("[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]"),
		 "- pattern 192.0.2.1\n- pattern network-traffic:dst_port\n"},
		{PATTERN("[file:name = 'a.exe' OR domain-name:value = 'a.example']"),
		 "- type a.exe\nname a.example\n"},
		{PATTERN("[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [url:value = 'http://a.example/']"),
		 "- pattern 192.0.2.1\n- pattern http://a.example/\n"},
		{PATTERN("[ipv4-addr:value = 'a.example']"), "- not-indicator a.example\n"},
		{PATTERN("[ipv4-addr:value = ]"), "- pattern [ipv4-addr:value = ]\n"},
		/* Escapes of JSON and of patterns. */
		{PATTERN("[url:value = 'http:\\/\\/a.example\\u002fit\\\\'s']"), "url a.example/it's\n"},
		/* What surrounds a pattern. */
		{BUNDLE(INDICATOR("\"pattern\":\"[x:y='z']\",\"revoked\":true")), "- revoked [x:y='z']\n"},
		{BUNDLE(INDICATOR("\"pattern\":\"rule r {}\",\"pattern_type\":\"yara\"")),
		 "- pattern rule r {}\n"},
		{BUNDLE(INDICATOR("\"name\":\"no pattern\"")), "- pattern \n"},
		{BUNDLE(INDICATOR("\"valid_until\":\"soon\",\"pattern\":\"[ipv4-addr:value='192.0.2.1']\"")),
		 "- pattern [ipv4-addr:value='192.0.2.1']\n"},
		{BUNDLE(INDICATOR(
			 "\"pattern\":\"[ipv4-addr:value='192.0.2.1']\",\"confidence\":85,"
			 "\"valid_from\":\"2024-01-01T00:00:00Z\",\"valid_until\":\"2024-01-02T00:00:00.5Z\","
			 "\"kill_chain_phases\":[{\"kill_chain_name\":\"k\",\"phase_name\":\"delivery\"},"
			 "{\"phase_name\":\"other\"}],\"x_hinomi_act\":\"act-1\","
			 "\"object_marking_refs\":[\"marking-definition--34098fce-860f-48ae-8e50-"
			 "ebd3cc5e41da\","
			 "\"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003\"]")),
		 "ipv4 192.0.2.1 act=act-1 TLP:AMBER+STRICT phase=delivery 85% from=1704067200 "
		 "until=1704153600\n"},
		/* A bundle's own marking, behind what it marks. */
		{BUNDLE(INDICATOR(
			 "\"object_marking_refs\":[\"marking-definition--7\"],"
			 "\"pattern\":\"[ipv4-addr:value='192.0.2.1']\"") ",{\"type\":\"marking-definition\","
									  "\"id\":\"marking-definition--7\","
									  "\"definition_type\":\"tlp\","
									  "\"definition\":{\"tlp\":\"red\"}"
									  "}"),
		 "ipv4 192.0.2.1 TLP:RED\n"},
		/* Other shapes. */
		{"{\"objects\":[" INDICATOR(
			 "\"pattern\":\"[ipv4-addr:value='192.0.2.1']\"") "],\"more\":false}",
		 "ipv4 192.0.2.1\n"},
		{INDICATOR("\"pattern\":\"[ipv4-addr:value='192.0.2.1']\""), "ipv4 192.0.2.1\n"},
		{BUNDLE("1,\"x\",[{}],{\"type\":\"malware\"},{}"), ""},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		hears(&IMPORT_STIX, cases[i].in, cases[i].heard);
}

static void names_the_object_and_why(void **state)
{
	(void)state;
	struct heard h;
	static const char in[] =
		BUNDLE(INDICATOR("\"pattern\":\"[email-addr:value = 'a@b' OR ipv4-addr:value != "
				 "'1']\"") ",{\"type\":\"indicator\",\"pattern\":\"[\"}");
	heard_init(&h);
	h.objects = h.details = true;
	assert_int_equal(hear(&h, NULL, in, sizeof(in) - 1), HN_OK);
	assert_string_equal(
		h.text.data,
		"- type a@b @indicator--1 (email-addr:value)\n"
		"- pattern 1 @indicator--1 (ipv4-addr:value: its operator asks for more than equality)\n"
		"- pattern [ @in:/objects/1 (byte 2: an object path such as ipv4-addr:value is expected "
		"here)\n");
	buf_clear(&h.text);
}

static void refuses_each_prefix(void **state)
{
	(void)state;
	static const char in[] =
		BUNDLE(INDICATOR("\"pattern\":\"[ipv4-addr:value='192.0.2.1']\"") ",{\"a\":[1,2,{}]}");
	struct heard h;
	heard_init(&h);
	for (size_t len = 0; len < sizeof(in) - 1; len++) {
		assert_int_equal(hear(&h, &IMPORT_STIX, in, len), HN_ETRUNC);
		assert_true(strncmp(h.fault.place, "in:", 3) == 0);
	}
	buf_clear(&h.text);
}

static void refuses_what_is_nested_too_deeply(void **state)
{
	(void)state;
	struct heard h;
	struct buf in;
	heard_init(&h);
	buf_init(&in, 1 << 20);
	buf_adds(&in, "{\"type\":\"bundle\",\"objects\":[");
	for (unsigned i = 0; i < 100000; i++)
		buf_addc(&in, '[');
	assert_int_equal(hear(&h, NULL, in.data, in.len), HN_ELIMIT);
	buf_clear(&in);
	buf_clear(&h.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_values_of_patterns),
		cmocka_unit_test(names_the_object_and_why),
		cmocka_unit_test(refuses_each_prefix),
		cmocka_unit_test(refuses_what_is_nested_too_deeply),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
