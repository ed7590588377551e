/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_CREDENTIALS_H
#define HINOMI_STORE_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "store/asker.h"
#include "store/store.h"

/*
 * What accounts sign in with. The store keeps what the hub makes of secrets and never the secrets: password
 * hashes, sealed second factors, keyed digests of tokens, fingerprints of certificates.
 */

enum credential_kind {
	CREDENTIAL_PASSWORD, /* secret: libsodium's text of an Argon2id hash */
	CREDENTIAL_TOTP,     /* secret: sealed by the hub's own key; `step`: the last code's, never again */
	CREDENTIAL_TOKEN,    /* secret: keyed digest */
	CREDENTIAL_CERTIFICATE, /* secret: SHA-256 of its DER */
	CREDENTIAL_LINK,        /* secret: keyed digest; signs in once */
	CREDENTIAL_PASSKEY, /* secret: SHA-256 of its identifier; `step`: its counter (store/passkeys.h) */
};

#define CREDENTIAL_DIGEST     32
#define CREDENTIAL_SECRET_MAX 128
#define CREDENTIAL_TITLE_MAX  128 /* bytes of what people call it */
#define CREDENTIAL_PREFIX_MAX 16  /* bytes of a token by which people know it again */

/** The words of scopes, by bit: read, write, approve, hold, manage, audit, edge. NULL: no such bit. */
const char *scope_name(unsigned scope);
/** Back to the bit; -1: no such word. */
int scope_value(const char *name, size_t len);

/** What machines and feeds use it for. */
enum credential_use {
	USE_OWN,    /* for the organisation itself */
	USE_ONWARD, /* goes on to others behind it: only where the agreement with the centre says so */
	USE_SETS,   /* compiled sets, nothing else */
};

/** The words of enum credential_use. NULL: no such value. */
const char *use_name(enum credential_use use);
int use_value(const char *name, size_t len);

struct credential {
	int64_t number; /* 0: new */
	struct uuid id;
	enum credential_kind kind;
	int64_t person;       /* 0: of a machine */
	int64_t organisation; /* of a machine; of a person's token: for which it acts, 0: the default */
	unsigned scopes;      /* bits; scope_name() */
	enum credential_use use;
	unsigned purposes;              /* stated for this use; 0: all that were agreed to */
	enum tlp tlp_max;               /* not above this, whatever was agreed to */
	bool session;                   /* made by a sign-in */
	int64_t created_us, expires_us; /* 0: never */
	int64_t step;                   /* of TOTP */
	int64_t revision;
	char title[CREDENTIAL_TITLE_MAX + 1];
	char prefix[CREDENTIAL_PREFIX_MAX + 1];
	uint8_t secret[CREDENTIAL_SECRET_MAX];
	size_t secret_len;
};

/**
 * Adds one; a password or second factor takes the place of the person's former one, and with it all that
 * sign-ins have made ends. Where a person's own password takes the place of one that somebody else gave, the
 * tokens and certificates end too: they may be that one's.
 *
 * Who may: oneself for oneself. For others: the centre's administrators, and an organisation's administrators
 * for its machines and for its people who have a place nowhere else; but nobody for a person with a higher
 * clearance than their own, or who handles what was selected: who could sign in as somebody would see what
 * that one sees.
 *
 * @param credential  number, created_us and revision are filled in
 * @return HN_EAUTH: the actor may not (the fault says why); HN_ENOENT: no such person or organisation;
 *         HN_EEXIST: the token or certificate is there already
 */
HN_MUST_USE int credentials_add(struct writing *w, const struct asker *actor, struct credential *credential,
				struct fault *fault);

/**
 * Whether a person's rights to see may be raised by this actor: not by who ever gave that person a password
 * or a link, and not before that person has set a password of their own since: the giver could sign in as
 * that person.
 *
 * @return HN_EAUTH: no; the fault says why
 */
HN_MUST_USE int credentials_raise_ok(struct db *db, const struct asker *actor, int64_t person,
				     struct fault *fault);

/** Takes one away; what it gave is gone at the next request. Who may: as above. @return HN_ENOENT, HN_EAUTH
 */
HN_MUST_USE int credentials_remove(struct writing *w, const struct asker *actor, const struct uuid *id,
				   struct fault *fault);

/**
 * Takes one that holds once: it is gone when the transaction holds.
 *
 * @return HN_ENOENT: it is not there, was taken before, or has expired
 */
HN_MUST_USE int credentials_take(struct writing *w, enum credential_kind kind,
				 const uint8_t secret[CREDENTIAL_DIGEST], struct credential *out);

/** The number of the person who signs in so. @return HN_ENOENT */
HN_MUST_USE int credentials_person(struct writing *w, const char *login, int64_t *out);

/** A code of this step was used. @return HN_EAUTH: it, or a later one, was used before */
HN_MUST_USE int credentials_use_step(struct writing *w, int64_t number, int64_t step);

/** Forgets what has expired before this time. */
HN_MUST_USE int credentials_expire(struct writing *w, int64_t before_us, uint64_t *count_out);

#endif
