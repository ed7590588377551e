/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/prefix_map.h"

#include <stdio.h>

#include "../check.h"
#include "base/cur.h"

static struct ip_prefix prefix_of(const char *text)
{
	struct ip_prefix p;
	assert_int_equal(ip_prefix_parse(text, strlen(text), &p), HN_OK);
	return p;
}

static uint32_t find(const struct prefix_map *map, const struct ip *ip)
{
	if (ip->version == 4)
		return prefix_map_find4(map, load_be32(ip->bytes));
	return prefix_map_find6(map, load_be64(ip->bytes), load_be64(ip->bytes + 8));
}

static uint32_t find_text(const struct prefix_map *map, const char *text)
{
	struct ip ip;
	assert_int_equal(ip_parse(text, strlen(text), &ip), HN_OK);
	return find(map, &ip);
}

static void finds_the_longest(void **state)
{
	static const char *const prefixes[] = {
		"10.0.0.0/8",
		"10.1.0.0/16",
		"10.1.2.0/24",
		"10.1.2.3/32",
		"10.255.255.255/32",
		"192.0.2.128/25",
		"2001:db8::/32",
		"2001:db8::/64",
		"2001:db8::1/128",
		"2001:db8::100/120",
		"::1/128",
		"ffff:ffff::/32",
		"2001:db8:0:ffff:ffff:ffff:ffff:ffff/128",
		"2001:db8:5:5::/80",
	};
	static const struct {
		const char *address;
		uint32_t value;
	} cases[] = {
		{"9.255.255.255", PREFIX_NONE},
		{"10.0.0.0", 0},
		{"10.0.255.255", 0},
		{"10.1.0.0", 1},
		{"10.1.2.0", 2},
		{"10.1.2.2", 2},
		{"10.1.2.3", 3},
		{"10.1.2.4", 2},
		{"10.1.3.0", 1},
		{"10.2.0.0", 0},
		{"10.255.255.254", 0},
		{"10.255.255.255", 4},
		{"11.0.0.0", PREFIX_NONE},
		{"192.0.2.127", PREFIX_NONE},
		{"192.0.2.255", 5},
		{"255.255.255.255", PREFIX_NONE},
		{"0.0.0.0", PREFIX_NONE},
		{"::", PREFIX_NONE},
		{"::1", 10},
		{"::2", PREFIX_NONE},
		{"2001:db8::", 7},
		{"2001:db8::1", 8},
		{"2001:db8::2", 7},
		{"2001:db8::1ff", 9},
		{"2001:db8::200", 7},
		{"2001:db8:0:1::", 6},
		{"2001:db8:0:ffff:ffff:ffff:ffff:ffff", 12},
		{"2001:db8:0:ffff:ffff:ffff:ffff:fffe", 6},
		{"2001:db8:1::", 6},
		{"2001:db8:5:5:0:ffff::", 13},
		{"2001:db8:5:5:1::", 6},
		{"2001:db9::", PREFIX_NONE},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 11},
	};
	(void)state;
	struct prefix_value rows[COUNT(prefixes)], twice[2];
	struct prefix_map *map;
	for (size_t i = 0; i < COUNT(prefixes); i++)
		rows[i] = (struct prefix_value){prefix_of(prefixes[i]), (uint32_t)i};
	assert_int_equal(prefix_map_new(rows, COUNT(rows), &map, twice), HN_OK);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(find_text(map, cases[i].address), cases[i].value);
	assert_true(prefix_map_size(map) < 4096);
	prefix_map_free(map);
}

static void knows_nobody_when_empty(void **state)
{
	(void)state;
	struct prefix_value twice[2];
	struct prefix_map *map;
	assert_int_equal(prefix_map_new(NULL, 0, &map, twice), HN_OK);
	assert_int_equal(find_text(map, "192.0.2.1"), PREFIX_NONE);
	assert_int_equal(find_text(map, "2001:db8::1"), PREFIX_NONE);
	prefix_map_free(map);
	prefix_map_free(NULL);
}

static void holds_everything(void **state)
{
	(void)state;
	struct prefix_value rows[] = {{prefix_of("0.0.0.0/0"), 4}, {prefix_of("::/0"), 6}}, twice[2];
	struct prefix_map *map;
	assert_int_equal(prefix_map_new(rows, COUNT(rows), &map, twice), HN_OK);
	assert_int_equal(find_text(map, "0.0.0.0"), 4);
	assert_int_equal(find_text(map, "255.255.255.255"), 4);
	assert_int_equal(find_text(map, "::"), 6);
	assert_int_equal(find_text(map, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 6);
	prefix_map_free(map);
}

static void refuses_the_same_twice(void **state)
{
	(void)state;
	struct prefix_value rows[] = {
		{prefix_of("192.0.2.0/24"), 7}, {prefix_of("10.0.0.0/8"), 1}, {prefix_of("192.0.2.0/24"), 3}};
	struct prefix_value twice[2];
	struct prefix_map *map = NULL;
	assert_int_equal(prefix_map_new(rows, COUNT(rows), &map, twice), HN_EEXIST);
	assert_null(map);
	assert_int_equal(twice[0].value, 3);
	assert_int_equal(twice[1].value, 7);
	assert_int_equal(twice[0].prefix.len, 24);
}

/* xorshift: a world is its seed. */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Addresses that crowd, so that prefixes nest, touch and share their upper halves. */
static struct ip some_address(uint64_t *seed, uint8_t version)
{
	static const uint8_t bytes[] = {0, 0, 0, 1, 0x20, 0x7f, 0x80, 0xff};
	struct ip ip = {.version = version};
	for (size_t i = 0; i < (version == 4 ? 4 : 16); i++) {
		uint64_t r = next(seed);
		ip.bytes[i] = (r & 0x300) == 0 ? (uint8_t)r : bytes[r & 7];
	}
	return ip;
}

static uint32_t naive(const struct prefix_value rows[], size_t count, const struct ip *ip)
{
	uint32_t best = PREFIX_NONE;
	int len = -1;
	for (size_t i = 0; i < count; i++)
		if (rows[i].prefix.len > len && ip_prefix_has(&rows[i].prefix, ip)) {
			best = rows[i].value;
			len = rows[i].prefix.len;
		}
	return best;
}

/* The address before or after a prefix, or its first or last. */
static struct ip beside(const struct ip_prefix *p, unsigned which)
{
	struct ip ip = p->addr;
	unsigned size = ip.version == 4 ? 4 : 16;
	if ((which & 1) != 0)
		for (unsigned bit = p->len; bit < size * 8; bit++)
			ip.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	if ((which & 2) == 0)
		return ip;
	for (unsigned i = size; i-- > 0;) {
		ip.bytes[i] = (uint8_t)((which & 1) != 0 ? ip.bytes[i] + 1 : ip.bytes[i] - 1);
		if (ip.bytes[i] != ((which & 1) != 0 ? 0 : 0xff))
			break;
	}
	return ip;
}

static void equals_the_naive_one(void **state)
{
	static const size_t sizes[] = {1, 2, 5, 9, 40, 300, 2000};
	(void)state;
	uint64_t seed = 0x9e3779b97f4a7c15;
	for (size_t world = 0; world < 40; world++) {
		size_t wanted = sizes[world % COUNT(sizes)], count = 0;
		struct prefix_value *rows = calloc(wanted, sizeof(*rows)), twice[2];
		assert_non_null(rows);
		for (size_t i = 0; i < wanted; i++) {
			uint8_t version = (next(&seed) & 1) != 0 ? 4 : 6;
			uint8_t len = (uint8_t)(next(&seed) % (version == 4 ? 33 : 129));
			struct ip ip = some_address(&seed, version);
			struct ip_prefix p = {ip_mask(&ip, len), len};
			bool known = false;
			for (size_t k = 0; k < count; k++)
				known = known || memcmp(&rows[k].prefix, &p, sizeof(p)) == 0;
			if (!known)
				rows[count++] = (struct prefix_value){p, (uint32_t)(next(&seed) % 5)};
		}
		struct prefix_map *map;
		assert_int_equal(prefix_map_new(rows, count, &map, twice), HN_OK);
		for (size_t i = 0; i < 500; i++) {
			struct ip ip = some_address(&seed, (next(&seed) & 1) != 0 ? 4 : 6);
			assert_int_equal(find(map, &ip), naive(rows, count, &ip));
			ip = beside(&rows[next(&seed) % count].prefix, (unsigned)i);
			assert_int_equal(find(map, &ip), naive(rows, count, &ip));
		}
		prefix_map_free(map);
		free(rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_longest),    cmocka_unit_test(knows_nobody_when_empty),
		cmocka_unit_test(holds_everything),     cmocka_unit_test(refuses_the_same_twice),
		cmocka_unit_test(equals_the_naive_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
