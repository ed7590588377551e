/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi hub [COMMAND] ... */
#include <sodium.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "hub/commands.h"

int main(int argc, char **argv)
{
	(void)lang_get();
	log_init("hinomi hub", false);
	if (sodium_init() < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", tr("no source of randomness", "乱数が得られない"));
		return HN_EXIT_UNFINISHED;
	}
	return hub_cmd_serve(argc, argv);
}
