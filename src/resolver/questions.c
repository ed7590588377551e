/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/questions.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_MIN 64
#define BUCKETS_MAX 65536

_Static_assert(crypto_shorthash_KEYBYTES == sizeof(((struct questions *)0)->key), "key of SipHash");

int questions_init(struct questions *t, size_t expected)
{
	size_t buckets = BUCKETS_MIN;
	while (buckets < expected && buckets < BUCKETS_MAX)
		buckets *= 2;
	t->mask = buckets - 1;
	t->buckets = calloc(buckets, sizeof(struct question *));
	t->zone_buckets = calloc(buckets, sizeof(struct question_zone *));
	randombytes_buf(t->key, sizeof(t->key));
	if (t->buckets != NULL && t->zone_buckets != NULL)
		return HN_OK;
	questions_clear(t);
	return HN_ENOMEM;
}

void questions_clear(struct questions *t)
{
	free(t->buckets);
	free(t->zone_buckets);
	t->buckets = NULL;
	t->zone_buckets = NULL;
}

static uint64_t hash_of(const struct questions *t, const uint8_t *name, size_t len)
{
	uint64_t hash;
	crypto_shorthash((uint8_t *)&hash, name, len, t->key);
	return hash;
}

/* Types of one name lie apart by their number. */
static uint64_t question_hash(const struct questions *t, const struct ask *ask)
{
	return hash_of(t, ask->name, ask->name_len) + ask->type;
}

struct question *questions_find(const struct questions *t, const struct ask *ask,
				const struct resolution *where)
{
	uint64_t hash = question_hash(t, ask);
	for (struct question *q = t->buckets[hash & t->mask]; q != NULL; q = q->next)
		if (q->hash == hash && q->resolution == where && q->type == ask->type &&
		    q->name_len == ask->name_len && memcmp(q->name, ask->name, ask->name_len) == 0)
			return q;
	return NULL;
}

/* The zone, made when it is the first question's. */
static struct question_zone *find_zone(struct questions *t, const uint8_t *name, uint8_t len)
{
	uint64_t hash = hash_of(t, name, len);
	struct question_zone **bucket = &t->zone_buckets[hash & t->mask];
	for (struct question_zone *z = *bucket; z != NULL; z = z->next)
		if (z->hash == hash && z->len == len && memcmp(z->name, name, len) == 0)
			return z;
	struct question_zone *z = calloc(1, sizeof(*z) + len);
	if (z == NULL)
		return NULL;
	z->hash = hash;
	z->len = len;
	memcpy(z->name, name, len);
	z->next = *bucket;
	*bucket = z;
	return z;
}

static void leave_zone(struct questions *t, struct question_zone *zone)
{
	assert(zone->under_way > 0);
	if (--zone->under_way > 0)
		return;
	struct question_zone **at = &t->zone_buckets[zone->hash & t->mask];
	while (*at != zone)
		at = &(*at)->next;
	*at = zone->next;
	free(zone);
}

static void enter_resolution(struct question *q, struct resolution *where)
{
	q->resolution = where;
	q->previous_there = NULL;
	q->next_there = where->questions;
	if (q->next_there != NULL)
		q->next_there->previous_there = q;
	where->questions = q;
}

static void leave_resolution(struct question *q)
{
	if (q->next_there != NULL)
		q->next_there->previous_there = q->previous_there;
	if (q->previous_there != NULL)
		q->previous_there->next_there = q->next_there;
	else
		q->resolution->questions = q->next_there;
}

int questions_add(struct questions *t, const struct ask *ask, struct resolution *where, uint32_t zone_max,
		  struct question **out)
{
	const uint8_t *zone_name = ask->name + ask->name_len - ask->zone_len;
	struct question_zone *zone = find_zone(t, zone_name, ask->zone_len);
	if (zone == NULL)
		return HN_ENOMEM;
	if (zone->under_way >= zone_max)
		return HN_ELIMIT;
	zone->under_way++;
	struct question *q = calloc(1, sizeof(*q) + ask->name_len);
	if (q == NULL) {
		leave_zone(t, zone);
		return HN_ENOMEM;
	}
	q->zone = zone;
	q->hash = question_hash(t, ask);
	q->type = ask->type;
	q->name_len = ask->name_len;
	memcpy(q->name, ask->name, ask->name_len);
	q->next = t->buckets[q->hash & t->mask];
	t->buckets[q->hash & t->mask] = q;
	enter_resolution(q, where);
	*out = q;
	return HN_OK;
}

void question_move(struct question *q, struct resolution *where)
{
	leave_resolution(q);
	enter_resolution(q, where);
}

void questions_remove(struct questions *t, struct question *q)
{
	assert(q->waiters == NULL);
	struct question **at = &t->buckets[q->hash & t->mask];
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	leave_resolution(q);
	leave_zone(t, q->zone);
	free(q);
}

void question_add_waiter(struct question *q, struct ask *ask)
{
	ask->question = q;
	ask->previous_waiter = NULL;
	ask->next_waiter = q->waiters;
	if (ask->next_waiter != NULL)
		ask->next_waiter->previous_waiter = ask;
	q->waiters = ask;
}

void question_remove_waiter(struct ask *ask)
{
	if (ask->next_waiter != NULL)
		ask->next_waiter->previous_waiter = ask->previous_waiter;
	if (ask->previous_waiter != NULL)
		ask->previous_waiter->next_waiter = ask->next_waiter;
	else
		ask->question->waiters = ask->next_waiter;
	ask->question = NULL;
}

struct ask *question_take_waiter(struct question *q)
{
	struct ask *ask = q->waiters;
	if (ask != NULL)
		question_remove_waiter(ask);
	return ask;
}
