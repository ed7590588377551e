/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_COMMANDS_H
#define HINOMI_WITNESS_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/options.h"
#include "witness/witness.h"

/* The commands of `hinomi witness`. Each reads its own arguments and gives an exit code; those that look or
 * decide work on the state that the serving program has too. */

/** Serves. */
int witness_cmd_serve(int argc, char **argv);
/** Folder, keys, an account. */
int witness_cmd_init(int argc, char **argv);
/** A code for an edge. */
int witness_cmd_edge(int argc, char **argv);
/** Who joined. */
int witness_cmd_edges(int argc, char **argv);
/** The end of one. */
int witness_cmd_revoke_edge(int argc, char **argv);
/** How it stands. */
int witness_cmd_status(int argc, char **argv);
/** What stands. */
int witness_cmd_alarms(int argc, char **argv);
/** One that was seen to. */
int witness_cmd_acknowledge(int argc, char **argv);
/** All, or one decoded. */
int witness_cmd_applications(int argc, char **argv);
/** A document of the commission's own. */
int witness_cmd_bring(int argc, char **argv);
/** Here, or taken from a file. */
int witness_cmd_sign(int argc, char **argv);
/** With a reason. */
int witness_cmd_refuse(int argc, char **argv);
/** A new list. */
int witness_cmd_revoke(int argc, char **argv);

/** What a command was given. */
struct witness_arguments {
	const char *config, *data, *reason, *passphrase_file, *digest, *signed_file, *name, *id;
	const char *args[8]; /* that are no options */
	size_t count;
};

/** Writes what comes from outside to the terminal, without its control characters. */
void witness_put_text(const char *text);

/**
 * Reads the options that all commands have, and opens the state.
 *
 * @param count_min,count_max  of arguments
 * @param w  witness_close() it and free its configuration with witness_command_end()
 * @return -1 to go on; else the exit code
 */
HN_MUST_USE int witness_command_begin(int argc, char **argv, const struct command_help *help,
				      size_t count_min, size_t count_max, struct witness_arguments *out,
				      struct witness *w);

/** Moves what waits into the ledger where no server does, closes, and says what failed. @return exit code */
HN_MUST_USE int witness_command_end(struct witness *w, int err, const struct fault *fault);

/** Logs a fault once. @return the exit code */
int witness_report(int err, const struct fault *fault);

/** Reads a passphrase from a file, or asks at the terminal; in memory for sodium_free(). @return HN_EIO,
 * HN_ENOMEM */
HN_MUST_USE int witness_passphrase(const char *file, const char *question, char **out, struct fault *fault);

#endif
