/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/ip.h"

#include <stdio.h>

#include "../check.h"

static struct ip ip_of(const char *text)
{
	struct ip ip;
	assert_int_equal(ip_parse(text, strlen(text), &ip), HN_OK);
	return ip;
}

/* Spelling in, spelling of RFC 5952 out; NULL where it is refused. */
static const char *const spellings[][2] = {
	{"192.0.2.1", "192.0.2.1"},
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	{"2001:0db8::0001", "2001:db8::1"},
	{"::", "::"},
	{"::1", "::1"},
	{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
	{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
	{"192.0.2", NULL},
	{"192.0.2.01", NULL},
	{"192.0.2.256", NULL},
	{"192.0.2.1.", NULL},
	{" 192.0.2.1", NULL},
	{"192.0.2.1 ", NULL},
	{"0xc0.0.2.1", NULL},
	{"3221225985", NULL},
	{"", NULL},
	{":", NULL},
	{":::", NULL},
	{"1::2::3", NULL},
	{"fe80::1%eth0", NULL},
	{"[::1]", NULL},
	{"12345::", NULL},
	{"1:2:3:4:5:6:7:8:9", NULL},
	{"1:2:3:4:5:6:7", NULL},
	{"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", NULL},
};

static void reads_and_writes_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(spellings); i++) {
		size_t len = strlen(spellings[i][0]);
		char *copy = (char *)exact_copy(spellings[i][0], len);
		struct ip ip = {.version = 77};
		char text[IP_TEXT_SIZE];
		if (spellings[i][1] == NULL) {
			assert_int_equal(ip_parse(copy, len, &ip), HN_EFORMAT);
			assert_int_equal(ip.version, 77);
		} else {
			assert_int_equal(ip_parse(copy, len, &ip), HN_OK);
			ip_format(&ip, text);
			assert_string_equal(text, spellings[i][1]);
		}
		free(copy);
	}
	struct ip ip;
	assert_int_equal(ip_parse("192.0.2.1\0", 10, &ip), HN_EFORMAT);
}

static void reads_and_writes_prefixes(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"192.0.2.0/24", "192.0.2.0/24"},
		{"192.0.2.1", "192.0.2.1/32"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"2001:db8::/32", "2001:db8::/32"},
		{"2001:db8::1", "2001:db8::1/128"},
		{"::/0", "::/0"},
		{"192.0.2.1/24", NULL},
		{"2001:db8::1/32", NULL},
		{"192.0.2.0/33", NULL},
		{"2001:db8::/129", NULL},
		{"192.0.2.0/", NULL},
		{"192.0.2.0/024", NULL},
		{"192.0.2.0/-1", NULL},
		{"192.0.2.0/+24", NULL},
		{"/24", NULL},
		{"192.0.2.0/24/24", NULL},
		{"192.0.2.0/1000", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i][0]);
		char *copy = (char *)exact_copy(cases[i][0], len);
		struct ip_prefix p = {.len = 200};
		char text[IP_PREFIX_TEXT_SIZE];
		if (cases[i][1] == NULL) {
			assert_int_equal(ip_prefix_parse(copy, len, &p), HN_EFORMAT);
			assert_int_equal(p.len, 200);
		} else {
			assert_int_equal(ip_prefix_parse(copy, len, &p), HN_OK);
			ip_prefix_format(&p, text);
			assert_string_equal(text, cases[i][1]);
		}
		free(copy);
	}
}

/* Bit by bit, the slow way, against ip_mask() and ip_prefix_has(). */
static void a_prefix_has_what_shares_its_bits(void **state)
{
	(void)state;
	const struct ip six = ip_of("2001:db8:a5a5:5a5a:ffff:0:1234:fedc");
	for (unsigned len = 0; len <= 128; len++) {
		struct ip_prefix p = {ip_mask(&six, len), (uint8_t)len};
		assert_true(ip_prefix_has(&p, &six));
		for (unsigned bit = 0; bit < 128; bit++) {
			struct ip other = six;
			other.bytes[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
			assert_int_equal(ip_prefix_has(&p, &other), bit >= len);
		}
	}
	struct ip_prefix all4 = {ip_of("0.0.0.0"), 0};
	assert_true(ip_prefix_has(&all4, &(struct ip){.version = 4, .bytes = {1, 2, 3, 4}}));
	assert_false(ip_prefix_has(&all4, &six));
}

/* The edges of what the IANA registries call special. */
static void tells_global_from_special(void **state)
{
	(void)state;
	static const struct {
		const char *ip;
		bool global;
	} cases[] = {
		{"8.8.8.8", true},
		{"192.0.2.1", true},
		{"198.51.100.7", true},
		{"203.0.113.9", true},
		{"0.1.2.3", false},
		{"9.255.255.255", true},
		{"10.0.0.0", false},
		{"10.255.255.255", false},
		{"11.0.0.0", true},
		{"100.63.255.255", true},
		{"100.64.0.0", false},
		{"100.127.255.255", false},
		{"100.128.0.0", true},
		{"127.0.0.1", false},
		{"169.253.255.255", true},
		{"169.254.0.1", false},
		{"172.15.255.255", true},
		{"172.16.0.0", false},
		{"172.31.255.255", false},
		{"172.32.0.0", true},
		{"192.167.255.255", true},
		{"192.168.0.0", false},
		{"192.0.0.1", false},
		{"198.17.255.255", true},
		{"198.18.0.0", false},
		{"198.19.255.255", false},
		{"198.20.0.0", true},
		{"223.255.255.255", true},
		{"224.0.0.1", false},
		{"255.255.255.255", false},
		{"::", false},
		{"::1", false},
		{"::ffff:8.8.8.8", false},
		{"fe80::1", false},
		{"fec0::1", false},
		{"fc00::1", false},
		{"fdff::1", false},
		{"ff02::1", false},
		{"100::1", false},
		{"2001:db8::1", true},
		{"2001:2::1", false},
		{"2001:2:1::1", true},
		{"2606:4700::1", true},
		{"4000::1", false},
		{"1fff::1", false},
		{"3fff::1", true},
		{"5f00::1", false},
		{"64:ff9b::8.8.8.8", true},
		{"64:ff9b::10.0.0.1", false},
		{"64:ff9b:1::1", false},
		{"::8.8.8.8", false},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip = ip_of(cases[i].ip);
		if (ip_is_global(&ip) != cases[i].global)
			fail_msg("%s", cases[i].ip);
	}
}

static void loopback_is_this_machine(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool loopback;
	} rows[] = {
		{"127.0.0.1", true}, {"127.255.255.254", true}, {"::1", true},  {"0.0.0.0", false},
		{"::", false},       {"128.0.0.1", false},      {"::2", false}, {"::ffff:127.0.0.1", false},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ip ip;
		assert_int_equal(ip_parse(rows[i].text, strlen(rows[i].text), &ip), HN_OK);
		assert_int_equal(ip_is_loopback(&ip), rows[i].loopback);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_is_this_machine),
		cmocka_unit_test(reads_and_writes_addresses),
		cmocka_unit_test(reads_and_writes_prefixes),
		cmocka_unit_test(a_prefix_has_what_shares_its_bits),
		cmocka_unit_test(tells_global_from_special),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
