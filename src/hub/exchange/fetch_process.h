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
 * the user nobody; it reads /etc and nothing else. It hears no stranger: each session is a child of it with a
 * socket to the hub, which speaks to the internet and to no local socket, begins no process, and knows one
 * credential. A child that dies ends its session alone, the next session has another. All end with the hub.
 */
#define FETCH_PROCESS_COMMAND "fetch-process" /* the first argument of the keeper's program */

/**
 * Begins the keeper. Before threads and before anything is opened.
 *
 * @param fd_out  for fetch_process_new(); closing it ends the keeper and its children
 * @return HN_EIO (errno)
 */
HN_MUST_USE int fetch_process_start(int *fd_out, struct fault *fault);

/** A new child, which has the other end of `session_fd`'s socket; the caller closes its own copy. @return
 * HN_EIO: the keeper has ended */
HN_MUST_USE int fetch_process_new(int keeper_fd, int session_fd, struct fault *fault);

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
