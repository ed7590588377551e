/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/metrics.h"

#include "../check.h"

static void write_some(enum metrics_form form, struct buf *out)
{
	static const uint64_t slots[] = {1, 0, 5, 3, 1};
	struct metrics m;
	metrics_begin(&m, form, out);
	metrics_family(&m, "blocked_total", METRICS_COUNTER, "policy", "Refused.");
	metrics_add(&m, "a \"b\" \\ c\n", 3);
	metrics_add(&m, "国", 4);
	metrics_family(&m, "empty_total", METRICS_COUNTER, "policy", "None.");
	metrics_one(&m, "open", METRICS_GAUGE, "Now.", UINT64_MAX);
	metrics_histogram(&m, "wait_seconds", "Waits.", slots, COUNT(slots), 2000007);
	metrics_one(&m, "last", METRICS_GAUGE, "End.", 0);
	assert_int_equal(metrics_end(&m), HN_OK);
}

static const char prometheus[] = "# HELP hinomi_resolver_blocked_total Refused.\n"
				 "# TYPE hinomi_resolver_blocked_total counter\n"
				 "hinomi_resolver_blocked_total{policy=\"a \\\"b\\\" \\\\ c\\n\"} 3\n"
				 "hinomi_resolver_blocked_total{policy=\"国\"} 4\n"
				 "# HELP hinomi_resolver_empty_total None.\n"
				 "# TYPE hinomi_resolver_empty_total counter\n"
				 "# HELP hinomi_resolver_open Now.\n"
				 "# TYPE hinomi_resolver_open gauge\n"
				 "hinomi_resolver_open 18446744073709551615\n"
				 "# HELP hinomi_resolver_wait_seconds Waits.\n"
				 "# TYPE hinomi_resolver_wait_seconds histogram\n"
				 "hinomi_resolver_wait_seconds_bucket{le=\"0.000001\"} 1\n"
				 "hinomi_resolver_wait_seconds_bucket{le=\"0.000002\"} 1\n"
				 "hinomi_resolver_wait_seconds_bucket{le=\"0.000004\"} 6\n"
				 "hinomi_resolver_wait_seconds_bucket{le=\"0.000008\"} 9\n"
				 "hinomi_resolver_wait_seconds_bucket{le=\"+Inf\"} 10\n"
				 "hinomi_resolver_wait_seconds_sum 2.000007\n"
				 "hinomi_resolver_wait_seconds_count 10\n"
				 "# HELP hinomi_resolver_last End.\n"
				 "# TYPE hinomi_resolver_last gauge\n"
				 "hinomi_resolver_last 0\n";

static const char json[] = "{\"blocked_total\":{\"a \\\"b\\\" \\\\ c\\u000a\":3,\"国\":4},\"empty_total\":{},"
			   "\"open\":18446744073709551615,"
			   "\"wait_seconds\":{\"count\":10,\"sum_us\":2000007,\"p50_us\":4,\"p99_us\":16},"
			   "\"last\":0}";

static void the_same_numbers_in_both_forms(void **state)
{
	static const struct {
		enum metrics_form form;
		const char *text;
	} cases[] = {{METRICS_PROMETHEUS, prometheus}, {METRICS_JSON, json}};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out;
		buf_init(&out, 65536);
		write_some(cases[i].form, &out);
		assert_string_equal(out.data, cases[i].text);
		buf_clear(&out);
	}
}

static void an_answer_without_room_is_an_error(void **state)
{
	struct metrics m;
	struct buf out;
	(void)state;
	buf_init(&out, 16);
	metrics_begin(&m, METRICS_PROMETHEUS, &out);
	metrics_one(&m, "open", METRICS_GAUGE, "Now.", 1);
	assert_int_equal(metrics_end(&m), HN_ELIMIT);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_numbers_in_both_forms),
		cmocka_unit_test(an_answer_without_room_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
