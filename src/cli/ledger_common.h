/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_LEDGER_COMMON_H
#define HINOMI_CLI_LEDGER_COMMON_H

/* What the sub-commands of `hinomi ledger` share. Where one returns -1 the command goes on; else it ends with
 * that exit code, and why has been said. */
#include "base/buf.h"
#include "base/fault.h"
#include "base/options.h"
#include "ledger/note.h"
#include "ledger/tlog.h"

/** The row of --key; target: const char *. */
#define LEDGER_KEY_ROW(target)                                                                               \
	{                                                                                                    \
		"key", 'k', OPTION_STRING, (target), "FILE", "the log's public key (KEY.pub)",               \
			"ログの公開鍵 (KEY.pub)"                                                       \
	}

/** Reads options, as options_read(), and exactly so many arguments. @return -1 or the exit code */
int ledger_cmd_options(int argc, char **argv, const struct option_row rows[], const struct command_help *help,
		       size_t want, char ***args_out);

/** The exit code for an error of the log, after one line that says what happened and where. */
int ledger_cmd_fail(const char *path, int rc, const struct fault *fault);

/**
 * Reads the log's public key: KEY.pub as 'hinomi authority keygen' writes it, or a file with a verifier key
 * as one word ("name+id+base64"). NULL path: no key.
 *
 * @return -1, and *out is NULL or room; or the exit code
 */
int ledger_cmd_key(const char *path, struct note_key *room, const struct note_key **out);

/** Opens a directory; the caller closes it. @return -1 or the exit code */
int ledger_cmd_open_dir(const char *dir, int *fd_out);

/** Opens the log in a directory. @return -1 or the exit code */
int ledger_cmd_open(const char *dir, const struct note_key *key, struct tlog **out);

/** Writes a result to a file, whole or not at all, or to standard output (NULL). @return the exit code */
int ledger_cmd_put(const char *path, const struct buf *data);

#endif
