/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/lang.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool known;
static enum lang current;
static _Thread_local bool own; /* of this thread */
static _Thread_local enum lang mine;

enum lang lang_get(void)
{
	static const char *const vars[] = {"HINOMI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};

	if (own)
		return mine;
	if (known)
		return current;
	for (size_t i = 0; i < sizeof(vars) / sizeof(vars[0]); i++) {
		const char *value = getenv(vars[i]);
		if (value == NULL || value[0] == '\0')
			continue;
		current = strncmp(value, "ja", 2) == 0 ? LANG_JA : LANG_EN;
		break;
	}
	known = true;
	return current;
}

void lang_set(enum lang lang)
{
	current = lang;
	known = true;
}

void lang_set_thread(enum lang lang)
{
	mine = lang;
	own = true;
}

void lang_reset_thread(void)
{
	own = false;
}

const char *tr(const char *en, const char *ja)
{
	return lang_get() == LANG_JA ? ja : en;
}
