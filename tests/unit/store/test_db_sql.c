/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The words of store/db.h in the words of each database. */
#include "store/db_sql.h"

#include "../check.h"

#define S DB_DIALECT_SQLITE
#define P DB_DIALECT_POSTGRES

static void statements(void **state)
{
	(void)state;
	static const struct {
		const char *sql;
		enum db_dialect dialect;
		enum db_sees sees;
		const char *out;
		unsigned more;
	} cases[] = {
		{"SELECT a FROM b WHERE c = $1 AND d = $12", S, DB_SEES_CALL,
		 "SELECT a FROM b WHERE c = ?1 AND d = ?12", 0},
		{"SELECT a FROM b WHERE c = $1", P, DB_SEES_BITS, "SELECT a FROM b WHERE c = $1", 0},
		{"x ANY_OF($2)", S, DB_SEES_CALL, "x IN (SELECT value FROM hn_ints(?2))", 0},
		{"x ANY_OF($2)", P, DB_SEES_BITS, "x = ANY($2::bigint[])", 0},
		{"SEES(v.label)", S, DB_SEES_CALL, "hn_sees(v.label)", 0},
		{"SEES(v.label)", S, DB_SEES_NOTHING, "0", 0},
		{"SEES(v.label)", P, DB_SEES_NOTHING, "FALSE", 0},
		{"$1 SEES(v.label) $3 $2", P, DB_SEES_FEW, "$1 (v.label = ANY($4::bigint[])) $3 $2", 4},
		{"SEES(l)", P, DB_SEES_BITS,
		 "(CASE WHEN l BETWEEN 1 AND $2::bigint THEN get_bit($1::bytea, l) = 1 ELSE FALSE END)", 1},
		{"SEES(a) SEES(b)", P, DB_SEES_FEW, "(a = ANY($1::bigint[])) (b = ANY($1::bigint[]))", 1},
		/* Inside quotes and other words nothing is a word of ours. */
		{"'SEES(x) $1 BYTES' \"BYTES\" 'it''s'", P, DB_SEES_BITS,
		 "'SEES(x) $1 BYTES' \"BYTES\" 'it''s'", 0},
		{"MYBYTES BYTES2 SEES2(x) ANY_OFF", P, DB_SEES_BITS, "MYBYTES BYTES2 SEES2(x) ANY_OFF", 0},
		{"a BYTES, b BIGINT", S, DB_SEES_CALL, "a BLOB, b INTEGER", 0},
		{"a BYTES, b BIGINT", P, DB_SEES_BITS, "a BYTEA, b BIGINT", 0},
		{"CREATE TABLE t (n BIGINT PRIMARY KEY)", S, DB_SEES_CALL,
		 "CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT", 0},
		{"CREATE TABLE t (n BIGINT, PRIMARY KEY (n)) CLUSTERED", S, DB_SEES_CALL,
		 "CREATE TABLE t (n INTEGER, PRIMARY KEY (n))  STRICT, WITHOUT ROWID", 0},
		{"CREATE TABLE t (n BIGINT, PRIMARY KEY (n)) CLUSTERED", P, DB_SEES_BITS,
		 "CREATE TABLE t (n BIGINT, PRIMARY KEY (n)) ", 0},
		{"SQLITE: CREATE VIRTUAL TABLE t", S, DB_SEES_CALL, "CREATE VIRTUAL TABLE t", 0},
		{"SQLITE: CREATE VIRTUAL TABLE t", P, DB_SEES_BITS, "", 0},
		{"POSTGRES: SELECT 1", P, DB_SEES_BITS, "SELECT 1", 0},
		{"POSTGRES: SELECT 1", S, DB_SEES_CALL, "", 0},
		{"", S, DB_SEES_CALL, "", 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out;
		unsigned more = 99;
		char *sql = (char *)exact_copy(cases[i].sql, strlen(cases[i].sql) + 1);
		buf_init(&out, DB_SQL_MAX);
		assert_int_equal(db_sql(sql, cases[i].dialect, cases[i].sees, &out, &more), HN_OK);
		assert_string_equal(out.len == 0 ? "" : out.data, cases[i].out);
		assert_int_equal(more, cases[i].more);
		buf_clear(&out);
		free(sql);
	}
}

static void what_is_no_statement(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"SELECT 'open", "SELECT \"open", "a = $",     "a = $0",     "a = $1000",   "a = $x",
		"SEES",         "SEES x",        "SEES(x",    "SEES(f(x))", "x ANY_OF(y)", "x ANY_OF($1, $2)",
		"x ANY_OF $1",  "x ANY_OF($1",   "x ANY_OF(",
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int dialect = 0; dialect < 2; dialect++) {
			struct buf out;
			unsigned more = 99;
			char *sql = (char *)exact_copy(cases[i], strlen(cases[i]) + 1);
			buf_init(&out, DB_SQL_MAX);
			if (db_sql(sql, (enum db_dialect)dialect, DB_SEES_CALL, &out, &more) != HN_EFORMAT)
				fail_msg("%s is taken", cases[i]);
			assert_int_equal(more, 99);
			assert_int_equal(out.len, 0);
			free(sql);
			buf_clear(&out);
		}
	}
}

static void rows_by_the_list(void **state)
{
	(void)state;
	static const struct {
		const char *sql;
		unsigned arguments;
		const char *out; /* NULL: no such statement */
	} cases[] = {
		{"INSERT INTO t (a) VALUES ($1)", 1,
		 "INSERT INTO t (a) SELECT many.c1 FROM unnest($1) AS many (c1)"},
		{"INSERT INTO t (a, b, c) VALUES ($2, f($1, ')'), $2) ON CONFLICT DO NOTHING", 2,
		 "INSERT INTO t (a, b, c) SELECT many.c2, f(many.c1, ')'), many.c2 FROM unnest($1, $2) AS "
		 "many "
		 "(c1, c2) ON CONFLICT DO NOTHING"},
		{"INSERT INTO t (a) VALUES ($1) ON CONFLICT DO UPDATE SET a = $1", 1, NULL},
		{"INSERT INTO t (a) VALUES ($1", 1, NULL},
		{"INSERT INTO t (a) VALUES ('x", 1, NULL},
		{"INSERT INTO t (a) SELECT $1", 1, NULL},
		{"UPDATE t SET a = $1 WHERE VALUES ($1)", 1, NULL},
		{"INSERT INTO t (a) VALUES (1)", 0, NULL},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out;
		char *sql = (char *)exact_copy(cases[i].sql, strlen(cases[i].sql) + 1);
		buf_init(&out, DB_SQL_MAX);
		assert_int_equal(db_sql_many(sql, cases[i].arguments, &out),
				 cases[i].out != NULL ? HN_OK : HN_EFORMAT);
		assert_string_equal(out.len == 0 ? "" : out.data, cases[i].out != NULL ? cases[i].out : "");
		buf_clear(&out);
		free(sql);
	}
}

static void who_asks_for_a_view(void **state)
{
	(void)state;
	assert_true(db_sql_sees("SELECT 1 WHERE SEES(x)"));
	assert_true(db_sql_sees("SEES(x)"));
	assert_false(db_sql_sees("SELECT SEESAW, FORSEES"));
	assert_true(db_sql_sees("SELECT SEESAW, FORSEES WHERE SEES (x)"));
	assert_false(db_sql_sees(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements),
		cmocka_unit_test(what_is_no_statement),
		cmocka_unit_test(rows_by_the_list),
		cmocka_unit_test(who_asks_for_a_view),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
