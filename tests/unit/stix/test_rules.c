/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include "base/lang.h"
#include "stix/object.h"

#define UUID_A      "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define TIMES       "\"created\":\"2024-01-01T00:00:00.000Z\",\"modified\":\"2024-01-01T00:00:00.000Z\""
#define V21(type)   "{\"type\":\"" type "\",\"id\":\"" type "--" UUID_A "\",\"spec_version\":\"2.1\"," TIMES ","
#define V20(type)   "{\"type\":\"" type "\",\"id\":\"" type "--" UUID_A "\"," TIMES ","
#define CYBER(type) "{\"type\":\"" type "\",\"id\":\"" type "--" UUID_A "\""
#define EARLY       "\"2024-01-01T00:00:00Z\""
#define LATE        "\"2024-01-01T00:00:00.000001Z\""
#define EXTENSION   ",\"extensions\":{\"extension-definition--" UUID_A "\":"

/* Rules between properties, each from both sides. place NULL: it is good STIX. */
static const struct {
	const char *json, *place;
} cases[] = {
	{V21("tool") "\"name\":\"n\"}", NULL},
	{"{\"type\":\"tool\",\"id\":\"tool--" UUID_A
	 "\",\"spec_version\":\"2.1\",\"name\":\"n\",\"created\":" LATE ",\"modified\":" EARLY "}",
	 "/modified"},
	{V21("campaign") "\"name\":\"n\",\"first_seen\":" EARLY ",\"last_seen\":" EARLY "}", NULL},
	{V21("campaign") "\"name\":\"n\",\"first_seen\":" LATE ",\"last_seen\":" EARLY "}", "/last_seen"},
	{V21("indicator") "\"pattern\":\"x\",\"pattern_type\":\"yara\",\"valid_from\":" EARLY
			  ",\"valid_until\":" LATE "}",
	 NULL},
	{V21("indicator") "\"pattern\":\"x\",\"pattern_type\":\"yara\",\"valid_from\":" EARLY
			  ",\"valid_until\":" EARLY "}",
	 "/valid_until"},
	{V21("location") "\"name\":\"n\"}", ""},
	{V21("location") "\"country\":\"jp\"}", NULL},
	{V21("location") "\"latitude\":1,\"longitude\":2}", NULL},
	{V21("location") "\"country\":\"jp\",\"longitude\":2}", ""},
	{V21("location") "\"country\":\"jp\",\"precision\":2}", ""},
	{V21("location") "\"latitude\":90.1,\"longitude\":2}", "/latitude"},
	{V21("malware") "\"is_family\":false}", NULL},
	{V21("malware") "\"is_family\":true}", ""},
	{V21("malware-analysis") "\"product\":\"p\"}", ""},
	{V21("malware-analysis") "\"product\":\"p\",\"result\":\"benign\"}", NULL},
	{V21("malware-analysis") "\"product\":\"p\",\"result\":\"benign\",\"analysis_started\":" LATE
				 ",\"analysis_ended\":" EARLY "}",
	 "/analysis_ended"},
	{V21("observed-data") "\"first_observed\":" EARLY ",\"last_observed\":" EARLY
			      ",\"number_observed\":1}",
	 ""},
	{V21("observed-data") "\"first_observed\":" EARLY ",\"last_observed\":" EARLY
			      ",\"number_observed\":0,\"object_refs\":[\"url--" UUID_A "\"]}",
	 "/number_observed"},
	{V21("observed-data") "\"first_observed\":" EARLY ",\"last_observed\":" EARLY
			      ",\"number_observed\":1,\"object_refs\":[\"tool--" UUID_A "\"]}",
	 "/object_refs/0"},
	{V21("opinion") "\"opinion\":\"maybe\",\"object_refs\":[\"tool--" UUID_A "\"]}", "/opinion"},
	{V21("relationship") "\"relationship_type\":\"uses\",\"source_ref\":\"tool--" UUID_A
			     "\",\"target_ref\":\"x-own--" UUID_A "\"}",
	 NULL},
	{V21("relationship") "\"relationship_type\":\"Uses\",\"source_ref\":\"tool--" UUID_A
			     "\",\"target_ref\":\"url--" UUID_A "\"}",
	 "/relationship_type"},
	{V21("relationship") "\"relationship_type\":\"uses\",\"source_ref\":\"tool--" UUID_A
			     "\",\"target_ref\":\"sighting--" UUID_A "\"}",
	 "/target_ref"},
	{V21("relationship") "\"relationship_type\":\"uses\",\"source_ref\":\"tool--" UUID_A
			     "\",\"target_ref\":\"url--" UUID_A "\",\"start_time\":" EARLY
			     ",\"stop_time\":" EARLY "}",
	 "/stop_time"},
	{V21("sighting") "\"sighting_of_ref\":\"indicator--" UUID_A "\",\"count\":1000000000}", "/count"},
	{V21("sighting") "\"sighting_of_ref\":\"url--" UUID_A "\"}", "/sighting_of_ref"},
	{V21("sighting") "\"sighting_of_ref\":\"tool--" UUID_A "\",\"where_sighted_refs\":[\"tool--" UUID_A
			 "\"]}",
	 "/where_sighted_refs/0"},
	{V21("extension-definition") "\"name\":\"n\",\"schema\":\"s\",\"version\":\"1\",\"extension_types\":["
				     "\"new-sdo\"],"
				     "\"created_by_ref\":\"identity--" UUID_A
				     "\",\"extension_properties\":[\"rank\"]}",
	 "/extension_properties"},
	{"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--" UUID_A
	 "\",\"created\":" EARLY ",\"name\":\"n\"}",
	 ""},
	{"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--" UUID_A
	 "\",\"created\":" EARLY ",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"s\"},"
	 "\"object_marking_refs\":[\"marking-definition--" UUID_A "\"]}",
	 "/object_marking_refs/0"},
	{CYBER("artifact") "}", ""},
	{CYBER("artifact") ",\"payload_bin\":\"QQ==\"}", NULL},
	{CYBER("artifact") ",\"payload_bin\":\"QQ=\"}", "/payload_bin"},
	{CYBER("artifact") ",\"payload_bin\":\"Q=Q=\"}", "/payload_bin"},
	{CYBER("artifact") ",\"payload_bin\":\"QQ==\",\"url\":\"u\",\"hashes\":{\"MD5\":"
			   "\"d41d8cd98f00b204e9800998ecf8427e\"}}",
	 ""},
	{CYBER("artifact") ",\"url\":\"u\"}", ""},
	{CYBER("artifact") ",\"payload_bin\":\"QQ==\",\"decryption_key\":\"k\"}", ""},
	{CYBER("email-message") ",\"is_multipart\":true,\"body\":\"b\"}", "/body"},
	{CYBER("email-message") ",\"is_multipart\":false,\"body_multipart\":[{\"body\":\"b\"}]}",
	 "/body_multipart"},
	{CYBER("email-message") ",\"is_multipart\":true,\"body_multipart\":[{\"content_type\":\"b\"}]}",
	 "/body_multipart/0"},
	{CYBER("file") ",\"size\":1}", ""},
	{CYBER("file") ",\"name\":\"n\",\"size\":-1}", "/size"},
	{CYBER("file") ",\"name\":\"n\",\"magic_number_hex\":\"abc\"}", "/magic_number_hex"},
	{CYBER("file") ",\"name\":\"n\",\"hashes\":{}}", "/hashes"},
	{CYBER("file") ",\"name\":\"n\",\"hashes\":{\"SHA 256\":\"x\"}}", "/hashes/SHA 256"},
	{CYBER("file") ",\"name\":\"n\",\"extensions\":{\"ntfs-ext\":{}}}", "/extensions/ntfs-ext"},
	{CYBER("file") ",\"name\":\"n\",\"extensions\":{\"windows-pebinary-ext\":{\"pe_type\":\"exe\","
		       "\"sections\":[{\"size\":1}]}}}",
	 "/extensions/windows-pebinary-ext/sections/0"},
	{CYBER("file") ",\"name\":\"n\",\"extensions\":{\"x-own-ext\":{\"a\":1}}}", NULL},
	{CYBER("file") ",\"name\":\"n\",\"extensions\":{\"tcp-ext\":{}}}",
	 NULL}, /* of another type: others' making here */
	{CYBER("file") ",\"name\":\"n\"" EXTENSION "{\"extension_type\":\"new-sco\"}}}", NULL},
	{CYBER("file") ",\"name\":\"n\"" EXTENSION "{\"extension_type\":\"new\"}}}",
	 "/extensions/extension-definition--" UUID_A "/extension_type"},
	{CYBER("file") ",\"name\":\"n\"" EXTENSION "{\"rank\":1}}}",
	 "/extensions/extension-definition--" UUID_A},
	{CYBER("file") ",\"name\":\"n\"" EXTENSION "5}}", "/extensions/extension-definition--" UUID_A},
	{CYBER("network-traffic") ",\"protocols\":[\"tcp\"]}", ""},
	{CYBER("network-traffic") ",\"protocols\":[\"tcp\"],\"src_ref\":\"url--" UUID_A "\"}", "/src_ref"},
	{CYBER("network-traffic") ",\"protocols\":[\"tcp\"],\"src_ref\":\"ipv4-addr--" UUID_A
				  "\",\"src_port\":65536}",
	 "/src_port"},
	{CYBER("network-traffic") ",\"protocols\":[\"tcp\"],\"src_ref\":\"ipv4-addr--" UUID_A
				  "\",\"is_active\":true,\"end\":" EARLY "}",
	 "/end"},
	{CYBER("process") ",\"defanged\":true}", ""},
	{CYBER("process") ",\"x_own\":true}", NULL},
	{CYBER("process") ",\"pid\":1.5}", "/pid"},
	{CYBER("user-account") "}", ""},
	{CYBER("windows-registry-key") ",\"values\":[{}]}", "/values/0"},
	{CYBER("windows-registry-key") ",\"values\":[{\"data_type\":\"REG_X\"}]}", "/values/0/data_type"},
	{CYBER("x509-certificate") ",\"x509_v3_extensions\":{}}", "/x509_v3_extensions"},
	{CYBER("ipv4-addr") ",\"value\":\"192.0.2.77/24\"}", NULL},
	{CYBER("ipv4-addr") ",\"value\":\"192.0.2.77/024\"}", "/value"},
	{CYBER("ipv4-addr") ",\"value\":\"192.0.2.77/33\"}", "/value"},
	{CYBER("ipv4-addr") ",\"value\":\"192.0.2.256\"}", "/value"},
	{CYBER("mac-addr") ",\"value\":\"d2:fb:49:24:37\"}", "/value"},
	/* STIX 2.0 */
	{V20("tool") "\"name\":\"n\"}", ""},
	{V20("tool") "\"name\":\"n\",\"labels\":[\"l\"]}", NULL},
	{V20("tool") "\"name\":\"n\",\"labels\":[\"l\"],\"confidence\":\"of others' making here\"}", NULL},
	{V20("identity") "\"name\":\"n\"}", ""},
	{V20("note") "\"x_any\":1}", NULL}, /* 2.0 has no such type */
	{V20("observed-data") "\"first_observed\":" EARLY ",\"last_observed\":" EARLY
			      ",\"number_observed\":1,\"objects\":{\"0\":{\"type\":\"domain-name\",\"value\":"
			      "\"a.example\","
			      "\"resolves_to_refs\":[\"1\"]}}}",
	 "/objects/0/resolves_to_refs/0"},
	{V20("observed-data") "\"first_observed\":" EARLY ",\"last_observed\":" EARLY
			      ",\"number_observed\":1,\"objects\":{\"0\":{\"type\":\"domain-name\",\"value\":"
			      "\"a.example\","
			      "\"resolves_to_refs\":[\"1\"]},\"1\":{\"type\":\"mutex\",\"name\":\"m\"}}}",
	 "/objects/0/resolves_to_refs/0"},
	{V20("observed-data") "\"first_observed\":" EARLY ",\"last_observed\":" EARLY
			      ",\"number_observed\":1,\"objects\":{\"0\":{}}}",
	 "/objects/0"},
	{V20("observed-data") "\"first_observed\":" EARLY ",\"last_observed\":" EARLY
			      ",\"number_observed\":1,\"objects\":{\"0\":{\"type\":\"file\",\"name\":\"n\","
			      "\"encryption_algorithm\":\"x\"}}}",
	 "/objects/0"},
};

static void rules_hold(void **state)
{
	(void)state;
	struct stix_object o;
	stix_object_init(&o);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fault fault = {0};
		size_t len = strlen(cases[i].json);
		uint8_t *copy = exact_copy(cases[i].json, len);
		int rc = stix_object_read(&o, cur_of(copy, len), STIX_2_0, &STIX_DEFAULTS, &fault);
		bool as_told = cases[i].place == NULL
				       ? rc == HN_OK
				       : rc == HN_EFORMAT && strcmp(fault.place, cases[i].place) == 0;
		if (!as_told)
			fail_msg("%s: %d \"%s\" %s", cases[i].json, rc, fault.place, fault.message);
		free(copy);
	}
	stix_object_clear(&o);
}

/* Each refusal has its words in both languages. */
static void both_languages_say_why(void **state)
{
	(void)state;
	struct stix_object o;
	stix_object_init(&o);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fault en = {0}, ja = {0};
		struct cur text = cur_of(cases[i].json, strlen(cases[i].json));
		int rc = stix_object_read(&o, text, STIX_2_0, &STIX_DEFAULTS, &en);
		lang_set(LANG_JA);
		assert_int_equal(stix_object_read(&o, text, STIX_2_0, &STIX_DEFAULTS, &ja), rc);
		lang_set(LANG_EN);
		if (rc != HN_OK)
			assert_string_not_equal(en.message, ja.message);
	}
	stix_object_clear(&o);
}

int main(void)
{
	lang_set(LANG_EN);
	const struct CMUnitTest tests[] = {cmocka_unit_test(rules_hold),
					   cmocka_unit_test(both_languages_say_why)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
