/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/limit.h"

#include "../check.h"

static void a_burst_then_evenly(void **state)
{
	(void)state;
	struct limit *l;
	int64_t now_us = 1000000000;
	assert_int_equal(limit_new(&l), HN_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(limit_take(l, 7, 10, 5, now_us), 0);
	assert_int_equal(limit_take(l, 7, 10, 5, now_us), 100000);
	assert_int_equal(limit_take(l, 8, 10, 5, now_us), 0);
	assert_int_equal(limit_take(l, 7, 10, 5, now_us + 99999), 1);
	assert_int_equal(limit_take(l, 7, 10, 5, now_us + 100000), 0);
	assert_int_not_equal(limit_take(l, 7, 10, 5, now_us + 100001), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(limit_take(l, 7, 10, 5, now_us + 100000000), 0);
	assert_int_equal(limit_take(l, 9, 0, 0, now_us), 0);
	limit_free(l);
	limit_free(NULL);
}

static void a_flood_costs_no_memory_and_stops_no_others(void **state)
{
	(void)state;
	struct limit *l;
	assert_int_equal(limit_new(&l), HN_OK);
	for (uint64_t key = 1; key < 500000; key++)
		(void)limit_take(l, key * 2654435761u, 1, 1, 1000000);
	assert_int_equal(limit_take(l, 3, 1, 1, 3000000), 0);
	limit_free(l);
}

static void addresses_hold_so_many(void **state)
{
	(void)state;
	struct holders *h;
	const struct ip four = {.bytes = {192, 0, 2, 1}, .version = 4};
	struct ip six = {.bytes = {0x20, 1, 0xd, 0xb8}, .version = 6}, other = six;
	other.bytes[15] = 9;
	assert_int_equal(holders_new(64, &h), HN_OK);
	assert_true(holders_add(h, &four, 2));
	assert_true(holders_add(h, &four, 2));
	assert_false(holders_add(h, &four, 2));
	assert_true(holders_add(h, &six, 1));
	assert_false(holders_add(h, &other, 1)); /* of the same /64 */
	holders_remove(h, &four);
	assert_true(holders_add(h, &four, 2));
	const struct ip name = holders_named("urn:a"), another = holders_named("urn:b");
	assert_true(holders_add(h, &name, 1));
	assert_false(holders_add(h, &name, 1));
	assert_true(holders_add(h, &another, 1));
	holders_free(h);
	holders_free(NULL);
}

/* Against a plain count, over a random come and go. */
static void counts_as_a_plain_table_does(void **state)
{
	(void)state;
	struct holders *h;
	unsigned counts[64] = {0}, all = 0;
	uint32_t seed = 1;
	assert_int_equal(holders_new(64, &h), HN_OK);
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1664525 + 1013904223;
		unsigned who = seed >> 26;
		const struct ip ip = {.bytes = {10, 0, 0, (uint8_t)who}, .version = 4};
		if (seed >> 25 & 1) {
			if (all < 64) {
				bool room = holders_add(h, &ip, 3);
				assert_int_equal(room, counts[who] < 3);
				counts[who] += room;
				all += room;
			}
		} else if (counts[who] > 0) {
			holders_remove(h, &ip);
			counts[who]--;
			all--;
		}
	}
	holders_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_then_evenly),
		cmocka_unit_test(a_flood_costs_no_memory_and_stops_no_others),
		cmocka_unit_test(addresses_hold_so_many),
		cmocka_unit_test(counts_as_a_plain_table_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
