/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "base/file.h"
#include "base/utc.h"

#define FRAME_LINES   (256u << 10) /* bytes of lines that make a frame at once */
#define LEVEL         3
#define RETRY_NS      NS_SECOND
#define FILE_SIZE_MAX (INT64_C(1) << 30) /* a file that is larger than this was not ours */
#define OPEN_FLAGS    (O_CLOEXEC | O_NOFOLLOW | O_NOCTTY)
#define STAMP_SIZE    23 /* "20261121T174558.000000Z" */

struct event_file {
	int dir_fd;
	char directory[64];
	char stem[EVENT_FILE_STEM + 1];
	int64_t rotate_ns;
	uint64_t size_max;
	struct buf lines;
	uint64_t line_count; /* that wait */
	uint64_t lost, written;
	char name[EVENT_FILE_NAME]; /* of the open file, without ".part"; "" none */
	int64_t opened_ns;
	int64_t failed_ns; /* when it could not be written last; 0: it could */
	off_t size;        /* of whole frames */
	ZSTD_CCtx *zstd;
	void *frame;
};

#define FRAME_MAX ZSTD_COMPRESSBOUND(EVENT_FILE_PENDING)

int event_file_new(const struct event_file_options *o, struct event_file **out)
{
	assert(strlen(o->stem) <= EVENT_FILE_STEM);
	struct event_file *f = calloc(1, sizeof(*f));
	if (!f)
		return HN_ENOMEM;
	f->dir_fd = o->dir_fd;
	f->rotate_ns = o->rotate_ns;
	f->size_max = o->size_max;
	(void)snprintf(f->directory, sizeof(f->directory), "%s", o->directory ? o->directory : "");
	(void)snprintf(f->stem, sizeof(f->stem), "%s", o->stem);
	buf_init(&f->lines, EVENT_FILE_PENDING);
	f->zstd = ZSTD_createCCtx();
	f->frame = malloc(FRAME_MAX);
	if (!f->zstd || !f->frame ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_checksumFlag, 1))) {
		event_file_free(f);
		return HN_ENOMEM;
	}
	*out = f;
	return HN_OK;
}

void event_file_free(struct event_file *f)
{
	if (!f)
		return;
	buf_clear(&f->lines);
	(void)ZSTD_freeCCtx(f->zstd);
	free(f->frame);
	free(f);
}

void event_file_limit(struct event_file *f, int64_t rotate_ns, uint64_t size_max)
{
	f->rotate_ns = rotate_ns;
	f->size_max = size_max;
}

struct buf *event_file_lines(struct event_file *f)
{
	return &f->lines;
}

static void drop(struct event_file *f)
{
	f->lost += f->line_count;
	f->line_count = 0;
	buf_reset(&f->lines);
}

int event_file_added(struct event_file *f, int64_t utc_ns)
{
	f->line_count++;
	if (buf_err(&f->lines) != HN_OK) {
		drop(f);
		return HN_OK;
	}
	if (f->lines.len < FRAME_LINES || (f->failed_ns != 0 && utc_ns - f->failed_ns < RETRY_NS))
		return HN_OK;
	return event_file_flush(f, utc_ns);
}

uint64_t event_file_lost(const struct event_file *f)
{
	return f->lost;
}

uint64_t event_file_written(const struct event_file *f)
{
	return f->written;
}

/* ---- names ---- */

/* "2026-11-21T17:45:58.000000Z" without hyphens and colons, so that every file system takes it. */
static void stamp(int64_t utc_ns, char out[STAMP_SIZE + 1])
{
	char text[UTC_SIZE];
	size_t n = 0;
	utc_format(utc_ns, text);
	for (const char *c = text; *c && n < STAMP_SIZE; c++)
		if (*c != '-' && *c != ':')
			out[n++] = *c;
	out[n] = '\0';
}

static int stamp_read(const char *s, int64_t *out)
{
	char text[UTC_SIZE];
	(void)snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.10s", s, s + 4, s + 6, s + 9, s + 11,
		       s + 13);
	return utc_parse(text, strlen(text), out);
}

bool event_file_time(const char *name, int64_t *utc_ns_out)
{
	const char *hyphen = strchr(name, '-');
	return hyphen && strlen(hyphen) == 1 + STAMP_SIZE + strlen(EVENT_FILE_SUFFIX) &&
	       strcmp(hyphen + 1 + STAMP_SIZE, EVENT_FILE_SUFFIX) == 0 &&
	       stamp_read(hyphen + 1, utc_ns_out) == HN_OK;
}

/* ---- writing ---- */

static int open_new(struct event_file *f, int64_t utc_ns)
{
	char name[EVENT_FILE_NAME], part[EVENT_FILE_NAME + sizeof(EVENT_FILE_PART)], time[STAMP_SIZE + 1];
	if (f->directory[0] && mkdirat(f->dir_fd, f->directory, 0700) < 0 && errno != EEXIST)
		return -1;
	stamp(utc_ns, time);
	(void)snprintf(name, sizeof(name), "%s%s%s-%s" EVENT_FILE_SUFFIX, f->directory,
		       f->directory[0] ? "/" : "", f->stem, time);
	(void)snprintf(part, sizeof(part), "%s" EVENT_FILE_PART, name);
	int fd = openat(f->dir_fd, part, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | OPEN_FLAGS, 0600);
	if (fd < 0)
		return -1;
	memcpy(f->name, name, sizeof(name));
	f->opened_ns = utc_ns;
	f->size = 0;
	return fd;
}

static int open_part(const struct event_file *f, int flags)
{
	char part[EVENT_FILE_NAME + sizeof(EVENT_FILE_PART)];
	(void)snprintf(part, sizeof(part), "%s" EVENT_FILE_PART, f->name);
	return openat(f->dir_fd, part, flags | OPEN_FLAGS);
}

/* One frame behind the others, or nothing. */
static int append(struct event_file *f, size_t len, int64_t utc_ns)
{
	int fd = f->name[0] ? open_part(f, O_WRONLY | O_APPEND) : open_new(f, utc_ns);
	if (fd < 0 && errno == ENOENT && f->name[0]) {
		/* Somebody took it away: another begins. */
		f->name[0] = '\0';
		fd = open_new(f, utc_ns);
	}
	if (fd < 0)
		return hn_err_of_errno(errno);
	int rc = fd_write_all(fd, f->frame, len);
	int error = errno;
	if (rc == HN_OK)
		f->size += (off_t)len;
	else if (ftruncate(fd, f->size) < 0)
		f->name[0] = '\0'; /* its end is broken: it is mended when we begin again */
	(void)close(fd);
	errno = error;
	return rc;
}

int event_file_flush(struct event_file *f, int64_t utc_ns)
{
	int rc = HN_OK;
	if (f->line_count > 0) {
		size_t len = ZSTD_compress2(f->zstd, f->frame, FRAME_MAX, f->lines.data, f->lines.len);
		if (ZSTD_isError(len))
			return HN_ENOMEM;
		rc = append(f, len, utc_ns);
		f->failed_ns = rc == HN_OK ? 0 : utc_ns;
		if (rc != HN_OK)
			return rc;
		f->written += len;
		f->line_count = 0;
		buf_reset(&f->lines);
	}
	if (f->name[0] && (utc_ns - f->opened_ns >= f->rotate_ns || utc_ns < f->opened_ns ||
			   (uint64_t)f->size >= f->size_max))
		rc = event_file_close(f);
	return rc;
}

int event_file_close(struct event_file *f)
{
	char part[EVENT_FILE_NAME + sizeof(EVENT_FILE_PART)];
	if (!f->name[0])
		return HN_OK;
	int fd = open_part(f, O_WRONLY);
	int rc = HN_OK;
	if (fd < 0 || fsync(fd) < 0)
		rc = hn_err_of_errno(errno);
	if (fd >= 0)
		(void)close(fd);
	(void)snprintf(part, sizeof(part), "%s" EVENT_FILE_PART, f->name);
	if (rc == HN_OK && renameat(f->dir_fd, part, f->dir_fd, f->name) < 0)
		rc = hn_err_of_errno(errno);
	f->name[0] = '\0';
	return rc;
}

/* ---- mending ---- */

/* Bytes of whole frames at the beginning. */
static size_t whole(const uint8_t *bytes, size_t len)
{
	size_t at = 0;
	while (at < len) {
		size_t frame = ZSTD_findFrameCompressedSize(bytes + at, len - at);
		if (ZSTD_isError(frame) || frame == 0)
			break;
		at += frame;
	}
	return at;
}

static int cut(int fd, size_t *len_out)
{
	struct stat st;
	size_t got;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_SIZE_MAX)
		return HN_EIO;
	uint8_t *bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return HN_ENOMEM;
	int rc = fd_read_full(fd, bytes, (size_t)st.st_size, &got);
	if (rc == HN_OK) {
		*len_out = whole(bytes, got);
		if (*len_out < got && ftruncate(fd, (off_t)*len_out) < 0)
			rc = HN_EIO;
	}
	free(bytes);
	return rc;
}

static int mend_one(int dir_fd, const char *part)
{
	char name[EVENT_FILE_NAME];
	size_t len = 0;
	int fd = openat(dir_fd, part, O_RDWR | OPEN_FLAGS);
	if (fd < 0)
		return HN_EIO;
	int rc = cut(fd, &len);
	if (rc == HN_OK && fsync(fd) < 0)
		rc = HN_EIO;
	(void)close(fd);
	if (rc != HN_OK)
		return rc;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(strlen(part) - strlen(EVENT_FILE_PART)), part);
	if (len == 0)
		return unlinkat(dir_fd, part, 0) == 0 ? HN_OK : HN_EIO;
	return renameat(dir_fd, part, dir_fd, name) == 0 ? HN_OK : HN_EIO;
}

static bool is_part(const char *name)
{
	char closed[EVENT_FILE_NAME];
	size_t len = strlen(name), end = strlen(EVENT_FILE_PART);
	int64_t time;
	if (len <= end || len - end >= sizeof(closed) || strcmp(name + len - end, EVENT_FILE_PART) != 0)
		return false;
	(void)snprintf(closed, sizeof(closed), "%.*s", (int)(len - end), name);
	return event_file_time(closed, &time);
}

int event_file_mend(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return HN_EIO;
	}
	int rc = HN_OK;
	for (const struct dirent *entry; (entry = readdir(dir));) {
		int one = is_part(entry->d_name) ? mend_one(dir_fd, entry->d_name) : HN_OK;
		if (one != HN_OK)
			rc = one;
	}
	(void)closedir(dir);
	return rc;
}
