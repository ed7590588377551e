/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_REMOVER_H
#define HINOMI_SENSOR_REMOVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * The process that removes captures (--consume). It alone may remove files in their directories, and takes
 * one kind of request, the number of an input: so a writer that was taken over can have removed what was to
 * be removed anyway, and nothing else. Requests are 32-bit numbers that rise; the answer to each, and one
 * that tells that the sandbox is closed, is an errno, 0 when it was done.
 */

#define REMOVER_FILES_MAX 256

struct remover_file {
	const char *base; /* the file's own name in its directory */
	int parent_fd;    /* of that directory */
	dev_t device;     /* which file it was when it was opened; another is not removed */
	ino_t inode;
};

/**
 * Runs in a child process and never returns: closes its sandbox, says so, and serves until the other end is
 * closed. The caller has closed all descriptors but fd and those of the directories.
 *
 * @param count  at most REMOVER_FILES_MAX
 */
_Noreturn void remover_run(const struct remover_file files[], size_t count, int fd);

/** Waits until the remover has closed its sandbox. @return HN_EIO (errno) when it could not */
HN_MUST_USE int remover_ready(int fd);

/**
 * Has a file removed, durably.
 *
 * @param number  of the file, higher than that of the request before
 * @return HN_EIO (errno): ESTALE when another file has its name, EPIPE when the remover is gone
 */
HN_MUST_USE int remover_ask(int fd, uint32_t number);

#endif
