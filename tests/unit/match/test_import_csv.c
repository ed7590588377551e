/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "heard.h"

#include "base/lang.h"

static void reads_columns_by_their_names(void **state)
{
	(void)state;
	static const struct {
		const char *in, *heard;
	} cases[] = {
		{"indicator\n192.0.2.1\nevil.example\n", "ipv4 192.0.2.1\nname evil.example\n"},
		{"IP Address,Port\n192.0.2.1,80\n", "ipv4 192.0.2.1\n"},
		{"ip;md5\n192.0.2.1;44d88612fea8a8f36de82e1278abb02f\n",
		 "ipv4 192.0.2.1\nmd5 44d88612fea8a8f36de82e1278abb02f\n"},
		{"x\tdomain\ny\tEvil.Example\n", "name evil.example\n"},
		{"x|url\ny|http://a.example/x,y\n", "url a.example/x,y\n"},
		{"# \"first_seen\",\"ioc_value\"\n\"2024\",\"evil.example\"\n", "name evil.example\n"},
		{"value,type\n192.0.2.1|443,ip-dst|port\na.example|192.0.2.2,domain|ip\nwho@a.example,"
		 "email\n",
		 "ipv4 192.0.2.1\nname a.example\nipv4 192.0.2.2\n- type who@a.example\n"},
		{"value,type\n192.0.2.1,botnet_cc\n", "ipv4 192.0.2.1\n"},
		{"indicator,tlp,confidence,act,phase\n192.0.2.1,amber,70,act-1,delivery\n",
		 "ipv4 192.0.2.1 act=act-1 TLP:AMBER phase=delivery 70%\n"},
		{"indicator,marking,confidence\n192.0.2.1,own words,high\n", "ipv4 192.0.2.1 own words\n"},
		{"indicator,valid_from,valid_until\n192.0.2.1,2024-01-01T00:00:00Z,2024-01-02\n",
		 "ipv4 192.0.2.1 from=1704067200 until=1704153600\n"},
		{"indicator,valid_until\n192.0.2.1,soon\n192.0.2.2,\n",
		 "- not-indicator 192.0.2.1\nipv4 192.0.2.2\n"},
		{"indicator,revoked\n192.0.2.1,true\n192.0.2.2,0\n", "- revoked 192.0.2.1\nipv4 192.0.2.2\n"},
		{"indicator,to_ids\n192.0.2.1,1\n192.0.2.2,0\n192.0.2.3,\n",
		 "ipv4 192.0.2.1\n- not-for-detection 192.0.2.2\n- not-for-detection 192.0.2.3\n"},
		/* RFC 4180, 2: quotes, doubled quotes, line ends inside, CRLF, no last line end. */
		{"a,\"url\"\r\n\"x\r\ny\",\"http://a.example/\"\"q\"\"\"\r\n\"\",\"http://b.example/\"",
		 "url a.example/%22q%22\nurl b.example/\n"},
		/* Short and long rows, empty rows, comments between. */
		{"a,ip\n1\n\n# c\n1,192.0.2.1,3,4\n,\n", "ipv4 192.0.2.1\n"},
		/* A domain column may hold an address, an address column nothing else. */
		{"domain\n192.0.2.1\n", "ipv4 192.0.2.1\n"},
		{"ip\nevil.example\n192.0.2.1\n", "- not-indicator evil.example\nipv4 192.0.2.1\n"},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		hears(&IMPORT_CSV, cases[i].in, cases[i].heard);
}

static void names_the_row_or_its_id(void **state)
{
	(void)state;
	struct heard h;
	static const char in[] = "id,note,ip\nx-1,\"two\nlines\",192.0.2.1\n,b,192.0.2.2\n";
	heard_init(&h);
	h.objects = true;
	assert_int_equal(hear(&h, &IMPORT_CSV, in, sizeof(in) - 1), HN_OK);
	assert_string_equal(h.text.data, "ipv4 192.0.2.1 @x-1\nipv4 192.0.2.2 @in:4\n");
	buf_clear(&h.text);
}

static void refuses_a_quote_without_end(void **state)
{
	(void)state;
	struct heard h;
	static const char in[] = "ip,note\n192.0.2.1,x\n192.0.2.2,\"y\n";
	heard_init(&h);
	assert_int_equal(hear(&h, &IMPORT_CSV, in, sizeof(in) - 1), HN_EFORMAT);
	assert_string_equal(h.fault.place, "in:3");
	buf_clear(&h.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_columns_by_their_names),
		cmocka_unit_test(names_the_row_or_its_id),
		cmocka_unit_test(refuses_a_quote_without_end),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
