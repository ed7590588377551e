/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/options.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../check.h"
#include "base/lang.h"

#define WORDS_MAX 600

static bool flag;
static const char *text;
static uint64_t count;
static struct option_list list;

static const struct option_row rows[] = {
	{"flag", 'f', OPTION_FLAG, &flag, NULL, "a flag", "旗"},
	{"output", 'o', OPTION_STRING, &text, "FILE", "a file", "ファイル"},
	{"count", 0, OPTION_COUNT, &count, "N", "a number", "数", 2, 10},
	{"set", 0, OPTION_LIST, &list, "ID", "a set", "集合"},
	{NULL},
};
static const struct command_help help = {"hinomi thing [OPTION]... FILE", "Does a thing.", "ある事をする。",
					 "hinomi thing -f x"};

/* Runs options_read() on words; args_out gets the rest. */
static int run(const char *const words[], size_t n, char **args_out[], size_t *args_len_out)
{
	static char *argv[WORDS_MAX + 2];
	static char copies[WORDS_MAX][64];

	flag = false;
	text = NULL;
	count = 0;
	list.count = 0;
	argv[0] = copies[0];
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(copies[i], sizeof(copies[i]), "%s", words[i]);
		argv[i + 1] = copies[i];
	}
	argv[n + 1] = NULL;
	return options_read((int)n + 1, argv, rows, &help, args_out, args_len_out);
}

#define RUN(args, len, ...)                                                                                  \
	run((const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__})), &(args), &(len))

static void reads_options_and_arguments_in_any_order(void **state)
{
	(void)state;
	char **args;
	size_t n;
	assert_int_equal(
		RUN(args, n, "a", "--flag", "b", "-o", "x", "--count=7", "--set", "1", "c", "--set=2"), -1);
	assert_true(flag);
	assert_string_equal(text, "x");
	assert_int_equal(count, 7);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0], "1");
	assert_string_equal(list.items[1], "2");
	assert_int_equal(n, 3);
	assert_string_equal(args[0], "a");
	assert_string_equal(args[1], "b");
	assert_string_equal(args[2], "c");
}

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	char **args;
	size_t n;
	assert_int_equal(RUN(args, n, "-fo", "-", "--", "--flag", "-"), -1);
	assert_string_equal(text, "-");
	assert_int_equal(n, 2);
	assert_string_equal(args[0], "--flag");
}

static void what_is_wrong_is_a_usage_error(void **state)
{
	(void)state;
	char **args = NULL;
	size_t n = 99;
	assert_int_equal(RUN(args, n, "--nonsense"), HN_EXIT_USAGE);
	assert_int_equal(RUN(args, n, "-z"), HN_EXIT_USAGE);
	assert_int_equal(RUN(args, n, "--output"), HN_EXIT_USAGE);
	assert_int_equal(RUN(args, n, "-o"), HN_EXIT_USAGE);
	assert_int_equal(RUN(args, n, "--flag=x"), HN_EXIT_USAGE);
	assert_int_equal(RUN(args, n, "--log=xml"), HN_EXIT_USAGE);
	static const char *const bad[] = {
		"1", "11", "-3", "+3", "3x", "", " 3", "0x3", "99999999999999999999999"};
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(RUN(args, n, "--count", bad[i]), HN_EXIT_USAGE);
	assert_null(args);
	assert_int_equal(n, 99);
}

static void a_list_has_a_limit(void **state)
{
	(void)state;
	static const char *words[OPTION_LIST_MAX + 1];
	char **args;
	size_t n;
	for (size_t i = 0; i < COUNT(words); i++)
		words[i] = "--set=x";
	assert_int_equal(run(words, OPTION_LIST_MAX, &args, &n), -1);
	assert_int_equal(run(words, OPTION_LIST_MAX + 1, &args, &n), HN_EXIT_USAGE);
}

/* What the function prints on standard output. */
static char *printed(const char *word)
{
	static char out[4096];
	char **args;
	size_t n;
	(void)fflush(stdout);
	int kept = dup(STDOUT_FILENO);
	int memory = memfd_create("out", 0);
	assert_true(kept >= 0 && memory >= 0 && dup2(memory, STDOUT_FILENO) >= 0);
	int rc = RUN(args, n, word);
	(void)fflush(stdout);
	assert_true(dup2(kept, STDOUT_FILENO) >= 0);
	ssize_t len = pread(memory, out, sizeof(out) - 1, 0);
	(void)close(memory);
	(void)close(kept);
	assert_int_equal(rc, HN_EXIT_DONE);
	assert_true(len > 0);
	out[len] = '\0';
	return out;
}

static void help_fits_a_screen_in_both_languages(void **state)
{
	(void)state;
	static const char *const english[] = {"Usage: hinomi thing [OPTION]... FILE",
					      "Does a thing.",
					      "-o, --output=FILE",
					      "a file",
					      "--log=json",
					      "--help",
					      "Example:\n  hinomi thing -f x"};
	static const char *const japanese[] = {"使い方: hinomi thing [オプション]... FILE", "ある事をする。",
					       "-o, --output=FILE", "ファイル", "例:"};
	const char *out = printed("--help");
	for (size_t i = 0; i < COUNT(english); i++)
		assert_non_null(strstr(out, english[i]));
	lang_set(LANG_JA);
	out = printed("--help");
	for (size_t i = 0; i < COUNT(japanese); i++)
		assert_non_null(strstr(out, japanese[i]));
	lang_set(LANG_EN);
	assert_memory_equal(printed("--version"), "hinomi 0.", 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_options_and_arguments_in_any_order),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(what_is_wrong_is_a_usage_error),
		cmocka_unit_test(a_list_has_a_limit),
		cmocka_unit_test(help_fits_a_screen_in_both_languages),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
