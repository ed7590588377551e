/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Unpacks a batch piece by piece and counts its lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/digest.h"
#include "base/lang.h"
#include "bus/batch_inside.h"

#define WINDOW_LOG_MAX 23 /* 8 MB */

int batch_stub_line(uint64_t count, enum batch_gone gone, char out[BATCH_STUB_MAX])
{
	return snprintf(out, BATCH_STUB_MAX, "{\"gave_way\":%llu,\"why\":\"%s\"}\n",
			(unsigned long long)count, batch_gone_name(gone));
}

struct checking {
	struct batch *b;
	batch_line_fn *line;
	void *context;
	uint64_t lines, plain;
	struct buf part; /* of a line that is not whole yet */
	bool theirs;     /* the error is the callee's */
};

static int take_stub(struct batch *b, const char *line, size_t len)
{
	char expected[BATCH_STUB_MAX];
	for (enum batch_gone g = BATCH_HERE + 1; g < BATCH_GONE_COUNT; g++) {
		size_t n = (size_t)batch_stub_line(b->count, g, expected) - 1;
		if (n == len && memcmp(line, expected, n) == 0) {
			b->gone = g;
			return HN_OK;
		}
	}
	return HN_EFORMAT;
}

static int take_line(struct checking *c, const char *line, size_t len)
{
	uint64_t most = c->b->stub ? 1 : c->b->count;
	if (len == 0 || c->lines == most)
		return HN_EFORMAT;
	uint64_t seq = c->b->first + c->lines++;
	if (c->b->stub)
		return take_stub(c->b, line, len);
	int err = c->line == NULL ? HN_OK : c->line(c->context, seq, line, len);
	c->theirs = err != HN_OK;
	return err;
}

/* Lines that end within a piece are taken from it; what begins there waits for the next. */
static int take_piece(struct checking *c, const char *data, size_t len)
{
	int err = HN_OK;
	c->plain += len;
	if (c->plain > BATCH_PLAIN_MAX)
		return HN_ELIMIT;
	while (err == HN_OK && len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t n = end == NULL ? len : (size_t)(end - data);
		if (end == NULL || c->part.len > 0)
			buf_add(&c->part, data, n);
		else if (n >= BATCH_LINE_MAX)
			return HN_ELIMIT;
		if ((err = buf_err(&c->part)) != HN_OK || end == NULL)
			return err;
		err = c->part.len > 0 ? take_line(c, c->part.data, c->part.len) : take_line(c, data, n);
		buf_reset(&c->part);
		data += n + 1;
		len -= n + 1;
	}
	return err;
}

static int unpack(struct checking *c, ZSTD_DCtx *z, const void *body, size_t len, char *room, size_t size)
{
	ZSTD_inBuffer in = {body, len, 0};
	size_t left = 1;
	int err = HN_OK;
	while (err == HN_OK && left != 0) {
		ZSTD_outBuffer out = {room, size, 0};
		size_t before = in.pos;
		left = ZSTD_decompressStream(z, &out, &in);
		if (ZSTD_isError(left))
			return HN_EFORMAT;
		err = take_piece(c, room, out.pos);
		if (err == HN_OK && left != 0 && in.pos == before && out.pos == 0)
			return HN_ETRUNC; /* it asks for more than there is */
	}
	if (err == HN_OK && in.pos != len)
		err = HN_EFORMAT; /* another frame, or rubbish */
	if (err == HN_OK && (c->part.len > 0 || c->lines != (c->b->stub ? 1 : c->b->count)))
		err = HN_EFORMAT;
	return err;
}

static int check(struct checking *c, const void *body, size_t len)
{
	size_t size = ZSTD_DStreamOutSize();
	char *room = malloc(size);
	ZSTD_DCtx *z = ZSTD_createDCtx();
	int err = HN_ENOMEM;
	if (room != NULL && z != NULL &&
	    !ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		err = unpack(c, z, body, len, room, size);
	ZSTD_freeDCtx(z);
	free(room);
	return err;
}

int batch_check(struct batch *b, const void *body, size_t len, batch_line_fn *line, void *context,
		struct fault *fault)
{
	uint8_t digest[SHA256_SIZE];
	struct checking c = {.b = b, .line = line, .context = context};
	if (len > BATCH_BODY_MAX)
		return fault_set(fault, HN_ELIMIT, "",
				 tr("the body has more than %zu bytes", "本文が%zuバイトを超えている"),
				 BATCH_BODY_MAX);
	sha256(body, len, digest);
	if (memcmp(digest, b->digest, sizeof(digest)) != 0)
		return fault_set(fault, HN_EAUTH, "Hinomi-Digest", "%s",
				 tr("is not the body's", "が本文のものではない"));
	buf_init(&c.part, BATCH_LINE_MAX - 1);
	int err = check(&c, body, len);
	buf_clear(&c.part);
	if (c.theirs)
		return err;
	if (err == HN_EFORMAT || err == HN_ETRUNC || err == HN_ELIMIT)
		return fault_set(
			fault, err, "",
			tr("the body is not one zstd frame of %llu lines within the limits (line %llu)",
			   "本文が制限内の%llu行からなる1つのzstdフレームではない（%llu行目）"),
			(unsigned long long)(b->stub ? 1 : b->count), (unsigned long long)c.lines);
	return err;
}
