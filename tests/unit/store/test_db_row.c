/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/db_row.h"

#include "db_world.h"

static struct db *with_numbers(struct store_world *w, int64_t upto)
{
	struct fault fault = {0};
	struct db *db = NULL;
	world_init(w);
	if (db_open(w->url, DB_WRITE, &db, &fault) != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	assert_int_equal(db_run(db, "CREATE TABLE thing (number BIGINT PRIMARY KEY, name TEXT)"), HN_OK);
	for (int64_t i = 1; i <= upto; i++)
		assert_int_equal(db_run(db, "INSERT INTO thing (number, name) VALUES ($1, $2)", db_number(i),
					db_text_value(i % 2 == 0 ? "even" : NULL)),
				 HN_OK);
	return db;
}

static void end(struct store_world *w, struct db *db)
{
	db_close(db);
	world_clear(w);
}

#define BEHIND(number)                                                                                       \
	db_query(db, &rows, "SELECT number, name FROM thing WHERE number > $1 ORDER BY number",              \
		 db_number(number))

static int take(const struct db_rows *rows, void *context)
{
	*(int64_t *)context = db_int(rows, 0);
	return db_int(rows, 0) == 2 ? HN_ELIMIT : HN_OK;
}

static void one_row_or_none(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_numbers(&w, 2);
	struct db_rows *rows = NULL;
	int64_t number = 7;
	bool any = false;

	int err = BEHIND(0);
	assert_int_equal(db_first(err, &rows), HN_OK);
	assert_int_equal(db_int(rows, 0), 1);
	assert_string_equal(db_text_or_empty(rows, 1), "");
	db_rows_end(rows);
	err = BEHIND(1);
	assert_int_equal(db_first(err, &rows), HN_OK);
	assert_string_equal(db_text_or_empty(rows, 1), "even");
	db_rows_end(rows);
	err = BEHIND(2);
	assert_int_equal(db_first(err, &rows), HN_ENOENT);
	assert_null(rows);

	err = BEHIND(2);
	assert_int_equal(db_one_number(err, &rows, &number), HN_ENOENT);
	assert_int_equal(number, 7);
	err = BEHIND(0);
	assert_int_equal(db_one_number(err, &rows, &number), HN_OK);
	assert_int_equal(number, 1);

	err = BEHIND(1);
	assert_int_equal(db_any(err, &rows, &any), HN_OK);
	assert_true(any);
	err = BEHIND(2);
	assert_int_equal(db_any(err, &rows, &any), HN_OK);
	assert_false(any);

	err = BEHIND(0);
	assert_int_equal(db_one(err, &rows, take, &number), HN_OK);
	err = BEHIND(1);
	assert_int_equal(db_one(err, &rows, take, &number), HN_ELIMIT);
	err = BEHIND(2);
	assert_int_equal(db_one(err, &rows, take, &number), HN_ENOENT);

	/* What failed before is passed on, and the rows are not looked at. */
	rows = NULL;
	assert_int_equal(db_first(HN_EIO, &rows), HN_EIO);
	assert_int_equal(db_one(HN_EIO, &rows, take, &number), HN_EIO);
	assert_int_equal(db_any(HN_EIO, &rows, &any), HN_EIO);
	assert_int_equal(db_one_number(HN_EIO, &rows, &number), HN_EIO);
	assert_int_equal(db_page(HN_EIO, &rows, 1, take, &number, &any), HN_EIO);
	end(&w, db);
}

struct told {
	int64_t last, stop;
	size_t count;
};

static int tell(const struct db_rows *rows, void *context)
{
	struct told *t = context;
	assert_true(db_int(rows, 0) == t->last + 1);
	t->last = db_int(rows, 0);
	t->count++;
	return t->last == t->stop ? HN_EEXIST : HN_OK;
}

static void a_page_ends_at_its_limit(void **state)
{
	(void)state;
	struct store_world w;
	struct db *db = with_numbers(&w, 5);
	static const struct {
		size_t limit, told;
		int64_t stop;
		int err;
		bool more;
	} cases[] = {{3, 3, 0, HN_OK, true},
		     {5, 5, 0, HN_OK, false},
		     {9, 5, 0, HN_OK, false},
		     {0, 0, 0, HN_OK, true},
		     {5, 2, 2, HN_EEXIST, false}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct db_rows *rows = NULL;
		struct told t = {.stop = cases[i].stop};
		bool more = !cases[i].more;
		int err = db_query(db, &rows, "SELECT number FROM thing ORDER BY number LIMIT $1",
				   db_number((int64_t)cases[i].limit + 1));
		assert_int_equal(db_page(err, &rows, cases[i].limit, tell, &t, &more), cases[i].err);
		assert_int_equal(t.count, cases[i].told);
		assert_int_equal(more, cases[i].more);
	}
	end(&w, db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_row_or_none),
		cmocka_unit_test(a_page_ends_at_its_limit),
	};
	return cmocka_run_group_tests_name("db_row", tests, NULL, NULL);
}
