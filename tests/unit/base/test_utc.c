/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/utc.h"

#include <time.h>

#include "../check.h"

#define SECOND(n) (INT64_C(n) * NS_SECOND)

static void reads_rfc_3339(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int rc;
		int64_t time_ns;
	} cases[] = {
		{"1970-01-01T00:00:00Z", HN_OK, 0},
		{"1985-04-12T23:20:50.52Z", HN_OK, SECOND(482196050) + 520000000}, /* RFC 3339, 5.8 */
		{"1996-12-19T16:39:57-08:00", HN_OK, SECOND(851042397)},
		{"1990-12-31T23:59:60Z", HN_OK, SECOND(662688000)},
		{"1990-12-31T15:59:60-08:00", HN_OK, SECOND(662688000)},
		{"2024-02-29T00:00:00+00:00", HN_OK, SECOND(1709164800)},
		{"2000-02-29t00:00:00z", HN_OK, SECOND(951782400)},
		{"2026-11-21 13:48:49.000000001Z", HN_OK, SECOND(1795268929) + 1},
		{"2026-11-21T13:48:49.0000000019Z", HN_OK,
		 SECOND(1795268929) + 1}, /* finer than ours is cut */
		{"2261-12-31T23:59:59.999999999Z", HN_OK, SECOND(9214646400) - 1},
		{"2262-01-01T00:00:00Z", HN_ELIMIT, 0},
		{"2261-12-31T23:59:59-00:01", HN_ELIMIT, 0},
		{"1969-12-31T23:59:59Z", HN_ELIMIT, 0},
		{"1970-01-01T00:00:00+00:01", HN_ELIMIT, 0},
		{"2023-02-29T00:00:00Z", HN_EFORMAT, 0},
		{"2100-02-29T00:00:00Z", HN_EFORMAT, 0},
		{"2026-00-10T00:00:00Z", HN_EFORMAT, 0},
		{"2026-13-10T00:00:00Z", HN_EFORMAT, 0},
		{"2026-04-31T00:00:00Z", HN_EFORMAT, 0},
		{"2026-04-00T00:00:00Z", HN_EFORMAT, 0},
		{"2026-04-30T24:00:00Z", HN_EFORMAT, 0},
		{"2026-04-30T00:60:00Z", HN_EFORMAT, 0},
		{"2026-04-30T00:00:61Z", HN_EFORMAT, 0},
		{"2026-04-30T00:00:00", HN_EFORMAT, 0},
		{"2026-04-30T00:00:00.Z", HN_EFORMAT, 0},
		{"2026-04-30T00:00:00+0900", HN_EFORMAT, 0},
		{"2026-04-30T00:00:00+24:00", HN_EFORMAT, 0},
		{"2026-04-30T00:00:00ZZ", HN_EFORMAT, 0},
		{"2026-4-30T00:00:00Z", HN_EFORMAT, 0},
		{"2026-04-30", HN_EFORMAT, 0},
		{" 2026-04-30T00:00:00Z", HN_EFORMAT, 0},
		{"+026-04-30T00:00:00Z", HN_EFORMAT, 0},
		{"", HN_EFORMAT, 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *copy = (char *)exact_copy(cases[i].text, len);
		int64_t out = -7;
		int rc = utc_parse(copy, len, &out);
		if (rc != cases[i].rc || out != (rc == HN_OK ? cases[i].time_ns : -7))
			fail_msg("%s: %d, %lld", cases[i].text, rc, (long long)out);
		free(copy);
	}
}

static void every_prefix_is_refused(void **state)
{
	(void)state;
	static const char text[] = "1996-12-19T16:39:57.25-08:00";
	for (size_t len = 0; len + 1 < sizeof(text) - 1; len++) {
		char *copy = (char *)exact_copy(text, len);
		int64_t out;
		assert_int_equal(utc_parse(copy, len, &out), HN_EFORMAT);
		free(copy);
	}
}

/* Each day of the years that we know, against the system's own calendar, at its first and last moment. */
static void what_is_written_is_read_again(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 9214646400 / 86400; day++) {
		for (int last = 0; last < 2; last++) {
			int64_t when = day * SECOND(86400) + (last ? SECOND(86400) - 1000 : 0);
			char text[UTC_SIZE], expected[UTC_SIZE];
			time_t seconds = (time_t)(when / NS_SECOND);
			struct tm tm;
			int64_t back;

			utc_format(when, text);
			assert_non_null(gmtime_r(&seconds, &tm));
			assert_true(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", &tm) > 0);
			assert_memory_equal(text, expected, strlen(expected));
			assert_int_equal(utc_parse(text, strlen(text), &back), HN_OK);
			assert_true(back == when);
		}
	}
}

static void times_outside_are_written_as_the_nearest(void **state)
{
	(void)state;
	char text[UTC_SIZE];
	utc_format(INT64_MIN, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
	utc_format(INT64_MAX, text);
	assert_string_equal(text, "2261-12-31T23:59:59.999999Z");
}

static void reads_durations(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int rc;
		int64_t seconds;
	} cases[] = {
		{"P30D", HN_OK, 2592000},
		{"PT12H", HN_OK, 43200},
		{"P1W", HN_OK, 604800},
		{"P1DT2H3M4S", HN_OK, 93784},
		{"PT0S", HN_OK, 0},
		{"PT90M", HN_OK, 5400},
		{"P", HN_EFORMAT, 0},
		{"PT", HN_EFORMAT, 0},
		{"P1DT", HN_EFORMAT, 0},
		{"P1", HN_EFORMAT, 0},
		{"PD", HN_EFORMAT, 0},
		{"1D", HN_EFORMAT, 0},
		{"P1M", HN_EFORMAT, 0}, /* months have no length */
		{"P1Y", HN_EFORMAT, 0},
		{"PT1S1M", HN_EFORMAT, 0},
		{"P1D1D", HN_EFORMAT, 0},
		{"P1H", HN_EFORMAT, 0},
		{"PT1D", HN_EFORMAT, 0},
		{"PT1.5H", HN_EFORMAT, 0},
		{"P-1D", HN_EFORMAT, 0},
		{"P1D ", HN_EFORMAT, 0},
		{"", HN_EFORMAT, 0},
		{"P999999D", HN_ELIMIT, 0},
		{"PT99999999999S", HN_ELIMIT, 0},
		{"P9999999999999999999999W", HN_ELIMIT, 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *copy = (char *)exact_copy(cases[i].text, len);
		int64_t out = -7;
		int rc = utc_duration_parse(copy, len, &out);
		if (rc != cases[i].rc || out != (rc == HN_OK ? cases[i].seconds * NS_SECOND : -7))
			fail_msg("%s: %d, %lld", cases[i].text, rc, (long long)out);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rfc_3339),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(times_outside_are_written_as_the_nearest),
		cmocka_unit_test(reads_durations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
