/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Any bytes as what a browser says, as an attestation object, and as what a passkey signed: no key is longer
 * than its room, and nothing that was not signed is believed. */
#include <assert.h>
#include <string.h>

#include "hub/identity/webauthn.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t challenge[WEBAUTHN_CHALLENGE];
	struct passkey passkey = {.algorithm = -7, .key_len = 64};
	uint32_t counter = 0;
	const size_t half = len / 2;
	const struct webauthn_assertion a = {.client = data,
					     .client_len = len,
					     .data = data,
					     .data_len = half,
					     .signature = data + half,
					     .signature_len = len - half};
	(void)!webauthn_client(data, len, WEBAUTHN_GET, challenge, "localhost");
	assert(webauthn_get(&a, &passkey, "localhost", &counter) != HN_OK);
	if (webauthn_create(data, len, "localhost", &passkey) == HN_OK)
		assert(passkey.id_len > 0 && passkey.id_len <= PASSKEY_ID_MAX && passkey.key_len > 0 &&
		       passkey.key_len <= PASSKEY_KEY_MAX);
	return 0;
}
