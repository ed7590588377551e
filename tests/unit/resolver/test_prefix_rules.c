/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/prefix_rules.h"

#include "tests/unit/check.h"

#define PREFIXES 60

static uint64_t random_state;

static uint32_t next(uint32_t below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % below;
}

/* Addresses that share many of their first bits. */
static struct ip make_ip(uint8_t version)
{
	struct ip ip = {.version = version};
	size_t size = version == 4 ? 4 : 16;
	for (size_t i = 0; i < size; i++)
		ip.bytes[i] = next(3) == 0 ? (uint8_t)next(256) : 0;
	return ip;
}

static size_t fill(struct prefix_rules *t, struct ip_prefix *prefixes)
{
	size_t count = 0;
	for (uint32_t i = 0; i < PREFIXES; i++) {
		uint8_t version = next(2) == 0 ? 4 : 6;
		struct ip ip = make_ip(version);
		uint8_t len = (uint8_t)next(version == 4 ? 33 : 129);
		struct ip_prefix p = {ip_mask(&ip, len), len};
		bool there = false;
		for (size_t k = 0; k < count; k++)
			there |= memcmp(&prefixes[k], &p, sizeof(p)) == 0;
		if (there)
			continue;
		assert_int_equal(prefix_rules_add(t, &p, (uint32_t)count, i), HN_OK);
		/* Twice with one number is once. */
		assert_int_equal(prefix_rules_add(t, &p, (uint32_t)count, i), HN_OK);
		prefixes[count++] = p;
	}
	return count;
}

/* Every prefix is looked at. @return its place plus one */
static size_t naive_find(const struct ip_prefix *prefixes, size_t count, const struct ip *ip,
			 unsigned len_max)
{
	size_t best = 0;
	for (size_t i = 0; i < count; i++)
		if (prefixes[i].len <= len_max && ip_prefix_has(&prefixes[i], ip) &&
		    (best == 0 || prefixes[i].len > prefixes[best - 1].len))
			best = i + 1;
	return best;
}

static void equals_the_naive_model(void **state)
{
	(void)state;
	for (unsigned world = 0; world < 100; world++) {
		struct ip_prefix prefixes[PREFIXES];
		struct prefix_rules t = {0};
		uint32_t line;
		random_state = world;
		size_t count = fill(&t, prefixes);
		assert_int_equal(prefix_rules_finish(&t, &line), HN_OK);
		assert_int_equal(prefix_rules_count(&t), count);
		for (unsigned q = 0; q < 300; q++) {
			struct ip ip = make_ip(q % 2 == 0 ? 4 : 6);
			uint8_t len = (uint8_t)next(q % 2 == 0 ? 33 : 129);
			struct ip_prefix asked = {ip_mask(&ip, len), len}, key;
			struct prefix_rules_hit hit;
			size_t best = naive_find(prefixes, count, &ip, 128);
			assert_int_equal(prefix_rules_find(&t, &ip, &hit), best != 0);
			assert_int_equal(prefix_rules_covers(&t, &asked),
					 naive_find(prefixes, count, &asked.addr, len) != 0);
			if (best == 0)
				continue;
			assert_int_equal(hit.rule, best - 1);
			assert_int_equal(hit.len, prefixes[best - 1].len);
			prefix_rules_key(&t, ip.version, hit.slot, &key);
			assert_memory_equal(&key, &prefixes[best - 1], sizeof(key));
		}
		prefix_rules_clear(&t);
	}
}

static void tells_the_line_of_a_contradiction(void **state)
{
	const struct ip_prefix p = {{{192, 0, 2}, 4}, 24}, other = {{{192, 0, 2}, 4}, 25};
	struct prefix_rules t = {0};
	uint32_t line = 0;
	(void)state;
	assert_int_equal(prefix_rules_add(&t, &p, 1, 10), HN_OK);
	assert_int_equal(prefix_rules_add(&t, &other, 2, 11), HN_OK);
	assert_int_equal(prefix_rules_add(&t, &p, 2, 12), HN_OK);
	assert_int_equal(prefix_rules_finish(&t, &line), HN_EEXIST);
	assert_int_equal(line, 12);
	prefix_rules_clear(&t);
}

static void answers_nothing_when_empty(void **state)
{
	struct prefix_rules t = {0};
	const struct ip ip = {{192, 0, 2, 1}, 4};
	struct prefix_rules_hit hit;
	uint32_t line;
	(void)state;
	assert_int_equal(prefix_rules_finish(&t, &line), HN_OK);
	assert_false(prefix_rules_find(&t, &ip, &hit));
	assert_int_equal(prefix_rules_bytes(&t), 0);
	prefix_rules_clear(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_the_naive_model),
		cmocka_unit_test(tells_the_line_of_a_contradiction),
		cmocka_unit_test(answers_nothing_when_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
