/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_createDCtx_advanced(): memory from our own functions */
#define ZLIB_CONST

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "wire/capture_parts.h"

#define ZSTD_WINDOW_LOG_MAX 27 /* 128 MiB; a frame that wants more is refused */

int capture_fetch(struct capture *c, uint8_t *to, size_t room, size_t *got_out)
{
	ssize_t got;
	do
		got = read(c->fd, to, room);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return HN_EIO;
	c->stats.bytes_read += (size_t)got;
	if (c->sink != NULL && got > 0)
		c->sink(c->sink_context, to, (size_t)got);
	*got_out = (size_t)got;
	return HN_OK;
}

int capture_stored(struct capture *c, const uint8_t **data_out, size_t *len_out)
{
	if (c->input_at == c->input_len) {
		/* While opening, nothing is overwritten: capture_on_bytes() gives it to who asks later. */
		size_t from = c->opened ? 0 : c->input_len, got;
		int rc = capture_fetch(c, c->input + from, CAPTURE_INPUT_SIZE - from, &got);
		if (rc != HN_OK)
			return rc;
		c->input_at = from;
		c->input_len = from + got;
	}
	*data_out = c->input + c->input_at;
	*len_out = c->input_len - c->input_at;
	return HN_OK;
}

/* --- memory of the unpackers: it holds bytes of packets, so it stays out of core dumps --- */

struct piece {
	size_t size;
	max_align_t bytes[];
};

static void *piece_alloc(void *context, size_t size)
{
	(void)context;
	if (__builtin_add_overflow(size, sizeof(struct piece), &size))
		return NULL;
	/* Pages of its own, which the kernel clears before anyone else gets them; no call that a sandbox
	 * forbids. */
	struct piece *piece = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (piece == MAP_FAILED)
		return NULL;
	(void)madvise(piece, size, MADV_DONTDUMP);
	piece->size = size;
	return piece->bytes;
}

static void piece_free(void *context, void *bytes)
{
	(void)context;
	if (bytes == NULL)
		return;
	struct piece *piece = (struct piece *)((uint8_t *)bytes - offsetof(struct piece, bytes));
	(void)munmap(piece, piece->size);
}

static void *piece_alloc_items(void *context, unsigned items, unsigned size)
{
	size_t bytes;
	return __builtin_mul_overflow((size_t)items, size, &bytes) ? NULL : piece_alloc(context, bytes);
}

/* --- as it is --- */

static int plain_open(struct capture *c)
{
	(void)c;
	return HN_OK;
}

static void plain_close(struct capture *c)
{
	(void)c;
}

const struct capture_source capture_source_plain = {plain_open, capture_fetch, plain_close};

/* --- gzip (RFC 1952), several members in a row --- */

struct gzip {
	z_stream z;
	bool in_member;
	bool any; /* a member was whole; what follows the last one and is no member is passed over, as gzip
		     does */
};

static int gzip_open(struct capture *c)
{
	struct gzip *g = calloc(1, sizeof(*g));
	if (g == NULL)
		return HN_ENOMEM;
	g->z.zalloc = piece_alloc_items;
	g->z.zfree = piece_free;
	if (inflateInit2(&g->z, 15 + 16) != Z_OK) {
		free(g);
		return HN_ENOMEM;
	}
	c->unpacker = g;
	return HN_OK;
}

static int gzip_read(struct capture *c, uint8_t *to, size_t room, size_t *got_out)
{
	struct gzip *g = c->unpacker;
	g->z.next_out = to;
	g->z.avail_out = (unsigned)room;
	while (g->z.avail_out == room) {
		const uint8_t *data;
		size_t len;
		int rc = capture_stored(c, &data, &len);
		if (rc != HN_OK)
			return rc;
		if (len == 0 && g->in_member)
			return HN_ETRUNC;
		if (len == 0 || (g->any && !g->in_member && data[0] != 0x1f))
			break;
		g->in_member = true;
		g->z.next_in = data;
		g->z.avail_in = (unsigned)len;
		int result = inflate(&g->z, Z_NO_FLUSH);
		c->input_at += len - g->z.avail_in;
		if (result == Z_STREAM_END) {
			g->in_member = false;
			g->any = true;
			result = inflateReset(&g->z);
		}
		*got_out = room - g->z.avail_out;
		if (result != Z_OK && *got_out == 0)
			return HN_EFORMAT;
	}
	*got_out = room - g->z.avail_out;
	return HN_OK;
}

static void gzip_close(struct capture *c)
{
	struct gzip *g = c->unpacker;
	(void)inflateEnd(&g->z);
	free(g);
}

const struct capture_source capture_source_gzip = {gzip_open, gzip_read, gzip_close};

/* --- zstd (RFC 8878), several frames in a row --- */

struct zstd {
	ZSTD_DCtx *context;
	bool in_frame;
	bool broken;
};

static int zstd_open(struct capture *c)
{
	const ZSTD_customMem memory = {piece_alloc, piece_free, NULL};
	struct zstd *z = calloc(1, sizeof(*z));
	if (z == NULL)
		return HN_ENOMEM;
	z->context = ZSTD_createDCtx_advanced(memory);
	if (z->context == NULL ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(z->context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX))) {
		(void)ZSTD_freeDCtx(z->context);
		free(z);
		return HN_ENOMEM;
	}
	c->unpacker = z;
	return HN_OK;
}

static int zstd_read(struct capture *c, uint8_t *to, size_t room, size_t *got_out)
{
	struct zstd *z = c->unpacker;
	ZSTD_outBuffer out = {to, room, 0};
	while (out.pos == 0) {
		const uint8_t *data;
		size_t len;
		if (z->broken)
			return HN_EFORMAT;
		int rc = capture_stored(c, &data, &len);
		if (rc != HN_OK)
			return rc;
		/* Without input the end of a frame may still be held back: try, and look whether anything
		 * comes. */
		if (len == 0 && !z->in_frame)
			break;
		ZSTD_inBuffer in = {data, len, 0};
		size_t hint = ZSTD_decompressStream(z->context, &out, &in);
		c->input_at += in.pos;
		if (ZSTD_isError(hint)) {
			z->broken = true;
			continue;
		}
		z->in_frame = hint != 0;
		if (len == 0 && out.pos == 0)
			return HN_ETRUNC;
	}
	*got_out = out.pos;
	return HN_OK;
}

static void zstd_close(struct capture *c)
{
	struct zstd *z = c->unpacker;
	(void)ZSTD_freeDCtx(z->context);
	free(z);
}

const struct capture_source capture_source_zstd = {zstd_open, zstd_read, zstd_close};
