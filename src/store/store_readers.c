/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/store_private.h"
#include "store/view.h"

int readers_init(struct store *store, unsigned count)
{
	struct readers *r = &store->readers;
	if (count == 0 || count > STORE_READERS_MAX)
		return HN_ELIMIT;
	if (pthread_mutex_init(&r->lock, NULL) != 0 || pthread_cond_init(&r->freed, NULL) != 0)
		return HN_ENOMEM;
	for (unsigned i = count; i-- > 0;) {
		r->slots[i].store = store;
		r->slots[i].next = r->free;
		r->free = &r->slots[i];
	}
	return HN_OK;
}

void readers_clear(struct store *store)
{
	for (unsigned i = 0; i < STORE_READERS_MAX; i++)
		db_close(store->readers.slots[i].db);
}

static struct reader *take(struct readers *r)
{
	(void)pthread_mutex_lock(&r->lock);
	while (r->free == NULL)
		(void)pthread_cond_wait(&r->freed, &r->lock);
	struct reader *reader = r->free;
	r->free = reader->next;
	(void)pthread_mutex_unlock(&r->lock);
	return reader;
}

static void give_back(struct reader *reader)
{
	struct readers *r = &reader->store->readers;
	(void)pthread_mutex_lock(&r->lock);
	reader->since_us = 0;
	reader->next = r->free;
	r->free = reader;
	(void)pthread_cond_signal(&r->freed);
	(void)pthread_mutex_unlock(&r->lock);
}

static int begin(struct reader *reader, const struct asker *asker)
{
	struct store *store = reader->store;
	int err = HN_OK;
	if (reader->db == NULL)
		err = db_open(store->database, DB_READ, &reader->db, NULL);
	if (err == HN_OK)
		err = db_begin(reader->db);
	if (err != HN_OK)
		return err;
	err = labels_view(store->labels, reader->db, asker, &reader->view);
	if (err != HN_OK)
		db_rollback(reader->db);
	return err;
}

int store_read(struct store *store, const struct asker *asker, struct reader **out)
{
	if (store->as_it_is)
		return HN_ESTATE;
	struct reader *reader = take(&store->readers);
	int err = begin(reader, asker);
	if (err != HN_OK) {
		give_back(reader);
		return err;
	}
	(void)pthread_mutex_lock(&store->readers.lock);
	reader->since_us = store_monotonic_us();
	(void)pthread_mutex_unlock(&store->readers.lock);
	reader->asker = *asker;
	db_set_view(reader->db, reader->view);
	*out = reader;
	return HN_OK;
}

void readers_expire(struct store *store, int64_t age_us)
{
	struct readers *r = &store->readers;
	int64_t now = store_monotonic_us();
	(void)pthread_mutex_lock(&r->lock);
	for (unsigned i = 0; i < STORE_READERS_MAX; i++)
		if (r->slots[i].since_us != 0 && now - r->slots[i].since_us >= age_us)
			db_kind(r->slots[i].db)->interrupt(r->slots[i].db);
	(void)pthread_mutex_unlock(&r->lock);
}

void readers_status(struct store *store, struct store_status *out)
{
	struct readers *r = &store->readers;
	int64_t now = store_monotonic_us();
	out->readers = 0;
	out->oldest_us = 0;
	(void)pthread_mutex_lock(&r->lock);
	for (unsigned i = 0; i < STORE_READERS_MAX; i++) {
		int64_t since = r->slots[i].since_us;
		if (since == 0)
			continue;
		out->readers++;
		if (now - since > out->oldest_us)
			out->oldest_us = now - since;
	}
	(void)pthread_mutex_unlock(&r->lock);
}

void reader_end(struct reader *reader)
{
	if (reader == NULL)
		return;
	db_rollback(reader->db);
	db_set_view(reader->db, NULL);
	view_unref(reader->view);
	reader->view = NULL;
	give_back(reader);
}

struct db *reader_db(struct reader *reader)
{
	return reader->db;
}

const struct asker *reader_asker(const struct reader *reader)
{
	return &reader->asker;
}

struct labels *reader_labels(struct reader *reader)
{
	return reader->store->labels;
}

struct types *reader_types(struct reader *reader)
{
	return reader->store->types;
}

const struct view *reader_view(const struct reader *reader)
{
	return reader->view;
}
