/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

int fault_set(struct fault *fault, int err, const char *place, const char *format, ...)
{
	if (fault == NULL)
		return err;
	(void)snprintf(fault->place, sizeof(fault->place), "%s", place == NULL ? "" : place);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(fault->message, sizeof(fault->message), format, args);
	va_end(args);
	return err;
}
