/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/canonical.h"

#include "tests/unit/check.h"

typedef int parse(const char *text, size_t len, struct canonical *out);

static void values_become_canonical_keys(void **state)
{
	(void)state;
	static const struct {
		parse *parse;
		const char *text;
		int rc;
		enum entry_kind kind;
		const char *formatted; /* NULL: as it was */
	} cases[] = {
		{canonical_ip, "192.0.2.7", HN_OK, ENTRY_IP4, NULL},
		{canonical_ip, "192.0.2.7/32", HN_OK, ENTRY_IP4, "192.0.2.7"},
		{canonical_ip, "192.0.2.0/24", HN_OK, ENTRY_PREFIX4, NULL},
		{canonical_ip, "0.0.0.0/0", HN_OK, ENTRY_PREFIX4, NULL},
		{canonical_ip, "2001:DB8::1", HN_OK, ENTRY_IP6, "2001:db8::1"},
		{canonical_ip, "2001:db8::/32", HN_OK, ENTRY_PREFIX6, NULL},
		{canonical_ip, "2001:db8::1/128", HN_OK, ENTRY_IP6, "2001:db8::1"},
		{canonical_ip, "192.0.2.7/24", HN_EFORMAT, 0, NULL},
		{canonical_ip, "192.0.2.256", HN_EFORMAT, 0, NULL},
		{canonical_ip, "", HN_EFORMAT, 0, NULL},

		{canonical_name, "WWW.Example", HN_OK, ENTRY_NAME, "www.example"},
		{canonical_name, "www.example.", HN_OK, ENTRY_NAME, "www.example"},
		{canonical_name, "*.example", HN_OK, ENTRY_WILDCARD, NULL},
		{canonical_name, "_dmarc.a-b.example", HN_OK, ENTRY_NAME, NULL},
		{canonical_name, "bücher.example", HN_OK, ENTRY_NAME, "xn--bcher-kva.example"},
		{canonical_name, "例え.テスト", HN_OK, ENTRY_NAME, "xn--r8jz45g.xn--zckzah"},
		{canonical_name, "*.例え.テスト", HN_OK, ENTRY_WILDCARD, "*.xn--r8jz45g.xn--zckzah"},
		{canonical_name, "faß.example", HN_OK, ENTRY_NAME, "xn--fa-hia.example"},
		{canonical_name, "a\\046b.example", HN_OK, ENTRY_NAME, NULL},
		{canonical_name, "a\\.b.example", HN_OK, ENTRY_NAME, "a\\046b.example"},
		{canonical_name, "\\065\\255.example", HN_OK, ENTRY_NAME, "a\\255.example"},
		{canonical_name, "d41d8cd98f00b204e9800998ecf8427e", HN_OK, ENTRY_NAME,
		 "d41d8cd98f00b204e9800998ecf8427e."},
		{canonical_name, "1.2.3.256", HN_EFORMAT, 0, NULL},
		{canonical_name, "a.*.example", HN_EFORMAT, 0, NULL},
		{canonical_name, "*", HN_EFORMAT, 0, NULL},
		{canonical_name, "*.", HN_EFORMAT, 0, NULL},
		{canonical_name, "a..b", HN_EFORMAT, 0, NULL},
		{canonical_name, ".a", HN_EFORMAT, 0, NULL},
		{canonical_name, ".", HN_EFORMAT, 0, NULL},
		{canonical_name, "", HN_EFORMAT, 0, NULL},
		{canonical_name, "a b.example", HN_EFORMAT, 0, NULL},
		{canonical_name, "a/b", HN_EFORMAT, 0, NULL},
		{canonical_name, "a\\256.example", HN_EFORMAT, 0, NULL},
		{canonical_name, "a\\25", HN_EFORMAT, 0, NULL},
		{canonical_name, "a\\", HN_EFORMAT, 0, NULL},
		{canonical_name, "\xff.example", HN_EFORMAT, 0, NULL},

		{canonical_url, "http://www.Example/A/b?C=d#e", HN_OK, ENTRY_URL, "www.example/A/b?C=d"},
		{canonical_url, "www.example", HN_OK, ENTRY_URL, "www.example/"},
		{canonical_url, "www.example?q", HN_OK, ENTRY_URL, "www.example/?q"},
		{canonical_url, "https://user:pass@www.example:443/", HN_OK, ENTRY_URL, "www.example/"},
		{canonical_url, "http://www.example:443/", HN_OK, ENTRY_URL, "http://www.example:443/"},
		{canonical_url, "https://www.example:80/", HN_OK, ENTRY_URL, "https://www.example:80/"},
		{canonical_url, "www.example:443/a", HN_OK, ENTRY_URL, "www.example/a"},
		{canonical_url, "http://www.example:/a", HN_OK, ENTRY_URL, "www.example/a"},
		{canonical_url, "http://www.example:8080/a", HN_OK, ENTRY_URL, "www.example:8080/a"},
		{canonical_url, "http://192.0.2.1/a", HN_OK, ENTRY_URL, "192.0.2.1/a"},
		{canonical_url, "http://[2001:DB8::1]:81/", HN_OK, ENTRY_URL, "[2001:db8::1]:81/"},
		{canonical_url, "http://例え.テスト/あ b", HN_OK, ENTRY_URL,
		 "xn--r8jz45g.xn--zckzah/%E3%81%82%20b"},
		{canonical_url, "http://a.example/?u=http://b.example/", HN_OK, ENTRY_URL,
		 "a.example/?u=http://b.example/"},
		{canonical_url, "a.example/?u=http://b.example/", HN_OK, ENTRY_URL,
		 "a.example/?u=http://b.example/"},
		{canonical_url, "http://www.example:0/", HN_EFORMAT, 0, NULL},
		{canonical_url, "http://www.example:65536/", HN_EFORMAT, 0, NULL},
		{canonical_url, "http://www.example:8x/", HN_EFORMAT, 0, NULL},
		{canonical_url, "http:///a", HN_EFORMAT, 0, NULL},
		{canonical_url, "http://[::1/a", HN_EFORMAT, 0, NULL},
		{canonical_url, "http://[::1]a/", HN_EFORMAT, 0, NULL},
		{canonical_url, "http://[192.0.2.1]/", HN_EFORMAT, 0, NULL},
		{canonical_url, "http://*.example/", HN_EFORMAT, 0, NULL},
		{canonical_url, "", HN_EFORMAT, 0, NULL},

		{canonical_digest, "D41D8CD98F00B204E9800998ECF8427E", HN_OK, ENTRY_MD5,
		 "d41d8cd98f00b204e9800998ecf8427e"},
		{canonical_digest, "da39a3ee5e6b4b0d3255bfef95601890afd80709", HN_OK, ENTRY_SHA1, NULL},
		{canonical_digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", HN_OK,
		 ENTRY_SHA256, NULL},
		{canonical_digest, "d41d8cd98f00b204e9800998ecf8427", HN_EFORMAT, 0, NULL},
		{canonical_digest, "g41d8cd98f00b204e9800998ecf8427e", HN_EFORMAT, 0, NULL},

		{canonical_ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1", HN_OK, ENTRY_JA4, NULL},
		{canonical_ja4, "t13d1516h2_8DAAF6152771_e5627efa2ab1", HN_OK, ENTRY_JA4,
		 "t13d1516h2_8daaf6152771_e5627efa2ab1"},
		{canonical_ja4, "q13i0310h3_55b375c5d22e_cd85d2d88918", HN_OK, ENTRY_JA4, NULL},
		{canonical_ja4, "t13d151600_8daaf6152771_e5627efa2ab1", HN_OK, ENTRY_JA4, NULL},
		{canonical_ja4, "x13d1516h2_8daaf6152771_e5627efa2ab1", HN_EFORMAT, 0, NULL},
		{canonical_ja4, "t14d1516h2_8daaf6152771_e5627efa2ab1", HN_EFORMAT, 0, NULL},
		{canonical_ja4, "t13d1516h2-8daaf6152771_e5627efa2ab1", HN_EFORMAT, 0, NULL},
		{canonical_ja4, "t13d1516h2_8daaf6152771_e5627efa2abg", HN_EFORMAT, 0, NULL},
		{canonical_ja4, "t13d1516h2_8daaf6152771", HN_EFORMAT, 0, NULL},

		{canonical_value, "192.0.2.7", HN_OK, ENTRY_IP4, NULL},
		{canonical_value, "192.0.2.0/24", HN_OK, ENTRY_PREFIX4, NULL},
		{canonical_value, "www.example", HN_OK, ENTRY_NAME, NULL},
		{canonical_value, "*.example", HN_OK, ENTRY_WILDCARD, NULL},
		{canonical_value, "www.example/a", HN_OK, ENTRY_URL, NULL},
		{canonical_value, "d41d8cd98f00b204e9800998ecf8427e", HN_OK, ENTRY_MD5, NULL},
		{canonical_value, "t13d1516h2_8daaf6152771_e5627efa2ab1", HN_OK, ENTRY_JA4, NULL},
		{canonical_value, "http://192.0.2.1/24", HN_OK, ENTRY_URL, NULL},
		{canonical_value, "192.0.2.1/24", HN_EFORMAT, 0, NULL},
		{canonical_value, "192.0.2.0/33", HN_EFORMAT, 0, NULL},
		{canonical_value, "1.2.3", HN_EFORMAT, 0, NULL},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct canonical out = {.key.len = 4711};
		struct buf text;
		size_t len = strlen(cases[i].text);
		char *copy = (char *)exact_copy(cases[i].text, len);
		int rc = cases[i].parse(copy, len, &out);
		free(copy);
		if (rc != cases[i].rc)
			fail_msg("'%s' gives %d", cases[i].text, rc);
		if (rc != HN_OK) {
			assert_int_equal(out.key.len, 4711);
			continue;
		}
		assert_int_equal(out.key.kind, cases[i].kind);
		assert_true(canonical_check(&out.key));
		buf_init(&text, 4096);
		canonical_format(&out.key, &text);
		assert_string_equal(text.data,
				    cases[i].formatted == NULL ? cases[i].text : cases[i].formatted);
		struct canonical again;
		assert_int_equal(canonical_value(text.data, text.len, &again), HN_OK);
		assert_int_equal(again.key.kind, out.key.kind);
		assert_int_equal(again.key.len, out.key.len);
		assert_memory_equal(again.key.data, out.key.data, out.key.len);
		buf_clear(&text);
	}
}

static void lengths_have_limits(void **state)
{
	(void)state;
	char text[4096];
	struct canonical out;
	memset(text, 'a', sizeof(text));
	assert_int_equal(canonical_name(text, 63, &out), HN_OK);
	assert_int_equal(canonical_name(text, 64, &out), HN_ELIMIT);
	for (size_t i = 1; i < 256; i += 2)
		text[i] = '.';
	assert_int_equal(canonical_name(text, 253, &out), HN_OK); /* 127 labels */
	assert_int_equal(out.key.len, 254);
	assert_int_equal(canonical_labels(out.bytes, 254), 127);
	assert_int_equal(canonical_name(text, 255, &out), HN_ELIMIT);
	memset(text, 'a', sizeof(text));
	text[1] = '/';
	assert_int_equal(canonical_url(text, ENTRY_KEY_MAX, &out), HN_OK);
	assert_int_equal(out.key.len, ENTRY_KEY_MAX);
	assert_int_equal(canonical_url(text, ENTRY_KEY_MAX + 1, &out), HN_ELIMIT);
}

static void keys_in_another_form_are_told(void **state)
{
	(void)state;
	static const struct {
		enum entry_kind kind;
		const char *bytes;
		uint16_t len;
		bool good;
	} cases[] = {
		{ENTRY_IP4, "\300\0\2\1", 4, true},
		{ENTRY_IP4, "\300\0\2", 3, false},
		{ENTRY_PREFIX4, "\300\0\2\0\30", 5, true},
		{ENTRY_PREFIX4, "\300\0\2\1\30", 5, false},
		{ENTRY_PREFIX4, "\300\0\2\1\40", 5, false}, /* an address */
		{ENTRY_PREFIX4, "\300\0\2\1\377", 5, false},
		{ENTRY_NAME, "\1a\2bc", 5, true},
		{ENTRY_NAME, "\1A\2bc", 5, false},
		{ENTRY_NAME, "\1a\3bc", 5, false},
		{ENTRY_NAME, "\1a\0", 3, false},
		{ENTRY_NAME, "\1\377", 2, true},
		{ENTRY_NAME, "", 0, false},
		{ENTRY_WILDCARD, "\1*", 2, true},
		{ENTRY_URL, "a/", 2, true},
		{ENTRY_URL, "A/", 2, false},
		{ENTRY_URL, "a", 1, false},
		{ENTRY_URL, "/a", 2, false},
		{ENTRY_URL, "a/ ", 3, false},
		{ENTRY_URL, "a/#", 3, false},
		{ENTRY_MD5, "0123456789abcdef", 16, true},
		{ENTRY_SHA1, "0123456789abcdef", 16, false},
		{ENTRY_JA4, "t13d1516h2_8daaf6152771_e5627efa2ab1", 36, true},
		{ENTRY_JA4, "t13d1516h2_8DAAF6152771_e5627efa2ab1", 36, false},
		{ENTRY_KIND_COUNT, "a", 1, false},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *copy = exact_copy(cases[i].bytes, cases[i].len);
		struct entry_key key = {cases[i].kind, cases[i].len, copy};
		if (canonical_check(&key) != cases[i].good)
			fail_msg("case %zu", i);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_become_canonical_keys),
		cmocka_unit_test(lengths_have_limits),
		cmocka_unit_test(keys_in_another_form_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
