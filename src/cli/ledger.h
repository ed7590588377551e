/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_LEDGER_H
#define HINOMI_CLI_LEDGER_H

#include "base/fault.h"
#include "ledger/note.h"
#include "ledger/tlog.h"

/*
 * The sub-commands of `hinomi ledger`. argv[0] is the sub-command's name. Each returns the program's exit
 * code (enum hn_exit).
 */
int ledger_cmd_verify(int argc, char **argv);
int ledger_cmd_prove(int argc, char **argv);
int ledger_cmd_verify_proof(int argc, char **argv);
int ledger_cmd_cosign(int argc, char **argv);
int ledger_cmd_erase(int argc, char **argv);
int ledger_cmd_export(int argc, char **argv);

/** The exit code for an error of the log, after one line that says what happened and where. */
int ledger_cmd_fail(const char *path, int rc, const struct fault *fault);

/**
 * Reads the log's public key: KEY.pub as 'hinomi authority keygen' writes it, or a file with a verifier key
 * as one word ("name+id+base64"). NULL path: no key.
 *
 * @return -1 to go on, *out is NULL or room; else the exit code, said
 */
int ledger_cmd_key(const char *path, struct note_key *room, const struct note_key **out);

/** Opens the log in a directory. @return -1 to go on; else the exit code, said */
int ledger_cmd_open(const char *dir, const struct note_key *key, struct tlog **out);

/** Whether there are count arguments, said when not. */
bool ledger_cmd_arguments(size_t have, size_t want);

/** Writes a result to a file, whole or not at all, or to standard output (NULL). @return the exit code */
int ledger_cmd_put(const char *path, const struct buf *data);

#endif
