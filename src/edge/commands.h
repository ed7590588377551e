/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_EDGE_COMMANDS_H
#define HINOMI_EDGE_COMMANDS_H

#include "base/fault.h"

#define EDGE_DIRECTORY "hinomi-edge"

/** The commands; argv[0] is the command's word. @return an exit code */
int edge_cmd_enrol(int argc, char **argv);
int edge_cmd_run(int argc, char **argv);
int edge_cmd_status(int argc, char **argv);

/** One line of what went wrong. @return the exit code for it */
int edge_report(int err, const struct fault *fault);

#endif
