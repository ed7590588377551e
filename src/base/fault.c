/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

int fault_set(struct fault *fault, int err, const char *place, const char *format, ...)
{
	if (fault == NULL)
		return err;
	(void)snprintf(fault->place, sizeof(fault->place), "%s", place == NULL ? "" : place);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(fault->message, sizeof(fault->message), format, args);
	va_end(args);
	/* Cut at a limit, but never within a character. */
	fault->place[utf8_uncut_len(fault->place, strlen(fault->place))] = '\0';
	fault->message[utf8_uncut_len(fault->message, strlen(fault->message))] = '\0';
	return err;
}
