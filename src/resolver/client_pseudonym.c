/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/client_pseudonym.h"

#include <string.h>

#include <sodium.h>

#include "base/encode.h"
#include "base/utc.h"

#define KEY_SIZE 32
#define DAY_NS   (86400 * NS_SECOND)

struct client_pseudonyms {
	int64_t day; /* since 1970; -1: none yet */
	uint8_t key[KEY_SIZE];
};

int client_pseudonyms_new(struct client_pseudonyms **out)
{
	struct client_pseudonyms *p = sodium_init() < 0 ? NULL : sodium_malloc(sizeof(*p));
	if (!p)
		return HN_ENOMEM;
	p->day = -1;
	randombytes_buf(p->key, sizeof(p->key));
	*out = p;
	return HN_OK;
}

void client_pseudonyms_free(struct client_pseudonyms *p)
{
	sodium_free(p);
}

void client_pseudonyms_turn(struct client_pseudonyms *p, int64_t utc_ns)
{
	int64_t day = utc_ns / DAY_NS;
	if (day == p->day)
		return;
	randombytes_buf(p->key, sizeof(p->key));
	p->day = day;
}

/* What is hashed says its kind, so that an address never looks like a prefix. */
static void keyed(const struct client_pseudonyms *p, char kind, const struct ip *ip, char *out)
{
	uint8_t input[18], hash[(CLIENT_PSEUDONYM_SIZE - 1) / 2];
	input[0] = (uint8_t)kind;
	input[1] = ip->version;
	memcpy(input + 2, ip->bytes, sizeof(ip->bytes));
	(void)crypto_generichash(hash, sizeof(hash), input, sizeof(input), p->key, sizeof(p->key));
	hex_encode(hash, sizeof(hash), out);
	sodium_memzero(input, sizeof(input));
}

void client_pseudonym(const struct client_pseudonyms *p, const struct ip *client,
		      char out[CLIENT_PSEUDONYM_SIZE])
{
	keyed(p, 'a', client, out);
}

void client_prefix_pseudonym(const struct client_pseudonyms *p, const struct ip *client,
			     char out[CLIENT_PSEUDONYM_SIZE])
{
	struct ip prefix = ip_mask(client, client->version == 4 ? 24 : 48);
	keyed(p, 'p', &prefix, out);
}
