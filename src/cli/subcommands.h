/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_SUBCOMMANDS_H
#define HINOMI_CLI_SUBCOMMANDS_H

#include <stddef.h>

/** One sub-command: what `hinomi COMMAND NAME ...` runs. */
struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is its name; @return the exit code (enum hn_exit) */
	const char *help_en;               /* one line each */
	const char *help_ja;
};

/** A command that is made of sub-commands. */
struct subcommands {
	const char *command;      /* "hinomi authority" */
	const char *arguments_en; /* what follows the command in its usage line */
	const char *arguments_ja;
	const char *note_en; /* lines under the list, with their end; "" for none */
	const char *note_ja;
	const char *example; /* a command that works */
	const struct subcommand *rows;
	size_t count;
};

/** The whole of main(): sets language and log, answers --help and --version, runs the row that argv[1] names.
 */
int subcommands_main(const struct subcommands *self, int argc, char **argv);

#endif
