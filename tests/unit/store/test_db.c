/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* One connection: what goes in comes out, who sees what, what an error undoes; the same on both databases. */
#include "store/db.h"

#include "db_world.h"
#include "store/view.h"

static struct db *open_db(const struct store_world *w, enum db_access access)
{
	struct fault fault = {0};
	struct db *db = NULL;
	if (db_open(w->url, access, &db, &fault) != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	return db;
}

#define OK(call)                                                                                             \
	do {                                                                                                 \
		int err_ = (call);                                                                           \
		if (err_ != HN_OK)                                                                           \
			fail_msg("%s: %d, %s", #call, err_, db_error(db));                                   \
	} while (0)

static int64_t one_number(struct db *db, const char *sql)
{
	struct db_rows *rows;
	OK(db_query_values(db, sql, NULL, 0, &rows));
	assert_int_equal(db_next(rows), 1);
	int64_t number = db_int(rows, 0);
	assert_int_equal(db_next(rows), 0);
	db_rows_end(rows);
	return number;
}

static struct db *with_things(struct store_world *w)
{
	world_init(w);
	struct db *db = open_db(w, DB_WRITE);
	OK(db_run(db,
		  "CREATE TABLE thing (number BIGINT PRIMARY KEY, name TEXT, bytes BYTES, label BIGINT)"));
	OK(db_run(db, "CREATE UNIQUE INDEX thing_name ON thing (name)"));
	return db;
}

static void put(struct db *db, int64_t number, const char *name)
{
	OK(db_run(db, "INSERT INTO thing (number, name, label) VALUES ($1, $2, $1)", db_number(number),
		  db_string(name, strlen(name))));
}

static void values_come_back(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	static const uint8_t bytes[] = {0, 1, 0xff, 0, '\'', '\\'};
	static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1 << 20};
	static const char *const texts[] = {"", "a", "攻撃", "it's $1 \"quoted\" SEES(x)", "\\x41", "?"};
	for (size_t i = 0; i < COUNT(numbers); i++)
		OK(db_run(db, "INSERT INTO thing (number, name, bytes, label) VALUES ($1, $2, $3, $4)",
			  db_number(numbers[i]), db_string(texts[i], strlen(texts[i])), db_bytes(bytes, i),
			  i == 0 ? DB_VALUE_NULL : db_number((int64_t)i)));
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct db_rows *rows;
		size_t len;
		OK(db_query(db, &rows, "SELECT name, bytes, label, number FROM thing WHERE number = $1",
			    db_number(numbers[i])));
		assert_int_equal(db_next(rows), 1);
		const char *text = db_text(rows, 0, &len);
		assert_int_equal(len, strlen(texts[i]));
		assert_non_null(text);
		assert_memory_equal(text, texts[i], len);
		const uint8_t *blob = db_blob(rows, 1, &len);
		assert_int_equal(len, i);
		assert_non_null(blob);
		assert_memory_equal(blob, bytes, len);
		assert_int_equal(db_is_null(rows, 2), i == 0);
		assert_int_equal(db_int(rows, 2), i);
		assert_true(db_int(rows, 3) == numbers[i]);
		assert_int_equal(db_next(rows), 0);
		db_rows_end(rows);
	}
	db_close(db);
	world_clear(&w);
}

static void nulls(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	struct db_rows *rows;
	size_t len = 7;
	OK(db_run(db, "INSERT INTO thing (number, name, bytes, label) VALUES ($1, $2, $3, $4)", db_number(1),
		  DB_VALUE_NULL, DB_VALUE_NULL, DB_VALUE_NULL));
	/* The same statement with other types afterwards. */
	OK(db_run(db, "INSERT INTO thing (number, name, bytes, label) VALUES ($1, $2, $3, $4)", db_number(2),
		  db_string("x", 1), db_bytes("y", 1), db_number(3)));
	OK(db_query(db, &rows, "SELECT name, bytes, label FROM thing ORDER BY number"));
	assert_int_equal(db_next(rows), 1);
	assert_null(db_text(rows, 0, &len));
	assert_int_equal(len, 0);
	assert_null(db_blob(rows, 1, &len));
	assert_int_equal(db_int(rows, 2), 0);
	assert_true(db_is_null(rows, 2));
	assert_int_equal(db_next(rows), 1);
	assert_int_equal(db_int(rows, 2), 3);
	db_rows_end(rows);
	db_close(db);
	world_clear(&w);
}

static void numbers_of_all_sorts(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	put(db, 1, "a");
	put(db, INT64_C(5000000000), "b");
	assert_int_equal(one_number(db, "SELECT count(*) FROM thing"), 2);
	assert_int_equal(one_number(db, "SELECT sum(number) FROM thing"), INT64_C(5000000001));
	assert_int_equal(one_number(db, "SELECT -sum(number) FROM thing"), INT64_C(-5000000001));
	assert_int_equal(one_number(db, "SELECT 7"), 7);
	assert_int_equal(one_number(db, "SELECT sum(number) - 5000000001 FROM thing"), 0);
	assert_int_equal(one_number(db, "SELECT count(*) FROM thing WHERE number > 1 AND name = 'b'"), 1);
	db_close(db);
	world_clear(&w);
}

/* Rows of one statement while others run, the same one among them. */
static void statements_within_statements(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	static const char sql[] = "SELECT number FROM thing ORDER BY number";
	int64_t pairs = 0;
	char name[8];
	for (int64_t i = 1; i <= 20; i++) {
		(void)snprintf(name, sizeof(name), "n%d", (int)i);
		put(db, i, name);
	}
	struct db_rows *outer, *inner;
	OK(db_begin(db));
	OK(db_query_values(db, sql, NULL, 0, &outer));
	while (db_next(outer) == 1) {
		int64_t number = db_int(outer, 0);
		OK(db_query_values(db, sql, NULL, 0, &inner));
		for (int64_t i = 1; db_next(inner) == 1; i++, pairs++)
			assert_int_equal(db_int(inner, 0), i);
		db_rows_end(inner);
		OK(db_run(db, "UPDATE thing SET label = 0 WHERE number = $1", db_number(number)));
		assert_int_equal(db_int(outer, 0), number);
	}
	db_rows_end(outer);
	OK(db_commit(db));
	assert_int_equal(pairs, 400);
	assert_int_equal(one_number(db, "SELECT count(*) FROM thing WHERE label = 0"), 20);
	db_close(db);
	world_clear(&w);
}

static void any_of(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	char name[8];
	for (int64_t i = 1; i <= 9; i++) {
		(void)snprintf(name, sizeof(name), "n%d", (int)i);
		put(db, i, name);
	}
	static const struct {
		int64_t list[4];
		size_t count;
		int64_t found;
	} cases[] = {
		{{0}, 0, 0}, {{3}, 1, 1}, {{3, 3, 3}, 3, 1}, {{1, 9, 10, -5}, 4, 2}, {{4, 3, 2, 1}, 4, 4},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct db_rows *rows;
		int64_t *list =
			(int64_t *)(void *)exact_copy(cases[i].list, cases[i].count * sizeof(int64_t));
		OK(db_query(db, &rows, "SELECT count(*) FROM thing WHERE number ANY_OF($1) AND label > $2",
			    db_ints(list, cases[i].count), db_number(0)));
		free(list);
		assert_int_equal(db_next(rows), 1);
		assert_int_equal(db_int(rows, 0), cases[i].found);
		db_rows_end(rows);
		OK(db_query(db, &rows, "SELECT count(*) FROM thing WHERE NOT (number ANY_OF($1))",
			    db_ints(cases[i].list, cases[i].count)));
		assert_int_equal(db_next(rows), 1);
		assert_int_equal(db_int(rows, 0), 9 - cases[i].found);
		db_rows_end(rows);
	}
	db_close(db);
	world_clear(&w);
}

/* ---- SEES ---- */

static int64_t seen(struct db *db, int64_t below)
{
	struct db_rows *rows;
	OK(db_query(db, &rows, "SELECT count(*) FROM thing t WHERE t.number < $1 AND SEES(t.label)",
		    db_number(below)));
	assert_int_equal(db_next(rows), 1);
	int64_t count = db_int(rows, 0);
	db_rows_end(rows);
	return count;
}

static void sees(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	OK(db_begin(db));
	for (int64_t i = -1; i <= 200; i++)
		OK(db_run(db, "INSERT INTO thing (number, label) VALUES ($1, $2)", db_number(i),
			  db_number(i)));
	OK(db_run(db, "INSERT INTO thing (number, label) VALUES ($1, $2)", db_number(201), DB_VALUE_NULL));
	OK(db_run(db, "INSERT INTO thing (number, label) VALUES ($1, $2)", db_number(202),
		  db_number(INT64_MAX)));
	OK(db_commit(db));

	/* Who does not say who asks sees nothing. */
	assert_int_equal(seen(db, 1000), 0);

	uint64_t few[3] = {UINT64_C(1) << 5 | UINT64_C(1) << 63, 1, 0};
	struct view view = {.bits = few, .label_count = 150};
	db_set_view(db, &view);
	assert_int_equal(seen(db, 1000), 3);
	assert_int_equal(seen(db, 64), 2);

	uint64_t many[3] = {UINT64_MAX ^ UINT64_C(1) << 7, UINT64_MAX, UINT64_MAX};
	struct view wide = {.bits = many, .label_count = 150};
	db_set_view(db, &wide);
	/* Not label 7; nothing below 1, nothing behind the last, no null. */
	assert_int_equal(seen(db, 1000), 149);
	assert_int_equal(seen(db, 8), 6);

	uint64_t none[3] = {0};
	struct view blind = {.bits = none, .label_count = 150};
	db_set_view(db, &blind);
	assert_int_equal(seen(db, 1000), 0);
	struct view empty = {.bits = none, .label_count = 0};
	db_set_view(db, &empty);
	assert_int_equal(seen(db, 1000), 0);
	db_set_view(db, NULL);
	assert_int_equal(seen(db, 1000), 0);
	db_close(db);
	world_clear(&w);
}

/* ---- transactions and errors ---- */

static void parts_are_undone_alone(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	OK(db_begin(db));
	OK(db_savepoint(db));
	put(db, 1, "a");
	OK(db_release(db));
	OK(db_savepoint(db));
	put(db, 2, "b");
	assert_int_equal(db_run(db, "INSERT INTO thing (number, name) VALUES ($1, $2)", db_number(3),
				db_string("a", 1)),
			 HN_EEXIST);
	OK(db_rollback_to(db));
	OK(db_savepoint(db));
	put(db, 4, "d");
	OK(db_release(db));
	OK(db_commit(db));
	assert_int_equal(one_number(db, "SELECT sum(number) FROM thing"), 5);
	OK(db_begin(db));
	put(db, 9, "z");
	db_rollback(db);
	assert_int_equal(one_number(db, "SELECT sum(number) FROM thing"), 5);
	assert_int_equal(db_commit(db), HN_ESTATE);
	assert_int_equal(db_savepoint(db), HN_ESTATE);
	db_rollback(db);
	db_close(db);
	world_clear(&w);
}

static void put_later(struct db *db, int64_t number, const char *name)
{
	OK(db_insert_later(db, "INSERT INTO thing (number, name, label) VALUES ($1, $2, $1)",
			   db_number(number), db_string(name, strlen(name))));
}

/* Rows that may wait are there for whatever is asked next, and undone with what they belong to. */
static void rows_that_wait(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	char name[16];
	OK(db_begin(db));
	for (int i = 1; i <= 3000; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		put_later(db, i, name);
		OK(db_insert_later(db,
				   "INSERT INTO thing (number, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING",
				   db_number(i + 10000 - i % 2), db_bytes(name, (size_t)i % 16)));
	}
	assert_int_equal(one_number(db, "SELECT count(*) FROM thing"), 3000 + 1501);
	assert_int_equal(one_number(db, "SELECT sum(label) FROM thing"), 3000 * 3001 / 2);
	put_later(db, 5000, "changed");
	OK(db_run(db, "UPDATE thing SET label = 7 WHERE number = 5000"));
	assert_int_equal(one_number(db, "SELECT label FROM thing WHERE name = 'changed'"), 7);
	/* A null, and another type than before. */
	OK(db_insert_later(db, "INSERT INTO thing (number, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING",
			   db_number(6000), DB_VALUE_NULL));
	OK(db_insert_later(db, "INSERT INTO thing (number, name) VALUES ($1, $2)", db_number(6001),
			   DB_VALUE_NULL));
	OK(db_insert_later(db, "INSERT INTO thing (number, name) VALUES ($1, $2)", db_number(6002),
			   db_string("攻撃", 6)));
	OK(db_commit(db));
	assert_int_equal(one_number(db, "SELECT count(*) FROM thing WHERE number BETWEEN 6000 AND 6002"), 3);
	OK(db_begin(db));
	put_later(db, 7000, "kept");
	OK(db_savepoint(db));
	put_later(db, 7001, "undone");
	OK(db_rollback_to(db));
	OK(db_savepoint(db));
	/* An error is told at the latest where the part ends. */
	int err = db_insert_later(db, "INSERT INTO thing (number, name) VALUES ($1, $2)", db_number(7002),
				  db_string("kept", 4));
	if (err == HN_OK)
		err = db_release(db);
	assert_int_equal(err, HN_EEXIST);
	OK(db_rollback_to(db));
	OK(db_commit(db));
	assert_int_equal(one_number(db, "SELECT count(*) FROM thing WHERE number >= 7000 AND number < 8000"),
			 1);
	OK(db_begin(db));
	put_later(db, 8000, "gone");
	db_rollback(db);
	assert_int_equal(one_number(db, "SELECT count(*) FROM thing WHERE name = 'gone'"), 0);
	db_close(db);
	world_clear(&w);
}

/* More statements than have a place of their own, in turn. */
static void rows_of_many_statements(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	OK(db_begin(db));
	for (int64_t i = 0; i < 60; i++) {
		char sql[128];
		(void)snprintf(sql, sizeof(sql), "INSERT INTO thing (number, label) VALUES ($1, %d)",
			       (int)(i % 20));
		const struct db_value value = db_number(i);
		OK(db_insert_later_values(db, sql, &value, 1));
	}
	OK(db_commit(db));
	assert_int_equal(one_number(db, "SELECT sum(label) FROM thing"), 3 * 190);
	db_close(db);
	world_clear(&w);
}

static void errors(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	uint64_t changed = 99;
	put(db, 1, "a");
	static const struct {
		const char *sql;
		int err;
	} cases[] = {
		{"INSERT INTO thing (number) VALUES (1)", HN_EEXIST},
		{"INSERT INTO thing (number, name) VALUES (2, 'a')", HN_EEXIST},
		{"INSERT INTO thing (number) VALUES ('a text')", HN_EFORMAT},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int err = db_run_values(db, cases[i].sql, NULL, 0, &changed);
		if (err != cases[i].err)
			fail_msg("%s: %d %s", cases[i].sql, err, db_error(db));
		assert_int_equal(changed, 99);
		assert_true(strlen(db_error(db)) > 0);
		assert_null(strchr(db_error(db), '\n'));
	}
	assert_int_not_equal(db_run_values(db, "SELECT nothing FROM nowhere", NULL, 0, NULL), HN_OK);
	assert_int_not_equal(db_run_values(db, "SELECT 'open", NULL, 0, NULL), HN_OK);
	OK(db_run_values(db, "UPDATE thing SET name = 'b'", NULL, 0, &changed));
	assert_int_equal(changed, 1);
	OK(db_run_values(db, "UPDATE thing SET name = 'b' WHERE number > 1", NULL, 0, &changed));
	assert_int_equal(changed, 0);
	OK(db_run_values(db,
			 "INSERT INTO thing (number, name) VALUES (1, 'c') ON CONFLICT (number) DO NOTHING",
			 NULL, 0, &changed));
	assert_int_equal(changed, 0);
	db_close(db);
	world_clear(&w);
}

static void returning(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	struct db_rows *rows;
	OK(db_query(db, &rows, "INSERT INTO thing (number, name) VALUES ($1, $2) RETURNING number + 1",
		    db_number(41), db_string("x", 1)));
	assert_int_equal(db_next(rows), 1);
	assert_int_equal(db_int(rows, 0), 42);
	assert_int_equal(db_next(rows), 0);
	db_rows_end(rows);
	assert_int_equal(one_number(db, "SELECT count(*) FROM thing"), 1);
	db_close(db);
	world_clear(&w);
}

static void readers_see_one_snapshot_and_change_nothing(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	put(db, 1, "a");
	struct db *reader = open_db(&w, DB_READ);
	assert_int_equal(db_begin(reader), HN_OK);
	assert_int_equal(one_number(reader, "SELECT count(*) FROM thing"), 1);
	put(db, 2, "b");
	assert_int_equal(one_number(reader, "SELECT count(*) FROM thing"), 1);
	assert_int_equal(db_run(reader, "INSERT INTO thing (number) VALUES (3)"), HN_ESTATE);
	db_rollback(reader);
	assert_int_equal(one_number(reader, "SELECT count(*) FROM thing"), 2);
	assert_int_equal(db_run(reader, "DELETE FROM thing"), HN_ESTATE);
	assert_int_equal(db_run(reader, "CREATE TABLE more (number BIGINT)"), HN_ESTATE);
	db_close(reader);
	db_close(db);
	world_clear(&w);
}

/* More statements than a connection keeps, and texts at one place that change. */
static void many_statements(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	char sql[64];
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 500; i++) {
			(void)snprintf(sql, sizeof(sql), "SELECT %d", i);
			assert_int_equal(one_number(db, sql), i);
		}
	}
	db_close(db);
	world_clear(&w);
}

static void statements_of_one_database(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_things(&w);
	OK(db_run(db, "SQLITE: INSERT INTO thing (number) VALUES (1)"));
	OK(db_run(db, "POSTGRES: INSERT INTO thing (number) VALUES (2)"));
	bool sqlite = db_dialect(db) == DB_DIALECT_SQLITE;
	assert_int_equal(sqlite, !world_is_postgres());
	assert_int_equal(one_number(db, "SELECT number FROM thing"), sqlite ? 1 : 2);
	db_close(db);
	world_clear(&w);
}

static void where_nothing_opens(void **state)
{
	(void)state;
	struct store_world w;
	struct fault fault = {0};
	struct db *db = NULL;
	world_init(&w);
	assert_int_equal(db_open("mysql://secret@x", DB_READ, &db, &fault), HN_EUNSUPPORTED);
	assert_null(strstr(fault.message, "secret"));
	assert_null(strstr(fault.place, "secret"));
	assert_int_equal(db_open("sqlite:/nowhere/at/all.db", DB_WRITE, &db, &fault), HN_ENOENT);
	assert_string_equal(fault.place, "/nowhere/at/all.db");
	assert_int_equal(db_open("sqlite:", DB_WRITE, &db, &fault), HN_EFORMAT);
	assert_int_equal(db_open("sqlite:/tmp", DB_WRITE, &db, &fault), HN_EIO);

	char path[128], url[160];
	(void)snprintf(path, sizeof(path), "%s/text", w.dir);
	(void)snprintf(url, sizeof(url), "sqlite:%s", path);
	assert_int_equal(db_open(url, DB_READ, &db, &fault), HN_ENOENT);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		assert_true(fputs("this is no database\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(db_open(url, DB_WRITE, &db, &fault), HN_EFORMAT);
	assert_null(db);
	world_clear(&w);
}

/* Nothing listens there; whatever is said of it has no password in it. */
static void passwords_stay_secret(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		int err;
	} cases[] = {
		{"postgresql://hub:sesame@/hub?host=/nowhere/at/all", HN_EIO},
		{"postgresql://hub:sesame@127.0.0.1:1/hub?connect_timeout=2", HN_EIO},
		{"postgresql://hub:sesame@localhost:port/hub", HN_EIO},
		{"postgresql://hub:sesame%zz@localhost/hub", HN_EUNSUPPORTED},
		{"postgresql://hub:sesame@[::1/hub", HN_EUNSUPPORTED},
		{"postgresql://hub@/hub?host=/nowhere&password=sesame", HN_EIO},
		{"postgresql://hub@/hub?password=sesame&unknown=1", HN_EUNSUPPORTED},
		{"postgresql://hub:sesame@/hub?schema=not-a-name", HN_EUNSUPPORTED},
		{"postgresql://hub:sesame@/hub?host=/nowhere&schema=", HN_EUNSUPPORTED},
		{"postgresql://hub:sesame@/hub?host=/nowhere&schema=1a", HN_EUNSUPPORTED},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fault fault = {0};
		struct db *db = NULL;
		int err = db_open(cases[i].url, DB_READ, &db, &fault);
		if (err != cases[i].err)
			fail_msg("%s: %d %s %s", cases[i].url, err, fault.place, fault.message);
		assert_null(db);
		assert_null(strstr(fault.place, "sesame"));
		assert_null(strstr(fault.message, "sesame"));
		assert_true(strlen(fault.message) > 0);
	}
}

static void addresses_are_read_without_connecting(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		int err;
	} cases[] = {
		{"sqlite:hub.db", HN_OK},
		{"sqlite:/nowhere/at/all.db", HN_OK},
		{"postgresql:///hub", HN_OK},
		{"postgresql://hub:sesame@127.0.0.1:1/hub?schema=mine", HN_OK},
		{"postgresql://a:5432,b:5433/hub", HN_OK},
		{"", HN_EFORMAT},
		{"sqlite:", HN_EFORMAT},
		{"hub.db", HN_EFORMAT},
		{"mysql://hub:sesame@db/hub", HN_EFORMAT},
		{"postgresql://hub:sesame@localhost:port/hub", HN_EFORMAT},
		{"postgresql://hub:sesame@localhost:65536/hub", HN_EFORMAT},
		{"postgresql://a:5432,b:0/hub?password=sesame", HN_EFORMAT},
		{"postgresql://hub:sesame@[::1/hub", HN_EFORMAT},
		{"postgresql://hub:sesame@/hub?schema=not-a-name", HN_EFORMAT},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fault fault = {0};
		int err = db_address(cases[i].url, &fault);
		if (err != cases[i].err)
			fail_msg("%s: %d %s", cases[i].url, err, fault.message);
		assert_null(strstr(fault.message, "sesame"));
		assert_int_equal(err == HN_OK, fault.message[0] == '\0');
	}
}

/* A role that may make a schema of its own, and nothing else. */
static void a_plain_role_is_enough(void **state)
{
	(void)state;
	struct store_world w;
	char url[256];
	if (!world_is_postgres())
		return;
	struct db *db = with_things(&w);
	OK(db_run(db, "CREATE ROLE plain LOGIN"));
	OK(db_run(db, "GRANT CREATE ON DATABASE postgres TO plain"));
	db_close(db);
	(void)snprintf(url, sizeof(url), "postgresql://plain@/postgres?schema=of_plain&host=%s",
		       world_cluster.dir);
	(void)snprintf(w.url, sizeof(w.url), "%s", url);
	db = open_db(&w, DB_WRITE);
	OK(db_begin(db));
	OK(db_run(db, "CREATE TABLE thing (number BIGINT)"));
	OK(db_commit(db));
	db_close(db);
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back),
		cmocka_unit_test(nulls),
		cmocka_unit_test(numbers_of_all_sorts),
		cmocka_unit_test(statements_within_statements),
		cmocka_unit_test(any_of),
		cmocka_unit_test(sees),
		cmocka_unit_test(parts_are_undone_alone),
		cmocka_unit_test(rows_that_wait),
		cmocka_unit_test(rows_of_many_statements),
		cmocka_unit_test(errors),
		cmocka_unit_test(returning),
		cmocka_unit_test(readers_see_one_snapshot_and_change_nothing),
		cmocka_unit_test(many_statements),
		cmocka_unit_test(statements_of_one_database),
		cmocka_unit_test(where_nothing_opens),
		cmocka_unit_test(passwords_stay_secret),
		cmocka_unit_test(addresses_are_read_without_connecting),
		cmocka_unit_test(a_plain_role_is_enough),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
