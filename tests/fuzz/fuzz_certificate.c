/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A header with a certificate, as a proxy hands it on. */
#include <assert.h>
#include <string.h>

#include "hub/identity/certificate.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t first[32] = {0}, second[32] = {0};
	const int64_t now_us = INT64_C(1767225600) * 1000000;
	int err = certificate_fingerprint((const char *)data, len, now_us, first);
	/* The same says the same; what is refused writes nothing. */
	assert(certificate_fingerprint((const char *)data, len, now_us, second) == err);
	assert(memcmp(first, second, sizeof(first)) == 0);
	if (err != HN_OK)
		for (size_t i = 0; i < sizeof(first); i++)
			assert(first[i] == 0);
	return 0;
}
