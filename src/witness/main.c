/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi witness [COMMAND] ... */
#include <sodium.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "witness/commands.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"acknowledge", witness_cmd_acknowledge},
	{"alarms", witness_cmd_alarms},
	{"applications", witness_cmd_applications},
	{"bring", witness_cmd_bring},
	{"edge", witness_cmd_edge},
	{"edges", witness_cmd_edges},
	{"init", witness_cmd_init},
	{"refuse", witness_cmd_refuse},
	{"revoke", witness_cmd_revoke},
	{"revoke-edge", witness_cmd_revoke_edge},
	{"sign", witness_cmd_sign},
	{"status", witness_cmd_status},
};

int main(int argc, char **argv)
{
	(void)lang_get();
	log_init("hinomi witness", false);
	if (sodium_init() < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", tr("no source of randomness", "乱数が得られない"));
		return HN_EXIT_UNFINISHED;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return witness_cmd_serve(argc, argv);
}
