/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_FUZZ_DIRECTORY_H
#define HINOMI_TESTS_FUZZ_DIRECTORY_H

/* A directory of the target's own, for what is read by name; gone when the process ends. In memory where that
 * is to be had: a disk is asked to keep each of thousands of files. */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char directory_path[64];
static int directory_fd = -1;

static void directory_remove(void)
{
	DIR *dir = fdopendir(directory_fd);
	for (const struct dirent *e; dir && (e = readdir(dir));)
		(void)unlinkat(directory_fd, e->d_name, 0);
	(void)rmdir(directory_path);
	if (dir)
		(void)closedir(dir);
}

/** The same one each time. */
static inline int directory_open(void)
{
	if (directory_fd >= 0)
		return directory_fd;
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	(void)snprintf(directory_path, sizeof(directory_path), "%s/hinomi-fuzz-XXXXXX", where);
	assert(mkdtemp(directory_path));
	directory_fd = open(directory_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert(directory_fd >= 0);
	assert(atexit(directory_remove) == 0);
	return directory_fd;
}

/** @param size  of the file; zeros stand behind the data */
static inline void directory_put(int dir_fd, const char *name, const uint8_t *data, size_t len, size_t size)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert(fd >= 0 && write(fd, data, len) == (ssize_t)len && ftruncate(fd, (off_t)size) == 0);
	(void)close(fd);
}

/** @return len bytes, to be freed */
static inline uint8_t *directory_get(int dir_fd, const char *name, size_t len)
{
	uint8_t *bytes = malloc(len + 1);
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	assert(bytes && fd >= 0 && read(fd, bytes, len + 1) == (ssize_t)len);
	(void)close(fd);
	return bytes;
}

#endif
