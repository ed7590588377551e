/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/answer_cache.h"

#include <pthread.h>

#include <sodium.h>
#include <urcu-qsbr.h>

#include "base/cur.h"

#include "../check.h"

#define TYPE_A 1

struct made {
	struct answer_cache *cache;
	uint8_t name[64];
	struct answer_key key;
};

/* The key of label.example. */
static void key_of(struct made *m, const char *label, uint16_t type, unsigned variant)
{
	size_t len = strlen(label);
	m->name[0] = (uint8_t)len;
	memcpy(m->name + 1, label, len);
	memcpy(m->name + 1 + len, "\7example", 8);
	m->key = (struct answer_key){
		.name = m->name, .name_len = (uint8_t)(len + 9), .variant = (uint8_t)variant, .type = type};
	m->key.hash = answer_cache_hash(m->cache, m->name, m->key.name_len, type, variant);
}

static struct cached_answer *answer(const struct answer_key *key, uint32_t ttl, uint32_t now, uint8_t mark)
{
	uint8_t message[32] = {mark};
	store_be32(message + 8, ttl);
	store_be32(message + 20, ttl + 100);
	const uint16_t offsets[] = {8, 20};
	return cached_answer_new(key, message, sizeof(message), offsets, COUNT(offsets), ttl, now);
}

static int set_up(void **state)
{
	assert_true(sodium_init() >= 0);
	struct made *m = calloc(1, sizeof(*m));
	assert_non_null(m);
	assert_int_equal(answer_cache_new((size_t)1 << 20, 1000, &m->cache), HN_OK);
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	struct made *m = *state;
	rcu_barrier();
	answer_cache_free(m->cache);
	free(m);
	return 0;
}

static void an_answer_is_found_by_name_type_and_variant_and_by_nothing_else(void **state)
{
	struct made *m = *state;
	key_of(m, "www", TYPE_A, 0);
	answer_cache_put(m->cache, answer(&m->key, 60, 10, 7), 10);
	const struct cached_answer *found = answer_cache_find(m->cache, &m->key);
	assert_non_null(found);
	assert_int_equal(cached_answer_message(found)[0], 7);
	assert_int_equal(found->expires, 70);
	key_of(m, "www", 28, 0);
	assert_null(answer_cache_find(m->cache, &m->key));
	key_of(m, "www", TYPE_A, ANSWER_DNSSEC);
	assert_null(answer_cache_find(m->cache, &m->key));
	key_of(m, "wwv", TYPE_A, 0);
	assert_null(answer_cache_find(m->cache, &m->key));
}

static void the_root_has_answers_too(void **state)
{
	struct made *m = *state;
	struct answer_key root = {.name = m->name, .type = 2};
	root.hash = answer_cache_hash(m->cache, m->name, 0, 2, 0);
	answer_cache_put(m->cache, answer(&root, 60, 10, 9), 10);
	assert_non_null(answer_cache_find(m->cache, &root));
}

static void a_newer_answer_takes_the_place_of_an_older(void **state)
{
	struct made *m = *state;
	key_of(m, "www", TYPE_A, 0);
	answer_cache_put(m->cache, answer(&m->key, 60, 10, 1), 10);
	answer_cache_put(m->cache, answer(&m->key, 60, 20, 2), 20);
	assert_int_equal(cached_answer_message(answer_cache_find(m->cache, &m->key))[0], 2);
	assert_int_equal(answer_cache_counts(m->cache).answers, 1);
}

static void an_answer_tells_where_its_times_to_live_stand(void **state)
{
	struct made *m = *state;
	key_of(m, "www", TYPE_A, 0);
	struct cached_answer *a = answer(&m->key, 60, 10, 1);
	assert_int_equal(a->ttl_count, 2);
	assert_int_equal(load_be32(cached_answer_message(a) + a->ttl_at[0]), 60);
	assert_int_equal(load_be32(cached_answer_message(a) + a->ttl_at[1]), 160);
	cached_answer_unref(a);
}

static void what_was_found_outlives_its_removal_for_who_holds_it(void **state)
{
	struct made *m = *state;
	key_of(m, "www", TYPE_A, 0);
	answer_cache_put(m->cache, answer(&m->key, 60, 10, 3), 10);
	struct cached_answer *held = cached_answer_ref(answer_cache_find(m->cache, &m->key));
	assert_int_equal(answer_cache_flush(m->cache, m->key.name, m->key.name_len), 1);
	rcu_barrier();
	assert_null(answer_cache_find(m->cache, &m->key));
	assert_int_equal(cached_answer_message(held)[0], 3);
	cached_answer_unref(held);
}

static void flushing_takes_the_name_and_what_is_below_it(void **state)
{
	struct made *m = *state;
	static const char *const labels[] = {"a", "b", "ba", "c"};
	for (size_t i = 0; i < COUNT(labels); i++) {
		key_of(m, labels[i], TYPE_A, 0);
		answer_cache_put(m->cache, answer(&m->key, 60, 10, 1), 10);
	}
	/* "a.example" is the end of no other name here, as text it is of "ba.example". */
	key_of(m, "a", TYPE_A, 0);
	assert_int_equal(answer_cache_flush(m->cache, m->name, m->key.name_len), 1);
	assert_int_equal(answer_cache_flush(m->cache, (const uint8_t *)"\7example", 8), 3);
	assert_int_equal(answer_cache_counts(m->cache).answers, 0);
}

static void memory_stays_within_the_budget_and_answers_in_use_stay_longest(void **state)
{
	struct made *m = *state;
	struct made hot = {.cache = m->cache};
	key_of(&hot, "hot", TYPE_A, 0);
	answer_cache_put(m->cache, answer(&hot.key, 1000, 10, 1), 10);
	unsigned lost = 0;
	for (unsigned i = 0; i < 50000; i++) {
		char label[16];
		snprintf(label, sizeof(label), "n%u", i);
		key_of(m, label, TYPE_A, 0);
		answer_cache_put(m->cache, answer(&m->key, 1000, 10, 1), 10);
		assert_true(answer_cache_counts(m->cache).bytes <= (size_t)1 << 20);
		if (!answer_cache_find(m->cache, &hot.key)) {
			lost++;
			answer_cache_put(m->cache, answer(&hot.key, 1000, 10, 1), 10);
		}
	}
	assert_int_equal(lost, 0);
	assert_true(answer_cache_counts(m->cache).evicted > 0);
	assert_true(answer_cache_counts(m->cache).answers > 1000);
}

#define THREADS 4
#define ROUNDS  20000

static void *read_and_write(void *arg)
{
	struct made m = {.cache = arg};
	rcu_register_thread();
	for (unsigned i = 0; i < ROUNDS; i++) {
		char label[16];
		snprintf(label, sizeof(label), "n%u", i % 97);
		key_of(&m, label, TYPE_A, 0);
		struct cached_answer *found = answer_cache_find(m.cache, &m.key);
		/* Each answer carries its own key: one that is found half written or freed would not fit. */
		if (found) {
			assert_int_equal(cached_answer_message(found)[0], i % 97);
		}
		if (!found || i % 7 == 0)
			answer_cache_put(m.cache, answer(&m.key, 60, 10, (uint8_t)(i % 97)), 10);
		if (i % 1009 == 0)
			(void)answer_cache_flush(m.cache, NULL, 0);
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	return NULL;
}

static void threads_read_while_others_replace_and_flush(void **state)
{
	struct made *m = *state;
	pthread_t threads[THREADS];
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_and_write, m->cache), 0);
	rcu_thread_offline();
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	rcu_thread_online();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_answer_is_found_by_name_type_and_variant_and_by_nothing_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_root_has_answers_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_newer_answer_takes_the_place_of_an_older, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_answer_tells_where_its_times_to_live_stand, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_was_found_outlives_its_removal_for_who_holds_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(flushing_takes_the_name_and_what_is_below_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			memory_stays_within_the_budget_and_answers_in_use_stay_longest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(threads_read_while_others_replace_and_flush, set_up,
						tear_down),
	};
	rcu_register_thread();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}
