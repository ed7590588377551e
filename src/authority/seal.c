/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/seal.h"

#include <sodium.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"

#define PLAIN_SIZE  33
#define SEALED_SIZE (PLAIN_SIZE + crypto_box_SEALBYTES)

_Static_assert(SEAL_TEXT_SIZE == (SEALED_SIZE + 2) / 3 * 4 + 1, "base64 of a sealed address");

void seal_address(const uint8_t x25519[32], const struct uuid *record, const struct ip *ip,
		  char out[SEAL_TEXT_SIZE])
{
	uint8_t plain[PLAIN_SIZE], sealed[SEALED_SIZE];

	memcpy(plain, record->bytes, 16);
	plain[16] = ip->version;
	memcpy(plain + 17, ip->bytes, 16);
	(void)crypto_box_seal(sealed, plain, sizeof(plain), x25519);
	(void)sodium_bin2base64(out, SEAL_TEXT_SIZE, sealed, sizeof(sealed), sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(plain, sizeof(plain));
}

static int plain_read(const uint8_t plain[PLAIN_SIZE], const struct uuid *record, struct ip *out)
{
	static const uint8_t zero[12];
	struct ip ip = {{0}, plain[16]};

	if (sodium_memcmp(plain, record->bytes, 16) != 0)
		return HN_EAUTH;
	memcpy(ip.bytes, plain + 17, 16);
	if ((ip.version != 4 && ip.version != 6) || (ip.version == 4 && memcmp(ip.bytes + 4, zero, 12) != 0))
		return HN_EFORMAT;
	*out = ip;
	return HN_OK;
}

int seal_open(const struct key *k, const char *text, size_t len, const struct uuid *record, struct ip *out)
{
	uint8_t plain[PLAIN_SIZE] = {0};
	struct buf sealed;

	if (len != SEAL_TEXT_SIZE - 1)
		return HN_EFORMAT;
	buf_init(&sealed, SEALED_SIZE);
	int rc = base64_decode(text, len, &sealed);
	if (rc == HN_OK && sealed.len != SEALED_SIZE)
		rc = HN_EFORMAT;
	if (rc == HN_OK)
		rc = key_unseal(k, (const uint8_t *)sealed.data, sealed.len, plain);
	if (rc == HN_OK)
		rc = plain_read(plain, record, out);
	sodium_memzero(plain, sizeof(plain));
	buf_clear(&sealed);
	return rc;
}
