/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * A process with fifty writers is killed at any moment, or its database is: what was told durable is there,
 * exactly once; what was not is there whole or not at all.
 */
#include <pthread.h>

#include "store/asker.h"
#include "store/db.h"
#include "store_world.h"

#define WRITERS 50
#define ROUNDS  6
#define EACH    100000

/* One thing in two rows of tables without a key: a second time, or half of it, would show. */
struct thing {
	int64_t writer, number;
};

static int make_tables(struct writing *w, void *context)
{
	(void)context;
	int err = db_run(writing_db(w), "CREATE TABLE a (writer BIGINT, number BIGINT, seq BIGINT)");
	return err != HN_OK
		       ? err
		       : db_run(writing_db(w), "CREATE TABLE b (writer BIGINT, number BIGINT, bytes BYTES)");
}

static int add_thing(struct writing *w, void *context)
{
	static const char filling[700];
	const struct thing *t = context;
	int err = db_run(writing_db(w), "INSERT INTO a (writer, number, seq) VALUES ($1, $2, $3)",
			 db_number(t->writer), db_number(t->number), db_number(writing_next_seq(w)));
	if (err == HN_OK)
		err = db_run(writing_db(w), "INSERT INTO b (writer, number, bytes) VALUES ($1, $2, $3)",
			     db_number(t->writer), db_number(t->number), db_bytes(filling, sizeof(filling)));
	return err;
}

/* Twice, half, or out of order; then what the store's own rules find. */
static void nothing_is_odd(struct store_world *w)
{
	struct fault fault;
	uint64_t wrong;
	assert_int_equal(
		world_ask(w, "SELECT count(*) FROM (SELECT writer FROM a GROUP BY writer, number HAVING "
			     "count(*) > 1) x"),
		0);
	assert_int_equal(
		world_ask(w, "SELECT count(*) FROM (SELECT writer FROM b GROUP BY writer, number HAVING "
			     "count(*) > 1) x"),
		0);
	assert_int_equal(world_ask(w, "SELECT count(*) FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE "
				      "b.writer = a.writer AND "
				      "b.number = a.number)"),
			 0);
	assert_int_equal(world_ask(w, "SELECT (SELECT count(*) FROM a) - (SELECT count(*) FROM b)"), 0);
	assert_int_equal(world_ask(w, "SELECT count(*) - count(DISTINCT seq) FROM a"), 0);
	assert_int_equal(store_check(w->store, world_fail_on_finding, NULL, &wrong, &fault), HN_OK);
}

/* ---- the process is killed ---- */

static struct child {
	struct store_world *world;
	int64_t first;
	int out;
} child;

static void *write_until_killed(void *context)
{
	struct thing t = {.writer = *(const int64_t *)context, .number = child.first};
	for (;; t.number++)
		if (store_write(child.world->store, add_thing, &t) != HN_OK ||
		    write(child.out, &t, sizeof(t)) != sizeof(t))
			_exit(1);
	return NULL;
}

static void be_child(struct store_world *w, int round, int out)
{
	static int64_t writers[WRITERS];
	pthread_t threads[WRITERS];
	child = (struct child){.world = w, .first = (int64_t)round * EACH, .out = out};
	world_open_store(w);
	for (int64_t i = 0; i < WRITERS; i++) {
		writers[i] = i;
		if (pthread_create(&threads[i], NULL, write_until_killed, &writers[i]) != 0)
			_exit(1);
	}
	(void)pthread_join(threads[0], NULL);
	_exit(1);
}

/* Lets it write some, kills it, and hands back what it had been told, rising for each writer. */
static void kill_one(struct store_world *w, int round, int64_t told[WRITERS])
{
	int fds[2], status;
	struct thing t;
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(fds[0]);
		be_child(w, round, fds[1]);
	}
	(void)close(fds[1]);
	for (int i = 0; i < WRITERS; i++)
		told[i] = (int64_t)round * EACH - 1;
	/* Somewhere within a batch, another place each round. */
	for (int heard = 0; read(fds[0], &t, sizeof(t)) == sizeof(t); heard++) {
		assert_true(t.number == told[t.writer] + 1);
		told[t.writer] = t.number;
		if (heard == 40 + round * 137)
			assert_int_equal(kill(pid, SIGKILL), 0);
	}
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void killed_at_any_moment(void **state)
{
	(void)state;
	struct store_world w;
	int64_t told[WRITERS];
	world_open(&w);
	assert_int_equal(store_write(w.store, make_tables, NULL), HN_OK);
	world_close_store(&w);
	for (int round = 0; round < ROUNDS; round++) {
		kill_one(&w, round, told);
		world_open_store(&w);
		for (int i = 0; i < WRITERS; i++) {
			char sql[160];
			(void)snprintf(sql, sizeof(sql),
				       "SELECT count(*) FROM a WHERE writer = %d AND number >= %lld AND "
				       "number <= %lld",
				       i, (long long)round * EACH, (long long)told[i]);
			assert_int_equal(world_ask(&w, sql), told[i] + 1 - (int64_t)round * EACH);
			/* Of what was not told, at most the one that was under way. */
			(void)snprintf(sql, sizeof(sql),
				       "SELECT count(*) FROM a WHERE writer = %d AND number > %lld", i,
				       (long long)told[i]);
			assert_in_range(world_ask(&w, sql), 0, 1);
		}
		nothing_is_odd(&w);
		world_close_store(&w);
	}
	world_close(&w);
}

/* ---- the database is killed ---- */

#define LOST_WRITERS 8
#define LOST_MAX     4096

/* What each writer was told of each of its things. */
static struct lost {
	struct store_world *world;
	_Atomic bool stop;
	_Atomic unsigned told;
	int errs[LOST_WRITERS][LOST_MAX];
	int64_t count[LOST_WRITERS];
} lost;

static void *write_through_it(void *context)
{
	struct thing t = {.writer = *(const int64_t *)context};
	for (; !lost.stop && t.number < LOST_MAX; t.number++) {
		lost.errs[t.writer][t.number] = store_write(lost.world->store, add_thing, &t);
		lost.told++;
	}
	lost.count[t.writer] = t.number;
	return NULL;
}

static void wait_for_more(unsigned more)
{
	unsigned until = lost.told + more;
	while (lost.told < until)
		(void)usleep(1000);
}

/* A job that was told to have failed is not there; but of a commit whose answer never came nobody knows. */
static void compare(struct store_world *w, int64_t *good_out)
{
	struct db *db;
	assert_int_equal(db_open(w->url, DB_READ, &db, NULL), HN_OK);
	*good_out = 0;
	for (int64_t i = 0; i < LOST_WRITERS; i++) {
		for (int64_t n = 0; n < lost.count[i]; n++) {
			struct db_rows *rows;
			assert_int_equal(db_query(db, &rows,
						  "SELECT count(*) FROM a WHERE writer = $1 AND number = $2",
						  db_number(i), db_number(n)),
					 HN_OK);
			assert_int_equal(db_next(rows), 1);
			int64_t there = db_int(rows, 0);
			db_rows_end(rows);
			*good_out += lost.errs[i][n] == HN_OK;
			if (lost.errs[i][n] == HN_OK)
				assert_int_equal(there, 1);
		}
	}
	db_close(db);
}

static void the_peer_goes_away(void **state)
{
	(void)state;
	struct store_world w;
	pthread_t threads[LOST_WRITERS];
	int64_t writers[LOST_WRITERS], good;
	/* SQLite is no peer. */
	if (!world_is_postgres())
		return;
	world_open(&w);
	assert_int_equal(store_write(w.store, make_tables, NULL), HN_OK);
	memset(&lost, 0, sizeof(lost));
	lost.world = &w;
	for (size_t i = 0; i < LOST_WRITERS; i++) {
		writers[i] = (int64_t)i;
		assert_int_equal(pthread_create(&threads[i], NULL, write_through_it, &writers[i]), 0);
	}
	for (int i = 0; i < 3; i++) {
		wait_for_more(50 + (unsigned)i * 31);
		world_restart_cluster();
	}
	wait_for_more(50);
	lost.stop = true;
	for (size_t i = 0; i < LOST_WRITERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	nothing_is_odd(&w);
	compare(&w, &good);
	assert_true(good > 150);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_any_moment),
		cmocka_unit_test(the_peer_goes_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
