/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "heard.h"

#include "base/lang.h"

static void reads_a_zone(void **state)
{
	(void)state;
	static const char in[] = "; a policy zone\n"
				 "$TTL 60\n"
				 "$ORIGIN example.\n"
				 "rpz 3600 IN SOA ns.example. host.example. ( ; begins here\n"
				 "\t1 3600 600\n"
				 "\t86400 60 )\n"
				 "\tIN NS ns.example.\n"
				 "$ORIGIN rpz.example.\n"
				 "bad.example CNAME .\n"
				 "*.bad.example IN CNAME *.\n"
				 "Absolute.Example.RPZ.example. CNAME .\n"
				 "good.example 60 IN CNAME rpz-passthru.\n"
				 "self.example CNAME self.example.\n"
				 "drop.example IN 60 CNAME rpz-drop.\n"
				 "tcp.example CNAME rpz-tcp-only.\n"
				 "garden.example A 192.0.2.1\n"
				 "  AAAA 2001:db8::1\n"
				 "  TXT \"one; two\" \"three\"\n"
				 "redirected.example CNAME walled-garden.example.\n"
				 "zip CNAME .\n"
				 "*.zip CNAME .\n"
				 "24.0.2.0.192.rpz-ip CNAME .\n"
				 "32.9.2.0.192.rpz-ip CNAME rpz-passthru.\n"
				 "128.1.zz.db8.2001.rpz-ip CNAME .\n"
				 "48.zz.1.db8.2001.rpz-ip CNAME .\n"
				 "128.57.zz.rpz-ip CNAME .\n"
				 "16.1.2.0.192.rpz-ip CNAME .\n"
				 "32.1.2.0.192.rpz-client-ip CNAME rpz-drop.\n"
				 "ns.example.rpz-nsdname CNAME .\n"
				 "32.1.2.0.192.rpz-nsip CNAME .\n"
				 "outside.example. CNAME .\n"
				 "* CNAME .\n";
	hears(&IMPORT_RPZ, in,
	      "name bad.example\n"
	      "wildcard *.bad.example\n"
	      "name absolute.example\n"
	      "allow name good.example\n"
	      "allow name self.example\n"
	      "name drop.example\n"
	      "- trigger tcp.example\n"
	      "name garden.example\n"
	      "name redirected.example\n"
	      "name zip\n"
	      "wildcard *.zip\n"
	      "ipv4-prefix 192.0.2.0/24\n"
	      "allow ipv4 192.0.2.9\n"
	      "ipv6 2001:db8::1\n"
	      "ipv6-prefix 2001:db8:1::/48\n"
	      "ipv6 ::57\n"
	      "- not-indicator 16.1.2.0.192.rpz-ip\n"
	      "- trigger 32.1.2.0.192.rpz-client-ip\n"
	      "- trigger ns.example.rpz-nsdname\n"
	      "- trigger 32.1.2.0.192.rpz-nsip\n"
	      "- trigger outside.example\n"
	      "- not-indicator *\n");
}

static void an_apex_that_is_not_named_is_left_alone(void **state)
{
	(void)state;
	hears(&IMPORT_RPZ, "@ SOA a. b. 1 2 3 4 5\n@ NS a.\nbad.example CNAME .\nworse.example. CNAME .\n",
	      "name bad.example\nname worse.example\n");
}

static void refuses_with_the_line(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		int err;
		const char *place;
	} cases[] = {
		{"$TTL 60\nbad.example\n", HN_EFORMAT, "in:2"},
		{"$TTL 60\n\nbad.example CNAME\n", HN_EFORMAT, "in:3"},
		{"$INCLUDE other\n", HN_EUNSUPPORTED, "in:1"},
		{"$GENERATE 1-9 a$ CNAME .\n", HN_EUNSUPPORTED, "in:1"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct heard h;
		heard_init(&h);
		assert_int_equal(hear(&h, &IMPORT_RPZ, cases[i].in, strlen(cases[i].in)), cases[i].err);
		assert_string_equal(h.fault.place, cases[i].place);
		buf_clear(&h.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_zone),
		cmocka_unit_test(an_apex_that_is_not_named_is_left_alone),
		cmocka_unit_test(refuses_with_the_line),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
