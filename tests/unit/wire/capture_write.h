/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_WIRE_CAPTURE_WRITE_H
#define HINOMI_TESTS_UNIT_WIRE_CAPTURE_WRITE_H

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "wire/capture_parts.h"

/* Writes capture files into memory, in every form that the reader takes. */

struct write_form {
	const char *name;
	bool big;  /* byte order */
	bool nano; /* times */
	bool modified;
	bool ng;
	bool simple; /* pcapng: simple packet blocks, else enhanced */
	bool old;    /* pcapng: obsolete packet blocks */
};

static inline void write16(struct buf *b, const struct write_form *f, uint16_t v)
{
	uint8_t bytes[2] = {(uint8_t)v, (uint8_t)(v >> 8)};
	if (f->big)
		buf_be16(b, v);
	else
		buf_add(b, bytes, 2);
}

static inline void write32(struct buf *b, const struct write_form *f, uint32_t v)
{
	if (f->big)
		buf_be32(b, v);
	else
		buf_le32(b, v);
}

static inline void write_block(struct buf *b, const struct write_form *f, uint32_t type, const void *body,
			       size_t len)
{
	static const uint8_t zero[4];
	uint32_t total = (uint32_t)(12 + len + (-len & 3));
	write32(b, f, type);
	write32(b, f, total);
	buf_add(b, body, len);
	buf_add(b, zero, -len & 3);
	write32(b, f, total);
}

static inline void write_interface(struct buf *b, const struct write_form *f, uint16_t link_type,
				   uint32_t snap_len, const void *options, size_t options_len)
{
	struct buf body;
	buf_init(&body, 1 << 16);
	write16(&body, f, link_type);
	write16(&body, f, 0);
	write32(&body, f, snap_len);
	buf_add(&body, options, options_len);
	write_block(b, f, 1, body.data, body.len);
	buf_clear(&body);
}

static inline void write_section(struct buf *b, const struct write_form *f)
{
	struct buf body;
	buf_init(&body, 64);
	write32(&body, f, 0x1a2b3c4d);
	write16(&body, f, 1);
	write16(&body, f, 0);
	write32(&body, f, UINT32_MAX);
	write32(&body, f, UINT32_MAX);
	write_block(b, f, 0x0a0d0d0a, body.data, body.len);
	buf_clear(&body);
}

/* The file's header; for pcapng a section with one interface. */
static inline void write_head(struct buf *b, const struct write_form *f, uint16_t link_type)
{
	if (f->ng) {
		uint8_t resolution[8] = {0};
		struct buf option;
		buf_init(&option, 64);
		write16(&option, f, 9);
		write16(&option, f, 1);
		resolution[0] = f->nano ? 9 : 6;
		buf_add(&option, resolution, 4);
		write_section(b, f);
		write_interface(b, f, link_type, 0, option.data, option.len);
		buf_clear(&option);
		return;
	}
	write32(b, f, f->modified ? 0xa1b2cd34 : f->nano ? 0xa1b23c4d : 0xa1b2c3d4);
	write16(b, f, 2);
	write16(b, f, 4);
	write32(b, f, 0);
	write32(b, f, 0);
	write32(b, f, CAPTURE_RECORD_MAX);
	write32(b, f, link_type);
}

static inline void write_record_ng(struct buf *b, const struct write_form *f, uint32_t interface,
				   const struct capture_record *r)
{
	struct buf body;
	uint64_t units = (uint64_t)r->time_ns / (f->nano ? 1 : 1000);
	buf_init(&body, CAPTURE_RECORD_MAX + 64);
	if (!f->simple) {
		if (f->old) {
			write16(&body, f, (uint16_t)interface);
			write16(&body, f, 7);
		} else {
			write32(&body, f, interface);
		}
		write32(&body, f, (uint32_t)(units >> 32));
		write32(&body, f, (uint32_t)units);
		write32(&body, f, r->len);
	}
	write32(&body, f, r->wire_len);
	buf_add(&body, r->data, r->len);
	write_block(b, f, f->simple ? 3 : f->old ? 2 : 6, body.data, body.len);
	buf_clear(&body);
}

static inline void write_record(struct buf *b, const struct write_form *f, const struct capture_record *r)
{
	static const uint8_t more[8];
	if (f->ng) {
		write_record_ng(b, f, 0, r);
		return;
	}
	write32(b, f, (uint32_t)(r->time_ns / 1000000000));
	write32(b, f, (uint32_t)(r->time_ns % 1000000000 / (f->nano ? 1 : 1000)));
	write32(b, f, r->len);
	write32(b, f, r->wire_len);
	if (f->modified)
		buf_add(b, more, sizeof(more));
	buf_add(b, r->data, r->len);
}

/* Appends a gzip member, or a zstd frame, that holds the bytes. */
static inline void pack_gzip(struct buf *b, const void *data, size_t len)
{
	z_stream z = {0};
	size_t bound = len + len / 100 + 1000;
	uint8_t *out = malloc(bound), *in = malloc(len + 1);
	assert(out != NULL && in != NULL &&
	       deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	memcpy(in, data, len);
	z.next_in = in;
	z.avail_in = (unsigned)len;
	z.next_out = out;
	z.avail_out = (unsigned)bound;
	int rc = deflate(&z, Z_FINISH);
	assert(rc == Z_STREAM_END);
	(void)rc;
	buf_add(b, out, bound - z.avail_out);
	(void)deflateEnd(&z);
	free(in);
	free(out);
}

static inline void pack_zstd(struct buf *b, const void *data, size_t len)
{
	size_t bound = ZSTD_compressBound(len);
	uint8_t *out = malloc(bound);
	assert(out != NULL);
	size_t size = ZSTD_compress(out, bound, data, len, 1);
	assert(!ZSTD_isError(size));
	buf_add(b, out, size);
	free(out);
}

/* A file in memory. */
static inline int memory_file(const void *data, size_t len)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	assert(fd >= 0);
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const uint8_t *)data + done, len - done);
		assert(n > 0);
		done += (size_t)n;
	}
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

#define PIECE_MAX 4096u /* bytes, PIPE_BUF */

/*
 * A pipe that gives back exactly the pieces that were written (pipe(2), O_DIRECT): one of `first` bytes, then
 * of `rest`, and none across the end of the head, for what a read leaves of a piece is lost. Together they
 * must fit into the pipe, which holds 16 pieces, or 256 where the system allows it.
 */
static inline int memory_pieces(const void *data, size_t len, size_t first, size_t rest)
{
	int fds[2], made = pipe2(fds, O_DIRECT | O_CLOEXEC);
	assert(made == 0);
	(void)made;
	(void)fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	for (size_t done = 0, piece = first; done < len; piece = rest) {
		size_t edge = done < CAPTURE_HEAD_SIZE ? CAPTURE_HEAD_SIZE : len;
		if (piece == 0)
			piece = rest;
		if (piece > PIECE_MAX)
			piece = PIECE_MAX;
		if (piece > edge - done)
			piece = edge - done;
		if (piece > len - done)
			piece = len - done;
		ssize_t n = write(fds[1], (const uint8_t *)data + done, piece);
		assert(n == (ssize_t)piece);
		done += (size_t)n;
	}
	(void)close(fds[1]);
	return fds[0];
}

#endif
