/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What a source signs in with, as somebody sends it. */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "hub/exchange/credential.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct source_credential c;
	struct fault fault;
	assert(sodium_init() >= 0);
	if (source_credential_read((const char *)data, len, &c, &fault) != HN_OK)
		return 0;
	assert((c.user != NULL) == (c.password != NULL) && (c.certificate != NULL) == (c.key != NULL));
	assert((c.user != NULL) + (c.token != NULL) + (c.key != NULL) == 1);
	assert(c.token == NULL || strpbrk(c.token, "\r\n") == NULL);
	assert(c.user == NULL || (strpbrk(c.user, "\r\n") == NULL && strpbrk(c.password, "\r\n") == NULL));
	source_credential_clear(&c);
	return 0;
}
