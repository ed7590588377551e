/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_BUS_FOLDER_H
#define HINOMI_TESTS_UNIT_BUS_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/check.h"

/* A folder for a test, gone after it. */
static char folder[64];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline int folder_remove(void **state)
{
	(void)state;
	return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int folder_make(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/hinomi-bus-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

/** A path in it; stays until the fourth call after. */
static inline const char *in_folder(const char *name)
{
	static char paths[4][320];
	static unsigned turn;
	char *path = paths[turn++ % 4];
	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

#endif
