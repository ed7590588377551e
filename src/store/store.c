/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/lang.h"
#include "store/store_private.h"

int64_t store_system_now_us(void *context)
{
	(void)context;
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t store_monotonic_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t store_now_us(const struct store *store)
{
	return store->now_us(store->now_context);
}

/* Where the backup before a migration goes: a name that says from which step, and when. */
static int backup_path(const struct store *store, int step, struct buf *out)
{
	const struct db_kind *kind = db_kind_of(store->database);
	bool file = kind->dialect == DB_DIALECT_SQLITE;
	const char *place = store->database + strlen(kind->scheme);
	const char *name = file ? strrchr(place, '/') : NULL;
	if (store->backup_dir != NULL)
		buf_addf(out, "%s/%s", store->backup_dir, file ? (name == NULL ? place : name + 1) : "hub");
	else if (file)
		buf_adds(out, place);
	else
		return HN_ENOENT;
	buf_addf(out, ".step-%d.%lld.backup", step, (long long)store_now_us(store));
	return buf_err(out);
}

int store_backup_first(void *context, int step, struct fault *fault)
{
	struct store *store = context;
	struct buf path;
	buf_init(&path, 4096);
	int err = backup_path(store, step, &path);
	if (err == HN_OK)
		err = store_backup(store, path.data, fault);
	else
		(void)fault_set(
			fault, err, "database",
			tr("needs a backup before it is migrated; name a folder for backups",
			   "移行の前にバックアップが必要である。バックアップ先のフォルダーを指定すること"));
	buf_clear(&path);
	return err;
}

static int copy_options(struct store *store, const struct store_options *options)
{
	store->now_us = options->now_us == NULL ? store_system_now_us : options->now_us;
	store->now_context = options->now_context;
	store->as_it_is = options->as_it_is;
	store->database = strdup(options->database);
	if (options->backup_dir != NULL)
		store->backup_dir = strdup(options->backup_dir);
	return store->database == NULL || (options->backup_dir != NULL && store->backup_dir == NULL)
		       ? HN_ENOMEM
		       : HN_OK;
}

/* Whether it is there at all. */
static int look(const struct store *store, struct fault *fault)
{
	struct db *db;
	int err = db_open(store->database, DB_READ, &db, fault);
	if (err == HN_OK)
		db_close(db);
	return err;
}

static int start(struct store *store, const struct store_options *options, struct fault *fault)
{
	struct db *db = NULL;
	int err = db_open(store->database, DB_WRITE, &db, fault);
	if (err == HN_OK)
		err = schema_apply(db, SCHEMA_STEPS, store_now_us(store), store_backup_first, store, fault);
	if (err == HN_OK) {
		err = labels_open(db, &store->labels);
		if (err == HN_OK)
			err = types_open(db, &store->types);
		if (err == HN_OK)
			err = readers_init(store, options->readers);
		if (err == HN_OK)
			err = writer_start(store, db, options->queue_max);
		if (err != HN_OK)
			(void)fault_set(fault, err, "database", tr("cannot be read: %s", "読めない: %s"),
					hn_strerror(err));
	}
	if (!store->writer.started)
		db_close(db);
	return err;
}

static int claim_job(struct writing *w, void *context)
{
	(void)context;
	struct db *db = writing_db(w);
	bool mine = false;
	int err = db_kind(db)->claim(db, &mine);
	return err == HN_OK && !mine ? HN_EEXIST : err;
}

int store_claim(struct store *store)
{
	return store_write(store, claim_job, NULL);
}

int store_address(const char *database, struct fault *fault)
{
	return db_address(database, fault);
}

int store_open(const struct store_options *options, struct store **out, struct fault *fault)
{
	struct store *store = calloc(1, sizeof(*store));
	int err = store == NULL ? HN_ENOMEM : copy_options(store, options);
	if (err != HN_OK)
		(void)fault_set(fault, err, "database", "%s", hn_strerror(err));
	if (err == HN_OK)
		err = store->as_it_is ? look(store, fault) : start(store, options, fault);
	if (err == HN_OK)
		*out = store;
	else
		store_close(store);
	return err;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	writer_stop(store); /* what is told of the last commits may read */
	readers_clear(store);
	types_close(store->types);
	labels_close(store->labels);
	free(store->backup_dir);
	free(store->database);
	free(store);
}
