/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_PASSKEYS_H
#define HINOMI_STORE_PASSKEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "store/asker.h"
#include "store/credentials.h"
#include "store/store.h"

/* The public keys of passkeys (WebAuthn level 2). A passkey is a credential, and a row of its own. */

#define PASSKEY_ID_MAX  1023 /* bytes; WebAuthn level 2, 5.8.3 */
#define PASSKEY_KEY_MAX 512

struct passkey {
	uint8_t id[PASSKEY_ID_MAX];
	size_t id_len;
	int64_t algorithm; /* COSE: -7, -8, -257 */
	uint8_t key[PASSKEY_KEY_MAX];
	size_t key_len;
	uint32_t counter;
};

/** Adds one; `credential` as credentials_add() has it. */
HN_MUST_USE int passkeys_add(struct writing *w, const struct asker *actor, struct credential *credential,
			     const struct passkey *passkey, struct fault *fault);

/** The key of a credential, with its counter. @return HN_ENOENT */
HN_MUST_USE int passkeys_get(struct writing *w, int64_t number, struct passkey *out);

/** The identifiers of a person's, the oldest first, at most `limit`. @return what fn returned */
typedef int (*passkey_id_fn)(void *context, const uint8_t *id, size_t id_len);
HN_MUST_USE int passkeys_each(struct reader *reader, int64_t person, size_t limit, passkey_id_fn fn,
			      void *context);

/** It was used with this counter. @return HN_EAUTH: the counter did not rise, so that there may be a copy;
 * one that is always 0 counts nothing (WebAuthn level 2, 7.2, 21) */
HN_MUST_USE int passkeys_use(struct writing *w, int64_t number, uint32_t counter);

#endif
