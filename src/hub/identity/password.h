/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_IDENTITY_PASSWORD_H
#define HINOMI_HUB_IDENTITY_PASSWORD_H

#include <stddef.h>

#include "base/err.h"
#include "store/credentials.h"

/*
 * Argon2id (RFC 9106, by libsodium), each on one thread: its memory is wanted once, however many sign in at a
 * time; more than queue_max wait for nothing.
 */
struct password_worker;

#define PASSWORD_MIN 12   /* characters of a new one */
#define PASSWORD_MAX 1024 /* bytes */

struct password_job {
	const char *password; /* to verify; NULL: none. Texts live until done */
	const char *hash;     /* against this; NULL: against one that nothing equals, for as long */
	const char *replace;  /* to be hashed; NULL: none */
	void (*done)(struct password_job *job); /* on the worker's thread; it owns the job from then on */
	void *context;
	/* what came of it */
	int err;                          /* HN_OK, HN_EAUTH, HN_ENOMEM */
	char made[CREDENTIAL_SECRET_MAX]; /* of replace */
	struct password_job *next;        /* private */
};

/** Hashes on the caller's thread: for a command, not for a server. passes, memory: 0: libsodium's interactive
 */
HN_MUST_USE int password_hash(unsigned passes, size_t memory, const char *password,
			      char out[CREDENTIAL_SECRET_MAX]);

/** Begins the thread; passes and memory as above. queue_max 0: 64 */
HN_MUST_USE int password_worker_new(unsigned passes, size_t memory, unsigned queue_max,
				    struct password_worker **out);
/** Finishes what waits, ends the thread. NULL is allowed. */
void password_worker_free(struct password_worker *w);

/** @return HN_ELIMIT: too many wait */
HN_MUST_USE int password_submit(struct password_worker *w, struct password_job *job);

#endif
