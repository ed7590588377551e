/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_ACCOUNT_H
#define HINOMI_WITNESS_ACCOUNT_H

#include "base/err.h"
#include "base/fault.h"
#include "witness/state.h"

/* Who may sign in at the console: a name and a passphrase (Argon2id). Attempts are few and one at a time. */

#define ACCOUNT_NAME_MAX       64
#define ACCOUNT_PASSPHRASE_MIN 12 /* bytes */
#define ACCOUNT_PASSPHRASE_MAX 1024

/** Makes an account, or gives it another passphrase. @return HN_EFORMAT: name, or passphrase too short */
HN_MUST_USE int account_put(struct state *s, const char *name, const char *passphrase, struct fault *fault);

/** @return HN_EAUTH: no such account, or another passphrase; HN_ELIMIT: too many attempts, wait a minute */
HN_MUST_USE int account_verify(struct state *s, const char *name, const char *passphrase);

#endif
