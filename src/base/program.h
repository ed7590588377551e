/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_PROGRAM_H
#define HINOMI_BASE_PROGRAM_H

#include <stddef.h>

#include "base/err.h"

/* A program that serves, and has some commands beside it. */

struct program_command {
	const char *name;                  /* NULL ends the list */
	int (*run)(int argc, char **argv); /* argv[0] is its name; @return the exit code (enum hn_exit) */
};

/**
 * The whole of main(): sets language and log, makes sure of randomness, runs the command that argv[1] names.
 *
 * @param name   "hinomi hub"
 * @param serve  what is run where argv[1] names none
 */
int program_main(const char *name, const struct program_command commands[],
		 int (*serve)(int argc, char **argv), int argc, char **argv);

/** In `serve`, with what options_read() left: there is no such command. @return -1: nothing is left; else the
 * exit code, after one line */
HN_MUST_USE int program_no_command(char **args, size_t count);

#endif
