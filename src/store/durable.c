/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int sync_one(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int err = fsync(fd) == 0 ? HN_OK : hn_err_of_errno(errno);
	(void)close(fd);
	return err;
}

static int folder_of(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	int len = slash == NULL ? snprintf(out, PATH_MAX, ".")
				: snprintf(out, PATH_MAX, "%.*s", (int)(slash - path + 1), path);
	return len < PATH_MAX ? HN_OK : HN_ELIMIT;
}

int durable_publish(const char *part, const char *path)
{
	char folder[PATH_MAX];
	int err = folder_of(path, folder);
	if (err == HN_OK)
		err = sync_one(part);
	/* A link, not a rename: that one would replace. */
	if (err == HN_OK && link(part, path) != 0)
		err = hn_err_of_errno(errno);
	(void)unlink(part);
	return err == HN_OK ? sync_one(folder) : err;
}
