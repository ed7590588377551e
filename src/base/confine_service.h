/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_CONFINE_SERVICE_H
#define HINOMI_BASE_CONFINE_SERVICE_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/confine.h"
#include "base/err.h"
#include "base/fault.h"

/* What the programs that serve share when they give up what they do not need: base/confine.h, with faults for
 * people and one line of log for what a machine lacks. */

/**
 * Whom a service that root began becomes.
 *
 * @param named  by the configuration, so that it must be there; NULL: `usual`, or root without its rights,
 *               which the log tells
 * @param out    as getpwnam(); NULL: stays who it is
 * @return HN_ENOENT
 */
HN_MUST_USE int service_user(const char *named, const char *usual, const struct passwd **out,
			     struct fault *fault);

/** Becomes that user, or gives up what it may beyond its own user's rights (NULL). @return HN_EIO */
HN_MUST_USE int service_become(const struct passwd *user, struct confinement *state, struct fault *fault);

#define SERVICE_RULES_MAX 8

/** Directories that stay open to a service. Begins as {0}. */
struct service_rules {
	struct confine_rule all[SERVICE_RULES_MAX];
	size_t count;
};

/** Opens a directory (enum confine_right); one that is not there, or beyond the maximum, stays closed. */
void service_rules_add(struct service_rules *rules, const char *dir, unsigned rights);

/** The same of a directory that is open already; the descriptor stays the caller's. */
void service_rules_add_fd(struct service_rules *rules, int dir_fd, unsigned rights);

/** The directory in which a file lies, so that one that takes its place is reached too. NULL: none. */
void service_rules_add_folder_of(struct service_rules *rules, const char *path, unsigned rights);

/** Closes their descriptors. */
void service_rules_clear(struct service_rules *rules);

/** Landlock by confine_service_files(). A kernel without it is told in the log and let be. @return HN_EIO */
HN_MUST_USE int service_files(const struct confine_rule rules[], size_t count, struct confinement *state,
			      struct fault *fault);

/**
 * seccomp for all threads: what connections, waiting, files, a database in a file and threads need. No
 * program is ever begun.
 *
 * @param asks  it makes sockets, to ask others
 * @return HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int service_calls(bool asks, struct confinement *state, struct fault *fault);

#endif
