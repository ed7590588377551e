/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/rate_limit.h"

#include <sodium.h>

#include "base/cur.h"

#include "../check.h"

#define SECOND INT64_C(1000000)

static struct ip ip_of(const char *text)
{
	struct ip ip;
	assert_int_equal(ip_parse(text, strlen(text), &ip), HN_OK);
	return ip;
}

static unsigned take_all(struct rate_limit *r, const char *client, uint32_t per_second, int64_t now_us)
{
	struct ip ip = ip_of(client);
	unsigned taken = 0;
	while (taken < 1000000 && rate_limit_take(r, &ip, per_second, now_us))
		taken++;
	return taken;
}

static int set_up(void **state)
{
	struct rate_limit *r;
	assert_true(sodium_init() >= 0);
	assert_int_equal(rate_limit_new(&r), HN_OK);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	rate_limit_free(*state);
	return 0;
}

static void gives_a_burst_and_then_evenly(void **state)
{
	struct rate_limit *r = *state;
	int64_t now = 5000 * SECOND;
	assert_int_equal(take_all(r, "192.0.2.1", 10, now), 10);
	assert_int_equal(take_all(r, "192.0.2.1", 10, now + SECOND / 10 - 1), 0);
	assert_int_equal(take_all(r, "192.0.2.1", 10, now + SECOND / 10), 1);
	assert_int_equal(take_all(r, "192.0.2.1", 10, now + SECOND / 2), 4);
	/* Who was silent for long has one burst, not more. */
	assert_int_equal(take_all(r, "192.0.2.1", 10, now + 1000 * SECOND), 10);
}

static void knows_prefixes(void **state)
{
	struct rate_limit *r = *state;
	assert_int_equal(take_all(r, "192.0.2.1", 3, 0), 3);
	assert_int_equal(take_all(r, "192.0.2.254", 3, 0), 0);
	assert_int_equal(take_all(r, "192.0.3.1", 3, 0), 3);
	assert_int_equal(take_all(r, "2001:db8:0:aa00::1", 3, 0), 3);
	assert_int_equal(take_all(r, "2001:db8:0:aaff::1", 3, 0), 0);
	assert_int_equal(take_all(r, "2001:db8:0:ab00::1", 3, 0), 3);
	/* The same bits as those of an IPv4 prefix. */
	assert_int_equal(take_all(r, "0:c0:0:200::1", 3, 0), 3);
}

static void keeps_to_its_rate(void **state)
{
	struct rate_limit *r = *state;
	static const uint32_t rates[] = {1, 2, 7, 1000, 999983};
	for (size_t i = 0; i < COUNT(rates); i++) {
		char client[16];
		snprintf(client, sizeof(client), "198.51.%zu.1", i);
		unsigned taken = 0;
		for (int64_t ms = 0; ms <= 3000; ms++)
			taken += take_all(r, client, rates[i], ms * 1000);
		/* A burst and three seconds; fractions of a microsecond are the client's. */
		assert_in_range(taken, 4 * rates[i] - 4, 4 * rates[i] + rates[i] / 100 + 4);
	}
	struct ip ip = ip_of("192.0.2.9");
	for (unsigned i = 0; i < 100000; i++)
		assert_true(rate_limit_take(r, &ip, 0, 0));
}

/* More prefixes than there is room for: nobody is refused for another's sake, and memory does not grow. */
static void forgets_rather_than_refuses(void **state)
{
	struct rate_limit *r = *state;
	for (uint32_t i = 0; i < 200000; i++) {
		struct ip ip = {.version = 4};
		store_be32(ip.bytes, i << 8);
		assert_true(rate_limit_take(r, &ip, 5, 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(gives_a_burst_and_then_evenly, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_prefixes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_to_its_rate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forgets_rather_than_refuses, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
