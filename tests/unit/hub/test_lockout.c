/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/lockout.h"

#include "../check.h"

#define SECOND INT64_C(1000000)
#define NOW    (INT64_C(1700000000) * SECOND)

static const struct ip here = {.version = 4, .bytes = {192, 0, 2, 1}};
static const struct ip there = {.version = 4, .bytes = {198, 51, 100, 7}};

static void failed(struct lockout *l, const char *login, const struct ip *from, unsigned times, int64_t now)
{
	for (unsigned i = 0; i < times; i++)
		lockout_tell(l, login, from, false, now);
}

static void each_failure_waits_longer(void **state)
{
	(void)state;
	struct lockout *l = lockout_new();
	assert_non_null(l);
	failed(l, "ana", &here, 4, NOW);
	assert_int_equal(lockout_wait(l, "ana", &here, NOW), 0);
	for (int64_t wait = SECOND; wait <= 512 * SECOND; wait *= 2) {
		failed(l, "ana", &here, 1, NOW);
		assert_true(lockout_wait(l, "ana", &here, NOW) >= wait);
		assert_true(lockout_wait(l, "ana", &here, NOW + 901 * SECOND) == 0);
	}
	failed(l, "ana", &here, 50, NOW);
	assert_int_equal(lockout_wait(l, "ana", &here, NOW), 900 * SECOND);
	assert_int_equal(lockout_wait(l, "ana", &here, NOW + 890 * SECOND), 10 * SECOND);
	lockout_free(l);
}

static void nobody_is_shut_out_from_elsewhere_for_long(void **state)
{
	(void)state;
	struct lockout *l = lockout_new();
	failed(l, "ana", &here, 10, NOW);
	assert_true(lockout_wait(l, "ana", &here, NOW) > 0);
	assert_int_equal(lockout_wait(l, "ana", &there, NOW), 0);
	assert_int_equal(lockout_wait(l, "bob", &here, NOW), 0);
	failed(l, "ana", &here, 100, NOW);
	assert_int_equal(lockout_wait(l, "ana", &there, NOW), 60 * SECOND);
	assert_int_equal(lockout_wait(l, "bob", &here, NOW), 900 * SECOND); /* a network that tries many */
	lockout_free(l);
}

static void success_and_a_day_forgive(void **state)
{
	(void)state;
	struct lockout *l = lockout_new();
	failed(l, "ana", &here, 6, NOW);
	assert_true(lockout_wait(l, "ana", &here, NOW) > 0);
	lockout_tell(l, "ana", &here, true, NOW);
	assert_int_equal(lockout_wait(l, "ana", &here, NOW), 0);
	failed(l, "ana", &here, 60, NOW);
	failed(l, "ana", &here, 1, NOW + 25 * 3600 * SECOND);
	assert_int_equal(lockout_wait(l, "ana", &here, NOW + 25 * 3600 * SECOND), 0);
	lockout_free(l);
}

static void a_network_of_ipv6_is_its_64(void **state)
{
	(void)state;
	struct lockout *l = lockout_new();
	struct ip one = {.version = 6, .bytes = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 1}};
	struct ip near = {.version = 6, .bytes = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 2}};
	struct ip far = {.version = 6, .bytes = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 2, 1}};
	failed(l, "ana", &one, 8, NOW);
	assert_true(lockout_wait(l, "ana", &near, NOW) > 0);
	assert_int_equal(lockout_wait(l, "ana", &far, NOW), 0);
	lockout_free(l);
	lockout_free(NULL);
}

static void an_account_is_helped_and_no_network(void **state)
{
	(void)state;
	struct lockout *l = lockout_new();
	struct lockout_standing standing;
	lockout_standing(l, "ana", NOW, &standing);
	assert_int_equal(standing.failures, 0);
	assert_int_equal(standing.last_us, 0);
	failed(l, "ana", &here, 8, NOW - SECOND);
	failed(l, "ana", &there, 3, NOW);
	failed(l, "bob", &there, 40, NOW);
	lockout_standing(l, "ana", NOW, &standing);
	assert_int_equal(standing.failures, 11);
	assert_int_equal(standing.last_us, NOW);
	assert_int_equal(standing.wait_us, lockout_wait(l, "ana", &here, NOW));
	assert_true(standing.wait_us > 0);
	lockout_lift(l, "ana");
	lockout_standing(l, "ana", NOW, &standing);
	assert_int_equal(standing.failures, 0);
	assert_int_equal(standing.wait_us, 0);
	assert_int_equal(lockout_wait(l, "ana", &here, NOW), 0);
	assert_int_equal(lockout_wait(l, "ana", &there, NOW), 900 * SECOND); /* the network that tries many */
	assert_int_equal(lockout_wait(l, "bob", &there, NOW), 900 * SECOND);
	lockout_standing(l, "bob", NOW + 25 * 3600 * SECOND, &standing);
	assert_int_equal(standing.failures, 0);
	lockout_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_waits_longer),
		cmocka_unit_test(nobody_is_shut_out_from_elsewhere_for_long),
		cmocka_unit_test(success_and_a_day_forgive),
		cmocka_unit_test(a_network_of_ipv6_is_its_64),
		cmocka_unit_test(an_account_is_helped_and_no_network),
	};
	return cmocka_run_group_tests_name("lockout", tests, NULL, NULL);
}
