/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/sets/bases.h"

#include "../check.h"
#include "bus/head.h"

static struct set_standing standing(int64_t base, size_t overlays, int64_t each)
{
	struct set_standing s = {.file_count = 1 + overlays};
	s.files[0].size = base;
	for (size_t i = 0; i < overlays; i++)
		s.files[1 + i].size = each;
	return s;
}

static void a_base_is_due_by_size(void **state)
{
	static const struct {
		int64_t base;
		size_t overlays;
		int64_t each;
		bool beside_former;
		bool due;
	} cases[] = {
		{40 << 20, 0, 0, false, false},       /* nothing to merge */
		{40 << 20, 15, 1024, false, false},   /* few changes, however many approvals */
		{40 << 20, 1, 9 << 20, false, false}, /* less than a quarter */
		{40 << 20, 1, 10 << 20, false, true}, /* a quarter, at once */
		{40 << 20, 10, 1 << 20, false, true},
		{40 << 20, 1, 39 << 20, true, false}, /* not while the last one is being fetched */
		{40 << 20, 1, 40 << 20, true, true},  /* unless it is as much again */
		{1024, 1, 2048, false, false},        /* a small set waits for some overlays */
		{1024, 7, 2048, false, false},
		{1024, 8, 2048, false, true},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct set_standing s = standing(cases[i].base, cases[i].overlays, cases[i].each);
		s.former_count = cases[i].beside_former ? 1 : 0;
		assert_int_equal(bases_due(&s), cases[i].due);
	}
}

static void a_large_base_is_spread(void **state)
{
	(void)state;
	struct set_file f = {.size = 300 << 20};
	assert_true(bases_large(&f));
	assert_int_equal(bases_spread_s(&f, 0), 0);
	assert_int_equal(bases_spread_s(&f, 32), 300);
	assert_int_equal(bases_spread_s(&f, SIZE_MAX >> 1), HEAD_SPREAD_MAX);
	f.size = 1024;
	assert_false(bases_large(&f));
	assert_int_equal(bases_spread_s(&f, 3), 0);
	f.size = 0;
	assert_int_equal(bases_spread_s(&f, 3), 0);
}

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* What one edge fetches while a set takes approvals of any size: each byte approved is fetched some few
 * times, and a head never names more than it may. */
static void what_edges_fetch_is_in_proportion(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct set_standing s = standing(1 << 20, 0, 0);
		uint64_t random = seed;
		int64_t fetched = 0, approved = 0;
		for (int i = 0; i < 5000; i++) {
			/* Mostly small, sometimes large: 256 bytes to 256 KB. */
			int64_t size = 256 << (next_random(&random) % 11);
			size_t keep = bases_keep(s.files, s.file_count);
			approved += size;
			for (size_t k = keep; k < s.file_count; k++)
				size += s.files[k].size;
			s.files[keep].size = size;
			s.file_count = keep + 1;
			fetched += size;
			assert_true(s.file_count <= SET_FILES_MAX);
			if (!bases_due(&s))
				continue;
			for (size_t k = 1; k < s.file_count; k++)
				s.files[0].size += s.files[k].size;
			s.file_count = 1;
			fetched += s.files[0].size;
		}
		assert_true(fetched < 16 * approved);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_base_is_due_by_size),
		cmocka_unit_test(a_large_base_is_spread),
		cmocka_unit_test(what_edges_fetch_is_in_proportion),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
