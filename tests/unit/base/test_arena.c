/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/arena.h"

#include "../check.h"

static void gives_zeroed_aligned_memory(void **state)
{
	(void)state;
	struct arena *a = arena_new(1 << 20);
	assert_non_null(a);
	for (size_t size = 0; size < 20000; size = size * 2 + 1) {
		unsigned char *at = arena_alloc(a, size);
		assert_non_null(at);
		assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(at[i], 0);
		memset(at, 0xff, size);
	}
	arena_free(a);
}

static void stops_at_its_limit(void **state)
{
	(void)state;
	struct arena *a = arena_new(100);
	assert_null(arena_alloc(a, 101));
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_non_null(arena_alloc(a, 60));
	assert_null(arena_alloc(a, 60));
	assert_null(arena_text(a, "x", SIZE_MAX));
	arena_reset(a);
	assert_non_null(arena_alloc(a, 60));
	arena_free(a);
	arena_free(NULL);
}

static void is_clean_after_a_reset(void **state)
{
	(void)state;
	struct arena *a = arena_new(1 << 20);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++) {
			char *at = arena_alloc(a, 1000);
			assert_int_equal(at[999], 0);
			memset(at, 'x', 1000);
		}
		assert_string_equal(arena_text(a, "towers", 5), "tower");
		assert_string_equal(arena_text(a, NULL, 0), "");
		arena_reset(a);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_zeroed_aligned_memory),
		cmocka_unit_test(stops_at_its_limit),
		cmocka_unit_test(is_clean_after_a_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
