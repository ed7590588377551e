/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Names and headers of batches, and their bodies made. batch_check.c checks them. */
#include "bus/batch.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/lang.h"
#include "bus/batch_inside.h"

#define LEVEL 3 /* of zstd: edges have other work to do */

static const char *const names[STREAM_COUNT] = {
	[STREAM_RECORDS] = "records",         [STREAM_EVENTS] = "events", [STREAM_RECEIPTS] = "receipts",
	[STREAM_CHECKPOINTS] = "checkpoints", [STREAM_HEALTH] = "health",
};

static const char *const reasons[BATCH_GONE_COUNT] = {
	[BATCH_HERE] = "",
	[BATCH_GONE_SPACE] = "space",
	[BATCH_GONE_RETENTION] = "retention",
	[BATCH_GONE_DAMAGED] = "damaged",
	[BATCH_GONE_EARLIER] = "earlier",
};

const char *stream_name(enum stream s)
{
	return names[s];
}

int stream_find(const char *name, size_t len, enum stream *out)
{
	for (enum stream s = 0; s < STREAM_COUNT; s++)
		if (strlen(names[s]) == len && memcmp(names[s], name, len) == 0) {
			*out = s;
			return HN_OK;
		}
	return HN_ENOENT;
}

const char *batch_gone_name(enum batch_gone gone)
{
	return reasons[gone];
}

/* ---- headers ---- */

int batch_number(const char *text, size_t len, uint64_t *out)
{
	uint64_t value = 0;
	if (len == 0 || len > 16 || (text[0] == '0' && len > 1))
		return HN_EFORMAT;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return HN_EFORMAT;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*out = value;
	return HN_OK;
}

static int header_fault(const char *name, struct fault *fault)
{
	return fault_set(fault, HN_EFORMAT, name, "%s",
			 tr("is missing or not well formed", "がないか、形式が正しくない"));
}

static int read_number(const char *name, const char *text, uint64_t *out, struct fault *fault)
{
	if (text == NULL || batch_number(text, strlen(text), out) != HN_OK || *out == 0)
		return header_fault(name, fault);
	return HN_OK;
}

static int check_range(const struct batch *b, struct fault *fault)
{
	if (!b->stub && b->count > BATCH_LINES_MAX)
		return fault_set(fault, HN_ELIMIT, "Hinomi-Count", tr("more than %d", "%d行を超えている"),
				 BATCH_LINES_MAX);
	if (b->first > BATCH_SEQ_MAX || b->count > BATCH_SEQ_MAX || batch_through(b) > BATCH_SEQ_MAX)
		return fault_set(fault, HN_ELIMIT, "Hinomi-First", "%s", hn_strerror(HN_ELIMIT));
	return HN_OK;
}

int batch_headers_read(enum stream stream, const struct batch_headers *h, struct batch *out,
		       struct fault *fault)
{
	struct batch b = {.stream = stream};
	char again[UUID_TEXT_SIZE];
	if (h->epoch == NULL || uuid_parse(h->epoch, strlen(h->epoch), &b.epoch) != HN_OK)
		return header_fault("Hinomi-Epoch", fault);
	uuid_format(&b.epoch, again);
	if (strcmp(again, h->epoch) != 0)
		return header_fault("Hinomi-Epoch", fault);
	int err = read_number("Hinomi-First", h->first, &b.first, fault);
	if (err == HN_OK)
		err = read_number("Hinomi-Count", h->count, &b.count, fault);
	if (err != HN_OK)
		return err;
	if (h->digest == NULL || strspn(h->digest, "0123456789abcdef") != strlen(h->digest) ||
	    hex_decode(h->digest, strlen(h->digest), b.digest, sizeof(b.digest)) != HN_OK)
		return header_fault("Hinomi-Digest", fault);
	if (h->gave_way != NULL && strcmp(h->gave_way, "1") != 0)
		return header_fault("Hinomi-Gave-Way", fault);
	b.stub = h->gave_way != NULL;
	err = check_range(&b, fault);
	if (err == HN_OK)
		*out = b;
	return err;
}

void batch_headers_write(const struct batch *b, struct buf *out)
{
	char epoch[UUID_TEXT_SIZE], digest[SHA256_HEX_SIZE];
	uuid_format(&b->epoch, epoch);
	hex_encode(b->digest, sizeof(b->digest), digest);
	buf_addf(out, "Hinomi-Epoch: %s\r\nHinomi-First: %llu\r\nHinomi-Count: %llu\r\nHinomi-Digest: %s\r\n",
		 epoch, (unsigned long long)b->first, (unsigned long long)b->count, digest);
	if (b->stub)
		buf_adds(out, "Hinomi-Gave-Way: 1\r\n");
}

/* ---- bodies ---- */

static int count_lines(const char *lines, size_t len, uint64_t *count_out)
{
	uint64_t count = 0;
	if (len > BATCH_PLAIN_MAX)
		return HN_ELIMIT;
	for (size_t at = 0; at < len; count++) {
		const char *end = memchr(lines + at, '\n', len - at);
		if (end == NULL || end == lines + at)
			return HN_EFORMAT;
		size_t line = (size_t)(end - lines) + 1 - at;
		if (line > BATCH_LINE_MAX)
			return HN_ELIMIT;
		at += line;
	}
	*count_out = count;
	return count == 0 ? HN_EFORMAT : count > BATCH_LINES_MAX ? HN_ELIMIT : HN_OK;
}

static int compress(struct batch *b, const char *lines, size_t len, struct buf *body)
{
	size_t bound = ZSTD_compressBound(len);
	char *room = malloc(bound);
	if (room == NULL)
		return HN_ENOMEM;
	size_t size = ZSTD_compress(room, bound, lines, len, LEVEL);
	int err = ZSTD_isError(size) ? HN_ENOMEM : size > BATCH_BODY_MAX ? HN_ELIMIT : HN_OK;
	if (err == HN_OK) {
		buf_add(body, room, size);
		err = buf_err(body);
		sha256(room, size, b->digest);
	}
	free(room);
	return err;
}

int batch_pack(struct batch *b, const char *lines, size_t len, struct buf *body)
{
	struct batch packed = *b;
	int err = count_lines(lines, len, &packed.count);
	if (err == HN_OK)
		err = compress(&packed, lines, len, body);
	if (err == HN_OK) {
		packed.stub = false;
		packed.gone = BATCH_HERE;
		*b = packed;
	}
	return err;
}

int batch_pack_stub(struct batch *b, enum batch_gone gone, struct buf *body)
{
	char line[BATCH_STUB_MAX];
	struct batch packed = *b;
	if (gone == BATCH_HERE || b->first == 0 || b->count == 0 || b->first > BATCH_SEQ_MAX ||
	    b->count > BATCH_SEQ_MAX || batch_through(b) > BATCH_SEQ_MAX)
		return HN_EFORMAT;
	int len = batch_stub_line(b->count, gone, line);
	int err = compress(&packed, line, (size_t)len, body);
	if (err == HN_OK) {
		packed.stub = true;
		packed.gone = gone;
		*b = packed;
	}
	return err;
}
