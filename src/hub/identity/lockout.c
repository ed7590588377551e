/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/lockout.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"

#define SLOTS     16384 /* a power of two; who collides shares a count */
#define SECOND_US INT64_C(1000000)
#define FORGET_US (24 * 3600 * SECOND_US)

/* After so many failures one waits: a second, then twice as long each time, up to a limit. */
static const struct {
	unsigned free;
	int64_t longest_us;
} limits[] = {
	{5, 900 * SECOND_US},  /* an account from a network */
	{30, 900 * SECOND_US}, /* a network */
	{20, 60 * SECOND_US},  /* an account */
};
#define COUNTS (sizeof(limits) / sizeof(limits[0]))

struct slot {
	uint64_t account; /* of the last failure; 0: a network's */
	unsigned failures;
	int64_t last_us;
};

struct lockout {
	pthread_mutex_t lock; /* guards the slots */
	uint8_t key[SIPHASH_KEY];
	struct slot slots[SLOTS];
};

struct lockout *lockout_new(void)
{
	struct lockout *l = calloc(1, sizeof(*l));
	if (l == NULL)
		return NULL;
	if (pthread_mutex_init(&l->lock, NULL) != 0) {
		free(l);
		return NULL;
	}
	randombytes_buf(l->key, sizeof(l->key));
	return l;
}

void lockout_free(struct lockout *l)
{
	free(l);
}

static uint64_t account_of(const struct lockout *l, const char *login)
{
	uint64_t account = siphash24(l->key, login, strlen(login));
	return account == 0 ? 1 : account;
}

static void keys_of(const struct lockout *l, const char *login, const struct ip *address,
		    uint64_t out[COUNTS])
{
	struct ip network = ip_mask(address, address->version == 4 ? 32 : 64);
	uint64_t account = account_of(l, login);
	uint64_t place = siphash24(l->key, network.bytes, sizeof(network.bytes));
	const uint64_t pair[2] = {account, place};
	out[0] = siphash24(l->key, pair, sizeof(pair));
	out[1] = place ^ 1;
	out[2] = account ^ 2;
}

static struct slot *slot_of(struct lockout *l, uint64_t key, int64_t now_us)
{
	struct slot *slot = &l->slots[key & (SLOTS - 1)];
	if (now_us - slot->last_us > FORGET_US)
		slot->failures = 0;
	return slot;
}

static int64_t wait_of(const struct slot *slot, size_t count, int64_t now_us)
{
	if (slot->failures < limits[count].free)
		return 0;
	unsigned more = slot->failures - limits[count].free;
	int64_t wait = SECOND_US << (more < 20 ? more : 20);
	if (wait > limits[count].longest_us)
		wait = limits[count].longest_us;
	wait -= now_us - slot->last_us;
	return wait > 0 ? wait : 0;
}

int64_t lockout_wait(struct lockout *l, const char *login, const struct ip *address, int64_t now_us)
{
	uint64_t keys[COUNTS];
	int64_t longest = 0;
	keys_of(l, login, address, keys);
	(void)pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < COUNTS; i++) {
		int64_t wait = wait_of(slot_of(l, keys[i], now_us), i, now_us);
		longest = wait > longest ? wait : longest;
	}
	(void)pthread_mutex_unlock(&l->lock);
	return longest;
}

void lockout_tell(struct lockout *l, const char *login, const struct ip *address, bool good, int64_t now_us)
{
	uint64_t keys[COUNTS];
	keys_of(l, login, address, keys);
	(void)pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < COUNTS; i++) {
		struct slot *slot = slot_of(l, keys[i], now_us);
		if (!good) {
			slot->account = i == 1 ? 0 : account_of(l, login);
			slot->failures++;
			slot->last_us = now_us;
		} else if (i == 0) {
			slot->failures = 0;
		}
	}
	(void)pthread_mutex_unlock(&l->lock);
}

/* Whether a slot is the account's count from everywhere; the others are those from one network each. */
static bool is_whole(const struct lockout *l, const struct slot *slot)
{
	return slot == &l->slots[(slot->account ^ 2) & (SLOTS - 1)];
}

void lockout_standing(struct lockout *l, const char *login, int64_t now_us, struct lockout_standing *out)
{
	uint64_t account = account_of(l, login);
	*out = (struct lockout_standing){0};
	(void)pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < SLOTS; i++) {
		const struct slot *slot = &l->slots[i];
		if (slot->account != account || slot->failures == 0 || now_us - slot->last_us > FORGET_US)
			continue;
		bool whole = is_whole(l, slot);
		int64_t wait = wait_of(slot, whole ? 2 : 0, now_us);
		out->wait_us = wait > out->wait_us ? wait : out->wait_us;
		if (whole) {
			out->failures = slot->failures;
			out->last_us = slot->last_us;
		}
	}
	(void)pthread_mutex_unlock(&l->lock);
}

void lockout_lift(struct lockout *l, const char *login)
{
	uint64_t account = account_of(l, login);
	(void)pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < SLOTS; i++)
		if (l->slots[i].account == account)
			l->slots[i].failures = 0;
	(void)pthread_mutex_unlock(&l->lock);
}
