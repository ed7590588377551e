/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_ACCOUNT_H
#define HINOMI_HUB_API_ACCOUNT_H

#include "http/route.h"
#include "store/person.h"

/** The login of a person of whom the asker may know. @return HN_ENOENT: nobody of whom one may */
HN_MUST_USE int account_login(struct request *r, const struct uuid *person, char out[PERSON_LOGIN_MAX + 1]);

/** One's own account (account.c). */
extern const struct route ACCOUNT_ROUTES[];
/** Signing in and out (session.c). */
extern const struct route SESSION_ROUTES[];
/** Passkeys (passkeys.c). */
extern const struct route PASSKEY_ROUTES[];
/** Tokens and certificates (tokens.c). */
extern const struct route TOKEN_ROUTES[];
/** How a person stands after failed sign-ins (lockout.c). */
extern const struct route LOCKOUT_ROUTES[];
/** Organisations, groups, people (directory.c). */
extern const struct route DIRECTORY_ROUTES[];
/** Why somebody sees something or not (access.c). */
extern const struct route ACCESS_ROUTES[];

#endif
