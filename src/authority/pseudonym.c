/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/pseudonym.h"

#include <sodium.h>
#include <string.h>

#include "base/encode.h"

_Static_assert(PSEUDONYM_SECRET_SIZE + crypto_box_SEALBYTES == SEALED_SECRET_SIZE, "sealed secret");

struct pseudonym_secret {
	uint8_t bytes[PSEUDONYM_SECRET_SIZE];
};

int pseudonym_secret_new(const uint8_t bytes[PSEUDONYM_SECRET_SIZE], struct pseudonym_secret **out)
{
	if (sodium_init() < 0)
		return HN_ENOMEM;
	struct pseudonym_secret *s = sodium_malloc(sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	if (bytes != NULL)
		memcpy(s->bytes, bytes, sizeof(s->bytes));
	else
		randombytes_buf(s->bytes, sizeof(s->bytes));
	*out = s;
	return HN_OK;
}

void pseudonym_secret_free(struct pseudonym_secret *s)
{
	sodium_free(s); /* wipes */
}

void pseudonym_secret_bytes(const struct pseudonym_secret *s, uint8_t out[PSEUDONYM_SECRET_SIZE])
{
	memcpy(out, s->bytes, PSEUDONYM_SECRET_SIZE);
}

void pseudonym_secret_seal(const struct pseudonym_secret *s, const uint8_t x25519[32],
			   uint8_t out[SEALED_SECRET_SIZE])
{
	(void)crypto_box_seal(out, s->bytes, sizeof(s->bytes), x25519);
}

int pseudonym_secret_open(const struct authorization *a, const struct uuid *sensor,
			  const struct key *identity, struct pseudonym_secret **out, bool *drawn_out)
{
	const struct authorization_sensor *found = NULL;
	for (size_t i = 0; i < a->sensor_count && found == NULL; i++)
		if (memcmp(a->sensors[i].id.bytes, sensor->bytes, sizeof(sensor->bytes)) == 0)
			found = &a->sensors[i];
	if (found == NULL)
		return HN_ENOENT;
	struct pseudonym_secret *s;
	int rc = pseudonym_secret_new(NULL, &s);
	if (rc != HN_OK)
		return rc;
	if (found->has_secret)
		rc = identity == NULL ? HN_EAUTH
				      : key_unseal(identity, found->sealed, SEALED_SECRET_SIZE, s->bytes);
	if (rc != HN_OK) {
		pseudonym_secret_free(s);
		return rc;
	}
	*drawn_out = !found->has_secret;
	*out = s;
	return HN_OK;
}

/* The domains are separated by BLAKE2b's personalisation (RFC 7693 parameter block), the IP versions by the
 * input. */
static void prf(const struct pseudonym_secret *s,
		const char personal[crypto_generichash_blake2b_PERSONALBYTES], const struct ip *ip,
		char out[PSEUDONYM_TEXT_SIZE])
{
	static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES];
	uint8_t input[17], output[16];

	input[0] = ip->version;
	memcpy(input + 1, ip->bytes, sizeof(ip->bytes));
	(void)crypto_generichash_blake2b_salt_personal(output, sizeof(output), input, sizeof(input), s->bytes,
						       sizeof(s->bytes), salt, (const uint8_t *)personal);
	hex_encode(output, sizeof(output), out);
	sodium_memzero(input, sizeof(input));
}

void pseudonym_address(const struct pseudonym_secret *s, const struct ip *ip, char out[PSEUDONYM_TEXT_SIZE])
{
	static const char personal[crypto_generichash_blake2b_PERSONALBYTES] = "hinomi address";
	prf(s, personal, ip, out);
}

void pseudonym_prefix(const struct pseudonym_secret *s, const struct ip *ip, char out[PSEUDONYM_TEXT_SIZE])
{
	static const char personal[crypto_generichash_blake2b_PERSONALBYTES] = "hinomi prefix";
	struct ip prefix = ip_mask(ip, ip->version == 4 ? 24 : 48);
	prf(s, personal, &prefix, out);
}
