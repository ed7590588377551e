/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_IDENTITY_CHALLENGE_H
#define HINOMI_HUB_IDENTITY_CHALLENGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Challenges that passkeys sign: 32 random bytes, good once and for five minutes. One is sealed and kept by
 * the browser that asked for it, so that asking costs the hub nothing; what is kept here is which were taken.
 * All functions may be called from any thread.
 */
struct challenges;

#define CHALLENGE_SIZE      32
#define CHALLENGE_TEXT_SIZE 128 /* of one that is sealed, with its NUL */
#define CHALLENGE_S         300

/** @param key  crypto_secretbox_KEYBYTES, copied. @return NULL: no memory */
struct challenges *challenges_new(const uint8_t *key);
/** NULL is allowed. */
void challenges_free(struct challenges *c);

/** Makes one. @param person  who is to get a passkey; 0: somebody signs in */
void challenges_make(const struct challenges *c, int64_t person, int64_t now_us, uint8_t out[CHALLENGE_SIZE],
		     char text_out[CHALLENGE_TEXT_SIZE]);

/** Takes one, once. @return HN_EAUTH: it is not ours, for another purpose, old, or was taken; HN_ELIMIT: too
 * many were taken just now */
HN_MUST_USE int challenges_take(struct challenges *c, const char *text, size_t len, int64_t person,
				int64_t now_us, uint8_t out[CHALLENGE_SIZE]);

#endif
