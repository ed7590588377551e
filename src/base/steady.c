/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/steady.h"

#include <time.h>

#include "base/utc.h"

int64_t steady_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_SECOND + now.tv_nsec;
}

void steady_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t ns)
{
	int64_t at_ns = steady_ns() + ns;
	const struct timespec until = {.tv_sec = at_ns / NS_SECOND, .tv_nsec = at_ns % NS_SECOND};
	(void)pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &until);
}
