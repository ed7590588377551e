/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/log.h"
#include "hub/commands.h"

int hub_report(int err, const struct fault *fault)
{
	log_line(LOG_LEVEL_ERROR, "%s%s%s", fault->place, fault->place[0] == '\0' ? "" : ": ",
		 fault->message[0] == '\0' ? hn_strerror(err) : fault->message);
	switch (err) {
	case HN_EFORMAT:
	case HN_EAUTH:
	case HN_ELIMIT:
		return HN_EXIT_USAGE;
	case HN_ENOENT:
	case HN_EUNSUPPORTED:
		return HN_EXIT_INPUT;
	default:
		return HN_EXIT_UNFINISHED;
	}
}
