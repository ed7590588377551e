/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_IDENTITY_WEBAUTHN_H
#define HINOMI_HUB_IDENTITY_WEBAUTHN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/passkeys.h"

/*
 * What authenticators say (WebAuthn level 2). The only place that knows libfido2 and libcbor: both read
 * outside bytes. ES256, EdDSA and RS256; the user was verified; attestation `none`.
 */

#define WEBAUTHN_CHALLENGE 32
#define WEBAUTHN_TEXT_MAX  4096 /* bytes of a clientDataJSON, an attestation object */

enum webauthn_ceremony { WEBAUTHN_CREATE, WEBAUTHN_GET };

/**
 * Checks what a page's browser says (5.8.1): which ceremony, which challenge, from which page.
 *
 * @param host  the relying party's identifier: the page came from it, by https or, on localhost, http
 * @return HN_EFORMAT, HN_EAUTH
 */
HN_MUST_USE int webauthn_client(const uint8_t *text, size_t len, enum webauthn_ceremony ceremony,
				const uint8_t challenge[WEBAUTHN_CHALLENGE], const char *host);

/** Reads a new passkey from an attestation object (7.1). @return HN_EFORMAT; HN_EAUTH: it is for another
 * host, or the user was not verified */
HN_MUST_USE int webauthn_create(const uint8_t *object, size_t len, const char *host, struct passkey *out);

/** What a passkey signed (7.2). */
struct webauthn_assertion {
	const uint8_t *client, *data, *signature;
	size_t client_len, data_len, signature_len;
};

/** Verifies it. @return HN_EAUTH: it does not hold, or the user was not verified */
HN_MUST_USE int webauthn_get(const struct webauthn_assertion *a, const struct passkey *passkey,
			     const char *host, uint32_t *counter_out);

#endif
