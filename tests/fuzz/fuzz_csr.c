/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A certificate request (PKCS#10) of any bytes, as PEM and, behind a zero, as the DER inside: refused, or a
 * certificate of this edge's that the authority itself takes, whatever else the request wanted. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/utc.h"
#include "bus/pki.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/target.h"

#define NOW_NS (INT64_C(1790000000) * NS_SECOND)

static struct pki *authority(void)
{
	static struct pki *pki;
	struct fault fault = {0};
	if (pki == NULL) {
		(void)directory_open();
		assert(pki_open(directory_path, "Hinomi", NOW_NS, &pki, NULL, &fault) == HN_OK);
	}
	return pki;
}

static void sign(const char *csr, size_t len)
{
	static const struct uuid edge = {{1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}};
	struct pki_certificate said, read;
	struct fault fault = {0};
	struct buf pem;
	buf_init(&pem, PKI_PEM_MAX);
	if (pki_sign_edge(authority(), csr, len, &edge, NOW_NS, &pem, &said, &fault) == HN_OK) {
		assert(said.is_edge && uuid_compare(&said.edge, &edge) == 0);
		assert(said.from_ns < NOW_NS && NOW_NS < said.until_ns);
		assert(pki_certificate_read(pem.data, pem.len, &read) == HN_OK);
		assert(memcmp(read.digest, said.digest, sizeof(said.digest)) == 0);
	} else {
		assert(pem.len == 0 && fault.message[0] != '\0');
	}
	buf_clear(&pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0 || data[0] != '\0') {
		sign((const char *)data, len);
		return 0;
	}
	struct buf pem;
	buf_init(&pem, 1u << 20);
	buf_adds(&pem, "-----BEGIN CERTIFICATE REQUEST-----\n");
	for (size_t at = 1; at < len; at += 48) {
		base64_add(&pem, data + at, len - at < 48 ? len - at : 48);
		buf_addc(&pem, '\n');
	}
	buf_adds(&pem, "-----END CERTIFICATE REQUEST-----\n");
	if (buf_err(&pem) == HN_OK)
		sign(pem.data, pem.len);
	buf_clear(&pem);
	return 0;
}
