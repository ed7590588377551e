/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_EDGE_SANDBOX_H
#define HINOMI_EDGE_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/fault.h"
#include "edge/files.h"

/** The consumer's folder as it was when the sandbox closed. */
struct edge_beside {
	const char *dir; /* of the files; "": there is none */
	dev_t device;
	ino_t inode;
};

/**
 * Gives up what the edge does not need: from now on it writes below its folder, reads its consumer's (of a
 * resolver's it also removes files) and /etc, and nothing else. Such a right belongs to the folder that is
 * there now, so a consumer's that is not there yet is made, for its user alone.
 *
 * @param f  outlives `out`
 * @return HN_EIO
 */
HN_MUST_USE int edge_sandbox(const struct edge_files *f, struct edge_beside *out, struct fault *fault);

/** The system calls of one that asks others and keeps files, once nothing new is watched. @return HN_EIO,
 * HN_ENOMEM
 */
HN_MUST_USE int edge_sandbox_calls(struct fault *fault);

/** Whether another folder has come in the place of that one: who began before it may not read it. */
bool edge_beside_replaced(const struct edge_beside *b);

#endif
