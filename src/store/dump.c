/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/cur.h"
#include "base/digest.h"
#include "base/file.h"

#define MAGIC     "hinomi backup 1\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define LEVEL     3
#define HEAD_LEN  5
#define WINDOW    23 /* log2 of the bytes of memory that a file may ask for */
#define LAST      1  /* no error is positive */

/* ---- writing ---- */

struct dump_writer {
	int fd;
	ZSTD_CCtx *zstd;
	struct sha256 *digest;
	size_t size;
	uint8_t *out;
};

/* Compresses and writes what is given; with ZSTD_e_end also what was kept. */
static int compress(struct dump_writer *w, const void *data, size_t len, ZSTD_EndDirective mode)
{
	ZSTD_inBuffer in = {.src = data, .size = len};
	size_t left;
	do {
		ZSTD_outBuffer out = {.dst = w->out, .size = w->size};
		left = ZSTD_compressStream2(w->zstd, &out, &in, mode);
		if (ZSTD_isError(left))
			return HN_ENOMEM;
		int err = fd_write_all(w->fd, w->out, out.pos);
		if (err != HN_OK)
			return err;
	} while (mode == ZSTD_e_end ? left > 0 : in.pos < in.size);
	return HN_OK;
}

static int add_bytes(struct dump_writer *w, const void *data, size_t len)
{
	sha256_add(w->digest, data, len);
	return compress(w, data, len, ZSTD_e_continue);
}

int dump_create(const char *path, struct dump_writer **out)
{
	struct dump_writer *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return HN_ENOMEM;
	w->size = ZSTD_CStreamOutSize();
	w->out = malloc(w->size);
	w->zstd = ZSTD_createCCtx();
	w->digest = sha256_new();
	w->fd = -1;
	int err = HN_ENOMEM;
	if (w->out != NULL && w->zstd != NULL && w->digest != NULL) {
		w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		err = w->fd < 0 ? hn_err_of_errno(errno) : HN_OK;
	}
	if (err == HN_OK) {
		(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL);
		(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
		err = add_bytes(w, MAGIC, MAGIC_LEN);
	}
	if (err != HN_OK)
		dump_writer_free(w);
	else
		*out = w;
	return err;
}

static int add_piece(struct dump_writer *w, enum dump_kind kind, const void *data, size_t len)
{
	const uint8_t head[HEAD_LEN] = {(uint8_t)kind, (uint8_t)(len >> 24), (uint8_t)(len >> 16),
					(uint8_t)(len >> 8), (uint8_t)len};
	int err = add_bytes(w, head, sizeof(head));
	return err != HN_OK || len == 0 ? err : add_bytes(w, data, len);
}

int dump_add(struct dump_writer *w, enum dump_kind kind, const void *data, size_t len)
{
	const uint8_t *at = data;
	if (len > DUMP_PIECE_MAX && kind != DUMP_DATA)
		return HN_ELIMIT;
	do {
		size_t part = len < DUMP_PIECE_MAX ? len : DUMP_PIECE_MAX;
		int err = add_piece(w, kind, at, part);
		if (err != HN_OK)
			return err;
		/* Nothing at all is at no place. */
		at = part == 0 ? at : at + part;
		len -= part;
	} while (len > 0);
	return HN_OK;
}

int dump_finish(struct dump_writer *w)
{
	uint8_t digest[SHA256_SIZE];
	sha256_end(w->digest, digest);
	int err = add_piece(w, DUMP_END, digest, sizeof(digest));
	if (err == HN_OK)
		err = compress(w, "", 0, ZSTD_e_end);
	if (err == HN_OK && fsync(w->fd) != 0)
		err = hn_err_of_errno(errno);
	return err;
}

void dump_writer_free(struct dump_writer *w)
{
	if (w == NULL)
		return;
	if (w->fd >= 0)
		(void)close(w->fd);
	(void)ZSTD_freeCCtx(w->zstd);
	sha256_free(w->digest);
	free(w->out);
	free(w);
}

/* ---- reading ---- */

struct dump_reader {
	int fd;
	ZSTD_DCtx *zstd;
	struct sha256 *digest;
	ZSTD_inBuffer in;
	uint8_t *raw; /* as it stands in the file */
	size_t raw_size;
	bool frame_ended;
	uint8_t *piece;
};

static int refill(struct dump_reader *r)
{
	size_t got = 0;
	int err = fd_read_full(r->fd, r->raw, r->raw_size, &got);
	r->in = (ZSTD_inBuffer){.src = r->raw, .size = got};
	if (err != HN_OK)
		return err;
	return got == 0 ? HN_ETRUNC : HN_OK;
}

/* Exactly len bytes of what was compressed. */
static int take(struct dump_reader *r, void *data, size_t len)
{
	ZSTD_outBuffer out = {.dst = data, .size = len};
	while (out.pos < len) {
		size_t before = out.pos;
		if (r->frame_ended)
			return HN_ETRUNC;
		size_t left = ZSTD_decompressStream(r->zstd, &out, &r->in);
		if (ZSTD_isError(left))
			return HN_EFORMAT;
		r->frame_ended = left == 0;
		if (out.pos == before && r->in.pos == r->in.size && !r->frame_ended) {
			int err = refill(r);
			if (err != HN_OK)
				return err;
		}
	}
	return HN_OK;
}

/* Nothing stands behind the last piece, neither compressed nor in the file. */
static int at_end(struct dump_reader *r)
{
	uint8_t more;
	int err = take(r, &more, 1);
	if (err == HN_OK)
		return HN_EFORMAT;
	if (err != HN_ETRUNC || !r->frame_ended)
		return err;
	if (r->in.pos < r->in.size)
		return HN_EFORMAT;
	err = refill(r);
	return err == HN_OK ? HN_EFORMAT : (err == HN_ETRUNC ? HN_OK : err);
}

static bool known(unsigned kind)
{
	return kind == DUMP_STEP || kind == DUMP_TABLE || kind == DUMP_DATA || kind == DUMP_ROWS ||
	       kind == DUMP_END;
}

/* One piece. @return LAST: it was that, and its digest is right */
static int read_piece(struct dump_reader *r, dump_fn fn, void *context)
{
	uint8_t head[HEAD_LEN], digest[SHA256_SIZE];
	int err = take(r, head, sizeof(head));
	if (err != HN_OK)
		return err;
	struct cur c = cur_of(head, sizeof(head));
	uint8_t kind = cur_u8(&c);
	size_t len = cur_be32(&c);
	if (!known(kind) || len > DUMP_PIECE_MAX || (kind == DUMP_END && len != SHA256_SIZE))
		return HN_EFORMAT;
	err = take(r, r->piece, len);
	if (err != HN_OK)
		return err;
	if (kind == DUMP_END) {
		sha256_end(r->digest, digest);
		return memcmp(digest, r->piece, sizeof(digest)) == 0 ? LAST : HN_EFORMAT;
	}
	sha256_add(r->digest, head, sizeof(head));
	sha256_add(r->digest, r->piece, len);
	return fn == NULL ? HN_OK : fn(context, (enum dump_kind)kind, r->piece, len);
}

static int read_all(struct dump_reader *r, dump_fn fn, void *context)
{
	char magic[MAGIC_LEN];
	int err = take(r, magic, sizeof(magic));
	if (err == HN_OK && memcmp(magic, MAGIC, sizeof(magic)) != 0)
		err = HN_EFORMAT;
	if (err != HN_OK)
		return err;
	sha256_add(r->digest, magic, sizeof(magic));
	while (err == HN_OK)
		err = read_piece(r, fn, context);
	return err == LAST ? at_end(r) : err;
}

int dump_read(const char *path, dump_fn fn, void *context)
{
	struct dump_reader r = {.fd = open(path, O_RDONLY | O_CLOEXEC), .raw_size = ZSTD_DStreamInSize()};
	if (r.fd < 0)
		return hn_err_of_errno(errno);
	r.raw = malloc(r.raw_size);
	r.piece = malloc(DUMP_PIECE_MAX);
	r.zstd = ZSTD_createDCtx();
	r.digest = sha256_new();
	int err = HN_ENOMEM;
	if (r.raw != NULL && r.piece != NULL && r.zstd != NULL && r.digest != NULL &&
	    !ZSTD_isError(ZSTD_DCtx_setParameter(r.zstd, ZSTD_d_windowLogMax, WINDOW)))
		err = read_all(&r, fn, context);
	(void)ZSTD_freeDCtx(r.zstd);
	sha256_free(r.digest);
	free(r.piece);
	free(r.raw);
	(void)close(r.fd);
	return err;
}
