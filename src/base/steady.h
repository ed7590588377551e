/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_STEADY_H
#define HINOMI_BASE_STEADY_H

#include <pthread.h>
#include <stdint.h>

/*
 * The clock that nobody sets: for how long something lasts, and when it is due again. Times of day are
 * base/utc.h's.
 */

/** Nanoseconds since some time in the past. */
int64_t steady_ns(void);

/** pthread_cond_wait(), for so long at most. A condition of any clock. */
void steady_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t ns);

#endif
