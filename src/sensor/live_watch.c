/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/live_watch.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define PATH_ROOM 1024
#define CHANGES   (IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF)

static int parent_of(const char *path, size_t len, int (*each)(void *, const char *), void *context)
{
	char parent[PATH_ROOM] = ".";
	const char *slash = memrchr(path, '/', len);
	size_t room = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
	if (room >= sizeof(parent))
		return HN_ELIMIT;
	if (slash != NULL)
		memcpy(parent, path, room);
	parent[room] = '\0';
	return each(context, parent);
}

int live_watch_folders(const struct live_config *c, int (*each)(void *context, const char *folder),
		       void *context)
{
	const char *const files[] = {c->trust, c->domestic, c->authorization, c->revocations};
	const char *const *lists = c->indicators.items;
	int rc = c->edge == NULL ? HN_OK : each(context, c->edge);
	for (size_t i = 0; rc == HN_OK && i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] != NULL)
			rc = parent_of(files[i], strlen(files[i]), each, context);
	for (size_t i = 0; rc == HN_OK && i < c->indicators.count; i++)
		for (const char *at = lists[i]; rc == HN_OK && at != NULL;) {
			const char *comma = strchr(at, ',');
			rc = parent_of(at, comma == NULL ? strlen(at) : (size_t)(comma - at), each, context);
			at = comma == NULL ? NULL : comma + 1;
		}
	return rc;
}

static int watch(void *context, const char *folder)
{
	const int *inotify = context;
	(void)inotify_add_watch(*inotify, folder, CHANGES);
	return HN_OK;
}

void live_watch_add(int inotify, const struct live_config *c)
{
	char path[PATH_ROOM + 300], folder[PATH_ROOM];
	int rc = live_watch_folders(c, watch, &inotify);
	if (rc != HN_OK || c->edge == NULL ||
	    (size_t)snprintf(folder, sizeof(folder), "%s/sets", c->edge) >= sizeof(folder))
		return;
	(void)watch(&inotify, folder);
	DIR *dir = opendir(folder);
	for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
		if (d->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		(void)watch(&inotify, path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)snprintf(path, sizeof(path), "%s/authorizations", c->edge);
	(void)watch(&inotify, path);
}

bool live_watch_empty(int inotify)
{
	char events[4096];
	bool any = false;
	while (read(inotify, events, sizeof(events)) > 0)
		any = true;
	return any;
}
