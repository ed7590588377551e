/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_OPTIONS_H
#define HINOMI_BASE_OPTIONS_H

#include <stddef.h>

#include "base/err.h"

/*
 * Command lines: GNU-style long options from one table per command. --help, --version and
 * --log=json|text are every command's and stand in no table.
 */

enum option_kind {
	OPTION_FLAG,   /* target: bool, set to true */
	OPTION_STRING, /* target: const char *, points into argv; the last one wins */
	OPTION_COUNT,  /* target: uint64_t, decimal; min..max of the row */
	OPTION_LIST,   /* target: struct option_list; every occurrence is added */
};

/** All values of an option that may stand more than once; at most OPTION_LIST_MAX. */
#define OPTION_LIST_MAX 256
struct option_list {
	const char *items[OPTION_LIST_MAX];
	size_t count;
};

struct option_row {
	const char *name; /* without dashes */
	char letter;      /* one-letter form, or 0 */
	enum option_kind kind;
	void *target;
	const char *value;   /* how the value is called in the help, e.g. "FILE"; NULL for flags */
	const char *help_en; /* one line each */
	const char *help_ja;
	unsigned long long min, max; /* for OPTION_COUNT */
};

struct command_help {
	const char *usage;   /* after "Usage: ", e.g. "hinomi select [OPTION]... -o DIR CAPTURE..." */
	const char *text_en; /* what it does, in a few lines */
	const char *text_ja;
	const char *example; /* a command that works */
};

/**
 * Reads argv against a table that ends with a row whose name is NULL. Options and arguments may mix; "--"
 * ends the options. On --help or --version it prints them.
 *
 * @param args_out  the arguments that are no options, in order, inside argv (argv is permuted)
 * @return -1 to go on; else the exit code with which the program ends (0, or HN_EXIT_USAGE
 *         after one line that names the option)
 */
HN_MUST_USE int options_read(int argc, char **argv, const struct option_row rows[],
			     const struct command_help *help, char ***args_out, size_t *count_out);

#endif
