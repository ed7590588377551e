/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi resolver [COMMAND] ... */
#include "base/program.h"
#include "resolver/commands.h"

static const struct program_command commands[] = {
	{"ctl", resolver_cmd_ctl},
	{"explain", resolver_cmd_explain},
	{"export", resolver_cmd_export},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	return program_main("hinomi resolver", commands, resolver_cmd_serve, argc, argv);
}
