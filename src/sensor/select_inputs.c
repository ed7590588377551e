/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/select_inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/log.h"

static int no_memory(void)
{
	log_line(LOG_LEVEL_ERROR, "%s", tr("no memory; nothing was read", "メモリがない。何も読んでいない"));
	return HN_EXIT_UNFINISHED;
}

/* Not by a symbolic link, of which only the link would be removed. */
static bool named_directly(const struct remover_file *f)
{
	struct stat st;
	return fstatat(f->parent_fd, f->base, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == f->device &&
	       st.st_ino == f->inode;
}

static bool named_before(const struct select_inputs *in, size_t i)
{
	const struct remover_file *f = in->remover;
	for (size_t k = 0; k < i; k++)
		if (f[k].device == f[i].device && f[k].inode == f[i].inode)
			return true;
	return false;
}

/* What --consume has removed must be the capture, and all of it that has a name. */
static int open_directory(struct select_inputs *in, const char *path, size_t i, const struct stat *st)
{
	char *copy = strdup(path);
	const char *slash = strrchr(path, '/');
	if (copy == NULL)
		return no_memory();
	in->remover[i] =
		(struct remover_file){.base = slash == NULL ? path : slash + 1,
				      .parent_fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				      .device = st->st_dev,
				      .inode = st->st_ino};
	free(copy);
	if (in->remover[i].parent_fd >= 0 && S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	    !named_before(in, i) && named_directly(&in->remover[i]))
		return -1;
	log_line(
		LOG_LEVEL_ERROR,
		tr("--consume: removing '%s' would not remove the capture (no regular file, a symbolic link, "
		   "other hard links, or named twice)",
		   "--consume: '%s' "
		   "を削除してもキャプチャは消えない(通常のファイルでない、シンボリックリンク、"
		   "他のハードリンクがある、または二度指定されている)"),
		path);
	return HN_EXIT_INPUT;
}

int select_inputs_open(const struct select_options *options, struct select_inputs *out)
{
	size_t count = options->input_count;
	out->parser = calloc(count, sizeof(*out->parser));
	out->writer = calloc(count, sizeof(*out->writer));
	out->remover = calloc(count, sizeof(*out->remover));
	if (out->parser == NULL || out->writer == NULL || out->remover == NULL)
		return no_memory();
	for (size_t i = 0; i < count; i++) {
		const char *path = options->inputs[i];
		struct stat st;
		int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
						: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
			log_line(LOG_LEVEL_ERROR, tr("cannot read '%s': %s", "'%s' を読めない: %s"), path,
				 hn_errno_text(fd >= 0 ? EISDIR : errno));
			return HN_EXIT_INPUT;
		}
		out->parser[i] = (struct parser_input){.name = path, .fd = fd};
		out->writer[i] = (struct writer_input){.name = path};
		int code = options->consume ? open_directory(out, path, i, &st) : -1;
		if (code != -1)
			return code;
	}
	return -1;
}
