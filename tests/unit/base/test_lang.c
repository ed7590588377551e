/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/lang.h"

#include <pthread.h>

#include "../check.h"

static void *other(void *arg)
{
	*(const char **)arg = tr("smoke", "煙");
	lang_set_thread(LANG_EN);
	return NULL;
}

static void each_thread_may_have_its_own(void **state)
{
	(void)state;
	pthread_t thread;
	const char *there = NULL;

	lang_set(LANG_JA);
	assert_string_equal(tr("smoke", "煙"), "煙");
	lang_set_thread(LANG_EN);
	assert_string_equal(tr("smoke", "煙"), "smoke");
	assert_int_equal(pthread_create(&thread, NULL, other, &there), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(there, "煙");
	lang_reset_thread();
	assert_string_equal(tr("smoke", "煙"), "煙");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_thread_may_have_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
