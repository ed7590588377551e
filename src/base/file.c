/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#define CHUNK 65536

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	while (len > 0) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return hn_err_of_errno(errno);
		at += n;
		len -= (size_t)n;
	}
	return HN_OK;
}

int fd_read_full(int fd, void *data, size_t len, size_t *got_out)
{
	size_t got = 0;
	while (got < len) {
		ssize_t n = read(fd, (char *)data + got, len - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HN_EIO;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*got_out = got;
	return HN_OK;
}

static int by_value(const void *a, const void *b)
{
	const int *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

int fd_close_except(int keep[], size_t count)
{
	unsigned from = STDERR_FILENO + 1;

	qsort(keep, count, sizeof(keep[0]), by_value);
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < (int)from)
			continue;
		unsigned fd = (unsigned)keep[i];
		if (fd > from && close_range(from, fd - 1, 0) != 0)
			return HN_EIO;
		from = fd + 1;
	}
	return close_range(from, ~0u, 0) == 0 ? HN_OK : HN_EIO;
}

static int read_all(int fd, struct buf *out)
{
	char chunk[CHUNK];
	for (;;) {
		size_t got;
		int rc = fd_read_full(fd, chunk, sizeof(chunk), &got);
		if (rc != HN_OK)
			return rc;
		buf_add(out, chunk, got);
		sodium_memzero(chunk, got);
		rc = buf_err(out);
		if (rc != HN_OK || got < sizeof(chunk))
			return rc;
	}
}

int file_read(const char *path, struct buf *out)
{
	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, out);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int rc = read_all(fd, out);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

/* The directory part of path, "." if there is none. */
static int open_parent(int dir_fd, const char *path)
{
	char dir[4096];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	if (len >= sizeof(dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (slash == NULL)
		memcpy(dir, ".", 2);
	else if (len == 0)
		memcpy(dir, "/", 2);
	else {
		memcpy(dir, path, len);
		dir[len] = '\0';
	}
	return openat(dir_fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A device, a pipe or a link is no file of ours: root would replace /dev/null for everybody. */
static bool may_replace(int parent, const char *name)
{
	struct stat st;
	return fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || S_ISREG(st.st_mode);
}

static int put_in_place(int parent, const char *temporary, const char *name, bool replace)
{
	int rc;
	if (replace)
		rc = renameat(parent, temporary, parent, name);
	else {
		rc = linkat(parent, temporary, parent, name, 0);
		int saved = errno;
		(void)unlinkat(parent, temporary, 0);
		errno = saved;
	}
	if (rc == 0)
		rc = fsync(parent);
	return rc == 0 ? HN_OK : hn_err_of_errno(errno);
}

int file_write_whole_at(int dir_fd, const char *path, const void *data, size_t len, mode_t mode, bool replace)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	char temporary[300];
	int n = snprintf(temporary, sizeof(temporary), ".%s.%08x", name, randombytes_random());
	if (n < 0 || (size_t)n >= sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return HN_EIO;
	}
	int parent = open_parent(dir_fd, path);
	if (parent < 0)
		return hn_err_of_errno(errno);
	if (replace && !may_replace(parent, name)) {
		(void)close(parent);
		errno = EEXIST;
		return HN_EEXIST;
	}
	int rc = HN_OK;
	int fd = openat(parent, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0) {
		rc = hn_err_of_errno(errno);
		goto out;
	}
	rc = fd_write_all(fd, data, len);
	if (rc == HN_OK && fsync(fd) != 0)
		rc = hn_err_of_errno(errno);
	if (close(fd) != 0 && rc == HN_OK)
		rc = hn_err_of_errno(errno);
	if (rc == HN_OK)
		rc = put_in_place(parent, temporary, name, replace);
	if (rc != HN_OK) {
		int saved = errno;
		(void)unlinkat(parent, temporary, 0);
		errno = saved;
	}
out:;
	int saved = errno;
	(void)close(parent);
	errno = saved;
	return rc;
}

int file_write_whole(const char *path, const void *data, size_t len, mode_t mode, bool replace)
{
	return file_write_whole_at(AT_FDCWD, path, data, len, mode, replace);
}
