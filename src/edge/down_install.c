/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What has come is put in force: the consumers' folders change by one rename. */
#include "edge/down_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

int down_make_folder(const struct down *d, const char *name)
{
	return mkdirat(d->files->dir_fd, name, 0700) == 0 || errno == EEXIST ? HN_OK : hn_err_of_errno(errno);
}

static int copy_blob(const struct down *d, const struct held *h, size_t at, const char *name)
{
	char path[SET_PATH];
	struct buf text;
	held_file_path(h, at, path);
	buf_init(&text, (size_t)DOCUMENT_MAX);
	int err = file_read(path, &text);
	if (err == HN_OK)
		err = file_write_whole_at(d->files->dir_fd, name, text.data == NULL ? "" : text.data,
					  text.len, 0600, true);
	buf_clear(&text);
	return err;
}

/* Consumers get a head of the files that are in force here. */
static int install_set(const struct down *d, const struct held *h)
{
	char name[128];
	struct buf text;
	struct head chosen = h->coming;
	head_choose(&chosen, h->coming_former);
	(void)snprintf(name, sizeof(name), "sets/%s/head", h->id);
	buf_init(&text, HEAD_TEXT_MAX);
	int err = head_write(&chosen, &text);
	buf_addc(&text, '\n');
	if (err == HN_OK)
		err = buf_err(&text);
	if (err == HN_OK)
		err = file_write_whole_at(d->files->dir_fd, name, text.data, text.len, 0600, true);
	buf_clear(&text);
	return err;
}

static bool is_document(const struct head *c, const char *name)
{
	char id[UUID_TEXT_SIZE + 8];
	for (size_t i = 0; i < c->document_count; i++) {
		uuid_format(&c->documents[i].id, id);
		if (strncmp(name, id, UUID_TEXT_SIZE - 1) == 0 &&
		    strcmp(name + UUID_TEXT_SIZE - 1, ".json") == 0)
			return true;
	}
	return false;
}

/* First what is there no more, so that nothing is in force that should not be. */
static int install_documents(const struct down *d, const struct held *h)
{
	int err = down_make_folder(d, "authorizations");
	int fd = openat(d->files->dir_fd, "authorizations", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return err == HN_OK ? HN_EIO : err;
	}
	for (struct dirent *e; err == HN_OK && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.' && !is_document(&h->coming, e->d_name) &&
		    unlinkat(dirfd(dir), e->d_name, 0) != 0 && errno != ENOENT)
			err = hn_err_of_errno(errno);
	if (err == HN_OK && fsync(dirfd(dir)) != 0)
		err = hn_err_of_errno(errno);
	for (size_t i = 0; err == HN_OK && i < h->coming.document_count; i++) {
		char name[128], id[UUID_TEXT_SIZE];
		uuid_format(&h->coming.documents[i].id, id);
		(void)snprintf(name, sizeof(name), "authorizations/%s.json", id);
		err = copy_blob(d, h, i, name);
	}
	(void)closedir(dir);
	return err;
}

static void ask_questions(const struct down *d, const struct head *c)
{
	for (size_t i = 0; i < c->question_count; i++)
		d->events.question(d->context, &c->questions[i].id, c->questions[i].ask,
				   c->questions[i].arguments);
}

int held_install(const struct held *h)
{
	const struct down *d = h->down;
	int err = HN_OK;
	switch (h->kind) {
	case HEAD_SET:
		return install_set(d, h);
	case HEAD_AUTHORISATIONS:
		return install_documents(d, h);
	case HEAD_TRUST:
		/* The table first: a trust file that names it is read with it. */
		if (h->coming.file_count == 2)
			err = copy_blob(d, h, 1, "domestic.txt");
		return err == HN_OK ? copy_blob(d, h, 0, "trust.json") : err;
	case HEAD_REVOCATIONS:
		return copy_blob(d, h, 0, "revocations.json");
	default:
		ask_questions(d, &h->coming);
		return HN_OK;
	}
}

/* The signed head is kept: what may follow it is known after a restart, too. */
int held_keep_head(const struct held *h)
{
	char name[128];
	(void)snprintf(name, sizeof(name), "heads/%s-%s.jws", head_kind_name(h->kind), h->id);
	return file_write_whole_at(h->down->files->dir_fd, name, h->coming_text, strlen(h->coming_text), 0600,
				   true);
}
