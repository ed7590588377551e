/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/lang.h"

#define CHUNK (256u << 10)

/* Gives a buffer's bytes to the caller, also of an empty one. */
static int hand_over(struct buf *b, uint8_t **data_out, size_t *len_out)
{
	int rc = buf_err(b);
	uint8_t *data = (uint8_t *)b->data;
	if (rc == HN_OK && data == NULL && (data = malloc(1)) == NULL)
		rc = HN_ENOMEM;
	if (rc != HN_OK) {
		buf_clear(b);
		return rc;
	}
	*data_out = data;
	*len_out = b->len;
	return HN_OK;
}

/* Members one after the other, as gzip itself takes them. */
static int gunzip(const uint8_t *data, size_t len, struct buf *out)
{
	uint8_t *chunk = malloc(CHUNK);
	z_stream z = {.next_in = (Bytef *)(uintptr_t)data};
	int rc = HN_OK;
	int status = Z_OK;
	size_t left = len;

	if (chunk == NULL)
		return HN_ENOMEM;
	if (inflateInit2(&z, 15 + 16) != Z_OK) {
		free(chunk);
		return HN_ENOMEM;
	}
	while (rc == HN_OK) {
		if (z.avail_in == 0) {
			z.avail_in = left > CHUNK ? CHUNK : (uInt)left;
			left -= z.avail_in;
		}
		z.next_out = chunk;
		z.avail_out = CHUNK;
		status = inflate(&z, Z_NO_FLUSH);
		buf_add(out, chunk, CHUNK - z.avail_out);
		rc = buf_err(out);
		bool more = z.avail_in > 0 || left > 0;
		if (status == Z_STREAM_END && !more)
			break;
		if (status == Z_STREAM_END)
			status = inflateReset(&z);
		if (rc == HN_OK && status == Z_BUF_ERROR && !more)
			rc = HN_ETRUNC;
		else if (rc == HN_OK && status != Z_OK && status != Z_BUF_ERROR)
			rc = status == Z_MEM_ERROR ? HN_ENOMEM : HN_EFORMAT;
	}
	(void)inflateEnd(&z);
	free(chunk);
	return rc;
}

static int unzstd(const uint8_t *data, size_t len, struct buf *out)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	uint8_t *chunk = malloc(CHUNK);
	ZSTD_inBuffer from = {data, len, 0};
	size_t pending = 1;
	int rc = HN_OK;

	if (context == NULL || chunk == NULL)
		rc = HN_ENOMEM;
	while (rc == HN_OK) {
		ZSTD_outBuffer to = {chunk, CHUNK, 0};
		pending = ZSTD_decompressStream(context, &to, &from);
		if (ZSTD_isError(pending)) {
			rc = HN_EFORMAT;
			break;
		}
		buf_add(out, chunk, to.pos);
		rc = buf_err(out);
		if (from.pos == from.size && to.pos < to.size)
			break;
	}
	if (rc == HN_OK && pending != 0)
		rc = HN_ETRUNC;
	free(chunk);
	ZSTD_freeDCtx(context);
	return rc;
}

int input_unpack(const uint8_t *data, size_t len, size_t size_max, uint8_t **data_out, size_t *len_out)
{
	struct buf out;
	int rc;
	buf_init(&out, size_max);
	if (len >= 3 && memcmp(data, "\x1f\x8b\x08", 3) == 0)
		rc = gunzip(data, len, &out);
	else if (len >= 4 && memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0)
		rc = unzstd(data, len, &out);
	else
		return HN_ENOENT;
	if (rc != HN_OK) {
		buf_clear(&out);
		return rc;
	}
	return hand_over(&out, data_out, len_out);
}

static int read_stream(int fd, size_t size_max, struct input *out)
{
	struct buf b;
	uint8_t *chunk = malloc(CHUNK);
	uint8_t *data;
	int rc = chunk == NULL ? HN_ENOMEM : HN_OK;
	buf_init(&b, size_max);
	for (size_t got = CHUNK; rc == HN_OK && got == CHUNK;) {
		rc = fd_read_full(fd, chunk, CHUNK, &got);
		if (rc == HN_OK) {
			buf_add(&b, chunk, got);
			rc = buf_err(&b);
		}
	}
	free(chunk);
	if (rc != HN_OK) {
		buf_clear(&b);
		return rc;
	}
	rc = hand_over(&b, &data, &out->len);
	if (rc == HN_OK) {
		out->heap = data;
		out->data = data;
	}
	return rc;
}

static int map_file(int fd, size_t size, struct input *out)
{
	static const uint8_t nothing[1];
	if (size == 0) {
		out->data = nothing;
		out->len = 0;
		return HN_OK;
	}
	void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return HN_EIO;
	out->map = map;
	out->map_len = size;
	out->data = map;
	out->len = size;
	return HN_OK;
}

static int read_or_map(const char *path, size_t size_max, struct input *out)
{
	struct stat st;
	if (strcmp(path, "-") == 0)
		return read_stream(STDIN_FILENO, size_max, out);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int rc;
	if (fstat(fd, &st) != 0)
		rc = HN_EIO;
	else if (!S_ISREG(st.st_mode))
		rc = read_stream(fd, size_max, out);
	else if ((uint64_t)st.st_size > size_max)
		rc = HN_ELIMIT;
	else
		rc = map_file(fd, (size_t)st.st_size, out);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

int input_open(const char *path, size_t size_max, struct input *out, struct fault *fault)
{
	struct input in = {0};
	uint8_t *data;
	size_t len;

	int rc = read_or_map(path, size_max, &in);
	if (rc == HN_EIO)
		return fault_set(fault, rc, path, "%s", hn_errno_text(errno));
	if (rc == HN_ELIMIT)
		return fault_set(fault, rc, path, tr("larger than %zu bytes", "%zuバイトより大きい"),
				 size_max);
	if (rc != HN_OK)
		return fault_set(fault, rc, path, "%s", hn_strerror(rc));
	rc = input_unpack(in.data, in.len, size_max, &data, &len);
	if (rc == HN_ENOENT) {
		*out = in;
		return HN_OK;
	}
	input_close(&in);
	if (rc == HN_ELIMIT)
		return fault_set(fault, rc, path,
				 tr("unpacks to more than %zu bytes", "展開すると%zuバイトを超える"),
				 size_max);
	if (rc != HN_OK)
		return fault_set(fault, rc, path, tr("cannot be unpacked: %s", "展開できない: %s"),
				 hn_strerror(rc));
	*out = (struct input){.data = data, .len = len, .heap = data};
	return HN_OK;
}

void input_close(struct input *in)
{
	if (in->map != NULL)
		(void)munmap(in->map, in->map_len);
	free(in->heap);
	*in = (struct input){0};
}
