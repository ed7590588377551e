/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/seal.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"

#define PLAIN_SIZE  17
#define EPK_SIZE    crypto_box_PUBLICKEYBYTES
#define SEALED_SIZE (EPK_SIZE + crypto_box_MACBYTES + PLAIN_SIZE)

_Static_assert(SEAL_TEXT_SIZE == (SEALED_SIZE + 2) / 3 * 4 + 1, "base64 of a sealed address");

struct sealer {
	uint8_t esk[crypto_box_SECRETKEYBYTES]; /* wiped as soon as the shared key is there */
	uint8_t shared[crypto_box_BEFORENMBYTES];
	uint8_t epk[EPK_SIZE];
	uint8_t pk[crypto_box_PUBLICKEYBYTES];
};

int sealer_new(const uint8_t x25519[32], struct sealer **out)
{
	if (sodium_init() < 0)
		return HN_ENOMEM;
	struct sealer *s = sodium_malloc(sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	(void)crypto_box_keypair(s->epk, s->esk);
	bool good = crypto_box_beforenm(s->shared, x25519, s->esk) == 0;
	sodium_memzero(s->esk, sizeof(s->esk));
	if (!good) {
		sealer_free(s);
		return HN_EFORMAT;
	}
	memcpy(s->pk, x25519, sizeof(s->pk));
	*out = s;
	return HN_OK;
}

void sealer_free(struct sealer *s)
{
	sodium_free(s); /* wipes */
}

/* One block of BLAKE2b, since all of it has 81 bytes. */
static void nonce_of(const uint8_t epk[EPK_SIZE], const uint8_t pk[crypto_box_PUBLICKEYBYTES],
		     const struct uuid *record, enum seal_end end, uint8_t out[crypto_box_NONCEBYTES])
{
	uint8_t input[EPK_SIZE + crypto_box_PUBLICKEYBYTES + sizeof(record->bytes) + 1], *at = input;

	at = mempcpy(at, epk, EPK_SIZE);
	at = mempcpy(at, pk, crypto_box_PUBLICKEYBYTES);
	at = mempcpy(at, record->bytes, sizeof(record->bytes));
	*at = (uint8_t)end;
	(void)crypto_generichash_blake2b(out, crypto_box_NONCEBYTES, input, sizeof(input), NULL, 0);
}

void seal_address(const struct sealer *s, const struct uuid *record, enum seal_end end, const struct ip *ip,
		  char out[SEAL_TEXT_SIZE])
{
	uint8_t plain[PLAIN_SIZE], sealed[SEALED_SIZE], nonce[crypto_box_NONCEBYTES];

	plain[0] = ip->version;
	memcpy(plain + 1, ip->bytes, sizeof(ip->bytes));
	memcpy(sealed, s->epk, EPK_SIZE);
	nonce_of(s->epk, s->pk, record, end, nonce);
	(void)crypto_box_easy_afternm(sealed + EPK_SIZE, plain, sizeof(plain), nonce, s->shared);
	(void)sodium_bin2base64(out, SEAL_TEXT_SIZE, sealed, sizeof(sealed), sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(plain, sizeof(plain));
}

static int plain_read(const uint8_t plain[PLAIN_SIZE], struct ip *out)
{
	static const uint8_t zero[12];
	struct ip ip = {{0}, plain[0]};

	memcpy(ip.bytes, plain + 1, sizeof(ip.bytes));
	if ((ip.version != 4 && ip.version != 6) || (ip.version == 4 && memcmp(ip.bytes + 4, zero, 12) != 0))
		return HN_EFORMAT;
	*out = ip;
	return HN_OK;
}

int seal_open(const struct key *k, const char *text, size_t len, const struct uuid *record, enum seal_end end,
	      struct ip *out)
{
	uint8_t plain[PLAIN_SIZE] = {0}, nonce[crypto_box_NONCEBYTES];
	struct buf sealed;

	if (len != SEAL_TEXT_SIZE - 1)
		return HN_EFORMAT;
	buf_init(&sealed, SEALED_SIZE);
	int rc = base64_decode(text, len, &sealed);
	if (rc == HN_OK && sealed.len != SEALED_SIZE)
		rc = HN_EFORMAT;
	if (rc == HN_OK) {
		const uint8_t *epk = (const uint8_t *)sealed.data;
		nonce_of(epk, key_public(k)->x25519, record, end, nonce);
		rc = key_box_open(k, epk, nonce, epk + EPK_SIZE, SEALED_SIZE - EPK_SIZE, plain);
	}
	if (rc == HN_OK)
		rc = plain_read(plain, out);
	sodium_memzero(plain, sizeof(plain));
	buf_clear(&sealed);
	return rc;
}
