/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/build.h"

#include <stdio.h>

#include "match/canonical.h"
#include "match/him.h"
#include "match/set.h"
#include "tests/unit/match/world.h"

#include "tests/unit/check.h"

static int add(struct him_build *b, const char *text, const struct entry_meta *meta)
{
	struct canonical c;
	assert_int_equal(canonical_value(text, strlen(text), &c), HN_OK);
	return him_build_add(b, &c.key, meta);
}

static struct set *finish_sized(struct him_build *b, size_t *size_out)
{
	const uint8_t *data;
	size_t size;
	uint8_t digest[32];
	struct set *s;
	struct fault fault = {0};
	assert_int_equal(him_build_finish(b, &data, &size, digest), HN_OK);
	if (him_verify(data, size, &fault) != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	const void *const files[] = {data};
	assert_int_equal(set_open_bytes(files, &size, 1, &s, NULL), HN_OK);
	assert_memory_equal(set_layer_digest(s, 0), digest, 32);
	*size_out = size;
	return s;
}

static struct set *finish(struct him_build *b)
{
	size_t size;
	return finish_sized(b, &size);
}

static struct him_build *build_new(void)
{
	struct him_build *b;
	assert_int_equal(him_build_new("test", NULL, &b), HN_OK);
	return b;
}

static void the_order_of_entries_does_not_matter(void **state)
{
	(void)state;
	for (uint64_t seed = 100; seed < 110; seed++) {
		struct world *w = world_new(seed, 1, 380);
		const struct world_layer *l = &w->layer[0];
		for (int i = 0; i < 3; i++) {
			size_t size;
			uint8_t *again = world_compile(w, l->entries, l->count, NULL, false, &size);
			assert_int_equal(size, l->file_size);
			assert_memory_equal(again, l->file, size);
			free(again);
		}
		world_free(w);
	}
}

static void of_several_entries_with_one_key_a_rule_chooses(void **state)
{
	(void)state;
	/* Pairs of which the first stays, in either order. */
	static const struct entry_meta pairs[][2] = {
		{{.object = "z", .confidence = 0, .allow = true}, {.object = "a", .confidence = 100}},
		{{.object = "z", .confidence = 0}, {.object = "a", .valid_until_ns = 5, .confidence = 100}},
		{{.object = "z", .valid_until_ns = 6, .confidence = 0}, {.object = "a", .valid_until_ns = 5}},
		{{.object = "z", .valid_from_ns = 1}, {.object = "a", .valid_from_ns = 2}},
		{{.object = "z", .confidence = 50}, {.object = "a", .confidence = 49}},
		{{.object = "z", .confidence = 0}, {.object = "a", .confidence = 255}},
		{{.object = NULL}, {.object = "a"}},
		{{.object = "a"}, {.object = "aa"}},
		{{.object = "a", .act = "a"}, {.object = "a", .act = "b"}},
		{{.object = "a", .marking = NULL}, {.object = "a", .marking = "b"}},
		{{.object = "a", .phase = "a"}, {.object = "a", .phase = "b"}},
	};
	for (size_t i = 0; i < COUNT(pairs); i++) {
		for (size_t first = 0; first < 2; first++) {
			struct him_build *b = build_new();
			struct him_build_counts counts;
			struct set_hit hit;
			struct entry_meta meta;
			assert_int_equal(add(b, "192.0.2.1", &pairs[i][first]), HN_OK);
			assert_int_equal(add(b, "192.0.2.1/32", &pairs[i][1 - first]), HN_OK);
			struct set *s = finish(b);
			assert_true(set_find_ip4(s, (const uint8_t *)"\300\0\2\1", &hit));
			set_meta(s, &hit, &meta);
			if (pairs[i][0].object == NULL)
				assert_null(meta.object);
			else
				assert_string_equal(meta.object, pairs[i][0].object);
			assert_int_equal(meta.allow, pairs[i][0].allow);
			assert_int_equal(meta.confidence, pairs[i][0].confidence);
			if (pairs[i][0].act != NULL)
				assert_string_equal(meta.act, pairs[i][0].act);
			if (pairs[i][0].phase != NULL)
				assert_string_equal(meta.phase, pairs[i][0].phase);
			him_build_counts(b, &counts);
			assert_int_equal(counts.entries, 1);
			assert_int_equal(counts.duplicates, 1);
			set_close(s);
			him_build_free(b);
		}
	}
}

/* Compiled by lines of a list, each with its object; "-" in front: of another object. */
static size_t size_of(const char *const lines[], size_t count)
{
	struct him_build *b = build_new();
	struct him_build_counts counts;
	size_t size;
	for (size_t i = 0; i < count; i++) {
		const struct entry_meta meta = {.object = lines[i][0] == '-' ? "other" : "list"};
		assert_int_equal(add(b, lines[i] + (lines[i][0] == '-'), &meta), HN_OK);
	}
	struct set *s = finish_sized(b, &size);
	him_build_counts(b, &counts);
	assert_int_equal(counts.entries, count);
	for (size_t i = 0; i < count; i++) {
		struct canonical c;
		struct set_hit hit;
		struct entry_key key;
		struct entry_meta meta;
		uint8_t scratch[32];
		assert_int_equal(canonical_value(lines[i] + (lines[i][0] == '-'),
						 strlen(lines[i]) - (lines[i][0] == '-'), &c),
				 HN_OK);
		assert_true(set_find_entry(s, &c.key, &hit));
		assert_int_equal(hit.kind, c.key.kind);
		assert_int_equal(set_key(s, &hit, &key, scratch), HN_OK);
		assert_int_equal(key.kind, c.key.kind);
		assert_int_equal(key.len, c.key.len);
		assert_memory_equal(key.data, c.key.data, key.len);
		set_meta(s, &hit, &meta);
		assert_string_equal(meta.object, lines[i][0] == '-' ? "other" : "list");
	}
	set_close(s);
	him_build_free(b);
	return size;
}

/* A name and its wildcard with one handle keep their key once; both are told by their own kind. */
static void a_name_shares_the_record_of_its_wildcard(void **state)
{
	(void)state;
	enum { PAIRS = 200 };
	static char text[2 * PAIRS][64];
	const char *same[2 * PAIRS], *other[2 * PAIRS];
	static char marked[PAIRS][64];
	for (unsigned i = 0; i < PAIRS; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "name-of-some-length-%u.listed.example", i);
		(void)snprintf(marked[i], sizeof(marked[i]), "-name-of-some-length-%u.listed.example", i);
		(void)snprintf(text[PAIRS + i], sizeof(text[i]), "*.name-of-some-length-%u.listed.example",
			       i);
		same[i] = text[i];
		other[i] = marked[i];
		same[PAIRS + i] = other[PAIRS + i] = text[PAIRS + i];
	}
	size_t shared = size_of(same, 2 * PAIRS), apart = size_of(other, 2 * PAIRS);
	assert_true(apart - shared > PAIRS * (6 + 36));
}

static void a_removal_beats_an_addition_and_wants_an_overlay(void **state)
{
	(void)state;
	const struct entry_meta meta = {.object = "a"};
	struct him_build *b = build_new();
	struct him_build_counts counts;
	struct canonical c;
	const uint8_t *data;
	size_t size;
	uint8_t digest[32] = {1};

	assert_int_equal(canonical_value("www.example", 11, &c), HN_OK);
	assert_int_equal(him_build_remove(b, &c.key), HN_ESTATE);
	him_build_base(b, digest);
	assert_int_equal(him_build_add(b, &c.key, &meta), HN_OK);
	assert_int_equal(him_build_remove(b, &c.key), HN_OK);
	assert_int_equal(him_build_add(b, &c.key, &meta), HN_OK);
	assert_int_equal(him_build_finish(b, &data, &size, digest), HN_OK);
	assert_int_equal(him_verify(data, size, NULL), HN_OK);
	him_build_counts(b, &counts);
	assert_int_equal(counts.entries, 0);
	assert_int_equal(counts.tombstones, 1);
	assert_int_equal(him_build_add(b, &c.key, &meta), HN_ESTATE);
	assert_int_equal(him_build_finish(b, &data, &size, digest), HN_ESTATE);
	him_build_free(b);
}

static void what_is_not_canonical_is_refused(void **state)
{
	(void)state;
	static char big[2000];
	const struct entry_meta good = {.object = "a"};
	const struct entry_key upper = {ENTRY_NAME, 2, (const uint8_t *)"\1A"};
	const struct entry_key name = {ENTRY_NAME, 2, (const uint8_t *)"\1a"};
	struct him_build *b = NULL;
	memset(big, 'a', sizeof(big) - 1);
	const struct entry_meta bad[] = {
		{.object = "a\nb"}, {.object = "\xff"}, {.act = big}, {.marking = "\t"}};

	assert_int_equal(him_build_new("", NULL, &b), HN_EFORMAT);
	assert_int_equal(him_build_new("a\nb", NULL, &b), HN_EFORMAT);
	assert_int_equal(him_build_new(big, NULL, &b), HN_EFORMAT);
	assert_null(b);
	b = build_new();
	assert_int_equal(him_build_add(b, &upper, &good), HN_EFORMAT);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(him_build_add(b, &name, &bad[i]), HN_EFORMAT);
	assert_int_equal(him_build_add(b, &name, &good), HN_OK);
	struct set *s = finish(b);
	assert_int_equal(set_info(s)->entries, 1);
	set_close(s);
	him_build_free(b);
}

static void limits_hold(void **state)
{
	(void)state;
	const struct him_build_limits few = {3, UINT64_C(1) << 20}, small = {1000, 100};
	const struct entry_meta meta = {.object = "a"};
	struct him_build *b;
	assert_int_equal(him_build_new("test", &few, &b), HN_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(add(b, "192.0.2.1", &meta), HN_OK);
	assert_int_equal(add(b, "192.0.2.1", &meta), HN_ELIMIT);
	him_build_free(b);
	assert_int_equal(him_build_new("test", &small, &b), HN_OK);
	int rc = HN_OK;
	for (int i = 0; rc == HN_OK && i < 20; i++)
		rc = add(b, "www.example", &meta);
	assert_int_equal(rc, HN_ELIMIT);
	him_build_free(b);
}

/* Many addresses that all choose the first bucket: found by trying. */
static void keys_made_to_collide_take_another_seed(void **state)
{
	(void)state;
	const struct entry_meta meta = {.object = "a"};
	struct him_build *b = build_new();
	size_t added = 0;
	uint32_t last = 0;
	for (uint32_t i = 0; added < 600; i++) {
		/* The seed of a first try is zero, and the upper bits of the hash choose the bucket. */
		uint32_t h = i * 0x9e3779b1u;
		h ^= h >> 15;
		h *= 0x2c1b3c6du;
		if (h >> 20 != 0)
			continue;
		uint8_t addr[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		struct entry_key key = {ENTRY_IP4, 4, addr};
		assert_int_equal(him_build_add(b, &key, &meta), HN_OK);
		last = i;
		added++;
	}
	struct set *s = finish(b);
	struct set_hit hit;
	uint8_t addr[4] = {(uint8_t)(last >> 24), (uint8_t)(last >> 16), (uint8_t)(last >> 8), (uint8_t)last};
	assert_int_equal(set_info(s)->entries, 600);
	assert_true(set_find_ip4(s, addr, &hit));
	set_close(s);
	him_build_free(b);
}

/* More than the sorting by comparison takes, so that the other sorting is seen too. */
static void large_sets_hold_what_was_put_in(void **state)
{
	(void)state;
	enum { ENTRIES = 20000 };
	const struct entry_meta meta = {.object = "a"};
	struct him_build *b = build_new();
	struct set_hit hit;
	for (unsigned i = 0; i < ENTRIES; i++) {
		char text[64];
		(void)snprintf(text, sizeof(text), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		assert_int_equal(add(b, text, &meta), HN_OK);
		(void)snprintf(text, sizeof(text), "2001:db8::%x", i);
		assert_int_equal(add(b, text, &meta), HN_OK);
		(void)snprintf(text, sizeof(text), "host%u.bad.example", i);
		assert_int_equal(add(b, text, &meta), HN_OK);
		(void)snprintf(text, sizeof(text), "172.%u.%u.0/24", 16 + (i >> 8), i & 255);
		assert_int_equal(add(b, text, &meta), HN_OK);
	}
	struct set *s = finish(b);
	assert_int_equal(set_info(s)->entries, 4 * ENTRIES);
	assert_int_equal(set_info(s)->widest_prefix4, 24);
	assert_int_equal(set_info(s)->widest_prefix6, 255);
	for (unsigned i = 0; i < ENTRIES + 1000; i++) {
		uint8_t addr[16] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		struct canonical name;
		char text[64];
		assert_int_equal(set_find_ip4(s, addr, &hit), i < ENTRIES);
		int n = snprintf(text, sizeof(text), "host%u.bad.example", i);
		assert_int_equal(canonical_name(text, (size_t)n, &name), HN_OK);
		assert_int_equal(set_find_name(s, name.key.data, name.key.len, &hit), i < ENTRIES);
		n = snprintf(text, sizeof(text), "2001:db8::%x", i);
		assert_int_equal(canonical_ip(text, (size_t)n, &name), HN_OK);
		assert_int_equal(set_find_ip6(s, name.key.data, &hit), i < ENTRIES);
		uint8_t inside[4] = {172, (uint8_t)(16 + (i >> 8)), (uint8_t)i, 9};
		assert_int_equal(set_find_ip4(s, inside, &hit), i < ENTRIES);
	}
	set_close(s);
	him_build_free(b);
}

static void an_empty_set_is_a_set(void **state)
{
	(void)state;
	struct him_build *b = build_new();
	struct set *s = finish(b);
	struct set_hit hit;
	assert_int_equal(set_info(s)->entries, 0);
	assert_string_equal(set_info(s)->id, "test");
	assert_int_equal(set_info(s)->widest_prefix4, 255);
	assert_false(set_find_ip4(s, (const uint8_t *)"\1\2\3\4", &hit));
	assert_false(set_find_name(s, (const uint8_t *)"\1a", 2, &hit));
	assert_false(set_find_key(s, ENTRY_MD5, (const uint8_t *)"0123456789abcdef", 16, &hit));
	assert_null(set_holder(s, 4, (const uint8_t *)"\1\2\3\4"));
	set_close(s);
	him_build_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_entries_does_not_matter),
		cmocka_unit_test(of_several_entries_with_one_key_a_rule_chooses),
		cmocka_unit_test(a_name_shares_the_record_of_its_wildcard),
		cmocka_unit_test(a_removal_beats_an_addition_and_wants_an_overlay),
		cmocka_unit_test(what_is_not_canonical_is_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(keys_made_to_collide_take_another_seed),
		cmocka_unit_test(large_sets_hold_what_was_put_in),
		cmocka_unit_test(an_empty_set_is_a_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
