/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/capture.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/locked.h"
#include "wire/capture_parts.h"

#define WINDOW (4u << 20) /* bytes that are brought in, and given back, at once */

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
			 strerror(errno));
}

/* Maps a regular file that is read from its start and is not compressed; else leaves c as it is. */
static void try_map(struct capture *c)
{
	struct stat st;
	if (fstat(c->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    lseek(c->fd, 0, SEEK_CUR) != 0)
		return;
	size_t len = (size_t)st.st_size;
	uint8_t first[8] = {0};
	ssize_t got = pread(c->fd, first, sizeof(first), 0);
	const struct magic *magic = got <= 0 ? NULL : magic_of(first, (size_t)got);
	if (magic == NULL || magic->format == NULL || len < CAPTURE_HEAD_SIZE)
		return;
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, c->fd, 0);
	if (map == MAP_FAILED)
		return;
	(void)madvise(map, len, MADV_SEQUENTIAL);
	(void)madvise(map, len, MADV_DONTDUMP);
	c->map = map;
	c->map_len = len;
	c->at = c->map;
	c->end = c->map + len;
}

/* Unpacks the head, which is where the window is until the first block is filled. */
static int read_head(struct capture *c)
{
	size_t len = 0;
	for (size_t got = 1; len < CAPTURE_HEAD_SIZE && got > 0; len += got) {
		int rc = c->source->read(c, c->head + len, CAPTURE_HEAD_SIZE - len, &got);
		if (rc == HN_EIO)
			return rc;
		if (rc != HN_OK)
			got = 0;
	}
	c->at = c->head;
	c->end = c->head + len;
	return HN_OK;
}

/* The first stored bytes tell how they are packed; more of them than a pipe may give at first are waited for.
 */
static int open_stream(struct capture *c, const char *name, struct fault *fault)
{
	bool locked;
	if (c->pool == NULL)
		return fault_set(fault, HN_EUNSUPPORTED, name,
				 tr("only regular files that are not compressed can be read here",
				    "ここでは圧縮されていない通常ファイルだけを読めます"));
	c->input = locked_alloc(CAPTURE_INPUT_SIZE, &locked);
	if (c->input == NULL)
		return HN_ENOMEM;
	while (c->input_len < 4) {
		ssize_t got = read(c->fd, c->input + c->input_len, CAPTURE_INPUT_SIZE - c->input_len);
		if (got < 0 && errno != EINTR)
			return cannot_read(name, fault);
		if (got == 0)
			break;
		c->input_len += got < 0 ? 0 : (size_t)got;
	}
	c->stats.bytes_read = c->input_len;
	if (c->input_len == 0)
		return fault_set(fault, HN_ETRUNC, name, tr("the input is empty", "入力が空です"));
	const struct magic *magic = magic_of(c->input, c->input_len);
	c->source = magic != NULL && magic->source != NULL ? magic->source : &capture_source_plain;
	int rc = c->source->open(c);
	if (rc != HN_OK) {
		c->source = NULL;
		return rc;
	}
	return read_head(c) == HN_OK ? HN_OK : cannot_read(name, fault);
}

static int open_format(struct capture *c, const char *name, struct fault *fault)
{
	size_t len = (size_t)(c->end - c->at);
	if (c->at == NULL || len == 0)
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
	try_map(c);
	int rc = c->map == NULL ? open_stream(c, name, fault) : HN_OK;
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
	if (c->source != NULL)
		c->source->close(c);
	capture_block_drop(c->block);
	if (c->input != NULL) {
		locked_wipe(c->input, CAPTURE_INPUT_SIZE);
		locked_free(c->input, CAPTURE_INPUT_SIZE);
	}
	if (c->map != NULL)
		(void)munmap(c->map, c->map_len);
	(void)close(c->fd);
	locked_wipe(c, sizeof(*c));
	free(c);
}

/* --- reading --- */

/* Brings in what comes next and gives back what lies well behind. @return false: the file has become shorter
 */
static bool move_window(struct capture *c)
{
	size_t at = (size_t)(c->at - c->map);
	if (at + WINDOW / 2 > c->populated && c->populated < c->map_len && !c->no_populate) {
		size_t from = at > c->populated ? at - at % WINDOW : c->populated;
		size_t len = c->map_len - from < WINDOW ? c->map_len - from : WINDOW;
		if (madvise(c->map + from, len, MADV_POPULATE_READ) == 0)
			c->populated = from + len;
		else if (errno == EFAULT || errno == ENOMEM)
			return false;
		else
			c->no_populate = true;
	}
	if (at > c->given + 3 * (size_t)WINDOW) {
		size_t upto = at - at % WINDOW - 2 * (size_t)WINDOW;
		(void)madvise(c->map + c->given, upto - c->given, MADV_DONTNEED);
		c->given = upto;
	}
	return true;
}

/* Some more bytes of a stream behind the window, in its block or, when that is full, in a fresh one. */
static int refill(struct capture *c, bool *end_out)
{
	size_t left = (size_t)(c->end - c->at);
	size_t need = c->want > left ? c->want : left + 1;
	struct capture_block *block = c->block;

	assert(need <= CAPTURE_BLOCK_SIZE);
	if (block == NULL || block->used - left + need > CAPTURE_BLOCK_SIZE) {
		struct capture_block *fresh = capture_block_take(c->pool);
		memcpy(fresh->data, c->at, left);
		fresh->used = left;
		c->at = fresh->data;
		c->end = c->at + left;
		c->block = fresh;
		capture_block_drop(block);
		block = fresh;
	}
	size_t got = 0;
	int rc = c->source->read(c, block->data + block->used, CAPTURE_BLOCK_SIZE - block->used, &got);
	block->used += got;
	c->end += got;
	*end_out = rc != HN_OK || got == 0;
	if (rc == HN_EIO)
		return rc;
	if (rc != HN_OK)
		c->stats.cut = true;
	return HN_OK;
}

/* Whoever takes a digest is owed the bytes behind the end, too. */
static int finish(struct capture *c)
{
	c->ended = true;
	if (c->at != c->end || c->skip > 0)
		c->stats.cut = true;
	if (c->map != NULL) {
		c->stats.bytes_read = c->map_len;
		return HN_OK;
	}
	capture_block_drop(c->block);
	c->block = NULL;
	c->at = c->end = c->head;
	size_t len = c->sink == NULL ? 0 : 1;
	while (len > 0) {
		const uint8_t *data;
		c->input_at = c->input_len;
		int rc = capture_stored(c, &data, &len);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static int next_records(struct capture *c, struct capture_batch *batch)
{
	if (c->map != NULL && !move_window(c)) {
		c->stats.cut = true;
		return finish(c);
	}
	for (;;) {
		enum capture_scan result = c->format->scan(c, batch);
		if (batch->count > 0)
			return HN_OK; /* what stopped the scan stops it again */
		if (result == SCAN_STOP) {
			c->stats.cut = true;
			return finish(c);
		}
		bool end = true;
		int rc = c->map == NULL ? refill(c, &end) : HN_OK;
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
		return rc;
	}
	c->stats.records += batch->count;
	if (c->map != NULL && !c->ended)
		c->stats.bytes_read = (uint64_t)(c->at - c->map);
	if (batch->count > 0 && c->block != NULL) {
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

const uint8_t *capture_mapped(const struct capture *c, size_t *len_out)
{
	*len_out = c->map_len;
	return c->map;
}

void capture_give_back(const struct capture *c, size_t offset, size_t len)
{
	const size_t page = 4096;
	if (c->map == NULL || offset > c->map_len || len > c->map_len - offset)
		return;
	size_t from = (offset + page - 1) / page * page, upto = (offset + len) / page * page;
	if (upto > from)
		(void)madvise(c->map + from, upto - from, MADV_DONTNEED);
}

void capture_on_bytes(struct capture *c, void (*sink)(void *context, const uint8_t *data, size_t len),
		      void *context)
{
	c->sink = sink;
	c->sink_context = context;
	if (sink != NULL && c->map == NULL && c->input_len > 0)
		sink(context, c->input, c->input_len);
}
