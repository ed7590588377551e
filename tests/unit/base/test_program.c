/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/program.h"

#include "../check.h"

/* What was run, and with how many arguments. */
static char ran;
static int given;

static int run_a(int argc, char **argv)
{
	ran = argv[0][0];
	given = argc;
	return 3;
}

static int serve(int argc, char **argv)
{
	(void)argv;
	ran = 's';
	given = argc;
	return HN_EXIT_DONE;
}

static void the_named_command_is_run(void **state)
{
	(void)state;
	static const struct program_command commands[] = {{"alpha", run_a}, {"beta", run_a}, {NULL, NULL}};
	char program[] = "hinomi-test", alpha[] = "alpha", beta[] = "beta", other[] = "alphabet",
	     option[] = "--x";
	const struct {
		char *argv[4];
		int argc, code;
		char ran;
		int given;
	} rows[] = {
		{{program, alpha, option}, 3, 3, 'a', 2},
		{{program, beta}, 2, 3, 'b', 1},
		{{program, other}, 2, HN_EXIT_DONE, 's', 2},
		{{program, option, alpha}, 3, HN_EXIT_DONE, 's', 3},
		{{program}, 1, HN_EXIT_DONE, 's', 1},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *argv[4];
		memcpy(argv, rows[i].argv, sizeof(argv));
		ran = '-';
		assert_int_equal(program_main("hinomi test", commands, serve, rows[i].argc, argv),
				 rows[i].code);
		assert_int_equal(ran, rows[i].ran);
		assert_int_equal(given, rows[i].given);
	}
}

static void what_is_left_is_no_command(void **state)
{
	(void)state;
	char word[] = "word";
	char *args[] = {word};
	assert_int_equal(program_no_command(args, 0), -1);
	assert_int_equal(program_no_command(args, 1), HN_EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_named_command_is_run),
		cmocka_unit_test(what_is_left_is_no_command),
	};
	return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
