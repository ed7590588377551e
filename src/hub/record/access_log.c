/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/record/access_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utc.h"

#define WAITING_MAX (8u << 20) /* bytes that may wait to be written */
#define CURRENT     "current.ndjson"
#define NAME_SIZE   64
#define FILES_MAX   100000 /* of one folder that are looked at */

struct access_log {
	int dir_fd, fd;
	uint64_t bytes, bytes_max;
	unsigned files;
	pthread_mutex_t lock; /* guards filling and lost */
	struct buf filling, writing;
	uint64_t lost;
};

static int open_current(struct access_log *a)
{
	struct stat st;
	a->fd = openat(a->dir_fd, CURRENT, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (a->fd < 0 || fstat(a->fd, &st) != 0)
		return hn_err_of_errno(errno);
	a->bytes = (uint64_t)st.st_size;
	return HN_OK;
}

int access_log_open(int dir_fd, uint64_t bytes, unsigned files, struct access_log **out, struct fault *fault)
{
	struct access_log *a = calloc(1, sizeof(*a));
	if (!a)
		return fault_set(fault, HN_ENOMEM, "access", "%s", hn_strerror(HN_ENOMEM));
	a->bytes_max = bytes;
	a->files = files;
	a->fd = -1;
	(void)pthread_mutex_init(&a->lock, NULL);
	buf_init(&a->filling, WAITING_MAX);
	buf_init(&a->writing, WAITING_MAX);
	(void)mkdirat(dir_fd, "access", 0750);
	a->dir_fd = openat(dir_fd, "access", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int rc = a->dir_fd < 0 ? hn_err_of_errno(errno) : open_current(a);
	if (rc == HN_OK) {
		*out = a;
		return HN_OK;
	}
	(void)fault_set(fault, rc, "access/" CURRENT, "%s", hn_errno_text(errno));
	access_log_close(a);
	return rc;
}

void access_log_close(struct access_log *a)
{
	if (!a)
		return;
	if (a->fd >= 0)
		(void)!access_log_write(a);
	if (a->fd >= 0)
		(void)close(a->fd);
	if (a->dir_fd >= 0)
		(void)close(a->dir_fd);
	buf_clear(&a->filling);
	buf_clear(&a->writing);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
}

static void add_text(struct buf *b, const char *name, const char *text)
{
	buf_adds(b, name);
	buf_json_string(b, text, strlen(text));
}

static void add_number(struct buf *b, const char *name, uint64_t n)
{
	char text[24];
	size_t at = sizeof(text);
	do {
		text[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	buf_adds(b, name);
	buf_add(b, text + at, sizeof(text) - at);
}

void access_line(const struct access_entry *entry, struct buf *b)
{
	char time[UTC_SIZE], address[IP_TEXT_SIZE], uid[UUID_TEXT_SIZE];
	utc_format(entry->time_ns, time);
	ip_format(entry->address, address);
	uuid_format(entry->request, uid);
	add_text(b, "{\"time\":", time);
	add_text(b, ",\"request\":", uid);
	add_text(b, ",\"address\":", address);
	if (entry->account) {
		uuid_format(entry->account, uid);
		add_text(b, ",\"account\":", uid);
		add_text(b, ",\"how\":", entry->how ? entry->how : "");
	}
	add_text(b, ",\"method\":", entry->method);
	add_text(b, ",\"operation\":", entry->route);
	add_number(b, ",\"status\":", entry->status);
	add_number(b, ",\"objects\":", entry->objects);
	add_number(b, ",\"bytes_in\":", entry->bytes_in);
	add_number(b, ",\"bytes_out\":", entry->bytes_out);
	add_number(b, ",\"us\":", entry->duration_ns > 0 ? (uint64_t)entry->duration_ns / 1000 : 0);
	buf_adds(b, "}\n");
}

void access_log_add(struct access_log *a, const struct access_entry *entry)
{
	pthread_mutex_lock(&a->lock);
	struct buf *b = &a->filling;
	size_t before = b->len;
	access_line(entry, b);
	if (buf_err(b) != HN_OK) {
		/* Never half a line. */
		b->err = HN_OK;
		b->len = before;
		a->lost++;
	}
	pthread_mutex_unlock(&a->lock);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The names are times: the first in order are the oldest. */
static void drop_oldest(struct access_log *a)
{
	char(*names)[NAME_SIZE] = NULL;
	size_t count = 0, room = 0;
	int fd = openat(a->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	for (struct dirent *d = readdir(dir); d && count < FILES_MAX; d = readdir(dir)) {
		if (d->d_name[0] == '.' || strcmp(d->d_name, CURRENT) == 0 || strlen(d->d_name) >= NAME_SIZE)
			continue;
		if (count == room) {
			room = room * 2 + 64;
			void *more = reallocarray(names, room, NAME_SIZE);
			if (!more)
				break;
			names = more;
		}
		memcpy(names[count++], d->d_name, strlen(d->d_name) + 1);
	}
	if (count > a->files) {
		qsort(names, count, NAME_SIZE, compare_names);
		for (size_t i = 0; i < count - a->files; i++)
			(void)unlinkat(a->dir_fd, names[i], 0);
	}
	free(names);
	(void)closedir(dir);
}

static int turn_over(struct access_log *a)
{
	char time[UTC_SIZE], name[NAME_SIZE];
	utc_format(utc_now_ns(), time);
	(void)snprintf(name, sizeof(name), "%s.ndjson", time);
	if (renameat(a->dir_fd, CURRENT, a->dir_fd, name) != 0)
		return hn_err_of_errno(errno);
	(void)close(a->fd);
	int rc = open_current(a);
	if (a->files > 0)
		drop_oldest(a);
	return rc;
}

static uint64_t count_lines(const struct buf *b)
{
	uint64_t n = 0;
	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

/* What a full disk cut is taken back, so that no half line stays. */
static int write_lines(struct access_log *a)
{
	int rc = a->fd < 0 ? open_current(a) : HN_OK;
	if (rc == HN_OK)
		rc = fd_write_all(a->fd, a->writing.data, a->writing.len);
	if (rc == HN_OK) {
		a->bytes += a->writing.len;
		return a->bytes >= a->bytes_max ? turn_over(a) : HN_OK;
	}
	if (a->fd >= 0)
		(void)!ftruncate(a->fd, (off_t)a->bytes);
	return rc;
}

int access_log_write(struct access_log *a)
{
	pthread_mutex_lock(&a->lock);
	struct buf full = a->filling;
	a->filling = a->writing;
	a->writing = full;
	buf_reset(&a->filling);
	pthread_mutex_unlock(&a->lock);
	if (a->writing.len == 0)
		return HN_OK;
	int rc = write_lines(a);
	if (rc != HN_OK) {
		uint64_t lines = count_lines(&a->writing);
		pthread_mutex_lock(&a->lock);
		a->lost += lines;
		pthread_mutex_unlock(&a->lock);
	}
	return rc;
}

uint64_t access_log_lost(struct access_log *a)
{
	pthread_mutex_lock(&a->lock);
	uint64_t lost = a->lost;
	pthread_mutex_unlock(&a->lock);
	return lost;
}
