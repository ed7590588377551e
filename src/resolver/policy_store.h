/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_POLICY_STORE_H
#define HINOMI_RESOLVER_POLICY_STORE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/fault.h"
#include "resolver/policy.h"

/*
 * The policy in force, and its replacement while threads ask it (userspace RCU, quiescent-state based).
 *
 * Control threads make, reload and free: reloads that read everything wait for each other; one that takes
 * what is small goes past them, so that an overlay is in force while a large list is still being read. Any
 * number of asking threads join, take the policy, and say when they hold nothing any more:
 *
 *     policy_thread_join();
 *     for (;;) {
 *             policy_thread_offline();
 *             ...wait for work (epoll_wait)
 *             policy_thread_online();
 *             const struct policy *p = policy_store_get(store);
 *             ...judge a batch; neither p nor a verdict of it is kept beyond
 *             policy_thread_quiet();                       only where the loop does not go offline
 *     }
 *     policy_thread_leave();
 *
 * Asking costs a load of a pointer; a reload never makes an asking thread wait. What is kept longer (a cached
 * answer) keeps policy_generation() and is judged again when that differs.
 */

struct policy_store;

/**
 * Reads the policy. The spec and what it points to are copied.
 *
 * @return as policy_new()
 */
HN_MUST_USE int policy_store_new(const struct policy_spec *spec, struct policy_store **out,
				 struct fault *fault);
/**
 * Called for each policy that is put in force from now on, in their order, before the one before it is freed.
 * Before the first reload.
 */
typedef void policy_store_hear(void *context, const struct policy *policy);
void policy_store_on_change(struct policy_store *store, policy_store_hear *hear, void *context);

/** After every asking thread has left. NULL is allowed. */
void policy_store_free(struct policy_store *store);

/** The policy in force; never NULL. Valid until the calling thread goes quiet, offline or leaves. */
const struct policy *policy_store_get(const struct policy_store *store);

/** Of an asking thread, once each before its first and after its last question. It starts online. */
void policy_thread_join(void);
void policy_thread_leave(void);
/** Around whatever may block. */
void policy_thread_offline(void);
void policy_thread_online(void);
/** This thread holds no policy now. */
void policy_thread_quiet(void);
/** At the beginning of what liburcu calls after a grace period: tells the thread sanitizer that it passed. */
void policy_grace_passed(void);

/**
 * Reads what has changed, puts a new policy in force and frees the old one when nobody asks it any more
 * (which this call waits for, so not from an asking thread). An error changes nothing. What did not change is
 * shared. While a large file is read, policy_store_reload_small() may put another policy in force.
 *
 * Where policy_store_watch() was called, the directories are watched from then on; an error too when one
 * cannot be.
 *
 * @param spec   another configuration, copied; NULL: as before. What happens in its directories before they
 * are watched is not heard: policy_store_reload() with NULL is due once more
 * @param force  takes an RPZ file that keep_percent refuses
 * @return as policy_new(); HN_OK also when nothing had changed: then the generation stays
 */
HN_MUST_USE int policy_store_reload(struct policy_store *store, const struct policy_spec *spec, bool force,
				    struct fault *fault);

/**
 * The same as far as it goes without reading a large file (policy_files.h): a set that has one to be read
 * stays as it was, but for overlays of the base in force, which are added; what was taken away from it stays
 * too until then. So whoever replaces a base and removes the overlays it holds now leaves no gap. Never waits
 * for a policy_store_reload() that reads.
 *
 * @param left_out  whether a large file is left: policy_store_reload() is due, from another thread
 */
HN_MUST_USE int policy_store_reload_small(struct policy_store *store, bool *left_out, struct fault *fault);

/**
 * Watches the directories of the files, before privileges are dropped or after.
 *
 * @param fd_out  becomes readable when something happens there; the store's, closed by policy_store_free()
 * @return HN_EIO (errno), HN_ENOENT
 */
HN_MUST_USE int policy_store_watch(struct policy_store *store, int *fd_out, struct fault *fault);

/** Reads what happened. @return whether a file of the policy was renamed into place, written or removed:
 * then policy_store_reload() is due */
bool policy_store_changed(struct policy_store *store);

#endif
