/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_COMMANDS_H
#define HINOMI_HUB_COMMANDS_H

#include "base/err.h"
#include "base/fault.h"

/* The commands of `hinomi hub`: what main() calls. Each reads its own arguments and gives an exit code. */
int hub_cmd_backup(int argc, char **argv);
int hub_cmd_check(int argc, char **argv);
int hub_cmd_init(int argc, char **argv);
int hub_cmd_link(int argc, char **argv);
int hub_cmd_restore(int argc, char **argv);
int hub_cmd_serve(int argc, char **argv);

/** Logs a fault once. @return the exit code */
int hub_report(int err, const struct fault *fault);

#endif
