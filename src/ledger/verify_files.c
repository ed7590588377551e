/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/verify_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/io.h"

#define DEPTH_MAX                                                                                            \
	10 /* tile, level, six x-directories, a .p directory, and one more to find a stranger in             \
	    */
#define PATH_SIZE 300

static int open_dir(int dir_fd, const char *path, DIR **out)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return hn_err_of_errno(errno);
	*out = fdopendir(fd);
	if (*out != NULL)
		return HN_OK;
	(void)close(fd);
	return HN_ENOMEM;
}

int verify_partials(int log_fd, const struct tile *tile, uint8_t widths_out[TILE_WIDTH / 8])
{
	char path[TILE_PATH_SIZE];
	struct tile part = {tile->level, 1, tile->index};
	struct dirent *name;
	DIR *dir = NULL;

	memset(widths_out, 0, TILE_WIDTH / 8);
	tile_path(&part, path);
	*strrchr(path, '/') = '\0';
	int rc = open_dir(log_fd, path, &dir);
	if (rc != HN_OK)
		return rc == HN_ENOENT ? HN_OK : rc;
	while ((name = readdir(dir)) != NULL) {
		char full[TILE_PATH_SIZE + 256];
		int n = snprintf(full, sizeof(full), "%s/%s", path, name->d_name);
		if (n > 0 && tile_path_parse(full, (size_t)n, &part) == HN_OK)
			widths_out[part.width / 8] |= (uint8_t)(1u << (part.width % 8));
	}
	(void)closedir(dir);
	return HN_OK;
}

bool verify_has_private(int parent_fd)
{
	return faccessat(parent_fd, "private", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

struct walk {
	int log_fd;
	uint64_t size;
	uint64_t *beyond;
	char path[PATH_SIZE];
};

/* Whether a file belongs; what is beyond the checkpoint is counted. */
static bool belongs(struct walk *w)
{
	struct tile tile;

	if (strcmp(w->path, "checkpoint") == 0)
		return true;
	if (strcmp(w->path, "checkpoint.new") == 0) {
		++*w->beyond;
		return true;
	}
	if (tile_path_parse(w->path, strlen(w->path), &tile) != HN_OK)
		return false;
	uint64_t count = tile_hashes(w->size, tile.level == TILE_ENTRIES ? 0 : tile.level);
	if (tile.index > count / TILE_WIDTH ||
	    (tile.index == count / TILE_WIDTH && tile.width > count % TILE_WIDTH))
		++*w->beyond;
	return true;
}

static int visit(struct walk *w, unsigned depth);

static int visit_name(struct walk *w, const char *name, unsigned depth)
{
	struct stat st;
	size_t len = strlen(w->path);

	int n = snprintf(w->path + len, sizeof(w->path) - len, "%s%s", len == 0 ? "" : "/", name);
	if (n < 0 || (size_t)n >= sizeof(w->path) - len)
		return HN_EFORMAT;
	if (fstatat(w->log_fd, w->path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? HN_OK : HN_EIO;
	int rc = HN_EFORMAT;
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX && strncmp(w->path, "tile", 4) == 0)
		rc = visit(w, depth + 1);
	else if (S_ISREG(st.st_mode) && belongs(w))
		rc = HN_OK;
	if (rc == HN_OK)
		w->path[len] = '\0';
	return rc;
}

static int visit(struct walk *w, unsigned depth)
{
	struct dirent *name;
	DIR *dir = NULL;

	int rc = open_dir(w->log_fd, depth == 0 ? "." : w->path, &dir);
	if (rc != HN_OK)
		return rc == HN_ENOENT ? HN_OK : rc;
	while (rc == HN_OK && (name = readdir(dir)) != NULL)
		if (strcmp(name->d_name, ".") != 0 && strcmp(name->d_name, "..") != 0)
			rc = visit_name(w, name->d_name, depth);
	(void)closedir(dir);
	return rc;
}

int verify_strangers(int log_fd, uint64_t size, uint64_t *beyond_out, char *place_out, size_t place_size)
{
	struct walk w = {.log_fd = log_fd, .size = size, .beyond = beyond_out};

	*beyond_out = 0;
	int rc = visit(&w, 0);
	if (rc == HN_EFORMAT)
		(void)snprintf(place_out, place_size, "%s", w.path);
	return rc;
}
