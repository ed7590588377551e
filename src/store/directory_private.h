/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DIRECTORY_PRIVATE_H
#define HINOMI_STORE_DIRECTORY_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/db.h"
#include "store/directory.h"
#include "store/organisation.h"
#include "store/person.h"

/*
 * The image behind store/directory.h: entries that are replaced one by one under a lock that readers hold for
 * less than a microsecond. directory.c loads it, directory_asker.c makes askers of it, directory_read.c shows
 * it.
 */

struct owners; /* store/owners.h */

#define DIRECTORY_THINGS 4

struct entry {
	enum directory_thing thing;
	int64_t number, revision;
	struct uuid id;
	uint64_t id_hash, key_hash;
	struct entry *next_id, *next_key; /* in their buckets */
	union {
		struct organisation organisation;
		struct group group;
		struct person person;
		struct credential credential;
	};
};

/** Chained by a hash; grows with its entries. */
struct entry_index {
	struct entry **buckets;
	size_t bucket_count, count;
};

/** All entries of one thing. */
struct shelf {
	struct entry **entries; /* by number, rising */
	size_t count, room;
	struct entry_index by_id,
		by_key; /* key: a person's login; a credential's kind and secret or person */
};

struct directory {
	struct store *store;
	bool shared;
	_Atomic bool stale;      /* a change could not be taken in */
	pthread_mutex_t loading; /* held while changes are taken in: one at a time */
	pthread_rwlock_t lock;   /* guards what follows */
	struct shelf shelves[DIRECTORY_THINGS];
	int64_t revision;
	_Atomic int64_t organisations_revision;
	const struct entry *centre;  /* NULL: none */
	pthread_mutex_t owners_lock; /* guards the next */
	struct owners *owners;       /* NULL: not asked for yet */
};

/** Where a number stands on its shelf, or would. */
size_t shelf_place(const struct shelf *shelf, int64_t number);

/* Under the lock. NULL: there is none. */
struct entry *entry_by_number(const struct directory *d, enum directory_thing thing, int64_t number);
struct entry *entry_by_id(const struct directory *d, enum directory_thing thing, const struct uuid *id);
struct entry *entry_by_login(const struct directory *d, const char *login, size_t len);
struct entry *entry_by_secret(const struct directory *d, enum credential_kind kind, const uint8_t *secret,
			      size_t len);
struct entry *entry_of_person(const struct directory *d, enum credential_kind kind, int64_t person);

/** Whether something holds at a time. */
static inline bool in_period(int64_t from_us, int64_t until_us, int64_t now_us)
{
	return from_us <= now_us && (until_us == 0 || now_us < until_us);
}

static inline bool membership_active(const struct membership *m, int64_t now_us)
{
	return m->consent_us != 0 && m->consent_us <= now_us && in_period(m->from_us, m->until_us, now_us);
}

/** What the organisation has by itself: groups, parents, agreements. */
void asker_of_organisation(const struct directory *d, const struct entry *organisation, int64_t now_us,
			   struct asker *out);

#endif
