/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SERVE_RELOAD_H
#define HINOMI_RESOLVER_SERVE_RELOAD_H

#include "base/err.h"
#include "resolver/running.h"

/*
 * What is read again while it serves. Small files of the policy are read by who hears of them; large ones,
 * and all that SIGHUP asks for, by a thread of their own, so that an overlay never waits for a list.
 */
struct reloader;

/** Tells the log and the event log of each policy from now on. Before the first reload. */
void running_hear_of_policies(struct running *r);

/** Starts the thread. @return HN_ENOMEM, HN_EIO (errno) */
HN_MUST_USE int reloader_start(struct running *r, struct reloader **out);
/** Ends it, after what it is reading. NULL is allowed. */
void reloader_stop(struct reloader *r);

/** Files of the policy changed: takes what is small at once, and lets the thread read what is not. */
void reloader_policy(struct reloader *r);
/** Reads everything again, in the thread. */
void reloader_all(struct reloader *r);

#endif
