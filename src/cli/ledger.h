/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_LEDGER_H
#define HINOMI_CLI_LEDGER_H

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

#endif
