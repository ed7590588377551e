/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_THREAD_H
#define HINOMI_RESOLVER_THREAD_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#include "base/err.h"

/** Starts a thread with all signals blocked: they are the main thread's. @return HN_EIO (errno) */
HN_MUST_USE static inline int thread_start(pthread_t *out, void *(*run)(void *), void *context)
{
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(out, NULL, run, context);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return HN_OK;
	errno = error;
	return HN_EIO;
}

#endif
