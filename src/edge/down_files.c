/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* The files that heads name: where they are, whether they are there, whether there is room. */
#include "edge/down_inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/lang.h"

#define SET_FILE_MAX ((uint64_t)4 << 30)
#define ROOM_LEFT    ((uint64_t)256 << 10) /* bytes of the disk that stay for what goes up */

void held_set_path(const struct held *h, const uint8_t digest[32], char out[SET_PATH])
{
	char hex[65];
	hex_encode(digest, 32, hex);
	(void)snprintf(out, SET_PATH, "%s/sets/%s/%s.him", h->down->files->dir, h->id, hex);
}

const struct head_file *held_files(const struct held *h, size_t *count)
{
	const struct head *c = &h->coming;
	*count = h->coming_former ? c->former_count : c->file_count;
	return h->coming_former ? c->former : c->files;
}

size_t held_file_count(const struct held *h)
{
	size_t count;
	(void)held_files(h, &count);
	return h->kind == HEAD_AUTHORISATIONS ? h->coming.document_count : count;
}

const struct head_file *held_file(const struct held *h, size_t at)
{
	size_t count;
	return h->kind == HEAD_AUTHORISATIONS ? &h->coming.documents[at].file : &held_files(h, &count)[at];
}

void held_file_path(const struct held *h, size_t at, char out[SET_PATH])
{
	char name[65];
	if (h->kind == HEAD_SET) {
		held_set_path(h, held_file(h, at)->digest, out);
	} else if (h->kind == HEAD_AUTHORISATIONS) {
		uuid_format(&h->coming.documents[at].id, name);
		(void)snprintf(out, SET_PATH, "%s/blobs/%s.json", h->down->files->dir, name);
	} else {
		hex_encode(held_file(h, at)->digest, 32, name);
		(void)snprintf(out, SET_PATH, "%s/blobs/%s", h->down->files->dir, name);
	}
}

bool held_is_known(const struct held *h, const struct head_file *f)
{
	for (size_t i = 0; i < h->known_count; i++)
		if (memcmp(h->known[i].digest, f->digest, sizeof(f->digest)) == 0)
			return true;
	return false;
}

/* Whether a file has its name already, which it gets once it is whole and right. */
bool held_is_here(const struct held *h, const struct head_file *f)
{
	char path[SET_PATH];
	struct stat st;
	held_set_path(h, f->digest, path);
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == f->size;
}

static int check_size(const struct head *head, const struct head_file *f, struct fault *fault)
{
	if (f->size <= (head->kind == HEAD_SET ? SET_FILE_MAX : DOCUMENT_MAX))
		return HN_OK;
	return fault_set(fault, HN_ELIMIT, head->id,
			 tr("names a file of %llu bytes, more than an edge takes",
			    "%lluバイトのファイルを指しており、エッジの上限を超える"),
			 (unsigned long long)f->size);
}

int down_check_sizes(const struct head *head, struct fault *fault)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < head->file_count; i++)
		err = check_size(head, &head->files[i], fault);
	for (size_t i = 0; err == HN_OK && i < head->former_count; i++)
		err = check_size(head, &head->former[i], fault);
	for (size_t i = 0; err == HN_OK && i < head->document_count; i++)
		err = check_size(head, &head->documents[i].file, fault);
	return err;
}

/* What a hub that means harm, or one mistake, would fill the disk with is not begun. */
bool down_room_for(const struct down *d, uint64_t bytes)
{
	struct statvfs disk;
	return fstatvfs(d->files->dir_fd, &disk) != 0 ||
	       (uint64_t)disk.f_bavail * disk.f_frsize >= bytes + ROOM_LEFT;
}

/* Whether the disk has room for what is not there yet. */
bool held_has_room(const struct held *h)
{
	uint64_t need = 0;
	for (size_t i = 0; i < held_file_count(h); i++) {
		char path[SET_PATH];
		struct stat st;
		held_file_path(h, i, path);
		if (lstat(path, &st) != 0 || (uint64_t)st.st_size != held_file(h, i)->size)
			need += held_file(h, i)->size;
	}
	return need == 0 || down_room_for(h->down, need);
}

static bool is_named(const struct held *h, const uint8_t digest[32])
{
	const struct head_file *files = h->now_former ? h->now.former : h->now.files;
	size_t count = h->now_former ? h->now.former_count : h->now.file_count;
	bool named = h->now_former && memcmp(h->now.files[0].digest, digest, 32) == 0;
	for (size_t i = 0; i < count; i++)
		named = named || memcmp(files[i].digest, digest, 32) == 0;
	return named;
}

/* A file that begins with a digest, whether it is whole or not. */
void held_tidy(const struct held *h)
{
	char path[128];
	uint8_t digest[32];
	(void)snprintf(path, sizeof(path), "sets/%s", h->id);
	int fd = openat(h->down->files->dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (strlen(e->d_name) > 64 && hex_decode(e->d_name, 64, digest, sizeof(digest)) == HN_OK &&
		    !is_named(h, digest))
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	(void)closedir(dir);
}
