/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536u

void lines_init(struct lines *l, int fd, off_t at, size_t line_max)
{
	l->fd = fd;
	l->at = at;
	l->used = 0;
	buf_init(&l->buf, line_max + CHUNK);
}

void lines_clear(struct lines *l)
{
	buf_clear(&l->buf);
}

int lines_next(struct lines *l, const char **out, size_t *len_out)
{
	if (l->used > 0) {
		memmove(l->buf.data, l->buf.data + l->used, l->buf.len - l->used);
		l->buf.len -= l->used;
		l->at += (off_t)l->used;
		l->used = 0;
	}
	for (;;) {
		const char *end = l->buf.len == 0 ? NULL : memchr(l->buf.data, '\n', l->buf.len);
		if (end != NULL) {
			*out = l->buf.data;
			*len_out = (size_t)(end - l->buf.data);
			l->used = *len_out + 1;
			return HN_OK;
		}
		int rc = buf_reserve(&l->buf, CHUNK);
		if (rc != HN_OK)
			return rc;
		ssize_t n = pread(l->fd, l->buf.data + l->buf.len, CHUNK, l->at + (off_t)l->buf.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? HN_EIO : HN_ENOENT;
		l->buf.len += (size_t)n;
	}
}

size_t lines_left(const struct lines *l)
{
	return l->buf.len - l->used;
}
