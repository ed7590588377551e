/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "heard.h"

#include "base/lang.h"

static void reads_one_value_a_line(void **state)
{
	(void)state;
	static const struct {
		const char *line, *heard;
	} cases[] = {
		{"192.0.2.1", "ipv4 192.0.2.1\n"},
		{"  192.0.2.1\t", "ipv4 192.0.2.1\n"},
		{"192.0.2.1\r", "ipv4 192.0.2.1\n"},
		{"192.0.2.0/24", "ipv4-prefix 192.0.2.0/24\n"},
		{"192.0.2.1/32", "ipv4 192.0.2.1\n"},
		{"2001:DB8::1", "ipv6 2001:db8::1\n"},
		{"2001:db8::/32", "ipv6-prefix 2001:db8::/32\n"},
		{"Evil.Example.", "name evil.example\n"},
		{"*.evil.example", "wildcard *.evil.example\n"},
		{".evil.example", "name evil.example\nwildcard *.evil.example\n"},
		{"http://evil.example/a?b#c", "url evil.example/a?b\n"},
		{"evil.example/a", "url evil.example/a\n"},
		{"http://evil.example:8080/", "url evil.example:8080/\n"},
		{"44D88612FEA8A8F36DE82E1278ABB02F", "md5 44d88612fea8a8f36de82e1278abb02f\n"},
		{"da39a3ee5e6b4b0d3255bfef95601890afd80709",
		 "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709\n"},
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		 "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"},
		{"t13d1516h2_8daaf6152771_e5627efa2ab1", "ja4 t13d1516h2_8daaf6152771_e5627efa2ab1\n"},
		/* In disguise. */
		{"hxxp://evil[.]example/a", "url evil.example/a\n"},
		{"hXXps[:]//evil(.)example/a", "url evil.example/a\n"},
		{"h**p://evil.example/a", "url evil.example/a\n"},
		{"evil[dot]example", "name evil.example\n"},
		{"evil[.example", "name evil.example\n"},
		{"192[.]0[.]2[.]1", "ipv4 192.0.2.1\n"},
		{"192.0.2[.]1", "ipv4 192.0.2.1\n"},
		{"192\\.0\\.2\\.1", "ipv4 192.0.2.1\n"},
		/* With a port, which a set does not hold. */
		{"192.0.2.1:443", "ipv4 192.0.2.1\n"},
		{"[2001:db8::1]:443", "ipv6 2001:db8::1\n"},
		{"[2001:db8::1]", "ipv6 2001:db8::1\n"},
		{"evil.example:8443", "name evil.example\n"},
		/* With something behind it. */
		{"192.0.2.1 # seen twice", "ipv4 192.0.2.1\n"},
		{"192.0.2.1 ; seen twice", "ipv4 192.0.2.1\n"},
		{"192.0.2.1;seen twice", "ipv4 192.0.2.1\n"},
		{"192.0.2.1 // seen twice", "ipv4 192.0.2.1\n"},
		{"192.0.2.1\t10", "ipv4 192.0.2.1\n"},
		{"192.0.2.1,10,x y", "ipv4 192.0.2.1\n"},
		{"\"evil.example\",", "name evil.example\n"},
		{"http://evil.example/a;b,c", "url evil.example/a;b,c\n"},
		/* Rules of blockers and resolvers. */
		{"||evil.example^", "name evil.example\nwildcard *.evil.example\n"},
		{"address=/evil.example/0.0.0.0", "name evil.example\nwildcard *.evil.example\n"},
		{"local-zone: \"evil.example\" always_nxdomain",
		 "name evil.example\nwildcard *.evil.example\n"},
		{"||evil.example^$third-party", "- not-indicator ||evil.example^$third-party\n"},
		/* Comments and nothing. */
		{"# 192.0.2.1", ""},
		{"; 192.0.2.1", ""},
		{"// 192.0.2.1", ""},
		{"! 192.0.2.1", ""},
		{"   ", ""},
		/* No indicators. */
		{"192.0.2.7/24", "- host-bits 192.0.2.7/24\n"},
		{"192.0.2.256", "- not-indicator 192.0.2.256\n"},
		{"192.0.2.1-192.0.2.9", "- not-indicator 192.0.2.1-192.0.2.9\n"},
		{"com", "- not-indicator com\n"},
		{"and/or", "- not-indicator and/or\n"},
		{"who@evil.example", "- not-indicator who@evil.example\n"},
		{"evil.example is what they used", "- not-indicator evil.example is what they used\n"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct heard h;
		char in[200];
		heard_init(&h);
		/* A good line beside it: nothing but bad ones is no list. */
		(void)snprintf(in, sizeof(in), "%s\n203.0.113.9\n", cases[i].line);
		assert_int_equal(hear(&h, &IMPORT_LIST, in, strlen(in)), HN_OK);
		char expected[200];
		(void)snprintf(expected, sizeof(expected), "%sipv4 203.0.113.9\n", cases[i].heard);
		assert_string_equal(h.text.data, expected);
		buf_clear(&h.text);
	}
}

static void reads_hosts_files(void **state)
{
	(void)state;
	static const char in[] = "# hosts\n"
				 "127.0.0.1 localhost\n"
				 "::1 ip6-localhost ip6-loopback\n"
				 "255.255.255.255 broadcasthost\n"
				 "0.0.0.0 0.0.0.0\n"
				 "0.0.0.0 a.example b.example # both\n"
				 "127.0.0.1\tc.example\r\n"
				 ":: d.example\n"
				 "192.0.2.1 own.example\n"
				 "e.example\n";
	struct heard h;
	heard_init(&h);
	h.objects = true;
	assert_int_equal(hear(&h, NULL, in, sizeof(in) - 1), HN_OK);
	assert_string_equal(h.summary.form, "hosts");
	assert_string_equal(h.text.data, "name a.example @in:6\nname b.example @in:6\nname c.example @in:7\n"
					 "name d.example @in:8\n- not-indicator 192.0.2.1 own.example @in:9\n"
					 "name e.example @in:10\n");
	assert_int_equal(h.summary.values, 5);
	assert_int_equal(h.summary.other, 5);
	buf_clear(&h.text);
}

static void knows_the_form_by_the_content(void **state)
{
	(void)state;
	static const struct {
		const char *in, *form;
	} cases[] = {
		{"", "list"},
		{"# nothing\n", "list"},
		{"192.0.2.1\n", "list"},
		{"\xEF\xBB\xBF"
		 "evil.example\n",
		 "list"},
		{"[2001:db8::1]:53\n", "list"},
		{"0.0.0.0 a.example\n", "hosts"},
		{"$TTL 60\n", "rpz"},
		{"a.example 60 IN CNAME .\n", "rpz"},
		{"ip,port\n192.0.2.1,80\n", "csv"},
		{"domain\na.example\n", "csv"},
		{"# c\n\"first_seen\";\"ioc_value\"\n", "csv"},
		{"{\"objects\":[],\"type\":\"bundle\"}", "stix"},
		{"{\"type\":\"indicator\",\"pattern\":\"[url:value='http://a.example/']\"}", "stix"},
		{"{\"Event\":{}}", "misp"},
		{"[{\"Event\":{}}]", "misp"},
		{"{\"response\":[]}", "misp"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct heard h;
		heard_init(&h);
		assert_int_equal(hear(&h, NULL, cases[i].in, strlen(cases[i].in)), HN_OK);
		assert_string_equal(h.summary.form, cases[i].form);
		buf_clear(&h.text);
	}
}

static void refuses_what_is_no_list(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		size_t len;
		int err;
		const char *place;
	} cases[] = {
		{"\x7f"
		 "ELF\0\0\0",
		 7, HN_EFORMAT, "in"},
		{"a.example\0b.example\n", 20, HN_EFORMAT, "in"},
		{"just prose\nand more of it\n", 26, HN_EFORMAT, "in"},
		{"{\"a\":1}", 7, HN_EFORMAT, "in"},
		{"{\"objects\":[{]}", 15, HN_EFORMAT, "in:/objects/0 (byte 13)"},
		{"{\"Event\":{\"Attribute\":[", 23, HN_ETRUNC, "in:/Event/Attribute (byte 23)"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct heard h;
		heard_init(&h);
		assert_int_equal(hear(&h, NULL, cases[i].in, cases[i].len), cases[i].err);
		assert_string_equal(h.fault.place, cases[i].place);
		assert_true(h.fault.message[0] != '\0');
		buf_clear(&h.text);
	}
}

static void stops_where_too_little_is_an_indicator(void **state)
{
	(void)state;
	struct heard h;
	struct buf in;
	heard_init(&h);
	buf_init(&in, 1 << 20);
	buf_adds(&in, "192.0.2.1\n");
	for (unsigned i = 0; i < 1001; i++)
		buf_adds(&in, "no indicator\n");
	assert_int_equal(hear(&h, &IMPORT_LIST, in.data, in.len), HN_ELIMIT);
	assert_string_equal(h.fault.place, "in:1002");
	buf_clear(&in);
	buf_clear(&h.text);
}

static void leaves_out_a_line_that_is_too_long(void **state)
{
	(void)state;
	struct heard h;
	size_t len = (10u << 20) + 11;
	char *in = malloc(len);
	assert_non_null(in);
	heard_init(&h);
	memset(in, 'a', len);
	memcpy(in + len - 11, "\n192.0.2.1\n", 11);
	assert_int_equal(hear(&h, &IMPORT_LIST, in, len), HN_OK);
	assert_int_equal(h.summary.left_out, 1);
	assert_int_equal(h.summary.values, 1);
	free(in);
	buf_clear(&h.text);
}

/* Each line is read by itself: the order of lines changes the order of what is heard and nothing else. */
static void lines_do_not_know_each_other(void **state)
{
	(void)state;
	static const char *const lines[] = {"192.0.2.1\n", "hxxp://a[.]example/\n", "bad line here\n",
					    "# c\n",       "*.b.example\n",         "192.0.2.3:80\n"};
	for (size_t a = 0; a < COUNT(lines); a++) {
		for (size_t b = 0; b < COUNT(lines); b++) {
			struct heard one, other, both;
			char in[100];
			heard_init(&one);
			heard_init(&other);
			heard_init(&both);
			(void)hear(&one, &IMPORT_LIST, lines[a], strlen(lines[a]));
			(void)hear(&other, &IMPORT_LIST, lines[b], strlen(lines[b]));
			(void)snprintf(in, sizeof(in), "%s%s", lines[a], lines[b]);
			(void)hear(&both, &IMPORT_LIST, in, strlen(in));
			buf_add(&one.text, other.text.data, other.text.len);
			assert_int_equal(one.text.len, both.text.len);
			if (both.text.len > 0)
				assert_memory_equal(one.text.data, both.text.data, both.text.len);
			buf_clear(&one.text);
			buf_clear(&other.text);
			buf_clear(&both.text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_one_value_a_line),
		cmocka_unit_test(reads_hosts_files),
		cmocka_unit_test(knows_the_form_by_the_content),
		cmocka_unit_test(refuses_what_is_no_list),
		cmocka_unit_test(stops_where_too_little_is_an_indicator),
		cmocka_unit_test(leaves_out_a_line_that_is_too_long),
		cmocka_unit_test(lines_do_not_know_each_other),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
