/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/publish.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void publish_init(struct publish *p, const struct ledger_io *io, int dir_fd)
{
	p->io = io;
	p->dir_fd = dir_fd;
	p->files = 0;
	p->dirs = 0;
}

int publish_sync_dir(const struct ledger_io *io, int dir_fd, const char *path)
{
	int fd = io->open_at(io->ctx, dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int rc = io->sync(io->ctx, fd) == 0 ? HN_OK : hn_err_of_errno(errno);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

static int sync_files(struct publish *p)
{
	int rc = HN_OK;
	for (size_t i = 0; i < p->files; i++) {
		if (rc == HN_OK && p->io->sync(p->io->ctx, p->fds[i]) != 0)
			rc = hn_err_of_errno(errno);
		int saved = errno;
		(void)close(p->fds[i]);
		errno = saved;
	}
	p->files = 0;
	return rc;
}

int publish_flush(struct publish *p)
{
	int rc = sync_files(p);
	for (size_t i = 0; i < p->dirs && rc == HN_OK; i++)
		rc = publish_sync_dir(p->io, p->dir_fd, p->dir_paths[i]);
	p->dirs = 0;
	return rc;
}

void publish_clear(struct publish *p)
{
	for (size_t i = 0; i < p->files; i++)
		(void)close(p->fds[i]);
	p->files = 0;
	p->dirs = 0;
}

/* Remembers a directory whose names changed. */
static int touch_dir(struct publish *p, const char *path, size_t len)
{
	char dir[TILE_PATH_SIZE] = ".";

	assert(len < sizeof(dir));
	if (len > 0) {
		memcpy(dir, path, len);
		dir[len] = '\0';
	}
	for (size_t i = 0; i < p->dirs; i++)
		if (strcmp(p->dir_paths[i], dir) == 0)
			return HN_OK;
	if (p->dirs == PUBLISH_DIRS) {
		int rc = publish_flush(p);
		if (rc != HN_OK)
			return rc;
	}
	(void)snprintf(p->dir_paths[p->dirs++], TILE_PATH_SIZE, "%s", dir);
	return HN_OK;
}

/* Makes each directory on the way that is not there. */
static int make_dirs(struct publish *p, const char *path)
{
	char dir[TILE_PATH_SIZE];
	size_t parent = 0;
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t len = (size_t)(slash - path);
		memcpy(dir, path, len);
		dir[len] = '\0';
		if (p->io->mkdir_at(p->io->ctx, p->dir_fd, dir, 0755) == 0) {
			int rc = touch_dir(p, path, parent);
			if (rc != HN_OK)
				return rc;
		} else if (errno != EEXIST) {
			return hn_err_of_errno(errno);
		}
		parent = len;
	}
	return HN_OK;
}

static int create(struct publish *p, const char *path, int *fd_out)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = p->io->open_at(p->io->ctx, p->dir_fd, path, flags, 0644);
	if (fd < 0 && errno == ENOENT) {
		int rc = make_dirs(p, path);
		if (rc != HN_OK)
			return rc;
		fd = p->io->open_at(p->io->ctx, p->dir_fd, path, flags, 0644);
	}
	if (fd < 0 && errno == EEXIST && p->io->unlink_at(p->io->ctx, p->dir_fd, path, 0) == 0)
		fd = p->io->open_at(p->io->ctx, p->dir_fd, path, flags, 0644);
	if (fd < 0)
		return hn_err_of_errno(errno);
	*fd_out = fd;
	return HN_OK;
}

int publish_file(struct publish *p, const char *path, const void *data, size_t len)
{
	int fd = -1;
	const char *slash = strrchr(path, '/');
	int rc = HN_OK;

	if (p->files == PUBLISH_FILES)
		rc = sync_files(p);
	if (rc == HN_OK)
		rc = create(p, path, &fd);
	if (rc == HN_EIO && p->files > 0 && (errno == EMFILE || errno == ENFILE)) {
		rc = sync_files(p);
		if (rc == HN_OK)
			rc = create(p, path, &fd);
	}
	if (rc != HN_OK)
		return rc;
	p->fds[p->files++] = fd;
	rc = ledger_io_write_out(p->io, fd, data, len, 0);
	/* Only now: when the list is full this makes durable what is there. */
	return rc == HN_OK ? touch_dir(p, path, slash == NULL ? 0 : (size_t)(slash - path)) : rc;
}
