/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/capture.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/locked.h"
#include "wire/capture_parts.h"

/* --- what the first bytes say --- */

struct magic {
	uint8_t bytes[8];
	uint8_t len;
	const struct capture_format *format;
	const struct capture_source *source;
	const char *name_en; /* formats that are known and not read */
	const char *name_ja;
};

static const struct magic magics[] = {
	{{0xd4, 0xc3, 0xb2, 0xa1}, 4, &capture_format_pcap},
	{{0xa1, 0xb2, 0xc3, 0xd4}, 4, &capture_format_pcap},
	{{0x4d, 0x3c, 0xb2, 0xa1}, 4, &capture_format_pcap},
	{{0xa1, 0xb2, 0x3c, 0x4d}, 4, &capture_format_pcap},
	{{0x34, 0xcd, 0xb2, 0xa1}, 4, &capture_format_pcap},
	{{0xa1, 0xb2, 0xcd, 0x34}, 4, &capture_format_pcap},
	{{0x0a, 0x0d, 0x0d, 0x0a}, 4, &capture_format_pcapng},
	{{0x1f, 0x8b}, 2, NULL, &capture_source_gzip},
	{{0x28, 0xb5, 0x2f, 0xfd}, 4, NULL, &capture_source_zstd},
	{"snoop", 6, NULL, NULL, "a snoop capture", "snoop 形式のキャプチャ"},
	{"btsnoop", 8, NULL, NULL, "a Bluetooth capture (btsnoop)", "Bluetooth のキャプチャ (btsnoop)"},
	{"GMBU", 4, NULL, NULL, "a Network Monitor capture", "ネットワークモニターのキャプチャ"},
	{"RTSS", 4, NULL, NULL, "a Network Monitor capture", "ネットワークモニターのキャプチャ"},
	{"XCP", 4, NULL, NULL, "a NetXRay capture", "NetXRay のキャプチャ"},
	{"TRSNIFF ", 8, NULL, NULL, "a Sniffer capture", "Sniffer のキャプチャ"},
	{{0xac, 0x01, 0x00, 0x1c}, 4, NULL, NULL, "an IXIA capture", "IXIA のキャプチャ"},
	{{0xab, 0x01, 0x00, 0x1c}, 4, NULL, NULL, "an IXIA capture", "IXIA のキャプチャ"},
	{"BZh", 3, NULL, NULL, "compressed by bzip2", "bzip2 で圧縮されたファイル"},
	{{0xfd, '7', 'z', 'X', 'Z', 0}, 6, NULL, NULL, "compressed by xz", "xz で圧縮されたファイル"},
	{{0x04, 0x22, 0x4d, 0x18}, 4, NULL, NULL, "compressed by lz4", "lz4 で圧縮されたファイル"},
	{{'P', 'K', 3, 4}, 4, NULL, NULL, "a ZIP archive", "ZIP アーカイブ"},
	{{0x7f, 'E', 'L', 'F'}, 4, NULL, NULL, "a program", "プログラムのファイル"},
};

static const struct magic *magic_of(const uint8_t *data, size_t len)
{
	/* A zstd stream may begin with a frame to be passed over (RFC 8878, 3.1.2). */
	static const struct magic skippable = {.source = &capture_source_zstd};
	if (len >= 4 && (data[0] & 0xf0) == 0x50 && memcmp(data + 1, "\x2a\x4d\x18", 3) == 0)
		return &skippable;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (magics[i].len <= len && memcmp(data, magics[i].bytes, magics[i].len) == 0)
			return &magics[i];
	}
	return NULL;
}

static bool looks_like_text(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): bytes with a length are there */
		if (data[i] < 0x20 && data[i] != '\n' && data[i] != '\r' && data[i] != '\t')
			return false;
	}
	return true;
}

static int not_a_capture(const struct magic *magic, const uint8_t *data, size_t len, const char *name,
			 struct fault *fault)
{
	if (magic != NULL && magic->name_en != NULL)
		return fault_set(
			fault, HN_EUNSUPPORTED, name,
			tr("this is %s; pcap and pcapng can be read, plain or compressed by gzip or zstd",
			   "%sです。読めるのは pcap と pcapng (非圧縮、gzip、zstd) です"),
			tr(magic->name_en, magic->name_ja));
	if (magic != NULL)
		return fault_set(fault, HN_EUNSUPPORTED, name,
				 tr("compressed twice; unpack it once",
				    "二重に圧縮されています。一度展開してください"));
	if (looks_like_text(data, len))
		return fault_set(fault, HN_EFORMAT, name,
				 tr("this is text, not a capture file",
				    "テキストであり、キャプチャファイルではありません"));
	return fault_set(fault, HN_EFORMAT, name,
			 tr("not a capture file (pcap or pcapng)",
			    "キャプチャファイル (pcap、pcapng) ではありません"));
}

/* --- opening --- */

static int cannot_read(const char *name, struct fault *fault)
{
	return fault_set(fault, HN_EIO, name, tr("cannot be read: %s", "読み込めません: %s"),
			 hn_errno_text(errno));
}

/* Stored bytes into c->head until it is full or the input ends; a pipe may give fewer at first. */
static int read_head(struct capture *c, size_t *len_out)
{
	size_t len = 0;
	for (size_t got = 1; len < CAPTURE_HEAD_SIZE && got > 0; len += got) {
		int rc = capture_fetch(c, c->head + len, CAPTURE_HEAD_SIZE - len, &got);
		if (rc != HN_OK)
			return rc;
	}
	*len_out = len;
	return HN_OK;
}

/* The head's stored bytes become the first input of the unpacker, the unpacked ones take their place. */
static int unpack_head(struct capture *c, const struct capture_source *source, size_t *len_io)
{
	bool locked;
	c->input = locked_alloc(CAPTURE_INPUT_SIZE, &locked);
	if (c->input == NULL)
		return HN_ENOMEM;
	memcpy(c->input, c->head, *len_io);
	c->input_len = *len_io;
	int rc = source->open(c);
	if (rc != HN_OK)
		return rc;
	c->source = source;
	size_t len = 0;
	for (size_t got = 1; len < CAPTURE_HEAD_SIZE && got > 0; len += got) {
		got = 0;
		if (source->read(c, c->head + len, CAPTURE_HEAD_SIZE - len, &got) == HN_EIO)
			return HN_EIO;
	}
	*len_io = len;
	return HN_OK;
}

/* The first stored bytes tell how they are packed. */
static int open_source(struct capture *c, const char *name, struct fault *fault)
{
	size_t len = 0;
	c->source = &capture_source_plain;
	int rc = read_head(c, &len);
	if (rc == HN_OK && len == 0)
		return fault_set(fault, HN_ETRUNC, name, tr("the input is empty", "入力が空です"));
	const struct magic *magic = rc == HN_OK ? magic_of(c->head, len) : NULL;
	if (magic != NULL && magic->source != NULL)
		rc = unpack_head(c, magic->source, &len);
	if (rc == HN_EIO)
		return cannot_read(name, fault);
	c->at = c->head;
	c->end = c->head + len;
	return rc;
}

static int open_format(struct capture *c, const char *name, struct fault *fault)
{
	size_t len = (size_t)(c->end - c->at);
	if (len == 0)
		return fault_set(fault, HN_ETRUNC, name, tr("the input is empty", "入力が空です"));
	const struct magic *magic = magic_of(c->at, len);
	if (magic == NULL || magic->format == NULL)
		return not_a_capture(magic, c->at, len, name, fault);
	if (len < CAPTURE_HEAD_SIZE)
		return fault_set(
			fault, HN_ETRUNC, name,
			tr("cut inside the header of the file", "ファイルヘッダーの途中で切れています"));
	c->format = magic->format;
	return c->format->open(c, name, fault);
}

int capture_open(int fd, const char *name, struct capture_pool *pool, struct capture **out,
		 struct fault *fault)
{
	struct capture *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		(void)close(fd);
		return fault_set(fault, HN_ENOMEM, name, "%s", hn_strerror(HN_ENOMEM));
	}
	c->fd = fd;
	c->pool = pool;
	int rc = open_source(c, name, fault);
	if (rc == HN_OK)
		rc = open_format(c, name, fault);
	if (rc == HN_ENOMEM)
		(void)fault_set(fault, rc, name, "%s", hn_strerror(rc));
	if (rc != HN_OK) {
		capture_close(c);
		return rc;
	}
	c->opened = true;
	*out = c;
	return HN_OK;
}

void capture_close(struct capture *c)
{
	if (c == NULL)
		return;
	if (c->format != NULL)
		c->format->close(c);
	c->source->close(c);
	capture_block_drop(c->block);
	capture_pool_rest(c->pool);
	if (c->input != NULL) {
		locked_wipe(c->input, CAPTURE_INPUT_SIZE);
		locked_free(c->input, CAPTURE_INPUT_SIZE);
	}
	(void)close(c->fd);
	locked_wipe(c, sizeof(*c));
	free(c);
}

/* --- reading --- */

/*
 * Moves the `left` bytes that are not read yet in front of the place that is filled next: in the same block
 * when no batch holds it, for it lies in the cache, else in a fresh one.
 */
static void carry_over(struct capture *c, size_t left)
{
	struct capture_block *old = c->block;
	/* Only this thread adds holds, so nobody comes back. */
	bool reuse = old != NULL && atomic_load_explicit(&old->holds, memory_order_acquire) == 1;
	struct capture_block *block = reuse ? old : capture_block_take(c->pool);
	const size_t from = CAPTURE_CARRY_MAX - left;

	assert(left <= CAPTURE_CARRY_MAX);
	memmove(block->data + from, c->at, left);
	if (block->upto == 0)
		block->upto = CAPTURE_CARRY_MAX;
	else if (block->from < from)
		locked_wipe(block->data + block->from, from - block->from);
	block->from = from;
	c->at = block->data + from;
	c->end = c->at + left;
	c->block = block;
	if (!reuse)
		capture_block_drop(old);
}

/* Some more bytes behind the window. What they do not overwrite of bytes that were read before is wiped. */
static int refill(struct capture *c, bool *end_out)
{
	size_t left = (size_t)(c->end - c->at);
	size_t need = c->want > left ? c->want : left + 1;

	if (c->block == NULL || need > (size_t)(c->block->data + CAPTURE_BLOCK_SIZE - c->at))
		carry_over(c, left);
	struct capture_block *block = c->block;
	size_t upto = (size_t)(c->end - block->data), got = 0;
	int rc = c->source->read(c, block->data + upto, CAPTURE_BLOCK_SIZE - upto, &got);
	upto += got;
	c->end += got;
	if (upto < block->upto)
		locked_wipe(block->data + upto, block->upto - upto);
	block->upto = upto;
	*end_out = rc != HN_OK || got == 0;
	if (rc == HN_EIO)
		return rc;
	if (rc != HN_OK)
		c->stats.cut = true;
	return HN_OK;
}

/* Whoever takes a digest is owed the bytes behind the end, too. */
static int tell_the_rest(struct capture *c)
{
	struct capture_block *block = capture_block_take(c->pool);
	size_t got = 1;
	int rc = HN_OK;
	capture_block_wipe(block);
	block->upto = CAPTURE_READ_SIZE;
	while (rc == HN_OK && got > 0)
		rc = capture_fetch(c, block->data, CAPTURE_READ_SIZE, &got);
	capture_block_drop(block);
	return rc;
}

static int finish(struct capture *c)
{
	c->ended = true;
	if (c->at != c->end || c->skip > 0)
		c->stats.cut = true;
	capture_block_drop(c->block);
	c->block = NULL;
	c->at = c->end = c->head;
	int rc = c->sink == NULL ? HN_OK : tell_the_rest(c);
	capture_pool_rest(c->pool);
	return rc;
}

static int next_records(struct capture *c, struct capture_batch *batch)
{
	for (;;) {
		enum capture_scan result = c->format->scan(c, batch);
		if (batch->count > 0)
			return HN_OK; /* what stopped the scan stops it again */
		if (result == SCAN_STOP) {
			c->stats.cut = true;
			return finish(c);
		}
		bool end;
		int rc = refill(c, &end);
		if (rc != HN_OK)
			return rc;
		if (end)
			return finish(c);
	}
}

int capture_next(struct capture *c, struct capture_batch *batch)
{
	batch->count = 0;
	batch->hold = NULL;
	if (c->ended)
		return HN_OK;
	int rc = next_records(c, batch);
	if (rc != HN_OK) {
		c->ended = true;
		capture_pool_rest(c->pool);
		return rc;
	}
	c->stats.records += batch->count;
	if (batch->count > 0) {
		capture_block_hold(c->block);
		batch->hold = c->block;
	}
	return HN_OK;
}

void capture_release(struct capture_batch *batch)
{
	capture_block_drop(batch->hold);
	batch->hold = NULL;
	batch->count = 0;
}

const struct capture_stats *capture_stats(const struct capture *c)
{
	return &c->stats;
}

bool capture_runs_short(const struct capture *c)
{
	return capture_pool_runs_short(c->pool);
}

void capture_on_bytes(struct capture *c, void (*sink)(void *context, const uint8_t *data, size_t len),
		      void *context)
{
	c->sink = sink;
	c->sink_context = context;
	if (sink == NULL)
		return;
	if (c->input != NULL)
		sink(context, c->input, c->input_len);
	else
		sink(context, c->head, CAPTURE_HEAD_SIZE);
}
