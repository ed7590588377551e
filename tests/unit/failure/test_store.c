/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Each allocation of ours and of SQLite's fails once while a database is used: an error, nothing left behind,
 * no row that should not be there. */
#include <sqlite3.h>

#include "../store/db_world.h"
#include "store/dump.h"
#include "store/view.h"

#include "fails.h"

/* ---- SQLite's memory, counted as ours is ---- */

/* NOLINTBEGIN(bugprone-reserved-identifier): the names that the linker's --wrap gives. */
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : given(__real_strdup(text));
}
/* NOLINTEND(bugprone-reserved-identifier) */

#define HEAD 16 /* bytes before each block: its size */

static void *sqlite_malloc(int size)
{
	uint64_t *block = __wrap_malloc((size_t)size + HEAD);
	if (block == NULL)
		return NULL;
	*block = (uint64_t)size;
	return (char *)block + HEAD;
}

static void *head_of(void *memory)
{
	return (char *)memory - HEAD;
}

static void sqlite_free(void *memory)
{
	if (memory != NULL)
		__wrap_free(head_of(memory));
}

static void *sqlite_realloc(void *memory, int size)
{
	uint64_t *block = __wrap_realloc(head_of(memory), (size_t)size + HEAD);
	if (block == NULL)
		return NULL;
	*block = (uint64_t)size;
	return (char *)block + HEAD;
}

static int sqlite_size(void *memory)
{
	return (int)*(uint64_t *)head_of(memory);
}

static int sqlite_round(int size)
{
	return (size + 7) & ~7;
}

static int sqlite_memory_init(void *context)
{
	(void)context;
	return SQLITE_OK;
}

static void sqlite_memory_end(void *context)
{
	(void)context;
}

/* ---- what is done ---- */

static int count_things(struct db *db, int64_t *out)
{
	static const int64_t numbers[] = {1, 2, 3, 4};
	struct db_rows *rows;
	int err = db_query(
		db, &rows,
		"SELECT t.number, t.name FROM thing t WHERE t.number ANY_OF($1) AND SEES(t.number) AND "
		"t.name <> $2",
		db_ints(numbers, COUNT(numbers)), db_string("none", 4));
	if (err != HN_OK)
		return err;
	int more;
	*out = 0;
	while ((more = db_next(rows)) == 1) {
		size_t len;
		if (db_text(rows, 1, &len) != NULL && len == 3)
			++*out;
	}
	db_rows_end(rows);
	return more;
}

static int change(struct db *db)
{
	int err = db_savepoint(db);
	if (err != HN_OK)
		return err;
	err = db_run(db, "INSERT INTO thing (number, name, bytes) VALUES ($1, $2, $3)", db_number(4),
		     db_string("new", 3), db_bytes("\0\1", 2));
	if (err != HN_OK) {
		(void)!db_rollback_to(db);
		return err;
	}
	return db_release(db);
}

/* @return HN_OK only where all of it was done, and right */
static int use(const struct store_world *w)
{
	static const uint64_t bits[1] = {0x16}; /* 1, 2 and 4 */
	const struct view view = {.bits = bits, .label_count = 10};
	struct fault fault;
	struct db *db;
	int64_t count;
	int err = db_open(w->url, DB_WRITE, &db, &fault);
	if (err != HN_OK)
		return err;
	db_set_view(db, &view);
	err = db_begin(db);
	if (err == HN_OK)
		err = change(db);
	if (err == HN_OK)
		err = count_things(db, &count);
	if (err == HN_OK)
		assert_int_equal(count, 3);
	db_rollback(db);
	db_close(db);
	return err;
}

static void prepare(struct store_world *w)
{
	struct db *db;
	struct fault fault;
	world_init(w);
	assert_int_equal(db_open(w->url, DB_WRITE, &db, &fault), HN_OK);
	assert_int_equal(db_run(db, "CREATE TABLE thing (number BIGINT PRIMARY KEY, name TEXT, bytes BYTES)"),
			 HN_OK);
	assert_int_equal(
		db_run(db, "INSERT INTO thing (number, name) VALUES (1, 'one'), (2, 'two'), (3, 'six')"),
		HN_OK);
	db_close(db);
}

static int number_left(const struct store_world *w)
{
	struct db *db;
	struct db_rows *rows;
	assert_int_equal(db_open(w->url, DB_READ, &db, NULL), HN_OK);
	assert_int_equal(db_query(db, &rows, "SELECT count(*) FROM thing"), HN_OK);
	assert_int_equal(db_next(rows), 1);
	int count = (int)db_int(rows, 0);
	db_rows_end(rows);
	db_close(db);
	return count;
}

static void each_allocation_of_a_database_fails(void **state)
{
	(void)state;
	struct store_world w;
	prepare(&w);
	assert_int_equal(use(&w), HN_OK);
	unsigned failed = 0, last;
	int err;
	do {
		long before = live;
		calls = 0;
		fail_at = failed + 1;
		counting = true;
		err = use(&w);
		counting = false;
		last = calls;
		assert_int_equal(live, before);
		/* SQLite does without some. */
		if (err != HN_OK && err != HN_ENOMEM)
			fail_msg("allocation %u: %d", fail_at, err);
		failed++;
	} while (last >= fail_at);
	assert_int_equal(err, HN_OK);
	assert_true(failed > 100);
	assert_int_equal(number_left(&w), 3);
	world_clear(&w);
}

static int write_and_read(const char *path)
{
	struct dump_writer *d;
	int err = dump_create(path, &d);
	if (err != HN_OK)
		return err;
	err = dump_add(d, DUMP_TABLE, "name", 5);
	if (err == HN_OK)
		err = dump_finish(d);
	dump_writer_free(d);
	return err == HN_OK ? dump_read(path, NULL, NULL) : err;
}

static void each_allocation_of_a_dump_fails(void **state)
{
	(void)state;
	struct store_world w;
	char path[96];
	world_init(&w);
	(void)snprintf(path, sizeof(path), "%s/dump", w.dir);
	unsigned failed = 0, last;
	int err;
	do {
		(void)unlink(path);
		long before = live;
		calls = 0;
		fail_at = failed + 1;
		counting = true;
		err = write_and_read(path);
		counting = false;
		last = calls;
		assert_int_equal(live, before);
		if (last >= fail_at)
			assert_int_equal(err, HN_ENOMEM);
		failed++;
	} while (last >= fail_at);
	assert_int_equal(err, HN_OK);
	assert_true(failed > 4);
	world_clear(&w);
}

int main(void)
{
	static const sqlite3_mem_methods MEMORY = {
		.xMalloc = sqlite_malloc,
		.xFree = sqlite_free,
		.xRealloc = sqlite_realloc,
		.xSize = sqlite_size,
		.xRoundup = sqlite_round,
		.xInit = sqlite_memory_init,
		.xShutdown = sqlite_memory_end,
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_of_a_database_fails),
		cmocka_unit_test(each_allocation_of_a_dump_fails),
	};
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &MEMORY) != SQLITE_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
