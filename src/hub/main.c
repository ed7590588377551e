/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi hub [COMMAND] ... */
#include <sodium.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "hub/commands.h"
#include "hub/exchange/fetch_process.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"backup", hub_cmd_backup},
	{"check", hub_cmd_check},
	{"init", hub_cmd_init},
	{"restore", hub_cmd_restore},
};

int main(int argc, char **argv)
{
	(void)lang_get();
	log_init("hinomi hub", false);
	if (sodium_init() < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", tr("no source of randomness", "乱数が得られない"));
		return HN_EXIT_UNFINISHED;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], FETCH_PROCESS_COMMAND) == 0)
		return fetch_process_main(argc - 1, argv + 1);
	return hub_cmd_serve(argc, argv);
}
