/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* SQLite on a disk that fails at any one call, or is full from then on: nothing half, nothing lost, and it
 * goes on. */
#include <signal.h>
#include <sys/resource.h>

#include "failing_disk.h"
#include "store/asker.h"
#include "store/db.h"
#include "store_world.h"

#define THINGS 6
#define BYTES  9000

static int make_things(struct writing *w, void *context)
{
	(void)context;
	return db_run(writing_db(w), "CREATE TABLE thing (number BIGINT NOT NULL, bytes BYTES)");
}

/* Two rows, which are there both or not at all. */
static int add_thing(struct writing *w, void *context)
{
	static const char filling[BYTES];
	int64_t number = *(const int64_t *)context;
	int err = HN_OK;
	for (int i = 0; i < 2 && err == HN_OK; i++)
		err = db_run(writing_db(w), "INSERT INTO thing (number, bytes) VALUES ($1, $2)",
			     db_number(number), db_bytes(filling, sizeof(filling)));
	return err;
}

static void is_whole(struct store_world *w, const int errs[THINGS])
{
	struct fault fault;
	uint64_t wrong;
	for (int64_t i = 0; i < THINGS; i++)
		assert_int_equal(world_things(w, i), errs[i] == HN_OK ? 2 : 0);
	assert_int_equal(store_check(w->store, world_fail_on_finding, NULL, &wrong, &fault), HN_OK);
}

/* @return whether the call that was to fail came */
static bool write_through(unsigned fail_at, bool for_good, enum disk_failure failure)
{
	struct store_world w;
	int errs[THINGS];
	world_open(&w);
	assert_int_equal(store_write(w.store, make_things, NULL), HN_OK);
	disk_fail(fail_at, for_good, failure);
	for (int64_t i = 0; i < THINGS; i++) {
		/* The disk is mended before the last. */
		bool failed = disk_calls() >= fail_at;
		if (i == THINGS - 1)
			disk_fail(0, false, failure);
		errs[i] = store_write(w.store, add_thing, &i);
		/* What is read is right meanwhile. */
		assert_int_equal(world_things(&w, i), errs[i] == HN_OK ? 2 : 0);
		if (for_good && failed && i < THINGS - 1)
			assert_int_equal(errs[i], failure == DISK_FULL ? HN_ENOSPC : HN_EIO);
		if (i == THINGS - 2)
			fail_at = disk_calls() >= fail_at ? fail_at : 0;
	}
	assert_int_equal(errs[THINGS - 1], HN_OK);
	is_whole(&w, errs);
	world_close_store(&w);
	world_open_store(&w);
	is_whole(&w, errs);
	world_close(&w);
	return fail_at != 0;
}

static void each_call_fails_once(void **state)
{
	(void)state;
	/* Half a write is the worst of errors; a full disk is another way through SQLite. */
	static const struct {
		enum disk_failure failure;
		unsigned step;
	} cases[] = {{DISK_TORN, 1}, {DISK_FULL, 2}, {DISK_ERROR, 5}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned at = 1;
		while (write_through(at, false, cases[i].failure))
			at += cases[i].step;
		assert_true(at > 20);
	}
}

static void the_disk_is_gone_from_a_call_on(void **state)
{
	(void)state;
	static const enum disk_failure failures[] = {DISK_TORN, DISK_FULL};
	for (size_t i = 0; i < COUNT(failures); i++) {
		unsigned at = 1;
		while (write_through(at, true, failures[i]))
			at += 4;
		assert_true(at > 20);
	}
}

/* A store that could not be made is made by the next try. */
static void each_call_fails_while_the_tables_are_made(void **state)
{
	(void)state;
	bool failed = true;
	for (unsigned at = 1; failed; at += 7) {
		struct store_world w;
		struct fault fault;
		world_init(&w);
		struct store_options options = {.database = w.url, .readers = 2, .queue_max = 8};
		disk_fail(at, false, DISK_ERROR);
		int err = store_open(&options, &w.store, &fault);
		failed = disk_calls() >= at;
		disk_fail(0, false, DISK_ERROR);
		if (err == HN_OK)
			world_close_store(&w);
		else
			assert_true(strlen(fault.message) > 0);
		w.store = NULL;
		world_open_store(&w);
		assert_int_equal(store_write(w.store, make_things, NULL), HN_OK);
		world_close(&w);
	}
}

/* A backup that fails leaves nothing under its name, and the store goes on. */
static void each_call_of_a_backup_fails(void **state)
{
	(void)state;
	struct store_world w;
	struct fault fault;
	char path[128];
	int64_t number = 1;
	world_open(&w);
	assert_int_equal(store_write(w.store, make_things, NULL), HN_OK);
	assert_int_equal(store_write(w.store, add_thing, &number), HN_OK);
	(void)snprintf(path, sizeof(path), "%s/copy", w.dir);
	int err = HN_EIO;
	for (unsigned at = 1; err != HN_OK; at++) {
		disk_fail(at, false, at % 2 == 0 ? DISK_FULL : DISK_TORN);
		err = store_backup(w.store, path, &fault);
		assert_int_equal(access(path, F_OK) == 0, err == HN_OK);
		assert_true(at < 500);
	}
	disk_fail(0, false, DISK_ERROR);
	world_close(&w);
}

/* The kernel says that a file may not grow: as on a full disk. */
static void a_file_may_not_grow(void **state)
{
	(void)state;
	struct store_world w;
	struct rlimit before, low;
	int errs[THINGS] = {0}, err = HN_OK;
	int64_t number = 0, last;
	world_open(&w);
	assert_int_equal(store_write(w.store, make_things, NULL), HN_OK);
	assert_ptr_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	low = (struct rlimit){.rlim_cur = 2 << 20, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	for (number = THINGS; err == HN_OK && number < 1000; number++)
		err = store_write(w.store, add_thing, &number);
	last = number - 1;
	int again = store_write(w.store, add_thing, &number);
	int64_t there = world_things(&w, last - 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(err, HN_ENOSPC);
	assert_int_equal(again, HN_ENOSPC);
	assert_int_equal(there, 2);
	assert_int_equal(world_things(&w, last), 0);
	for (int64_t i = 0; i < THINGS; i++)
		errs[i] = store_write(w.store, add_thing, &i);
	is_whole(&w, errs);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_fails_once),
		cmocka_unit_test(the_disk_is_gone_from_a_call_on),
		cmocka_unit_test(each_call_fails_while_the_tables_are_made),
		cmocka_unit_test(each_call_of_a_backup_fails),
		cmocka_unit_test(a_file_may_not_grow),
	};
	disk_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
