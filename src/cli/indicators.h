/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_INDICATORS_H
#define HINOMI_CLI_INDICATORS_H

/*
 * The sub-commands of `hinomi indicators`. argv[0] is the sub-command's name. Each returns the program's exit
 * code (enum hn_exit).
 */
int indicators_compile(int argc, char **argv);
int indicators_merge(int argc, char **argv);
int indicators_verify(int argc, char **argv);
int indicators_show(int argc, char **argv);
int indicators_match(int argc, char **argv);

#endif
