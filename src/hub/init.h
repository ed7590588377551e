/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_INIT_H
#define HINOMI_HUB_INIT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "hub/identity/identity.h"

struct hub_config;

struct init_options {
	const char *login;  /* of the first administrator */
	const char *centre; /* its name, in the language of the run */
	bool token;         /* a token for scripts too, valid for a day */
	bool totp;          /* a second factor too */
};

#define INIT_PASSWORD_SIZE 28   /* with its NUL */
#define INIT_URI_SIZE      1024 /* the same */

/** What is shown once. */
struct init_result {
	struct uuid centre, person;
	char password[INIT_PASSWORD_SIZE];
	char token[IDENTITY_TOKEN_SIZE];
	char totp[INIT_URI_SIZE]; /* otpauth URI */
};

/**
 * Makes the centre and its first administrator in the configuration's database, which is made where it is
 * not there. A hub that serves takes it in at once.
 *
 * @return HN_EEXIST: there is one already; HN_EFORMAT: the login; as store_open(), hub_key()
 */
HN_MUST_USE int hub_init(const struct hub_config *config, const struct init_options *options,
			 struct init_result *out, struct fault *fault);

#endif
