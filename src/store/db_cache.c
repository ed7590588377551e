/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "store/db_kind.h"

static uint32_t hash_of(const char *sql)
{
	uint32_t hash = 2166136261U; /* FNV-1a: the texts are our own */
	for (; *sql != '\0'; sql++)
		hash = (hash ^ (uint8_t)*sql) * 16777619U;
	return hash;
}

static struct db_cached **fast_of(struct db_cache *cache, const char *sql, unsigned variant)
{
	uintptr_t place = (uintptr_t)sql;
	return &cache->fast[((place >> 3) ^ (place >> 11) ^ variant) % DB_CACHE_FAST];
}

struct db_cached *db_cache_find(struct db_cache *cache, const char *sql, unsigned variant)
{
	struct db_cached **fast = fast_of(cache, sql, variant);
	if (*fast != NULL && (*fast)->variant == variant && strcmp((*fast)->text, sql) == 0)
		return *fast;
	uint32_t hash = hash_of(sql);
	for (size_t i = 0; i < cache->count; i++) {
		struct db_cached *c = cache->rows[i];
		if (c->hash == hash && c->variant == variant && strcmp(c->text, sql) == 0) {
			*fast = c;
			return c;
		}
	}
	return NULL;
}

static void drop_idle(struct db_cache *cache, struct db *db)
{
	size_t kept = 0;
	memset(cache->fast, 0, sizeof(cache->fast));
	for (size_t i = 0; i < cache->count; i++) {
		if (cache->rows[i]->busy)
			cache->rows[kept++] = cache->rows[i];
		else
			cache->free(db, cache->rows[i]);
	}
	cache->count = kept;
}

int db_cache_add(struct db_cache *cache, struct db *db, struct db_cached *cached, const char *sql,
		 unsigned variant)
{
	if (cache->count == DB_CACHE_MAX)
		drop_idle(cache, db);
	if (cache->count == DB_CACHE_MAX)
		return HN_ELIMIT;
	cached->text = strdup(sql);
	if (cached->text == NULL)
		return HN_ENOMEM;
	cached->hash = hash_of(sql);
	cached->variant = variant;
	cache->rows[cache->count++] = cached;
	*fast_of(cache, sql, variant) = cached;
	return HN_OK;
}

void db_cache_clear(struct db_cache *cache, struct db *db)
{
	for (size_t i = 0; i < cache->count; i++)
		cache->free(db, cache->rows[i]);
	cache->count = 0;
	memset(cache->fast, 0, sizeof(cache->fast));
}
