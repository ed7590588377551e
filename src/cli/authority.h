/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_AUTHORITY_H
#define HINOMI_CLI_AUTHORITY_H

/*
 * The sub-commands of `hinomi authority`. argv[0] is the sub-command's name. Each returns the program's exit
 * code (enum hn_exit).
 */
int authority_keygen(int argc, char **argv);
int authority_trust(int argc, char **argv);
int authority_issue(int argc, char **argv);
int authority_sign(int argc, char **argv);
int authority_verify(int argc, char **argv);
int authority_show(int argc, char **argv);
int authority_revoke(int argc, char **argv);
int authority_order(int argc, char **argv);
int authority_reidentify(int argc, char **argv);

#endif
