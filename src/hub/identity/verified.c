/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/verified.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

#define SLOTS    1024 /* a power of two */
#define DIGEST   32
#define GOOD_US  (INT64_C(600) * 1000000)
#define WRONG_US (INT64_C(2) * 1000000)

struct slot {
	uint8_t digest[DIGEST];
	int64_t until_us;
	struct verified_answer answer;
};

struct verified {
	pthread_mutex_t lock; /* guards the slots */
	uint8_t key[crypto_generichash_KEYBYTES];
	struct slot slots[SLOTS];
};

struct verified *verified_new(void)
{
	/* Locked: the key would let somebody try passwords against the digests without Argon2id. */
	struct verified *v = sodium_malloc(sizeof(*v));
	if (v == NULL)
		return NULL;
	memset(v, 0, sizeof(*v));
	if (pthread_mutex_init(&v->lock, NULL) != 0) {
		sodium_free(v);
		return NULL;
	}
	randombytes_buf(v->key, sizeof(v->key));
	return v;
}

void verified_free(struct verified *v)
{
	sodium_free(v);
}

/* The login's NUL stands between the two. */
static struct slot *slot_of(struct verified *v, const char *login, const char *password,
			    uint8_t digest[DIGEST])
{
	crypto_generichash_state state;
	uint64_t place;
	(void)crypto_generichash_init(&state, v->key, sizeof(v->key), DIGEST);
	(void)crypto_generichash_update(&state, (const unsigned char *)login, strlen(login) + 1);
	(void)crypto_generichash_update(&state, (const unsigned char *)password, strlen(password));
	(void)crypto_generichash_final(&state, digest, DIGEST);
	memcpy(&place, digest, sizeof(place));
	return &v->slots[place & (SLOTS - 1)];
}

bool verified_find(struct verified *v, const char *login, const char *password, int64_t now_us,
		   struct verified_answer *out)
{
	uint8_t digest[DIGEST];
	const struct slot *slot = slot_of(v, login, password, digest);
	(void)pthread_mutex_lock(&v->lock);
	bool known = slot->until_us > now_us && sodium_memcmp(slot->digest, digest, DIGEST) == 0;
	if (known)
		*out = slot->answer;
	(void)pthread_mutex_unlock(&v->lock);
	return known;
}

void verified_put(struct verified *v, const char *login, const char *password, int64_t now_us,
		  const struct verified_answer *answer)
{
	uint8_t digest[DIGEST];
	struct slot *slot = slot_of(v, login, password, digest);
	(void)pthread_mutex_lock(&v->lock);
	memcpy(slot->digest, digest, DIGEST);
	slot->answer = *answer;
	slot->until_us = now_us + (answer->good ? GOOD_US : WRONG_US);
	(void)pthread_mutex_unlock(&v->lock);
}
