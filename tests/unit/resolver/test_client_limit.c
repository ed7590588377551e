/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/client_limit.h"

#include "../check.h"

static struct ip ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct ip){{a, b, c, d}, 4};
}

static void a_prefix_is_limited_and_no_other(void **state)
{
	(void)state;
	static struct client_limit l;
	client_limit_init(&l, 3);
	struct client_cells cells[3];
	for (uint8_t i = 0; i < 3; i++) {
		struct ip client = ip4(192, 0, 2, (uint8_t)(i * 50));
		assert_true(client_limit_take(&l, &client, &cells[i]));
		assert_int_equal(cells[i].first, cells[0].first);
		assert_int_not_equal(cells[i].first, cells[i].second);
	}
	struct ip same = ip4(192, 0, 2, 255);
	struct client_cells more = {0};
	assert_false(client_limit_take(&l, &same, &more));
	/* A thousand others: none shares both cells. */
	for (unsigned i = 0; i < 1000; i++) {
		struct ip other = ip4(10, (uint8_t)(i >> 8), (uint8_t)i, 1);
		struct client_cells theirs;
		assert_true(client_limit_take(&l, &other, &theirs));
		client_limit_give_back(&l, theirs);
	}
	client_limit_give_back(&l, cells[0]);
	assert_true(client_limit_take(&l, &same, &more));
	client_limit_give_back(&l, more);
	client_limit_give_back(&l, cells[1]);
	client_limit_give_back(&l, cells[2]);
	client_limit_give_back(&l, (struct client_cells){0});
	for (size_t i = 0; i < CLIENT_LIMIT_CELLS; i++)
		assert_int_equal(l.cells[i], 0);
}

static void six_counts_by_56_bits(void **state)
{
	(void)state;
	static struct client_limit l;
	client_limit_init(&l, 1);
	struct ip a = {{0x20, 1, 0xd, 0xb8, 0, 0, 1, 1}, 6};
	struct ip near = {{0x20, 1, 0xd, 0xb8, 0, 0, 1, 2, 9}, 6};
	struct ip far = {{0x20, 1, 0xd, 0xb8, 0, 0, 2, 1}, 6};
	struct client_cells cells;
	assert_true(client_limit_take(&l, &a, &cells));
	assert_false(client_limit_take(&l, &near, &cells));
	assert_true(client_limit_take(&l, &far, &cells));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_is_limited_and_no_other),
		cmocka_unit_test(six_counts_by_56_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
