/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "heard.h"

#include "base/lang.h"

#define EVENT(members)   "{\"Event\":{" members "}}"
#define ATTRIBUTES(list) "\"Attribute\":[" list "]"
#define ATTRIBUTE(type, value)                                                                               \
	"{\"uuid\":\"u1\",\"to_ids\":true,\"type\":\"" type "\",\"value\":\"" value "\"}"
#define ONE(type, value) EVENT(ATTRIBUTES(ATTRIBUTE(type, value)))
#define SHA256           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void takes_attributes_by_their_types(void **state)
{
	(void)state;
	static const struct {
		const char *in, *heard;
	} cases[] = {
		{ONE("ip-dst", "192.0.2.1"), "ipv4 192.0.2.1\n"},
		{ONE("ip-src", "192.0.2.0\\/24"), "ipv4-prefix 192.0.2.0/24\n"},
		{ONE("ip-dst|port", "192.0.2.1|443"), "ipv4 192.0.2.1\n"},
		{ONE("domain", "a.example"), "name a.example\n"},
		{ONE("hostname", "a.example"), "name a.example\n"},
		{ONE("hostname|port", "a.example|443"), "name a.example\n"},
		{ONE("domain|ip", "a.example|192.0.2.1"), "name a.example\nipv4 192.0.2.1\n"},
		{ONE("url", "http://a.example/b"), "url a.example/b\n"},
		{ONE("sha256", SHA256), "sha256 " SHA256 "\n"},
		{ONE("filename|sha256", "x.exe|" SHA256), "sha256 " SHA256 "\n"},
		{ONE("malware-sample", "x.exe|44d88612fea8a8f36de82e1278abb02f"),
		 "md5 44d88612fea8a8f36de82e1278abb02f\n"},
		{ONE("ja4", "t13d1516h2_8daaf6152771_e5627efa2ab1"),
		 "ja4 t13d1516h2_8daaf6152771_e5627efa2ab1\n"},
		{ONE("filename", "x.exe"), "- type x.exe\n"},
		{ONE("regkey|value", "a|b"), "- type a|b\n"},
		{ONE("text", "192.0.2.1"), "- type 192.0.2.1\n"},
		{ONE("ip-dst", "a.example"), "- not-indicator a.example\n"},
		/* Not for detection, and gone. */
		{EVENT(ATTRIBUTES("{\"type\":\"ip-dst\",\"value\":\"192.0.2.1\",\"to_ids\":false}")),
		 "- not-for-detection 192.0.2.1\n"},
		{EVENT(ATTRIBUTES("{\"type\":\"ip-dst\",\"value\":\"192.0.2.1\"}")),
		 "- not-for-detection 192.0.2.1\n"},
		{EVENT(ATTRIBUTES(
			 "{\"type\":\"ip-dst\",\"value\":\"192.0.2.1\",\"to_ids\":\"1\",\"deleted\":\"0\"}")),
		 "ipv4 192.0.2.1\n"},
		{EVENT(ATTRIBUTES(
			 "{\"deleted\":true,\"type\":\"ip-dst\",\"value\":\"192.0.2.1\",\"to_ids\":true}")),
		 "- revoked 192.0.2.1\n"},
		{EVENT("\"Object\":[{" ATTRIBUTES(ATTRIBUTE(
			 "ip-dst",
			 "192.0.2.1")) ",\"deleted\":true},{" ATTRIBUTES(ATTRIBUTE("ip-dst",
										   "192.0.2.2")) "}]"),
		 "- revoked 192.0.2.1\nipv4 192.0.2.2\n"},
		/* Tags: the event's, also behind its attributes, and the attribute's; the stricter marking
		   holds. */
		{EVENT(ATTRIBUTES(ATTRIBUTE(
			 "ip-dst", "192.0.2.1")) ",\"Tag\":[{\"name\":\"tlp:amber\"},{\"name\":\"x\"}]"),
		 "ipv4 192.0.2.1 TLP:AMBER\n"},
		{EVENT("\"Tag\":[{\"name\":\"tlp:green\"},{\"name\":\"hinomi:act=\\\"a 1\\\"\"}]," ATTRIBUTES(
			 "{\"type\":\"ip-dst\",\"value\":\"192.0.2.1\",\"to_ids\":true,\"Tag\":[{\"colour\":"
			 "\"#f00\","
			 "\"name\":\"tlp:red\"},{\"name\":\"kill-chain:Delivery\"}]}," ATTRIBUTE(
				 "ip-dst", "192.0.2.2"))),
		 "ipv4 192.0.2.1 act=a 1 TLP:RED phase=Delivery\nipv4 192.0.2.2 act=a 1 TLP:GREEN\n"},
		/* Wrappings. */
		{"{\"response\":[" ONE("ip-dst", "192.0.2.1") "," ONE("ip-dst", "192.0.2.2") "]}",
		 "ipv4 192.0.2.1\nipv4 192.0.2.2\n"},
		{"[" ONE("ip-dst", "192.0.2.1") "]", "ipv4 192.0.2.1\n"},
		{"{" ATTRIBUTES(ATTRIBUTE("ip-dst", "192.0.2.1")) "}", "ipv4 192.0.2.1\n"},
		{"{\"response\":{" ATTRIBUTES(ATTRIBUTE("ip-dst", "192.0.2.1")) "}}", "ipv4 192.0.2.1\n"},
		{EVENT("\"Attribute\":{},\"Object\":null,\"Tag\":1"), ""},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		hears(&IMPORT_MISP, cases[i].in, cases[i].heard);
}

static void names_the_attribute(void **state)
{
	(void)state;
	struct heard h;
	static const char in[] =
		EVENT(ATTRIBUTES(ATTRIBUTE("ip-dst", "192.0.2.1") ",{\"type\":\"ip-dst\",\"value\":\"x\"}"));
	heard_init(&h);
	h.objects = true;
	assert_int_equal(hear(&h, NULL, in, sizeof(in) - 1), HN_OK);
	assert_string_equal(h.text.data,
			    "ipv4 192.0.2.1 @u1\n- not-for-detection x @in:/Event/Attribute/1\n");
	buf_clear(&h.text);
}

static void refuses_each_prefix(void **state)
{
	(void)state;
	static const char in[] =
		EVENT(ATTRIBUTES(ATTRIBUTE("ip-dst", "192.0.2.1")) ",\"Object\":[{\"Attribute\":[]}]");
	struct heard h;
	heard_init(&h);
	for (size_t len = 0; len < sizeof(in) - 1; len++)
		assert_int_equal(hear(&h, &IMPORT_MISP, in, len), HN_ETRUNC);
	buf_clear(&h.text);
}

static void refuses_events_inside_events_without_end(void **state)
{
	(void)state;
	struct heard h;
	struct buf in;
	heard_init(&h);
	buf_init(&in, 4096);
	for (unsigned i = 0; i < 20; i++)
		buf_adds(&in, "{\"Event\":");
	assert_int_equal(hear(&h, &IMPORT_MISP, in.data, in.len), HN_ELIMIT);
	buf_clear(&in);
	buf_clear(&h.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_attributes_by_their_types),
		cmocka_unit_test(names_the_attribute),
		cmocka_unit_test(refuses_each_prefix),
		cmocka_unit_test(refuses_events_inside_events_without_end),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
