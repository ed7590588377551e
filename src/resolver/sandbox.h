/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SANDBOX_H
#define HINOMI_RESOLVER_SANDBOX_H

#include <sys/types.h>

#include "base/confine.h"
#include "base/err.h"
#include "base/fault.h"
#include "resolver/config.h"
#include "resolver/recursor.h"

/*
 * What the resolver gives up before the first question. It keeps: its sockets, and the making of new ones
 * towards other name servers; reading below the directories of the configuration, policies, prefixes, trust
 * anchors, root hints, certificates and the cookies' file; writing below the directory of events. No
 * capability, no other user's files, no program, no new listener over TCP.
 */

/**
 * As whom it will run: the user of the configuration where it was started as root.
 *
 * @param group_out  NULL is allowed
 * @return HN_ENOENT
 */
HN_MUST_USE int sandbox_user(const struct resolver_config *config, uid_t *user_out, gid_t *group_out,
			     struct fault *fault);

/**
 * Between opening sockets and starting threads.
 *
 * @return HN_ENOENT: a user or a directory is not there; HN_EIO (errno). A kernel without Landlock is told in
 * the log and let be.
 */
HN_MUST_USE int sandbox_files(const struct resolver_config *config, const struct recursor *recursor,
			      struct confinement *state, struct fault *fault);

/**
 * Whether the files that a configuration names can be read by what it has become: those below the directories
 * that were open at the start, as far as the user's rights go.
 *
 * @return HN_EIO: the fault says which cannot be, and what to do
 */
HN_MUST_USE int sandbox_reaches(const struct resolver_config *config, struct fault *fault);

/** When all threads are there, and none serves yet. @return HN_EIO (errno), HN_ENOMEM */
HN_MUST_USE int sandbox_calls(struct confinement *state, struct fault *fault);

#endif
