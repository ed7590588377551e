/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_FETCH_PROCESS_H
#define HINOMI_HUB_EXCHANGE_FETCH_PROCESS_H

#include <sys/types.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * The processes that fetch. One, the keeper, is begun with the hub as a program of its own, before the hub
 * has opened anything: it has none of the hub's memory, environment and descriptors. Started by root it is
 * the user nobody; it reads /etc and nothing else. It hears no stranger, and another waits in reserve: each
 * session is a child of it with a socket to the hub, which speaks to the internet and to no local socket,
 * begins no process, and knows one credential. A child that dies ends its session alone, the next session has
 * another. All end with the hub.
 */
#define FETCH_PROCESS_COMMAND "fetch-process" /* the first argument of the keeper's program */

struct fetch_keeper;

/**
 * Begins the keeper, and by it another one in reserve, which takes its place when it dies and begins the next
 * reserve. Before threads and before anything is opened.
 *
 * @return HN_EIO (errno), HN_ENOMEM
 */
HN_MUST_USE int fetch_process_start(struct fetch_keeper **out, struct fault *fault);

/** A new child, which has the other end of `session_fd`'s socket; the caller closes its own copy. From any
 * thread. @return HN_EIO: keeper and reserve have ended at once */
HN_MUST_USE int fetch_process_new(struct fetch_keeper *keeper, int session_fd, struct fault *fault);

/** Ends them and their children. NULL is allowed. */
void fetch_process_end(struct fetch_keeper *keeper);

/** The keeper's program, with its parent's number as its one argument: serves at descriptor 3 until that is
 * closed. @return an exit code: it was not begun by a hub */
/** The keeper's program, with its parent's number as the one argument: serves at descriptor 3 until that is
 * closed. @return an exit code: no hub has begun it */
int fetch_process_main(int argc, char **argv);

/**
 * The same in a child of ours that was forked, without leaving our program.
 *
 * @param parent  ends with it
 */
_Noreturn void fetch_process_keep(int fd, pid_t parent);

#endif
