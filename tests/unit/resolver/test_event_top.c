/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_top.h"

#include <stdio.h>

#include "../check.h"

static void add(struct event_top *t, unsigned number)
{
	struct event e = {.set = (uint16_t)(number % 3), .kind = 4};
	e.key_len = (uint8_t)snprintf((char *)e.bytes, sizeof(e.bytes), "n%u", number);
	event_top_add(t, &e);
}

static unsigned number_of(const struct event_top_item *item)
{
	char text[16];
	(void)snprintf(text, sizeof(text), "%.*s", item->key_len - 1, (const char *)item->key + 1);
	return (unsigned)strtoul(text, NULL, 10);
}

static void few_entries_are_counted_exactly(void **state)
{
	(void)state;
	struct event_top *t;
	struct event_top_item items[64];
	assert_int_equal(event_top_new(&t), HN_OK);
	assert_int_equal(event_top_list(t, items, COUNT(items)), 0);
	for (unsigned round = 0; round < 50; round++)
		for (unsigned n = 0; n <= round; n++)
			add(t, n);
	assert_int_equal(event_top_list(t, items, 64), 50);
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(items[i].count, 50 - i);
		assert_int_equal(items[i].over, 0);
		assert_int_equal(number_of(&items[i]), i);
		assert_int_equal(items[i].set, i % 3);
	}
	assert_int_equal(event_top_list(t, items, 3), 3);
	event_top_free(t);
}

/* Against exact counts, in a stream of far more entries than there is room for. */
static void each_entry_that_is_met_often_is_there_within_its_error(void **state)
{
	(void)state;
	enum { ENTRIES = 20000 };
	static uint32_t truth[ENTRIES];
	struct event_top *t;
	struct event_top_item *items = calloc(EVENT_TOP_SIZE, sizeof(*items));
	uint64_t random = 7, total = 400000;
	assert_non_null(items);
	assert_int_equal(event_top_new(&t), HN_OK);
	for (uint64_t i = 0; i < total; i++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		uint32_t roll = (uint32_t)(random >> 33);
		unsigned n = roll % 2 ? roll / 2 % 100 : roll / 2 % ENTRIES;
		truth[n]++;
		add(t, n);
	}
	size_t count = event_top_list(t, items, EVENT_TOP_SIZE);
	uint64_t often = 0, found = 0;
	for (unsigned n = 0; n < ENTRIES; n++)
		often += truth[n] > total / EVENT_TOP_SIZE;
	assert_int_equal(count, EVENT_TOP_SIZE);
	for (size_t i = 0; i < count; i++) {
		uint32_t real = truth[number_of(&items[i])];
		assert_true(items[i].count >= real && items[i].count - items[i].over <= real);
		assert_true(i == 0 || items[i].count <= items[i - 1].count);
		found += real > total / EVENT_TOP_SIZE;
	}
	assert_true(often >= 100);
	assert_int_equal(found, often);
	event_top_free(t);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_entries_are_counted_exactly),
		cmocka_unit_test(each_entry_that_is_met_often_is_there_within_its_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
