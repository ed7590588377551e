/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi hub [COMMAND] ... */
#include "base/program.h"
#include "hub/commands.h"
#include "hub/exchange/fetch_process.h"

static const struct program_command commands[] = {
	{"backup", hub_cmd_backup},
	{"check", hub_cmd_check},
	{"init", hub_cmd_init},
	{"link", hub_cmd_link},
	{"restore", hub_cmd_restore},
	{FETCH_PROCESS_COMMAND, fetch_process_main},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return program_main("hinomi hub", commands, hub_cmd_serve, argc, argv);
}
