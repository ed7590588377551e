/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The writer and the readers: what is told durable is there, what failed left nothing, numbers rise. */
#include "store/store.h"

#include <pthread.h>

#include "store/store_private.h"
#include "store_world.h"

#define JOBS 40

/* ---- jobs ---- */

static int make_things(struct writing *w, void *context)
{
	(void)context;
	return db_run(writing_db(w),
		      "CREATE TABLE thing (number BIGINT PRIMARY KEY, seq BIGINT NOT NULL, name TEXT)");
}

static int add_thing(struct writing *w, void *context)
{
	int64_t number = *(const int64_t *)context;
	return db_run(writing_db(w), "INSERT INTO thing (number, seq) VALUES ($1, $2)", db_number(number),
		      db_number(writing_next_seq(w)));
}

static int add_and_fail(struct writing *w, void *context)
{
	int err = add_thing(w, context);
	return err != HN_OK ? err : HN_EAUTH;
}

/* Its failure shows only when the part ends. */
static int add_twice_later(struct writing *w, void *context)
{
	int64_t number = *(const int64_t *)context;
	for (int i = 0; i < 2; i++) {
		int err = db_run_later(writing_db(w), "INSERT INTO thing (number, seq) VALUES ($1, 0)",
				       db_number(number));
		if (err != HN_OK)
			return err;
	}
	return HN_OK;
}

static int add_later(struct writing *w, void *context)
{
	int64_t first = *(const int64_t *)context;
	for (int64_t i = 0; i < 1000; i++) {
		int err = db_run_later(writing_db(w), "INSERT INTO thing (number, seq) VALUES ($1, $2)",
				       db_number(first + i), db_number(writing_next_seq(w)));
		if (err != HN_OK)
			return err;
	}
	return HN_OK;
}

static void with_things(struct store_world *w)
{
	world_open(w);
	assert_int_equal(store_write(w->store, make_things, NULL), HN_OK);
}

/* ---- one after another ---- */

static void what_was_told_is_there(void **state)
{
	(void)state;
	struct store_world w;
	int64_t one = 1, two = 2, three = 3;
	with_things(&w);
	assert_int_equal(store_write(w.store, add_thing, &one), HN_OK);
	assert_int_equal(store_write(w.store, add_thing, &one), HN_EEXIST);
	assert_int_equal(store_write(w.store, add_and_fail, &two), HN_EAUTH);
	assert_int_equal(store_write(w.store, add_twice_later, &three), HN_EEXIST);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM thing"), 1);
	assert_int_equal(store_write(w.store, add_thing, &two), HN_OK);
	world_close_store(&w);
	world_open_store(&w);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM thing"), 2);
	int64_t hundred = 100;
	assert_int_equal(store_write(w.store, add_later, &hundred), HN_OK);
	assert_int_equal(store_write(w.store, add_later, &hundred), HN_EEXIST);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM thing"), 1002);
	world_close(&w);
}

/* Numbers are times while the clock goes on, and rise when it stands or goes back. */
static void numbers_rise(void **state)
{
	(void)state;
	struct store_world w;
	with_things(&w);
	int64_t last = 0;
	for (int64_t i = 1; i <= 20; i++) {
		if (i == 8)
			w.now_us -= 3600 * INT64_C(1000000);
		if (i == 15)
			w.now_us += 7200 * INT64_C(1000000);
		if (i == 10) {
			world_close_store(&w);
			world_open_store(&w);
		}
		assert_int_equal(store_write(w.store, add_thing, &i), HN_OK);
		int64_t seq = world_ask(&w, "SELECT max(seq) FROM thing");
		assert_true(seq > last);
		if (i == 1 || i == 15)
			assert_true(seq == w.now_us);
		last = seq;
	}
	assert_int_equal(world_ask(&w, "SELECT count(DISTINCT seq) FROM thing"), 20);
	assert_true(world_ask(&w, "SELECT last_seq FROM writer") == last);
	world_close(&w);
}

static void a_reader_sees_one_moment(void **state)
{
	(void)state;
	struct store_world w;
	struct asker nobody;
	struct reader *reader;
	struct db_rows *rows;
	struct store_status status;
	int64_t one = 1, two = 2;
	with_things(&w);
	assert_int_equal(store_write(w.store, add_thing, &one), HN_OK);
	asker_public(&nobody);
	assert_int_equal(store_read(w.store, &nobody, &reader), HN_OK);
	assert_int_equal(reader_asker(reader)->organisation, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(db_query(reader_db(reader), &rows, "SELECT count(*) FROM thing"), HN_OK);
		assert_int_equal(db_next(rows), 1);
		assert_int_equal(db_int(rows, 0), 1);
		db_rows_end(rows);
		if (i == 0)
			assert_int_equal(store_write(w.store, add_thing, &two), HN_OK);
	}
	assert_int_equal(db_run(reader_db(reader), "DELETE FROM thing"), HN_ESTATE);
	store_status(w.store, &status);
	assert_int_equal(status.readers, 1);
	assert_int_equal(status.waiting, 0);
	assert_true(status.jobs >= 3);
	reader_end(reader);
	reader_end(NULL);
	store_status(w.store, &status);
	assert_int_equal(status.readers, 0);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM thing"), 2);
	world_close(&w);
}

/* A snapshot that lasts too long stands in the way of others: what it asks next is refused, and it alone. */
static void an_old_snapshot_ends(void **state)
{
	(void)state;
	struct store_world w;
	struct asker nobody;
	struct reader *old, *young;
	struct db_rows *rows, *more;
	int64_t one = 1;
	/* PostgreSQL ends its sessions by itself. */
	if (world_is_postgres())
		return;
	with_things(&w);
	assert_int_equal(store_write(w.store, add_thing, &one), HN_OK);
	asker_public(&nobody);
	assert_int_equal(store_read(w.store, &nobody, &old), HN_OK);
	assert_int_equal(db_query(reader_db(old), &rows, "SELECT number FROM thing"), HN_OK);
	readers_expire(w.store, INT64_MAX);
	assert_int_equal(db_next(rows), 1);
	readers_expire(w.store, 0);
	assert_int_equal(db_next(rows), HN_ESTATE);
	db_rows_end(rows);
	assert_int_equal(db_query(reader_db(old), &more, "SELECT number FROM thing"), HN_ESTATE);
	assert_int_equal(store_read(w.store, &nobody, &young), HN_OK);
	assert_int_equal(db_query(reader_db(young), &rows, "SELECT number FROM thing"), HN_OK);
	assert_int_equal(db_next(rows), 1);
	db_rows_end(rows);
	reader_end(young);
	reader_end(old);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM thing"), 1);
	world_close(&w);
}

/* The log is copied into the file and begun anew once nobody reads it. */
static void the_log_does_not_grow(void **state)
{
	(void)state;
	struct store_world w;
	struct store_status status;
	struct stat st;
	char path[96];
	if (world_is_postgres())
		return;
	with_things(&w);
	(void)snprintf(path, sizeof(path), "%s/hub.db-wal", w.dir);
	for (int64_t i = 0; i < 60; i++) {
		int64_t first = i * 1000;
		assert_int_equal(store_write(w.store, add_later, &first), HN_OK);
	}
	assert_int_equal(stat(path, &st), 0);
	/* 60,000 rows made more than 2,048 pages of 8 KiB twice over. */
	assert_true(st.st_size < 48 << 20);
	store_status(w.store, &status);
	assert_true(status.commits >= 60);
	assert_true(status.log_bytes < 32 << 20);
	world_close(&w);
}

/* ---- together ---- */

/* Holds the writer until the gate opens, so that jobs wait behind it. */
static struct gate {
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t moved;
	bool open, reached;
	unsigned told;
	int errs[JOBS];
	int64_t seq; /* the last that the watcher was told */
	unsigned commits;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static int hold(struct writing *w, void *context)
{
	(void)w, (void)context;
	(void)pthread_mutex_lock(&gate.lock);
	gate.reached = true;
	(void)pthread_cond_broadcast(&gate.moved);
	while (!gate.open)
		(void)pthread_cond_wait(&gate.moved, &gate.lock);
	(void)pthread_mutex_unlock(&gate.lock);
	return HN_OK;
}

static void told(void *context, int err)
{
	(void)pthread_mutex_lock(&gate.lock);
	if (context != NULL)
		gate.errs[*(const int64_t *)context] = err;
	gate.told++;
	(void)pthread_cond_broadcast(&gate.moved);
	(void)pthread_mutex_unlock(&gate.lock);
}

static void watched(void *context, int64_t seq)
{
	(void)context;
	(void)pthread_mutex_lock(&gate.lock);
	assert_true(seq >= gate.seq);
	gate.seq = seq;
	gate.commits++;
	(void)pthread_mutex_unlock(&gate.lock);
}

static void hold_writer(struct store_world *w)
{
	(void)pthread_mutex_lock(&gate.lock);
	gate.open = gate.reached = false;
	gate.told = 0;
	gate.commits = 0;
	memset(gate.errs, 0, sizeof(gate.errs));
	(void)pthread_mutex_unlock(&gate.lock);
	assert_int_equal(store_submit(w->store, hold, told, NULL), HN_OK);
	(void)pthread_mutex_lock(&gate.lock);
	while (!gate.reached)
		(void)pthread_cond_wait(&gate.moved, &gate.lock);
	(void)pthread_mutex_unlock(&gate.lock);
}

static void release_writer(unsigned jobs)
{
	(void)pthread_mutex_lock(&gate.lock);
	gate.open = true;
	(void)pthread_cond_broadcast(&gate.moved);
	while (gate.told < jobs + 1)
		(void)pthread_cond_wait(&gate.moved, &gate.lock);
	(void)pthread_mutex_unlock(&gate.lock);
}

static void who_waits_shares_a_commit(void **state)
{
	(void)state;
	struct store_world w;
	static int64_t numbers[JOBS];
	with_things(&w);
	assert_int_equal(store_watch(w.store, watched, NULL), HN_OK);
	hold_writer(&w);
	for (int64_t i = 0; i < JOBS; i++) {
		numbers[i] = i;
		store_job_fn job = i % 4 == 3 ? add_and_fail : (i % 4 == 1 ? add_twice_later : add_thing);
		assert_int_equal(store_submit(w.store, job, told, &numbers[i]), HN_OK);
	}
	release_writer(JOBS);
	for (int64_t i = 0; i < JOBS; i++)
		assert_int_equal(gate.errs[i], i % 4 == 3 ? HN_EAUTH : (i % 4 == 1 ? HN_EEXIST : HN_OK));
	assert_int_equal(gate.commits, 1);
	assert_true(gate.seq == world_ask(&w, "SELECT last_seq FROM writer"));
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM thing"), JOBS / 2);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM thing WHERE number % 2 = 1"), 0);
	world_close(&w);
}

static void a_full_queue_refuses(void **state)
{
	(void)state;
	struct store_world w;
	with_things(&w);
	hold_writer(&w);
	static int64_t number;
	unsigned accepted = 0;
	while (store_submit(w.store, add_thing, told, &number) == HN_OK)
		accepted++;
	assert_int_equal(accepted, 256);
	assert_int_equal(store_write(w.store, add_thing, &number), HN_ELIMIT);
	release_writer(accepted);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM thing"), 1);
	world_close(&w);
}

/* Closing runs what was queued. */
static void closing_drains(void **state)
{
	(void)state;
	struct store_world w;
	static int64_t numbers[JOBS];
	with_things(&w);
	hold_writer(&w);
	for (int64_t i = 0; i < JOBS; i++) {
		numbers[i] = i;
		assert_int_equal(store_submit(w.store, add_thing, told, &numbers[i]), HN_OK);
	}
	(void)pthread_mutex_lock(&gate.lock);
	gate.open = true;
	(void)pthread_cond_broadcast(&gate.moved);
	(void)pthread_mutex_unlock(&gate.lock);
	world_close_store(&w);
	assert_int_equal(gate.told, JOBS + 1);
	world_open_store(&w);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM thing"), JOBS);
	world_close(&w);
}

static void write_from_writer(void *context, int err)
{
	struct store_world *w = context;
	static int64_t number = 5;
	if (err == HN_OK)
		err = store_write(w->store, add_thing, &number);
	(void)pthread_mutex_lock(&gate.lock);
	gate.errs[0] = err;
	gate.told++;
	(void)pthread_cond_broadcast(&gate.moved);
	(void)pthread_mutex_unlock(&gate.lock);
}

static int do_nothing(struct writing *w, void *context)
{
	(void)w, (void)context;
	return HN_OK;
}

static void the_writer_does_not_wait_for_itself(void **state)
{
	(void)state;
	struct store_world w;
	with_things(&w);
	(void)pthread_mutex_lock(&gate.lock);
	gate.told = 0;
	(void)pthread_mutex_unlock(&gate.lock);
	assert_int_equal(store_submit(w.store, do_nothing, write_from_writer, &w), HN_OK);
	(void)pthread_mutex_lock(&gate.lock);
	while (gate.told < 1)
		(void)pthread_cond_wait(&gate.moved, &gate.lock);
	(void)pthread_mutex_unlock(&gate.lock);
	assert_int_equal(gate.errs[0], HN_ESTATE);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM thing"), 0);
	world_close(&w);
}

#define WRITERS 8
#define EACH    50

static struct store_world *many_world;

static void *write_many(void *context)
{
	int64_t base = *(const int64_t *)context;
	for (int64_t i = 0; i < EACH; i++) {
		int64_t number = base + i;
		if (store_write(many_world->store, add_thing, &number) != HN_OK)
			return context;
	}
	return NULL;
}

/* A reader never sees a number below one that a former snapshot had shown. */
static void *read_many(void *context)
{
	(void)context;
	int64_t count = 0, highest = 0;
	while (count < (int64_t)WRITERS * EACH) {
		struct asker nobody;
		struct reader *reader;
		struct db_rows *rows;
		asker_public(&nobody);
		if (store_read(many_world->store, &nobody, &reader) != HN_OK)
			return many_world;
		int64_t below = -1, now = -1;
		if (db_query(reader_db(reader), &rows, "SELECT count(*) FROM thing WHERE seq <= $1",
			     db_number(highest)) == HN_OK) {
			below = db_next(rows) == 1 ? db_int(rows, 0) : -1;
			db_rows_end(rows);
		}
		if (db_query(reader_db(reader), &rows, "SELECT count(*), coalesce(max(seq), 0) FROM thing") ==
		    HN_OK) {
			now = db_next(rows) == 1 ? db_int(rows, 0) : -1;
			highest = db_int(rows, 1);
			db_rows_end(rows);
		}
		reader_end(reader);
		/* What was not above the highest number then is no more than what was counted then. */
		if (below != count || now < count)
			return many_world;
		count = now;
	}
	return NULL;
}

static void many_write_and_read(void **state)
{
	(void)state;
	struct store_world w;
	pthread_t writers[WRITERS], readers[2];
	int64_t bases[WRITERS];
	void *failed;
	with_things(&w);
	many_world = &w;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_many, NULL), 0);
	for (size_t i = 0; i < WRITERS; i++) {
		bases[i] = (int64_t)i * 1000;
		assert_int_equal(pthread_create(&writers[i], NULL, write_many, &bases[i]), 0);
	}
	for (size_t i = 0; i < WRITERS; i++) {
		assert_int_equal(pthread_join(writers[i], &failed), 0);
		assert_null(failed);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(readers[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(world_ask(&w, "SELECT count(DISTINCT seq) FROM thing"), (int64_t)WRITERS * EACH);
	world_close(&w);
}

/* Two programs on one database: each takes its turn, and numbers still rise in the order of commits. */
static void two_stores_on_one_database(void **state)
{
	(void)state;
	struct store_world w, other;
	with_things(&w);
	other = w;
	other.store = NULL;
	other.now_us -= 1000000;
	world_open_store(&other);
	int64_t last = 0;
	for (int64_t i = 0; i < 20; i++) {
		struct store_world *who = i % 2 == 0 ? &w : &other;
		assert_int_equal(store_write(who->store, add_thing, &i), HN_OK);
		int64_t seq = world_ask(
			&w, "SELECT max(seq) FROM thing WHERE number = (SELECT max(number) FROM thing)");
		assert_true(seq > last);
		last = seq;
	}
	world_close_store(&other);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_told_is_there),
		cmocka_unit_test(numbers_rise),
		cmocka_unit_test(a_reader_sees_one_moment),
		cmocka_unit_test(an_old_snapshot_ends),
		cmocka_unit_test(the_log_does_not_grow),
		cmocka_unit_test(who_waits_shares_a_commit),
		cmocka_unit_test(a_full_queue_refuses),
		cmocka_unit_test(closing_drains),
		cmocka_unit_test(the_writer_does_not_wait_for_itself),
		cmocka_unit_test(many_write_and_read),
		cmocka_unit_test(two_stores_on_one_database),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
