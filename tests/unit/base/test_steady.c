/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/steady.h"

#include "../check.h"

static void it_does_not_go_back(void **state)
{
	(void)state;
	int64_t before_ns = steady_ns();
	for (int i = 0; i < 1000; i++) {
		int64_t now_ns = steady_ns();
		assert_true(now_ns >= before_ns);
		before_ns = now_ns;
	}
}

static void a_wait_that_nobody_ends_lasts_as_long_as_it_said(void **state)
{
	(void)state;
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	static const int64_t times_ns[] = {-1, 0, 1, 1000000};
	pthread_mutex_lock(&mutex);
	for (size_t i = 0; i < COUNT(times_ns); i++) {
		int64_t began_ns = steady_ns();
		/* Woken for no reason it goes on waiting, as its callers do. */
		do
			steady_wait(&cond, &mutex, times_ns[i]);
		while (steady_ns() - began_ns < times_ns[i]);
	}
	pthread_mutex_unlock(&mutex);
}

struct waiting {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool told;
};

static void *tell(void *context)
{
	struct waiting *w = context;
	pthread_mutex_lock(&w->mutex);
	w->told = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

static void who_is_told_waits_no_longer(void **state)
{
	(void)state;
	struct waiting w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
	pthread_t thread;
	pthread_mutex_lock(&w.mutex);
	assert_int_equal(pthread_create(&thread, NULL, tell, &w), 0);
	while (!w.told)
		steady_wait(&w.cond, &w.mutex, INT64_C(3600) * 1000000000);
	pthread_mutex_unlock(&w.mutex);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_does_not_go_back),
		cmocka_unit_test(a_wait_that_nobody_ends_lasts_as_long_as_it_said),
		cmocka_unit_test(who_is_told_waits_no_longer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
