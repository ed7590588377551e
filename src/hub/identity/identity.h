/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_IDENTITY_IDENTITY_H
#define HINOMI_HUB_IDENTITY_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/siphash.h"
#include "http/request.h"
#include "store/directory.h"

/*
 * Who is behind a request. Ways to sign in:
 *
 *   Authorization: Bearer TOKEN      an API token, or what POST /api/v1/sign-in gave
 *   Authorization: Basic ...         a token as the password, with any name; or login and password of a
 *                                    person without a second factor
 *   a session's cookie               what POST /api/v1/session/... gave; a change by it needs the header
 *                                    Hinomi-CSRF and a page of this hub. One that does not hold any more is
 *                                    as if it were not there: a browser sends it until it is told otherwise
 *   a client certificate             from a trusted proxy (hub.yaml: http.certificate_header)
 *
 * Nothing here is believed longer than a request: tokens and certificates are looked up in the directory each
 * time, a password that was verified is kept by a keyed digest with the number of its credential, which the
 * directory must still have.
 */
struct hub;
struct identity;
struct challenges;

struct identity_options {
	struct directory *directory;
	int data_fd;              /* its keys/identity is made at the first start */
	unsigned password_passes; /* Argon2id: 1..; 0: libsodium's interactive */
	size_t password_memory;   /* bytes; 0: libsodium's interactive */
	unsigned queue_max;       /* sign-ins that may wait; 0: 64 */
};

/** Reads its key, begins the thread that works on passwords. @return as hub_key(); HN_ENOMEM */
HN_MUST_USE int identity_open(const struct identity_options *options, struct identity **out,
			      struct fault *fault);
/** Ends the thread. NULL is allowed. */
void identity_close(struct identity *i);

/** For struct server_options. */
int identity_request(struct request *r);
/** For struct server_options: whether it is still the same, and still may. r->who is what that one is now. A
 * password whose proof is no longer kept is not proved again here. */
bool identity_still(struct request *r);

/* ---- for the routes of sign-in, tokens and people ---- */

/** Where people and organisations are. */
struct directory *identity_directory(struct identity *i);

#define IDENTITY_TOKEN_SIZE 48 /* "hnm_", 43 characters, NUL, rounded up */

/** A new token: 256 random bits. Its digest goes into the store, the text is shown once. */
void identity_token_new(struct identity *i, char text_out[IDENTITY_TOKEN_SIZE], struct credential *out);

/** The same for a session that a browser keeps as a cookie ("hnc_"): no token, and a token is none. */
void identity_session_new(struct identity *i, char text_out[IDENTITY_TOKEN_SIZE], struct credential *out);

/** The same for a link that signs in once ("hnl_"). */
void identity_link_new(struct identity *i, char text_out[IDENTITY_TOKEN_SIZE], struct credential *out);
/** What the store keeps of its text. @return HN_EFORMAT: it is none */
HN_MUST_USE int identity_link_digest(const struct identity *i, const char *text, size_t len,
				     uint8_t out[CREDENTIAL_DIGEST]);

#define IDENTITY_CSRF_SIZE 44 /* 43 characters and NUL */

/** What a page sends back in the header Hinomi-CSRF with each change by this session's cookie. */
void identity_csrf(const struct identity *i, const struct credential *session, char out[IDENTITY_CSRF_SIZE]);

/** How a session was begun: the word that its credential has as its title ("password", "passkey", "link"). */
const char *identity_how(const struct credential *session);

/** Whether a person signed in himself, by what is his alone, and is not here by a token or certificate. */
bool identity_in_person(const struct request *r);

/** What a password's work came to. */
struct password_result {
	int err;                /* HN_OK; HN_EAUTH: wrong, or nobody; HN_ELIMIT: too many failures */
	struct account account; /* of the login */
	int64_t retry_us;       /* HN_ELIMIT: after how long */
	char hash[CREDENTIAL_SECRET_MAX]; /* of the new password, where one was given */
};

/**
 * Verifies a password, and hashes a new one, on the thread for it; the request waits and goes on with
 * `again`. Unknown logins take as long.
 *
 * @param login    NULL: only hash
 * @param replace  NULL: only verify
 * @param result   lives in the request's arena; filled when `again` is called
 * @return what the handler returns; HN_ELIMIT: too many wait
 */
HN_MUST_USE int identity_password(struct request *r, const char *login, const char *password,
				  const char *replace, struct password_result *result,
				  int (*again)(struct request *r));

/** The challenges that passkeys sign. */
struct challenges *identity_challenges(struct identity *i);

/** How long this account has to wait after failures, from this address; 0: not at all. Microseconds. */
int64_t identity_wait(struct identity *i, const struct request *r, const char *login);

/** A sign-in failed or succeeded: for the back-off of this account and address. */
void identity_tell(struct identity *i, struct request *r, const char *login, bool good);

/** How a login stands after failures at this hub, and helping it (lockout.h). */
struct lockout_standing;
void identity_lockout(struct identity *i, const char *login, int64_t now_us, struct lockout_standing *out);
void identity_lift(struct identity *i, const char *login);

/** The credential by which this request was signed: a token's or a session's. @return HN_ENOENT: none of
 * them */
HN_MUST_USE int identity_credential(struct request *r, struct account *out);

/** A key by which the hub disguises its own numbers, made of its secret. */
void identity_number_key(const struct identity *i, uint8_t out[SIPHASH_KEY]);

#define TOTP_SECRET 20 /* bytes; RFC 4226, 4, R6 */
#define TOTP_SEALED 60 /* a nonce, a tag and the secret */

/**
 * Appends the URI by which an authenticator takes the secret:
 * otpauth://totp/Hinomi:LOGIN?secret=...&issuer=Hinomi. The login is written so that it stands for itself.
 */
void identity_totp_uri(struct buf *out, const char *login, const uint8_t secret[TOTP_SECRET]);

/** Seals and opens a second factor's secret. @return HN_EAUTH: it is not ours */
void identity_seal(const struct identity *i, const uint8_t secret[TOTP_SECRET], uint8_t out[TOTP_SEALED]);
HN_MUST_USE int identity_unseal(const struct identity *i, const uint8_t *sealed, size_t len,
				uint8_t out[TOTP_SECRET]);

/** The same for its time with a person who is to confirm it: sealed for that person and nobody else. */
void identity_seal_for(const struct identity *i, const struct uuid *person, const uint8_t secret[TOTP_SECRET],
		       uint8_t out[TOTP_SEALED]);
HN_MUST_USE int identity_unseal_for(const struct identity *i, const struct uuid *person,
				    const uint8_t *sealed, size_t len, uint8_t out[TOTP_SECRET]);

#endif
