/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_IDENTITY_VERIFIED_H
#define HINOMI_HUB_IDENTITY_VERIFIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What came of passwords that were verified a short while ago, by a digest under a key in locked memory: so
 * that Argon2id is paid once, not at each request. Good ones last ten minutes, bad ones two seconds; whether
 * the credential is still there the directory says each time.
 */
struct verified;

struct verified_answer {
	bool good;
	int64_t credential, revision;
};

/** @return NULL: no memory */
struct verified *verified_new(void);
/** NULL is allowed. */
void verified_free(struct verified *v);

/** @return whether something is known of it */
bool verified_find(struct verified *v, const char *login, const char *password, int64_t now_us,
		   struct verified_answer *out);
void verified_put(struct verified *v, const char *login, const char *password, int64_t now_us,
		  const struct verified_answer *answer);

#endif
