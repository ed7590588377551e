/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/program.h"

#include <sodium.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"

int program_main(const char *name, const struct program_command commands[],
		 int (*serve)(int argc, char **argv), int argc, char **argv)
{
	(void)lang_get();
	log_init(name, false);
	if (sodium_init() < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", tr("no source of randomness", "乱数が得られない"));
		return HN_EXIT_UNFINISHED;
	}
	for (size_t i = 0; argc > 1 && commands[i].name != NULL; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return serve(argc, argv);
}

int program_no_command(char **args, size_t count)
{
	if (count == 0)
		return -1;
	log_line(LOG_LEVEL_ERROR,
		 tr("no command '%s'; see --help", "'%s' というコマンドはない。--help を参照"), args[0]);
	return HN_EXIT_USAGE;
}
