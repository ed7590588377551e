/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/challenge.h"

#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define SLOTS 8192 /* a power of two */
#define TRIED 32   /* slots that one may stand in */

struct inside {
	uint8_t challenge[CHALLENGE_SIZE];
	int64_t until_us, person;
};

#define SEALED (crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + sizeof(struct inside))
_Static_assert(CHALLENGE_TEXT_SIZE > (SEALED * 4 + 2) / 3, "base64url of what is sealed");

struct slot {
	uint8_t challenge[CHALLENGE_SIZE];
	int64_t until_us;
};

struct challenges {
	pthread_mutex_t lock; /* guards the slots */
	uint8_t key[crypto_secretbox_KEYBYTES];
	struct slot slots[SLOTS];
};

struct challenges *challenges_new(const uint8_t *key)
{
	struct challenges *c = sodium_malloc(sizeof(*c));
	if (c == NULL)
		return NULL;
	memset(c, 0, sizeof(*c));
	(void)pthread_mutex_init(&c->lock, NULL);
	memcpy(c->key, key, sizeof(c->key));
	return c;
}

void challenges_free(struct challenges *c)
{
	sodium_free(c);
}

void challenges_make(const struct challenges *c, int64_t person, int64_t now_us, uint8_t out[CHALLENGE_SIZE],
		     char text_out[CHALLENGE_TEXT_SIZE])
{
	struct inside inside = {.until_us = now_us + INT64_C(1000000) * CHALLENGE_S, .person = person};
	uint8_t sealed[SEALED];
	randombytes_buf(inside.challenge, sizeof(inside.challenge));
	randombytes_buf(sealed, crypto_secretbox_NONCEBYTES);
	(void)crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, (const uint8_t *)&inside,
				    sizeof(inside), sealed, c->key);
	memcpy(out, inside.challenge, sizeof(inside.challenge));
	(void)sodium_bin2base64(text_out, CHALLENGE_TEXT_SIZE, sealed, sizeof(sealed),
				sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Random as it is, its first bytes say where it stands. */
static int take(struct challenges *c, const struct inside *inside, int64_t now_us)
{
	struct slot *room = NULL;
	uint64_t place;
	memcpy(&place, inside->challenge, sizeof(place));
	for (uint64_t i = 0; i < TRIED; i++) {
		struct slot *slot = &c->slots[(place + i) & (SLOTS - 1)];
		if (slot->until_us > now_us &&
		    memcmp(slot->challenge, inside->challenge, CHALLENGE_SIZE) == 0)
			return HN_EAUTH;
		if (room == NULL && slot->until_us <= now_us)
			room = slot;
	}
	if (room == NULL)
		return HN_ELIMIT;
	memcpy(room->challenge, inside->challenge, CHALLENGE_SIZE);
	room->until_us = inside->until_us;
	return HN_OK;
}

int challenges_take(struct challenges *c, const char *text, size_t len, int64_t person, int64_t now_us,
		    uint8_t out[CHALLENGE_SIZE])
{
	struct inside inside;
	uint8_t sealed[SEALED];
	size_t sealed_len = 0;
	if (sodium_base642bin(sealed, sizeof(sealed), text, len, NULL, &sealed_len, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    sealed_len != sizeof(sealed) ||
	    crypto_secretbox_open_easy((uint8_t *)&inside, sealed + crypto_secretbox_NONCEBYTES,
				       sizeof(sealed) - crypto_secretbox_NONCEBYTES, sealed, c->key) != 0)
		return HN_EAUTH;
	if (inside.person != person || inside.until_us <= now_us)
		return HN_EAUTH;
	(void)pthread_mutex_lock(&c->lock);
	int err = take(c, &inside, now_us);
	(void)pthread_mutex_unlock(&c->lock);
	if (err == HN_OK)
		memcpy(out, inside.challenge, CHALLENGE_SIZE);
	return err;
}
