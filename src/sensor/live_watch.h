/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_WATCH_H
#define HINOMI_SENSOR_LIVE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sensor/live_config.h"

/* The folders in which what a live sensor stands on may change. */

/** Calls back for each folder that the configuration names, some perhaps twice. @return what it returns
 * unless HN_OK */
HN_MUST_USE int live_watch_folders(const struct live_config *c,
				   int (*each)(void *context, const char *folder), void *context);

/** Asks to be told of changes in them, and in each folder below EDGE/sets; again for those that are new. */
void live_watch_add(int inotify, const struct live_config *c);

/** Empties what was told. @return whether there was anything */
bool live_watch_empty(int inotify);

#endif
