/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_SANDBOX_H
#define HINOMI_CLI_SANDBOX_H

#include <stddef.h>

/**
 * Closes the sandbox of a command (confine_command() of base/confine.h): called once its options are known
 * and before it reads a file.
 *
 * @param files, dir  what it may write, as confine_command() takes it
 * @return -1, or the exit code after one line of log: nothing was read
 */
int sandbox_close(const char *const files[], size_t count, const char *dir);

/** sandbox_close() for a command that writes into a directory. */
int sandbox_close_but(const char *dir);

/** sandbox_close() for one that writes these files; NULLs are passed over. */
#define SANDBOX(...)                                                                                         \
	sandbox_close((const char *const[]){__VA_ARGS__},                                                    \
		      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), NULL)

#endif
