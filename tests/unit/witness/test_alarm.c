/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/alarm.h"

#include "state_world.h"

static void raise_one(enum alarm_kind kind, const char *edge, const char *subject, bool once)
{
	const struct alarm a = {
		.kind = kind, .edge = edge, .subject = subject, .once = once, .en = "what", .ja = "何"};
	assert_int_equal(alarm_raise(s, &a), HN_OK);
}

static void each_kind_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < ALARM_KIND_COUNT; i++) {
		assert_non_null(alarm_name((enum alarm_kind)i));
		assert_non_null(alarm_title((enum alarm_kind)i));
		assert_int_equal(alarm_find(alarm_name((enum alarm_kind)i)), i);
	}
	assert_int_equal(alarm_find("none"), ALARM_KIND_COUNT);
}

static void one_that_stands_counts_up(void **state)
{
	(void)state;
	raise_one(ALARM_GAP, "e", "3", false);
	raise_one(ALARM_GAP, "e", "3", false);
	assert_int_equal(number_of("SELECT count(*) FROM alarms"), 1);
	assert_int_equal(number_of("SELECT count FROM alarms"), 2);
	/* Another edge, another subject, another kind: another alarm. */
	raise_one(ALARM_GAP, "f", "3", false);
	raise_one(ALARM_GAP, "e", "4", false);
	raise_one(ALARM_RECEIPT, "e", "3", false);
	assert_int_equal(number_of("SELECT count(*) FROM alarms"), 4);
	assert_int_equal(number_of("SELECT count(*) FROM outbox WHERE kind = 'witness.alarm'"), 4);
}

static void one_that_was_seen_to_comes_again_unless_it_is_the_same_event(void **state)
{
	(void)state;
	raise_one(ALARM_GAP, "e", "3", false);
	raise_one(ALARM_EDGE_SILENT, "e", "noon", true);
	int64_t gap = number_of("SELECT number FROM alarms WHERE kind = 'gap'");
	int64_t silent = number_of("SELECT number FROM alarms WHERE kind = 'edge-silent'");
	assert_int_equal(alarm_acknowledge(s, gap, "tanaka", ""), HN_EFORMAT);
	assert_int_equal(alarm_acknowledge(s, gap, "tanaka", " \t"), HN_EFORMAT);
	assert_int_equal(alarm_acknowledge(s, gap, "tanaka", "a disk"), HN_OK);
	assert_int_equal(alarm_acknowledge(s, gap, "tanaka", "a disk"), HN_ENOENT);
	assert_int_equal(alarm_acknowledge(s, gap + 100, "tanaka", "a disk"), HN_ENOENT);
	assert_int_equal(alarm_acknowledge(s, silent, "tanaka", "power"), HN_OK);
	raise_one(ALARM_GAP, "e", "3", false);
	raise_one(ALARM_EDGE_SILENT, "e", "noon", true);
	assert_int_equal(number_of("SELECT count(*) FROM alarms WHERE acknowledged = 0"), 1);
	assert_int_equal(number_of("SELECT count(*) FROM alarms WHERE kind = 'gap'"), 2);
}

static void counters_are_of_those_that_stand(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4096);
	raise_one(ALARM_GAP, "e", "3", false);
	raise_one(ALARM_GAP, "e", "4", false);
	raise_one(ALARM_TRUST, "e", "", false);
	assert_int_equal(
		alarm_acknowledge(s, number_of("SELECT number FROM alarms WHERE kind = 'trust'"), "a", "b"),
		HN_OK);
	assert_int_equal(alarm_metrics(s, &b), HN_OK);
	assert_non_null(strstr(b.data, "\nhinomi_witness_alarms{kind=\"gap\"} 2\n"));
	assert_null(strstr(b.data, "trust"));
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_a_name_of_its_own),
		cmocka_unit_test_setup_teardown(one_that_stands_counts_up, begin, end),
		cmocka_unit_test_setup_teardown(one_that_was_seen_to_comes_again_unless_it_is_the_same_event,
						begin, end),
		cmocka_unit_test_setup_teardown(counters_are_of_those_that_stand, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
