/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "resolver/event_file.h"

#define FILES_MAX (1u << 20)

struct kept {
	int64_t time_ns;
	uint64_t size;
	char name[EVENT_FILE_NAME]; /* from the events' directory */
	bool addresses;
};

struct walk {
	int dir_fd;
	struct kept *files;
	size_t count, room;
	uint64_t bytes; /* closed or not */
};

static int add(struct walk *w, const char *name, int64_t time_ns, uint64_t size, bool addresses)
{
	if (w->count == w->room) {
		size_t room = w->room > 0 ? 2 * w->room : 64;
		struct kept *files = room > FILES_MAX ? NULL : reallocarray(w->files, room, sizeof(*files));
		if (!files)
			return HN_ENOMEM;
		w->files = files;
		w->room = room;
	}
	struct kept *k = &w->files[w->count++];
	*k = (struct kept){.time_ns = time_ns, .size = size, .addresses = addresses};
	(void)snprintf(k->name, sizeof(k->name), "%s", name);
	return HN_OK;
}

static int look_at(struct walk *w, int fd, const char *directory, const char *name)
{
	struct stat st;
	int64_t time_ns;
	char path[EVENT_FILE_NAME];
	bool closed = event_file_time(name, &time_ns);
	if (!closed && !strstr(name, EVENT_FILE_SUFFIX))
		return HN_OK;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? HN_OK : HN_EIO;
	if (!S_ISREG(st.st_mode))
		return HN_OK;
	w->bytes += (uint64_t)st.st_size;
	int len = snprintf(path, sizeof(path), "%s%s%s", directory, directory[0] ? "/" : "", name);
	if (!closed || len < 0 || (size_t)len >= sizeof(path))
		return HN_OK;
	return add(w, path, time_ns, (uint64_t)st.st_size, directory[0] != '\0');
}

static int walk(struct walk *w, const char *directory)
{
	int fd = openat(w->dir_fd, directory[0] ? directory : ".",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return HN_EIO;
	}
	int rc = HN_OK;
	for (const struct dirent *e; (e = readdir(dir));) {
		bool below = !directory[0] && strncmp(e->d_name, EVENT_KEEP_ORGANISATION,
						      strlen(EVENT_KEEP_ORGANISATION)) == 0;
		int one = below ? walk(w, e->d_name) : look_at(w, fd, directory, e->d_name);
		if (one != HN_OK)
			rc = one;
	}
	(void)closedir(dir);
	return rc;
}

static int by_time(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool is_over(const struct event_keep *k, const struct kept *file, uint64_t bytes, int64_t utc_ns)
{
	int64_t keep_ns = k->keep_ns;
	if (file->addresses && keep_ns > EVENT_KEEP_ADDRESSES_NS)
		keep_ns = EVENT_KEEP_ADDRESSES_NS;
	return bytes > k->size || utc_ns - file->time_ns >= keep_ns;
}

int event_keep_apply(const struct event_keep *k, int64_t utc_ns, uint64_t *removed_out)
{
	struct walk w = {.dir_fd = k->dir_fd};
	uint64_t removed = 0;
	int rc = walk(&w, "");
	if (w.count > 0)
		qsort(w.files, w.count, sizeof(*w.files), by_time);
	for (size_t i = 0; i < w.count; i++) {
		if (!is_over(k, &w.files[i], w.bytes, utc_ns))
			continue;
		if (unlinkat(k->dir_fd, w.files[i].name, 0) < 0 && errno != ENOENT) {
			rc = HN_EIO;
			continue;
		}
		w.bytes -= w.files[i].size;
		removed++;
	}
	free(w.files);
	*removed_out = removed;
	return rc;
}
