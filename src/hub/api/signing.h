/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_SIGNING_H
#define HINOMI_HUB_API_SIGNING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "http/request.h"
#include "hub/identity/identity.h"

struct writing;

/* What all ways of signing in have in common: they end in a session, an entry of the ledger, an answer. */

/** A sign-in under way; in the request's arena. */
struct signing {
	const char *how;    /* "password", "passkey", "link"; static */
	const char *login;  /* for the back-off: whose sign-in it would be */
	bool cookie;        /* the session is a browser's, else a token */
	bool second_factor; /* more than one thing was shown */
	const char *code;   /* by password */
	struct password_result result;
	struct credential session;
	char token[IDENTITY_TOKEN_SIZE];
	int64_t step; /* of the code */
	struct credential totp;
};

/** The request's body as an object with these members at most; json_decref() it. */
HN_MUST_USE int signing_body(struct request *r, const char *const names[], json_t **out);

/** By {login, password, code}, as a handler: the answer is a token's session, or a browser's. */
int signing_by_password(struct request *r, bool cookie);

/**
 * Makes s->session and s->token for s->result.account.
 */
void signing_session(struct request *r, struct signing *s);

/** In a job of request_change(): adds the session, its entry in the ledger, and answers. */
HN_MUST_USE int signing_begin(struct writing *w, struct request *r, struct signing *s);

/** Answers a sign-in that failed (s->result.err): the same whatever was wrong. @return what a handler does */
int signing_refuse(struct request *r, const struct signing *s);

/** Refuses what another site's page sent. @return whether it did: the answer stands */
bool signing_foreign(struct request *r);

/** Appends the login of who asks, as a JSON string. */
HN_MUST_USE int signing_login(struct request *r, struct buf *out);

/**
 * Writes who has a session (catalog/api/signed-in.json).
 *
 * @param account  whose credential is the session
 * @param cookie   a browser's: what its page needs is in it
 */
HN_MUST_USE int signing_describe(struct request *r, const struct account *account, const struct asker *asker,
				 const char *how, bool second_factor, bool cookie);

#endif
