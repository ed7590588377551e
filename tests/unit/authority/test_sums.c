/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/sums.h"

#include "../check.h"

static struct sums balanced(void)
{
	struct sums s = {0};
	s.pending_before[1] = (struct tally){1, 100};
	s.seen[1] = (struct tally){10, 1000};
	s.selected[1] = (struct tally){4, 500};
	s.erased[1][ERASED_FLOW_IDLE] = (struct tally){5, 450};
	s.erased[1][ERASED_FACILITY] = (struct tally){1, 50};
	s.pending_after[1] = (struct tally){1, 100};
	s.seen[SUMS_UNDECODED] = (struct tally){2, 60};
	s.erased[SUMS_UNDECODED][ERASED_NOT_IP] = (struct tally){2, 60};
	return s;
}

static void the_equation_holds_in_each_class_and_unit_or_not_at_all(void **state)
{
	(void)state;
	struct sums s = balanced();
	assert_true(sums_hold(&s));
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		struct tally *const sides[] = {&s.pending_before[c], &s.seen[c], &s.selected[c],
					       &s.erased[c][ERASED_CLASS], &s.pending_after[c]};
		for (size_t i = 0; i < COUNT(sides); i++) {
			sides[i]->packets++;
			assert_false(sums_hold(&s));
			sides[i]->packets--;
			sides[i]->bytes++;
			assert_false(sums_hold(&s));
			sides[i]->bytes--;
		}
	}
	assert_true(sums_hold(&s));
}

/* One class's surplus does not cover another's deficit. */
static void classes_do_not_help_each_other(void **state)
{
	(void)state;
	struct sums s = balanced();
	s.seen[0].packets++;
	s.erased[1][ERASED_CLASS].packets++;
	assert_false(sums_hold(&s));
}

static void what_is_pending_begins_the_next_interval(void **state)
{
	(void)state;
	struct sums s = balanced();
	s.flows_pending = 3;
	sums_next(&s);
	assert_int_equal(s.pending_before[1].packets, 1);
	assert_int_equal(s.pending_before[1].bytes, 100);
	assert_int_equal(s.seen[1].packets, 0);
	assert_int_equal(s.erased[1][ERASED_FLOW_IDLE].packets, 0);
	assert_int_equal(s.pending_after[1].packets, 0);
	assert_int_equal(s.flows_pending, 3);
	s.erased[1][ERASED_FLOW_END] = (struct tally){1, 100};
	assert_true(sums_hold(&s));
}

static void merged_sums_hold_when_each_does(void **state)
{
	(void)state;
	struct sums a = balanced(), b = balanced();
	a.first_ns = 50;
	a.last_ns = 60;
	b.first_ns = 40;
	b.last_ns = 55;
	b.flows_seen = 2;
	sums_merge(&a, &b);
	assert_true(sums_hold(&a));
	assert_int_equal(a.seen[1].packets, 20);
	assert_int_equal(a.flows_seen, 2);
	assert_int_equal(a.first_ns, 40);
	assert_int_equal(a.last_ns, 60);
	struct sums none = {0};
	sums_merge(&a, &none);
	assert_int_equal(a.first_ns, 40);
	sums_merge(&none, &a);
	assert_int_equal(none.first_ns, 40);
}

static void each_reason_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned r = 1; r < ERASED_REASONS; r++) {
		assert_non_null(erased_reason_name((enum erased_reason)r));
		for (unsigned other = 0; other < r; other++)
			if (erased_reason_name((enum erased_reason)other) != NULL)
				assert_string_not_equal(erased_reason_name((enum erased_reason)r),
							erased_reason_name((enum erased_reason)other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_equation_holds_in_each_class_and_unit_or_not_at_all),
		cmocka_unit_test(classes_do_not_help_each_other),
		cmocka_unit_test(what_is_pending_begins_the_next_interval),
		cmocka_unit_test(merged_sums_hold_when_each_does),
		cmocka_unit_test(each_reason_has_a_name_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
