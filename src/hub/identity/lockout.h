/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_IDENTITY_LOCKOUT_H
#define HINOMI_HUB_IDENTITY_LOCKOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * Failed sign-ins: each further one makes one wait longer. Counted for an account from one network (/64 of
 * IPv6), for a network, and for an account from everywhere; the last never waits longer than a minute, so
 * that nobody shuts others out for long. Accounts that do not exist are counted alike. Forgotten after a day,
 * and at a restart.
 */
struct lockout;

/** @return NULL: no memory */
struct lockout *lockout_new(void);
/** NULL is allowed. */
void lockout_free(struct lockout *l);

/** How long to wait before the next try, microseconds; 0: it may be made. */
int64_t lockout_wait(struct lockout *l, const char *login, const struct ip *address, int64_t now_us);

/** Counts a failure, or forgets those of the account from this network. */
void lockout_tell(struct lockout *l, const char *login, const struct ip *address, bool good, int64_t now_us);

/** How an account stands, for those who may help it. */
struct lockout_standing {
	unsigned failures; /* from everywhere, not forgotten yet */
	int64_t last_us;   /* the last of them; 0: none */
	int64_t wait_us;   /* how long it waits where it waits longest; networks that guess at many count for
			    * themselves */
};
void lockout_standing(struct lockout *l, const char *login, int64_t now_us, struct lockout_standing *out);

/** Forgets the failures of an account, from everywhere. What networks did stays. */
void lockout_lift(struct lockout *l, const char *login);

#endif
