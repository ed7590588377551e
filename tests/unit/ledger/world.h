/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_LEDGER_WORLD_H
#define HINOMI_TESTS_UNIT_LEDGER_WORLD_H

/* A directory of its own with a log in it, and a key. */
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "../check.h"
#include "ledger/ledger.h"

#define WORLD_ORIGIN "hinomi/test"
#define WORLD_TIME   INT64_C(1790000000000000000)

struct world {
	char dir[64];
	int fd;
	uint8_t public_key[NOTE_PUBLIC_SIZE];
	uint8_t secret_key[NOTE_SECRET_SIZE];
	struct note_key key;
	struct ledger_options options;
};

static inline void world_init(struct world *w)
{
	static const uint8_t seed[crypto_sign_SEEDBYTES] = {42};
	memset(w, 0, sizeof(*w));
	/* In memory where there is such a place: what fsync costs is not what is tested. */
	(void)snprintf(w->dir, sizeof(w->dir), "/dev/shm/hinomi-ledger-XXXXXX");
	if (mkdtemp(w->dir) == NULL) {
		(void)snprintf(w->dir, sizeof(w->dir), "/tmp/hinomi-ledger-XXXXXX");
		assert_non_null(mkdtemp(w->dir));
	}
	w->fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->fd >= 0);
	assert_true(sodium_init() >= 0);
	assert_int_equal(crypto_sign_seed_keypair(w->public_key, w->secret_key, seed), 0);
	assert_int_equal(note_key_init(&w->key, WORLD_ORIGIN, NOTE_ED25519, w->public_key), HN_OK);
	w->options = (struct ledger_options){.origin = WORLD_ORIGIN, .secret_key = w->secret_key};
}

static inline int world_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void world_clear(struct world *w)
{
	(void)close(w->fd);
	assert_int_equal(nftw(w->dir, world_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline struct ledger *world_open(struct world *w)
{
	struct ledger *l = NULL;
	struct fault fault = {{0}, {0}};
	int rc = ledger_open(w->fd, &w->options, &l, &fault);
	if (rc != HN_OK)
		print_error("%s: %s\n", fault.place, fault.message);
	assert_int_equal(rc, HN_OK);
	return l;
}

/* Appends records that say their index, of lengths that differ, and commits after each batch. */
static inline void world_fill(struct ledger *l, uint64_t count, uint64_t batch)
{
	for (uint64_t i = 0; i < count; i++) {
		char record[128];
		uint64_t index = ledger_size(l) + ledger_pending(l);
		int n = snprintf(record, sizeof(record), "{\"record\":%llu,\"pad\":\"%.*s\"}",
				 (unsigned long long)index, (int)(index % 60),
				 "............................................................");
		assert_int_equal(ledger_append(l, "receipt", WORLD_TIME + (int64_t)index * 1000000, record,
					       (size_t)n, NULL),
				 HN_OK);
		if ((i + 1) % batch == 0)
			assert_int_equal(ledger_commit(l), HN_OK);
	}
	assert_int_equal(ledger_commit(l), HN_OK);
}

/* A log of count entries, closed. */
static inline void world_grow(struct world *w, uint64_t count, uint64_t batch)
{
	struct ledger *l = world_open(w);
	world_fill(l, count, batch);
	ledger_close(l);
}

#endif
