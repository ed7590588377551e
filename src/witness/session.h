/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_SESSION_H
#define HINOMI_WITNESS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "witness/account.h"

/* Who has signed in at the console: in memory, so that all end with the program. */

#define SESSION_TOKEN_SIZE 65 /* hex of 32 bytes, and NUL */

/** As a request has it. */
struct session {
	bool signed_in;
	char name[ACCOUNT_NAME_MAX + 1];
	char csrf[SESSION_TOKEN_SIZE]; /* of its forms; before the sign-in that of the program */
	char token[SESSION_TOKEN_SIZE];
};

/** Begins one. @param token_out  for the cookie */
void session_begin(const char *name, char token_out[SESSION_TOKEN_SIZE]);
/** Ends it. */
void session_end(const char *token);
/** Finds the one of a cookie; one that rests for half an hour or lasts for eight is over. @param token  NULL:
 * none */
void session_find(const char *token, size_t len, struct session *out);
/** Whether a form was made for this session; in constant time. */
bool session_made(const struct session *s, const char *csrf);

#endif
