/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/flow.h"

#include "../check.h"

#define FLOWS_MAX 64

/* What the table told of flows that left. */
struct ends {
	size_t count;
	size_t by_why[4];
	struct flow last;
};

static void ended(void *context, struct flow *flow, enum flow_end why)
{
	struct ends *e = context;
	e->count++;
	e->by_why[why]++;
	e->last = *flow;
}

static struct flow_key key_of(uint16_t port)
{
	struct flow_key key = {
		.low = {1}, .high = {2}, .low_port = port, .high_port = 443, .protocol = 6, .ip_version = 4};
	return key;
}

static struct flow *touch(struct flow_table *t, uint16_t port, int64_t time_ns)
{
	struct flow_key key = key_of(port);
	uint32_t hash = flow_hash(&key);
	flow_table_advance(t, time_ns);
	struct flow *flow = flow_find(t, &key, hash, time_ns);
	if (flow == NULL)
		flow = flow_add(t, &key, hash, time_ns);
	if (time_ns > flow->last_ns)
		flow->last_ns = time_ns;
	return flow;
}

static bool there(struct flow_table *t, uint16_t port, int64_t time_ns)
{
	struct flow_key key = key_of(port);
	return flow_find(t, &key, flow_hash(&key), time_ns) != NULL;
}

static struct flow_table *table(struct ends *ends)
{
	struct flow_table *t;
	memset(ends, 0, sizeof(*ends));
	assert_int_equal(flow_table_new(FLOWS_MAX, ended, ends, &t), HN_OK);
	return t;
}

static void a_flow_is_found_by_its_key_until_it_was_silent_for_a_minute(void **state)
{
	(void)state;
	struct ends ends;
	struct flow_table *t = table(&ends);
	int64_t start = 1000 * NS_SECOND;
	struct flow *flow = touch(t, 1, start);
	assert_ptr_equal(touch(t, 1, start + 59 * NS_SECOND), flow);
	assert_true(there(t, 1, start + (59 + 59) * NS_SECOND));
	assert_false(there(t, 1, start + (59 + 60) * NS_SECOND));
	assert_int_equal(ends.by_why[FLOW_END_IDLE], 1);
	flow_table_free(t);
}

static void time_alone_ends_idle_flows(void **state)
{
	(void)state;
	struct ends ends;
	struct flow_table *t = table(&ends);
	(void)touch(t, 1, 1000 * NS_SECOND);
	flow_table_advance(t, 1100 * NS_SECOND);
	assert_int_equal(flow_count(t), 0);
	assert_int_equal(ends.by_why[FLOW_END_IDLE], 1);
	flow_table_free(t);
}

static void a_closed_flow_lingers_for_retransmissions_only(void **state)
{
	(void)state;
	struct ends ends;
	struct flow_table *t = table(&ends);
	flow_close(t, touch(t, 1, 1000 * NS_SECOND));
	assert_true(there(t, 1, 1001 * NS_SECOND));
	assert_false(there(t, 1, 1002 * NS_SECOND));
	assert_int_equal(ends.by_why[FLOW_END_CLOSED], 1);
	flow_table_free(t);
}

static void the_oldest_gives_way_when_the_table_is_full(void **state)
{
	(void)state;
	struct ends ends;
	struct flow_table *t = table(&ends);
	for (uint16_t i = 0; i < FLOWS_MAX; i++)
		(void)touch(t, i, (1000 + i / 8) * NS_SECOND);
	(void)touch(t, 0, 1030 * NS_SECOND); /* refreshed, so the next oldest is number 1 */
	(void)touch(t, 9999, 1031 * NS_SECOND);
	assert_int_equal(flow_count(t), FLOWS_MAX);
	assert_int_equal(ends.by_why[FLOW_END_EVICTED], 1);
	assert_int_equal(ends.last.key.low_port, 1);
	assert_true(there(t, 0, 1031 * NS_SECOND));
	flow_table_free(t);
}

static void a_jump_back_in_time_begins_anew(void **state)
{
	(void)state;
	struct ends ends;
	struct flow_table *t = table(&ends);
	(void)touch(t, 1, 100000 * NS_SECOND);
	(void)touch(t, 2, 1000 * NS_SECOND);
	assert_int_equal(flow_count(t), 1);
	assert_int_equal(ends.by_why[FLOW_END_IDLE], 1);
	flow_table_free(t);
}

static void draining_ends_every_flow_once(void **state)
{
	(void)state;
	struct ends ends;
	struct flow_table *t = table(&ends);
	for (uint16_t i = 0; i < 40; i++)
		(void)touch(t, i, 1000 * NS_SECOND);
	flow_close(t, touch(t, 3, 1000 * NS_SECOND));
	flow_table_drain(t, FLOW_END_INPUT);
	assert_int_equal(ends.by_why[FLOW_END_INPUT], 39);
	assert_int_equal(ends.by_why[FLOW_END_CLOSED], 1);
	assert_int_equal(flow_count(t), 0);
	flow_table_free(t);
}

/* A world of the same rules without hashes, wheels and lists. */
struct naive {
	bool there[256];
	bool closed[256];
	int64_t last_ns[256];
};

static bool naive_alive(const struct naive *n, unsigned i, int64_t now)
{
	return n->there[i] && now < n->last_ns[i] + (n->closed[i] ? FLOW_LINGER_NS : FLOW_IDLE_NS);
}

static void random_worlds_agree_with_a_naive_table(void **state)
{
	(void)state;
	struct ends ends;
	struct flow_table *t;
	memset(&ends, 0, sizeof(ends));
	assert_int_equal(flow_table_new(256, ended, &ends, &t), HN_OK);
	struct naive naive = {0};
	uint64_t seed = 12345;
	int64_t now = 5000 * NS_SECOND;
	size_t added = 0;
	for (int step = 0; step < 200000; step++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		unsigned i = (unsigned)(seed >> 33) % 256;
		now += (int64_t)((seed >> 41) % 3 == 0 ? (seed >> 20) % (2 * (uint64_t)NS_SECOND) : 1000);
		struct flow_key key = key_of((uint16_t)i);
		flow_table_advance(t, now);
		bool found = flow_find(t, &key, flow_hash(&key), now) != NULL;
		assert_int_equal(found, naive_alive(&naive, i, now));
		struct flow *flow = touch(t, (uint16_t)i, now);
		if (!found) {
			added++;
			naive.closed[i] = false;
		}
		naive.there[i] = true;
		naive.last_ns[i] = now;
		if ((seed >> 50) % 16 == 0) {
			flow_close(t, flow);
			naive.closed[i] = true;
		}
	}
	flow_table_drain(t, FLOW_END_INPUT);
	assert_int_equal(ends.count, added);
	flow_table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_found_by_its_key_until_it_was_silent_for_a_minute),
		cmocka_unit_test(time_alone_ends_idle_flows),
		cmocka_unit_test(a_closed_flow_lingers_for_retransmissions_only),
		cmocka_unit_test(the_oldest_gives_way_when_the_table_is_full),
		cmocka_unit_test(a_jump_back_in_time_begins_anew),
		cmocka_unit_test(draining_ends_every_flow_once),
		cmocka_unit_test(random_worlds_agree_with_a_naive_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
