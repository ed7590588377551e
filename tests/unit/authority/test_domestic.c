/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/check.h"

#include <stdio.h>

#include "authority/domestic.h"
#include "base/encode.h"

static struct domestic *parse(const char *text)
{
	struct domestic *d = NULL;
	uint8_t *copy = exact_copy(text, strlen(text));
	assert_int_equal(domestic_parse((const char *)copy, strlen(text), &d, NULL), HN_OK);
	free(copy);
	return d;
}

static bool has(const struct domestic *d, const char *text)
{
	struct ip ip;
	assert_int_equal(ip_parse(text, strlen(text), &ip), HN_OK);
	return domestic_has(d, &ip);
}

static void addresses_lie_where_the_file_says(void **state)
{
	static const char table[] = "# the nation\n203.0.113.0/24\n 198.51.100.16/28 # half a block\r\n\n"
				    "192.0.2.1\n1.0.16.0/20\n2001:db8:1::/48\n2001:db8:2::7\n2400::/12\n";
	static const struct {
		const char *addr;
		bool domestic;
	} cases[] = {
		{"203.0.113.0", true},
		{"203.0.113.255", true},
		{"203.0.112.255", false},
		{"203.0.114.0", false},
		{"198.51.100.15", false},
		{"198.51.100.16", true},
		{"198.51.100.31", true},
		{"198.51.100.32", false},
		{"192.0.2.1", true},
		{"192.0.2.0", false},
		{"192.0.2.2", false},
		{"1.0.15.255", false},
		{"1.0.16.0", true},
		{"1.0.31.255", true},
		{"1.0.32.0", false},
		{"8.8.8.8", false},
		/* Not global, so domestic. */
		{"10.1.2.3", true},
		{"172.31.255.255", true},
		{"172.32.0.0", false},
		{"192.168.0.1", true},
		{"224.0.0.1", true},
		{"255.255.255.255", true},
		{"0.0.0.0", true},
		{"127.0.0.1", true},
		{"100.64.0.1", true},
		{"100.128.0.0", false},
		{"169.254.0.1", true},
		{"223.255.255.255", false},
		{"2001:db8:1::", true},
		{"2001:db8:1:ffff:ffff:ffff:ffff:ffff", true},
		{"2001:db8:0:ffff::", false},
		{"2001:db8:2::7", true},
		{"2001:db8:2::6", false},
		{"2001:db8:2::8", false},
		{"2400::1", true},
		{"240f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
		{"2410::", false},
		{"23ff:ffff::", false},
		{"fe80::1", true},
		{"ff02::1", true},
		{"fd00::1", true},
		{"::1", true},
		{"::", true},
		{"::ffff:8.8.8.8", true},
		{"2606:4700::1", false},
	};
	(void)state;
	struct domestic *d = parse(table);
	assert_int_equal(d->prefixes, 6 + 1);
	for (size_t i = 0; i < COUNT(cases); i++)
		if (has(d, cases[i].addr) != cases[i].domestic)
			fail_msg("%s", cases[i].addr);
	domestic_free(d);
}

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static struct ip random_ip(uint64_t *s, uint8_t version)
{
	struct ip ip = {{0}, version};
	for (unsigned i = 0; i < (version == 4 ? 4u : 16u); i++)
		ip.bytes[i] = (uint8_t)next_random(s);
	/* Near the special blocks and each other, or nothing would ever meet. */
	static const uint8_t tops[] = {0,   10,  100,  127,  169,  172,  192,  198,
				       203, 224, 0xfc, 0xfe, 0xff, 0x20, 0x24, 1};
	ip.bytes[0] = tops[next_random(s) % COUNT(tops)];
	if (next_random(s) % 2 == 0)
		ip.bytes[1] = (uint8_t)(next_random(s) % 4 + (version == 4 ? 16 : 0));
	return ip;
}

/* The fast look-up equals the plain rule over random tables: in a prefix of the file, or not global. */
static void fast_equals_plain(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;
	(void)state;
	for (unsigned world = 0; world < 20; world++) {
		struct ip_prefix prefixes[64];
		struct buf text;
		buf_init(&text, 1 << 16);
		for (size_t i = 0; i < COUNT(prefixes); i++) {
			char line[IP_PREFIX_TEXT_SIZE];
			uint8_t version = next_random(&seed) % 2 == 0 ? 4 : 6;
			struct ip ip = random_ip(&seed, version);
			prefixes[i].len = (uint8_t)(8 + next_random(&seed) % (version == 4 ? 25 : 121));
			prefixes[i].addr = ip_mask(&ip, prefixes[i].len);
			ip_prefix_format(&prefixes[i], line);
			buf_addf(&text, "%s\n", line);
		}
		assert_int_equal(buf_err(&text), HN_OK);
		struct domestic *d = parse(text.data);
		buf_clear(&text);
		for (unsigned probe = 0; probe < 4000; probe++) {
			struct ip ip = random_ip(&seed, next_random(&seed) % 2 == 0 ? 4 : 6);
			const struct ip_prefix *p = &prefixes[next_random(&seed) % COUNT(prefixes)];
			if (probe % 2 == 0) {
				ip = p->addr;
				ip.bytes[ip.version == 4 ? 3 : 15] ^= (uint8_t)(next_random(&seed) % 4);
			}
			bool plain = !ip_is_global(&ip);
			for (size_t i = 0; i < COUNT(prefixes) && !plain; i++)
				plain = ip_prefix_has(&prefixes[i], &ip);
			if (domestic_has(d, &ip) != plain) {
				char name[IP_TEXT_SIZE];
				ip_format(&ip, name);
				fail_msg("%s is %s", name, plain ? "domestic" : "foreign");
			}
		}
		domestic_free(d);
	}
}

/* The first and last address of every special block, and their neighbours, judged as ip_is_global() does. */
static void an_empty_table_is_what_is_not_global(void **state)
{
	static const uint8_t tops[] = {0,   1,   9,   10,  11,  100, 126, 127, 128,
				       169, 172, 192, 198, 223, 224, 239, 255};
	static const uint8_t seconds[] = {0,  1,  15,  16,  17,  18,  19,  20,  31,  32, 51,
					  63, 64, 127, 128, 167, 168, 169, 253, 254, 255};
	static const uint8_t tops6[] = {0, 1, 2, 0x1f, 0x20, 0x24, 0x3f, 0x40, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};
	static const uint8_t seconds6[] = {0, 1, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
	(void)state;
	struct domestic *d = parse("");
	assert_int_equal(d->prefixes, 0);
	for (size_t a = 0; a < COUNT(tops); a++)
		for (size_t b = 0; b < COUNT(seconds); b++)
			for (unsigned c = 0; c < 4; c++) {
				struct ip ip = {{tops[a], seconds[b], (uint8_t)(c & 1 ? 255 : 0),
						 (uint8_t)(c & 2 ? 255 : 0)},
						4};
				assert_int_equal(domestic_has(d, &ip), !ip_is_global(&ip));
			}
	for (size_t a = 0; a < COUNT(tops6); a++)
		for (size_t b = 0; b < COUNT(seconds6); b++)
			for (unsigned c = 0; c < 16; c++) {
				struct ip ip = {{tops6[a], seconds6[b]}, 6};
				ip.bytes[7] = c & 1 ? 1 : 0;
				ip.bytes[15] = (uint8_t)(c >> 1 & 3);
				ip.bytes[10] = ip.bytes[11] = c & 8 ? 0xff : 0;
				assert_int_equal(domestic_has(d, &ip), !ip_is_global(&ip));
			}
	/* NAT64 is what it carries. */
	static const char *const others[] = {
		"64:ff9b::808:808", "64:ff9b::a01:203",   "64:ff9b::",        "64:ff9b::dfff:ffff",
		"64:ff9b::e000:0",  "64:ff9b::1:808:808", "64:ff9a::808:808", "2001:2::1",
		"2001:2:1::1",      "2001:1:ffff::"};
	for (size_t i = 0; i < COUNT(others); i++) {
		struct ip ip;
		assert_int_equal(ip_parse(others[i], strlen(others[i]), &ip), HN_OK);
		if (domestic_has(d, &ip) != !ip_is_global(&ip))
			fail_msg("%s", others[i]);
	}
	domestic_free(d);
}

static void digest_tells_meaning_not_form(void **state)
{
	static const char *const same[] = {
		"203.0.113.0/24\n2001:db8::/32\n",
		"# other\n2001:db8:8000::/33\n203.0.113.128/25\n203.0.113.0/25\n2001:db8::/33",
		"203.0.113.7\n203.0.113.0/24\n2001:db8::/32\n203.0.113.0/24\n"};
	static const char *const other[] = {"", "203.0.113.0/25\n2001:db8::/32\n",
					    "203.0.113.0/24\n2001:db8::/31\n", "203.0.113.0/24\n"};
	(void)state;
	struct domestic *first = parse(same[0]);
	char hex[SHA256_HEX_SIZE];
	hex_encode(domestic_digest(first), SHA256_SIZE, hex);
	/* printf '203.0.113.0-203.0.113.255\n2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\n' | sha256sum
	 */
	assert_string_equal(hex, "2440dfcf2e4bf50d53d96daa603399738e48a5155092f1b8edc7bf735d984907");
	for (size_t i = 1; i < COUNT(same); i++) {
		struct domestic *d = parse(same[i]);
		assert_memory_equal(domestic_digest(d), domestic_digest(first), SHA256_SIZE);
		domestic_free(d);
	}
	for (size_t i = 0; i < COUNT(other); i++) {
		struct domestic *d = parse(other[i]);
		assert_memory_not_equal(domestic_digest(d), domestic_digest(first), SHA256_SIZE);
		domestic_free(d);
	}
	domestic_free(first);
}

static void whole_spaces_are_taken(void **state)
{
	(void)state;
	struct domestic *d = parse("0.0.0.0/0\n::/0\n");
	assert_true(has(d, "8.8.8.8") && has(d, "255.255.255.255") && has(d, "0.0.0.0"));
	assert_true(has(d, "2606::1") && has(d, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") && has(d, "::"));
	domestic_free(d);
}

static void bad_lines_are_named(void **state)
{
	static const struct {
		const char *text, *place;
	} cases[] = {{"203.0.113.1/24\n", "line 1"},
		     {"\n# x\nexample\n", "line 3"},
		     {"203.0.113.0/33", "line 1"},
		     {"203.0.113.0 /24\n", "line 1"},
		     {"1.2.3\n", "line 1"},
		     {"2001:db8::/129", "line 1"},
		     {"203.0.113.0/24 x\n", "line 1"},
		     {"1.0.0.0/8\n2001:db8::1/64", "line 2"}};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fault fault;
		struct domestic *d = NULL;
		uint8_t *copy = exact_copy(cases[i].text, strlen(cases[i].text));
		assert_int_equal(domestic_parse((const char *)copy, strlen(cases[i].text), &d, &fault),
				 HN_EFORMAT);
		assert_string_equal(fault.place, cases[i].place);
		assert_null(d);
		free(copy);
	}
	domestic_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(addresses_lie_where_the_file_says),
					   cmocka_unit_test(fast_equals_plain),
					   cmocka_unit_test(an_empty_table_is_what_is_not_global),
					   cmocka_unit_test(digest_tells_meaning_not_form),
					   cmocka_unit_test(whole_spaces_are_taken),
					   cmocka_unit_test(bad_lines_are_named)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
