/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/cookie.h"

#include <string.h>

#include <sodium.h>

#include "base/cur.h"

#define VERSION   1
#define STATED    8 /* bytes of a server cookie before its hash: version, three reserved, time */
#define TIME_AT   4
#define HASH_SIZE 8

/* RFC 9018, 4.4: client cookie | version | reserved | time | client's address. head is the first three. */
static void cookie_hash(const uint8_t secret[SIPHASH_KEY], const uint8_t *head, const struct ip *client,
			uint8_t out[HASH_SIZE])
{
	uint8_t input[DNS_COOKIE_CLIENT + STATED + sizeof(client->bytes)];
	size_t address_len = client->version == 4 ? 4 : 16;

	memcpy(input, head, DNS_COOKIE_CLIENT + STATED);
	memcpy(input + DNS_COOKIE_CLIENT + STATED, client->bytes, address_len);
	uint64_t hash = siphash24(secret, input, DNS_COOKIE_CLIENT + STATED + address_len);
	memcpy(out, &hash, HASH_SIZE); /* little-endian, as the RFC's vectors have it */
}

static bool hash_holds(const uint8_t secret[SIPHASH_KEY], const uint8_t *option, const struct ip *client)
{
	uint8_t hash[HASH_SIZE];
	cookie_hash(secret, option, client, hash);
	return sodium_memcmp(hash, option + DNS_COOKIE_CLIENT + STATED, HASH_SIZE) == 0;
}

enum cookie_state cookie_check(const struct cookie_secrets *secrets, const uint8_t *option, size_t len,
			       const struct ip *client, uint32_t now_s)
{
	if (len == 0)
		return COOKIE_NONE;
	if (len == DNS_COOKIE_CLIENT)
		return COOKIE_CLIENT;
	if (len != COOKIE_SIZE || option[DNS_COOKIE_CLIENT] != VERSION)
		return COOKIE_BAD;
	/* Both ways round the year 2106; the reserved bytes are hashed as they came. */
	int32_t age_s = (int32_t)(now_s - load_be32(option + DNS_COOKIE_CLIENT + TIME_AT));
	if (age_s > COOKIE_PAST_S || age_s < -COOKIE_FUTURE_S)
		return COOKIE_BAD;
	if (hash_holds(secrets->made_with, option, client))
		return age_s > COOKIE_RENEW_S ? COOKIE_RENEW : COOKIE_VALID;
	if (secrets->two && hash_holds(secrets->accepted, option, client))
		return COOKIE_RENEW;
	return COOKIE_BAD;
}

void cookie_make(const struct cookie_secrets *secrets, const uint8_t client_cookie[DNS_COOKIE_CLIENT],
		 const struct ip *client, uint32_t now_s, uint8_t out[COOKIE_SIZE])
{
	uint8_t *stated = out + DNS_COOKIE_CLIENT;
	uint32_t now_be = __builtin_bswap32(now_s);

	memmove(out, client_cookie, DNS_COOKIE_CLIENT);
	memset(stated, 0, STATED);
	stated[0] = VERSION;
	memcpy(stated + TIME_AT, &now_be, sizeof(now_be));
	cookie_hash(secrets->made_with, out, client, stated + STATED);
}
