/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_STORE_STORE_WORLD_H
#define HINOMI_TESTS_UNIT_STORE_STORE_WORLD_H

/* A fresh store for a test, on the database that db_world.h gives. */
#include "db_world.h"
#include "store/asker.h"
#include "store/store.h"

static inline int64_t world_now_us(void *context)
{
	return ((const struct store_world *)context)->now_us;
}

/** Opens the store of the world, again after world_close_store(). */
static inline void world_open_store(struct store_world *w)
{
	struct fault fault = {0};
	struct store_options options = {
		.database = w->url,
		.backup_dir = w->dir,
		.readers = 4,
		.queue_max = 256,
		.now_us = world_now_us,
		.now_context = w,
	};
	int err = store_open(&options, &w->store, &fault);
	if (err != HN_OK)
		fail_msg("store_open: %d, %s: %s", err, fault.place, fault.message);
}

static inline void world_close_store(struct store_world *w)
{
	store_close(w->store);
	w->store = NULL;
}

/** A fresh database with an open store. */
static inline void world_open(struct store_world *w)
{
	world_init(w);
	world_open_store(w);
}

/** The number that a question without arguments gives. */
static inline int64_t world_ask(struct store_world *w, const char *sql)
{
	struct asker nobody;
	struct reader *reader;
	struct db_rows *rows;
	asker_public(&nobody);
	assert_int_equal(store_read(w->store, &nobody, &reader), HN_OK);
	assert_int_equal(db_query_values(reader_db(reader), sql, NULL, 0, &rows), HN_OK);
	assert_int_equal(db_next(rows), 1);
	int64_t number = db_int(rows, 0);
	db_rows_end(rows);
	reader_end(reader);
	return number;
}

/** How many rows the test's table `thing` has with this number. */
static inline int64_t world_things(struct store_world *w, int64_t number)
{
	struct asker nobody;
	struct reader *reader;
	struct db_rows *rows;
	asker_public(&nobody);
	assert_int_equal(store_read(w->store, &nobody, &reader), HN_OK);
	assert_int_equal(db_query(reader_db(reader), &rows, "SELECT count(*) FROM thing WHERE number = $1",
				  db_number(number)),
			 HN_OK);
	assert_int_equal(db_next(rows), 1);
	int64_t there = db_int(rows, 0);
	db_rows_end(rows);
	reader_end(reader);
	return there;
}

/** For store_check(), where nothing is wrong. */
static inline void world_fail_on_finding(void *context, const char *text)
{
	(void)context;
	fail_msg("%s", text);
}

/** Closes the store, if it is open, and removes all. */
static inline void world_close(struct store_world *w)
{
	world_close_store(w);
	world_clear(w);
}

#endif
