/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/collector.h"

#include <fcntl.h>
#include <sodium.h>
#include <urcu-qsbr.h>

#include "base/utc.h"
#include "event_world.h"
#include "fakes.h"
#include "policy_world.h"

#define MINUTE (60 * NS_SECOND)
#define NAMES  120

struct collector_world {
	struct world files;
	struct policy_store *policies;
	struct loop *loop;
	struct collector *collector;
	int dir_fd;
	int64_t utc_ns;
	unsigned asked[NAMES]; /* A questions, by the number in the name */
	unsigned at_once;      /* most questions under way */
};

static void write_zone(struct collector_world *w, struct buf *zone)
{
	buf_adds(zone, "$ORIGIN rpz.\n$TTL 60\n@ SOA . . 1 1 1 1 60\n@ NS .\n");
	for (unsigned i = 0; i < NAMES; i++)
		buf_addf(zone, "n%03u.example CNAME .\n", i);
	buf_adds(zone, "*.below.example CNAME .\nfine.example CNAME rpz-passthru.\n");
	world_text(&w->files, "rpz.zone", zone->data);
}

static int set_up_with(void **state, int64_t interval_ns)
{
	struct collector_world *w = calloc(1, sizeof(*w));
	struct fault fault;
	struct buf zone;
	assert_non_null(w);
	assert_true(sodium_init() >= 0);
	world_open(&w->files);
	buf_init(&zone, 1u << 20);
	write_zone(w, &zone);
	buf_clear(&zone);
	const char *const paths[] = {world_path(&w->files, "rpz.zone")};
	const char *const watched[] = {
		world_text(&w->files, "watch.zone",
			   "$ORIGIN w.\n$TTL 60\n@ SOA . . 1 1 1 1 60\n@ NS .\nseen.example CNAME .\n")};
	const struct policy_set_spec sets[] = {
		{.name = "national", .rpz = true, .paths = paths, .path_count = 1, .action = POLICY_GIVEN},
		{.name = "watch", .rpz = true, .paths = watched, .path_count = 1, .action = POLICY_LOG},
	};
	const uint16_t order[] = {0, 1};
	const struct policy_view_spec view = {.name = "all", .sets = order, .set_count = 2};
	const struct policy_spec spec = {.sets = sets, .set_count = 2, .views = &view, .view_count = 1};
	if (policy_store_new(&spec, &w->policies, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	w->dir_fd = open(w->files.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->dir_fd >= 0);
	assert_int_equal(loop_new(&w->loop), HN_OK);
	w->utc_ns = 1800000000 * NS_SECOND;
	const struct collector_options options = {.policies = w->policies,
						  .dir_fd = w->dir_fd,
						  .interval_ns = interval_ns,
						  .rotate_ns = 3600 * NS_SECOND,
						  .size_max = 1u << 20};
	assert_int_equal(collector_new(&options, &w->collector), HN_OK);
	fake.count = 0;
	fake.refuse = HN_OK;
	*state = w;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, 4 * MINUTE);
}

static int tear_down(void **state)
{
	struct collector_world *w = *state;
	collector_free(w->collector);
	rcu_thread_offline();
	policy_store_free(w->policies);
	rcu_thread_online();
	loop_free(w->loop);
	(void)close(w->dir_fd);
	world_close(&w->files);
	free(w);
	return 0;
}

/* Answers all that was asked: an address of the name's number. */
static void answer_all(struct collector_world *w)
{
	if (fake.count > w->at_once)
		w->at_once = (unsigned)fake.count;
	while (fake.count > 0) {
		const struct fake_ask *ask = &fake.asks[0];
		assert_int_equal(ask->len, 13);
		assert_memory_equal(ask->name + 5, "\7example", 8);
		unsigned number = (unsigned)strtoul((const char *)ask->name + 2, NULL, 10);
		assert_true(number < NAMES);
		w->asked[number] += ask->type == DNS_TYPE_A;
		char data[4] = {(char)203, 0, 113, (char)number};
		const struct fake_record record = {NULL, DNS_TYPE_A, 300, data, 4};
		fake_answer(w->loop, 0, RECURSOR_INSECURE, &record, ask->type == DNS_TYPE_A);
	}
}

static void pass(struct collector_world *w, int64_t ns)
{
	for (int64_t until = w->utc_ns + ns; w->utc_ns < until; w->utc_ns += NS_SECOND / 10) {
		collector_round(w->collector, w->utc_ns);
		answer_all(w);
	}
}

static void each_name_once_an_interval_whoever_asks(void **state)
{
	struct collector_world *w = *state;
	struct collector_counts counts;
	for (unsigned interval = 1; interval <= 3; interval++) {
		pass(w, 4 * MINUTE);
		for (unsigned i = 0; i < NAMES; i++)
			assert_int_equal(w->asked[i], interval);
	}
	collector_counts(w->collector, &counts);
	assert_int_equal(counts.asked, 3 * NAMES);
	collector_round(w->collector, w->utc_ns); /* takes what came last */
	answer_all(w);
	collector_counts(w->collector, &counts);
	assert_int_equal(counts.addresses, 3 * NAMES);
	assert_int_equal(counts.failed, 0);
	assert_int_equal(counts.skipped, 0);
	assert_true(w->at_once <= 4);
}

static void what_was_found_is_written(void **state)
{
	struct collector_world *w = *state;
	struct buf text;
	pass(w, 8 * MINUTE);
	collector_round(w->collector, w->utc_ns);
	answer_all(w);
	rcu_unregister_thread(); /* it joins by itself */
	collector_finish(w->collector);
	rcu_register_thread();
	buf_init(&text, 1u << 20);
	assert_int_equal(read_directory(w->files.dir, EVENT_FILE_SUFFIX, &text), 1);
	assert_true(count_lines(&text) >= 2 * NAMES);
	/* The second line about a name knows when it was first seen. */
	const char *first =
		strstr(text.data, "{\"name\":\"n007.example\",\"address\":\"203.0.113.7\",\"first_seen\":");
	assert_non_null(first);
	const char *second = strstr(first + 1, "{\"name\":\"n007.example\",\"address\":\"203.0.113.7\"");
	assert_non_null(second);
	const char *a = strstr(first, "\"first_seen\""), *b = strstr(second, "\"first_seen\"");
	assert_memory_equal(a, b, strlen("\"first_seen\":\"2027-01-15T08:00:00.000000Z\""));
	a = strstr(first, "\"last_seen\"");
	b = strstr(second, "\"last_seen\"");
	assert_memory_not_equal(a, b, strlen("\"last_seen\":\"2027-01-15T08:00:00.000000Z\""));
	assert_non_null(strstr(first, "\"policy\":\"national\"}\n"));
	buf_clear(&text);
}

static void no_more_than_a_few_at_once_and_what_is_late_is_skipped(void **state)
{
	struct collector_world *w = *state;
	struct collector_counts counts;
	/* Nobody answers. */
	for (unsigned i = 0; i < 700; i++, w->utc_ns += NS_SECOND / 10)
		collector_round(w->collector, w->utc_ns);
	assert_int_equal(fake.count, 2 * COLLECTOR_UNDER_WAY);
	collector_counts(w->collector, &counts);
	assert_int_equal(counts.asked, COLLECTOR_UNDER_WAY);
	assert_true(counts.skipped > 0);
	for (size_t i = 0; i < 2 * COLLECTOR_UNDER_WAY; i++)
		fake_failure(w->loop);
	collector_round(w->collector, w->utc_ns);
	collector_counts(w->collector, &counts);
	assert_int_equal(counts.failed, COLLECTOR_UNDER_WAY);
	fake.count = 0;
}

static void what_cannot_be_asked_has_failed(void **state)
{
	struct collector_world *w = *state;
	struct collector_counts counts;
	fake.refuse = HN_ELIMIT;
	pass(w, MINUTE + NS_SECOND);
	collector_counts(w->collector, &counts);
	assert_true(counts.failed > 0);
	assert_true(counts.asked - counts.failed <= COLLECTOR_UNDER_WAY);
}

static void what_is_bogus_is_not_taken(void **state)
{
	struct collector_world *w = *state;
	struct collector_counts counts;
	const struct fake_record record = {NULL, DNS_TYPE_A, 300, "\xcb\0\x71\1", 4};
	for (; fake.count == 0; w->utc_ns += NS_SECOND / 10)
		collector_round(w->collector, w->utc_ns);
	while (fake.count > 0)
		fake_answer(w->loop, 0, RECURSOR_BOGUS, &record, 1);
	collector_round(w->collector, w->utc_ns);
	collector_counts(w->collector, &counts);
	assert_true(counts.failed > 0);
	assert_int_equal(counts.addresses, 0);
	fake.count = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_name_once_an_interval_whoever_asks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_found_is_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_more_than_a_few_at_once_and_what_is_late_is_skipped,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_asked_has_failed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_bogus_is_not_taken, set_up, tear_down),
	};
	rcu_register_thread();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}
