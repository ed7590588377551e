/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_SERVING_H
#define HINOMI_BASE_SERVING_H

#include "base/err.h"
#include "base/fault.h"

/* What every program that serves does when it starts. */

/**
 * SIGTERM, SIGINT and SIGHUP come by a descriptor from now on (non-blocking, close-on-exec); SIGPIPE and
 * SIGXFSZ are errors of the call instead. Before the first thread, so that all of them inherit it.
 *
 * @param fd_out  the caller closes it; -1 on an error
 * @return HN_EIO
 */
HN_MUST_USE int serving_signals(int *fd_out, struct fault *fault);

/** As many open files as the system allows: every connection takes one. */
void serving_raise_descriptors(void);

#endif
