/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/root_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lang.h"

#define ANCHORS 0
#define HINTS   1
#define WATCHED (IN_CLOSE_WRITE | IN_MOVED_TO)

struct root_files {
	struct {
		char *path; /* as given, for faults */
		const char *name;
		int dir_fd;
		int watch; /* two files in one directory have the same */
	} file[ROOT_FILES];
	int watch_fd;
};

static int refused(struct fault *fault, const char *path)
{
	int error = errno;
	int err = hn_err_of_errno(error);
	fault_set(fault, err, path, tr("cannot be read: %s", "読み込めません: %s"), hn_errno_text(error));
	errno = error;
	return err;
}

/* The directory that a path leads into; the name in it is returned. */
static const char *split_path(const char *path, char dir_out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL) {
		memcpy(dir_out, ".", 2);
		return path;
	}
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	if (len >= PATH_MAX)
		len = PATH_MAX - 1;
	memcpy(dir_out, path, len);
	dir_out[len] = 0;
	return slash + 1;
}

static int open_file(struct root_files *f, size_t which, const char *path, struct fault *fault)
{
	f->file[which].path = strdup(path);
	if (f->file[which].path == NULL)
		return fault_set(fault, HN_ENOMEM, path, "%s", hn_strerror(HN_ENOMEM));
	char dir[PATH_MAX];
	f->file[which].name = split_path(f->file[which].path, dir);
	f->file[which].dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (f->file[which].dir_fd < 0)
		return refused(fault, path);
	f->file[which].watch = inotify_add_watch(f->watch_fd, dir, WATCHED);
	if (f->file[which].watch < 0)
		return refused(fault, path);
	return HN_OK;
}

int root_files_new(const char *trust_anchors, const char *root_hints, struct root_files **out,
		   struct fault *fault)
{
	struct root_files *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return fault_set(fault, HN_ENOMEM, trust_anchors, "%s", hn_strerror(HN_ENOMEM));
	for (size_t i = 0; i < ROOT_FILES; i++)
		f->file[i].dir_fd = -1;
	f->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int err = f->watch_fd < 0 ? refused(fault, trust_anchors) : HN_OK;
	if (err == HN_OK)
		err = open_file(f, ANCHORS, trust_anchors, fault);
	if (err == HN_OK)
		err = open_file(f, HINTS, root_hints, fault);
	if (err != HN_OK) {
		int saved = errno;
		root_files_free(f);
		errno = saved;
		return err;
	}
	*out = f;
	return HN_OK;
}

void root_files_free(struct root_files *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < ROOT_FILES; i++) {
		if (f->file[i].dir_fd >= 0)
			close(f->file[i].dir_fd);
		free(f->file[i].path);
	}
	if (f->watch_fd >= 0)
		close(f->watch_fd);
	free(f);
}

/* The whole file into text, which holds one byte more than is allowed. */
static int read_file(const struct root_files *f, size_t which, char *text, size_t *len_out,
		     struct fault *fault)
{
	const char *path = f->file[which].path;
	/* Not blocked by a pipe that somebody put there. */
	int fd = openat(f->file[which].dir_fd, f->file[which].name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refused(fault, path);
	int err = fd_read_full(fd, text, ROOT_FILE_SIZE_MAX + 1, len_out);
	if (err != HN_OK)
		refused(fault, path);
	else if (*len_out > ROOT_FILE_SIZE_MAX)
		err = fault_set(fault, HN_ELIMIT, path, "%s", hn_strerror(HN_ELIMIT));
	close(fd);
	return err;
}

int root_files_read(const struct root_files *f, struct root_data *out, struct fault *fault)
{
	char *text = malloc(ROOT_FILE_SIZE_MAX + 1);
	if (text == NULL)
		return fault_set(fault, HN_ENOMEM, f->file[ANCHORS].path, "%s", hn_strerror(HN_ENOMEM));
	size_t len = 0;
	int err = read_file(f, ANCHORS, text, &len, fault);
	if (err == HN_OK)
		err = root_anchors_parse(f->file[ANCHORS].path, text, len, out, fault);
	if (err == HN_OK)
		err = read_file(f, HINTS, text, &len, fault);
	if (err == HN_OK)
		err = root_hints_parse(f->file[HINTS].path, text, len, out, fault);
	free(text);
	if (err != HN_OK)
		root_data_clear(out);
	return err;
}

int root_files_watch_fd(const struct root_files *f)
{
	return f->watch_fd;
}

static bool is_ours(const struct root_files *f, const struct inotify_event *e)
{
	/* Events were lost: perhaps one of ours. */
	if (e->mask & IN_Q_OVERFLOW)
		return true;
	for (size_t i = 0; i < ROOT_FILES; i++)
		if (e->wd == f->file[i].watch && e->len > 0 && strcmp(e->name, f->file[i].name) == 0)
			return true;
	return false;
}

bool root_files_changed(const struct root_files *f)
{
	_Alignas(struct inotify_event) char events[4096];
	bool changed = false;
	for (;;) {
		ssize_t len = read(f->watch_fd, events, sizeof(events));
		if (len <= 0)
			return changed;
		for (const char *at = events; at < events + len;) {
			const struct inotify_event *e = (const void *)at;
			if (is_ours(f, e))
				changed = true;
			at += sizeof(*e) + e->len;
		}
	}
}

void root_files_dirs(const struct root_files *f, int dir_fds_out[ROOT_FILES])
{
	for (size_t i = 0; i < ROOT_FILES; i++)
		dir_fds_out[i] = f->file[i].dir_fd;
}
