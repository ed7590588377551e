/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/name_rules.h"

#include <stdio.h>
#include <sys/random.h>

#include "match/hash.h"
#include "tests/unit/check.h"

/* The linker puts these in getrandom's place: a test may choose the first seed. */
ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags);
ssize_t __real_getrandom(void *out, size_t len, unsigned flags);
static uint32_t first_seed; /* 0: a random one */

ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags)
{
	if (first_seed == 0 || len != sizeof(first_seed))
		return __real_getrandom(out, len, flags);
	memcpy(out, &first_seed, sizeof(first_seed));
	return sizeof(first_seed);
}

/* Names over few labels, so that they lie below one another. */
#define LABELS 5u
#define DEPTH  4u
#define NAMES  (LABELS * LABELS * LABELS * LABELS)

static uint64_t random_state;

static uint32_t next(uint32_t below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % below;
}

static size_t make_name(uint32_t number, unsigned depth, uint8_t out[64])
{
	size_t len = 0;
	for (unsigned i = 0; i < depth; i++, number /= LABELS) {
		unsigned n = 1 + number % LABELS;
		out[len++] = (uint8_t)n;
		memset(out + len, 'a' + (int)(number % LABELS), n);
		len += n;
	}
	return len;
}

struct entry {
	uint8_t name[64];
	size_t len;
	bool below;
	uint32_t rule;
};

/* The naive model: every entry is looked at. */
static const struct entry *naive_find(const struct entry *entries, size_t count, const uint8_t *name,
				      size_t len)
{
	const struct entry *best = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct entry *e = &entries[i];
		if (!e->below && e->len == len && memcmp(e->name, name, len) == 0)
			return e;
		bool suffix = false;
		for (size_t at = 1u + name[0]; at <= len; at += at < len ? 1u + name[at] : 1u)
			suffix |= len - at == e->len && memcmp(name + at, e->name, e->len) == 0;
		if (e->below && suffix && (best == NULL || e->len > best->len))
			best = e;
	}
	return best;
}

static size_t find_same(const struct entry *entries, size_t count, const struct entry *e)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].below == e->below && entries[i].len == e->len &&
		    memcmp(entries[i].name, e->name, e->len) == 0)
			return i;
	return count;
}

static size_t fill(struct name_rules *t, struct entry *entries, size_t max)
{
	size_t count = 0;
	for (size_t i = 0; i < max; i++) {
		struct entry e = {.below = next(2) == 0, .rule = next(3)};
		e.len = make_name(next(NAMES), next(DEPTH) + (e.below ? 0 : 1), e.name);
		size_t same = find_same(entries, count, &e);
		uint32_t rule = e.rule;
		int rc = name_rules_add(t, e.name, e.len, e.below, &rule, false);
		if (same < count && entries[same].rule != e.rule) {
			assert_int_equal(rc, HN_EEXIST);
			assert_int_equal(rule, entries[same].rule);
			rule = e.rule;
			assert_int_equal(name_rules_add(t, e.name, e.len, e.below, &rule, true), HN_OK);
			entries[same].rule = e.rule;
		} else {
			assert_int_equal(rc, HN_OK);
			if (same == count)
				entries[count++] = e;
		}
	}
	return count;
}

static void equals_the_naive_model(void **state)
{
	enum { MAX = 400 };
	struct entry *entries = calloc(MAX, sizeof(*entries));
	(void)state;
	assert_non_null(entries);
	for (unsigned world = 0; world < 40; world++) {
		struct name_rules *t;
		random_state = world;
		assert_int_equal(name_rules_new(&t), HN_OK);
		size_t count = fill(t, entries, world * 10);
		assert_int_equal(name_rules_finish(t), HN_OK);
		assert_int_equal(name_rules_count(t), count);
		for (uint32_t n = 0; n < NAMES; n++) {
			struct name_rules_hit hit, by_steps = {0};
			struct suffixes cut;
			struct fetches f = {0};
			uint8_t name[64];
			size_t len = make_name(n, 1 + n % DEPTH, name);
			uint8_t *exact = exact_copy(name, len);
			const struct entry *e = naive_find(entries, count, name, len);
			assert_true(suffixes_cut(&cut, exact, len));
			name_rules_prefetch(t, &cut, &f);
			fetches_go(&f);
			name_rules_prefetch_records(t, &cut, &f);
			fetches_go(&f);
			assert_int_equal(name_rules_find_suffixes(t, &cut, &by_steps), e != NULL);
			assert_int_equal(name_rules_find(t, exact, len, &hit), e != NULL);
			if (e != NULL) {
				assert_int_equal(by_steps.rule, hit.rule);
				assert_int_equal(by_steps.slot, hit.slot);
				assert_int_equal(by_steps.bytes_left, hit.bytes_left);
				const uint8_t *key;
				size_t key_len;
				assert_int_equal(hit.rule, e->rule);
				assert_int_equal(hit.below, e->below);
				assert_int_equal(hit.bytes_left, len - e->len);
				name_rules_key(t, hit.slot, &key, &key_len);
				assert_int_equal(key_len, e->len);
			}
			free(exact);
		}
		name_rules_free(t);
	}
	free(entries);
}

static int count_one(void *context, const uint8_t *name, size_t len, bool below, uint32_t rule)
{
	uint64_t *sum = context;
	(void)name;
	(void)len;
	(void)below;
	*sum += rule;
	return HN_OK;
}

static size_t number_name(uint32_t number, uint8_t out[16])
{
	int len = snprintf((char *)out + 1, 15, "%u", number);
	out[0] = (uint8_t)len;
	return (size_t)len + 1;
}

static void holds_many(void **state)
{
	enum { MANY = 50000 };
	struct name_rules *t;
	uint64_t sum = 0;
	(void)state;
	assert_int_equal(name_rules_new(&t), HN_OK);
	for (uint32_t i = 0; i < MANY; i++) {
		uint8_t name[16];
		uint32_t rule = i;
		assert_int_equal(name_rules_add(t, name, number_name(i, name), false, &rule, false), HN_OK);
	}
	assert_int_equal(name_rules_finish(t), HN_OK);
	for (uint32_t i = 0; i < 2 * MANY; i++) {
		struct name_rules_hit hit;
		uint8_t name[16];
		assert_int_equal(name_rules_find(t, name, number_name(i, name), &hit), i < MANY);
		if (i < MANY)
			assert_int_equal(hit.rule, i);
	}
	assert_int_equal(name_rules_each(t, count_one, &sum), HN_OK);
	assert_int_equal(sum, (uint64_t)MANY * (MANY - 1) / 2);
	name_rules_free(t);
}

/* Whether it lies in the first 256th of the table under a seed. */
static bool is_crowded(uint32_t number, uint32_t seed)
{
	uint8_t name[16];
	size_t len = number_name(number, name);
	return hash_name(name, len, seed) >> 56 == 0;
}

/*
 * Among many names so many that fall together under the first seed that no look-up could go on far enough:
 * another seed is taken, and all are found under it.
 */
static void takes_another_seed_where_too_many_fall_together(void **state)
{
	enum { MANY = 20000, CROWD = 1500, BUCKETS_AT_MOST = MANY / 256 + HIM_PROBE_MAX, IN_BUCKET = 8 };
	static uint32_t crowd[CROWD];
	struct name_rules *t;
	struct name_rules_hit hit;
	uint8_t name[16];
	_Static_assert(CROWD > BUCKETS_AT_MOST * IN_BUCKET, "they find no room under the first seed");
	(void)state;
	first_seed = 12345;
	assert_int_equal(name_rules_new(&t), HN_OK);
	size_t found = 0;
	uint32_t number = 0;
	for (; number < MANY || found < CROWD; number++) {
		bool in_crowd = number >= MANY && is_crowded(number, first_seed);
		uint32_t rule = number & NAME_RULES_RULE_MAX;
		if (number >= MANY && !in_crowd)
			continue;
		if (in_crowd)
			crowd[found++] = number;
		assert_int_equal(name_rules_add(t, name, number_name(number, name), false, &rule, false),
				 HN_OK);
	}
	assert_int_equal(name_rules_finish(t), HN_OK);
	assert_int_equal(name_rules_count(t), MANY + CROWD);
	for (uint32_t i = 0; i < MANY + CROWD; i++) {
		uint32_t wanted = i < MANY ? i : crowd[i - MANY];
		assert_true(name_rules_find(t, name, number_name(wanted, name), &hit));
		assert_int_equal(hit.rule, wanted & NAME_RULES_RULE_MAX);
	}
	for (uint32_t i = number; i < number + MANY; i++)
		assert_false(name_rules_find(t, name, number_name(i, name), &hit));
	name_rules_free(t);
	first_seed = 0;
}

static void refuses_malformed_names(void **state)
{
	static const struct {
		const char *name;
		size_t len;
	} cases[] = {{"", 0}, {"\2a", 2}, {"\0a", 2}, {"\1a\0", 3}, {"\100a", 2}};
	struct name_rules *t;
	(void)state;
	assert_int_equal(name_rules_new(&t), HN_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t rule = 0;
		uint8_t *copy = exact_copy(cases[i].name, cases[i].len);
		assert_int_equal(name_rules_add(t, copy, cases[i].len, false, &rule, false), HN_EFORMAT);
		free(copy);
	}
	assert_int_equal(name_rules_finish(t), HN_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct name_rules_hit hit;
		uint8_t *copy = exact_copy(cases[i].name, cases[i].len);
		assert_false(name_rules_find(t, copy, cases[i].len, &hit));
		free(copy);
	}
	name_rules_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_the_naive_model),
		cmocka_unit_test(holds_many),
		cmocka_unit_test(takes_another_seed_where_too_many_fall_together),
		cmocka_unit_test(refuses_malformed_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
