/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority/receipt_check.h"
#include "base/file.h"
#include "base/lang.h"
#include "bus/checkpoint_line.h"
#include "edge/gather.h"
#include "ledger/tlog.h"

#define TAKE_MAX BATCH_PLAIN_FIT
#define POSITION 64
#define RECEIPTS "receipt.json"
#define RECORDS  "selected.ndjson"

/* ---- receipts: a place is an offset in receipt.json ---- */

static int read_place(struct spool *s, enum stream stream, char out[POSITION])
{
	struct buf b;
	buf_init(&b, POSITION - 1);
	int err = spool_position(s, stream, &b);
	if (err == HN_OK)
		(void)snprintf(out, POSITION, "%s", b.len > 0 ? b.data : "");
	buf_clear(&b);
	return err;
}

static int read_at(const char *dir, const char *name, uint64_t offset, size_t most, struct buf *out)
{
	int fd = -1;
	int err = edge_open_beside(dir, name, &fd);
	if (err != HN_OK)
		return err == HN_ENOENT ? HN_OK : err;
	err = buf_reserve(out, most);
	size_t got = 0;
	while (err == HN_OK && got < most) {
		ssize_t n = pread(fd, out->data + got, most - got, (off_t)(offset + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = hn_err_of_errno(errno);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	out->len = got;
	(void)close(fd);
	return err;
}

static size_t whole_lines(const struct buf *b)
{
	const char *end = b->len > 0 ? memrchr(b->data, '\n', b->len) : NULL;
	return end == NULL ? 0 : (size_t)(end - b->data) + 1;
}

static int gather_receipts(const struct edge_files *f, struct spool *s, bool *more)
{
	char place[POSITION];
	struct buf text;
	int err = read_place(s, STREAM_RECEIPTS, place);
	uint64_t offset = strtoull(place, NULL, 10);
	buf_init(&text, TAKE_MAX);
	if (err == HN_OK)
		err = read_at(f->sensor, RECEIPTS, offset, TAKE_MAX - 1, &text);
	size_t len = whole_lines(&text);
	if (err == HN_OK && len > 0) {
		(void)snprintf(place, sizeof(place), "%" PRIu64, offset + len);
		const struct spool_item item = {
			.stream = STREAM_RECEIPTS, .lines = text.data, .len = len, .position = place};
		err = spool_add(s, &item, NULL);
		*more = *more || len + 1 >= TAKE_MAX - 1;
	}
	buf_clear(&text);
	return err;
}

/* ---- records: a place is an offset in receipt.json, up to which their receipts were gone through; of a
 * receipt whose records are too many for a batch, also how many lines and bytes of them were taken ---- */

struct place {
	uint64_t offset, lines, bytes;
};

static void write_place(const struct place *p, char out[POSITION])
{
	if (p->lines == 0)
		(void)snprintf(out, POSITION, "%" PRIu64, p->offset);
	else
		(void)snprintf(out, POSITION, "%" PRIu64 " %" PRIu64 " %" PRIu64, p->offset, p->lines,
			       p->bytes);
}

static struct place place_of(const char *text)
{
	struct place p = {0};
	if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &p.offset, &p.lines, &p.bytes) != 3)
		p.lines = p.bytes = 0;
	return p;
}

/* Of text what is whole lines, `most` at most. */
static size_t lines_of(const struct buf *text, uint64_t most, uint64_t *count_out)
{
	size_t at = 0;
	*count_out = 0;
	while (at < text->len && *count_out < most) {
		const char *end = memchr(text->data + at, '\n', text->len - at);
		if (end == NULL)
			break;
		at = (size_t)(end - text->data) + 1;
		++*count_out;
	}
	return at;
}

/* What was erased at its time leaves its number behind. */
static int fill_erased(struct buf *text, uint64_t count)
{
	text->len = 0;
	for (uint64_t i = 0; i < count; i++)
		buf_adds(text, "{\"erased\":true}\n");
	return buf_err(text);
}

/* As many of a receipt's records as a batch holds. Where their time is over the file has line feeds. */
static int read_part(const struct edge_files *f, const struct receipt_facts *r, struct place *p,
		     struct buf *text)
{
	uint64_t left = r->tail.records - p->lines, lines = 0;
	uint64_t bytes = r->tail.records_end - r->tail.records_begin - p->bytes;
	size_t most = bytes < TAKE_MAX - 1 ? (size_t)bytes : TAKE_MAX - 1;
	if (left > BATCH_LINES_MAX)
		left = BATCH_LINES_MAX;
	int err = read_at(f->sensor, RECORDS, r->tail.records_begin + p->bytes, most, text);
	if (err != HN_OK)
		return err;
	if (text->len > 0 && text->data[0] == '\n') {
		p->lines += left;
		return fill_erased(text, left);
	}
	text->len = lines_of(text, left, &lines);
	p->lines += lines;
	p->bytes += text->len;
	return lines > 0 ? HN_OK : HN_ETRUNC;
}

/* @param next  the place behind the receipt */
static int add_records(const struct edge_files *f, struct spool *s, const struct receipt_facts *r,
		       struct place *p, uint64_t next)
{
	int err = HN_OK;
	while (err == HN_OK && p->lines < r->tail.records) {
		char place[POSITION];
		struct buf text;
		buf_init(&text, TAKE_MAX);
		err = read_part(f, r, p, &text);
		const struct place end = {.offset = next};
		write_place(p->lines < r->tail.records ? p : &end, place);
		const struct spool_item item = {.stream = STREAM_RECORDS,
						.lines = text.data,
						.len = text.len,
						.position = place,
						.erase_by_ns = r->tail.erase_by_ns};
		if (err == HN_OK)
			err = spool_add(s, &item, NULL);
		buf_clear(&text);
	}
	return err;
}

static int gather_records(const struct edge_files *f, struct gather *g, struct spool *s, bool *more,
			  struct fault *fault)
{
	char text_place[POSITION];
	struct place place = {0};
	struct buf text;
	struct receipt_facts *facts = malloc(sizeof(*facts));
	int err = facts == NULL ? HN_ENOMEM : read_place(s, STREAM_RECORDS, text_place);
	if (err == HN_OK)
		place = place_of(text_place);
	if (g->receipts_at > place.offset)
		place = (struct place){.offset = g->receipts_at};
	buf_init(&text, TAKE_MAX);
	if (err == HN_OK)
		err = read_at(f->sensor, RECEIPTS, place.offset, TAKE_MAX - 1, &text);
	size_t len = whole_lines(&text), at = 0;
	*more = *more || len + 1 >= TAKE_MAX - 1;
	while (err == HN_OK && at < len) {
		const char *line = text.data + at;
		size_t n = (size_t)((const char *)memchr(line, '\n', len - at) - line);
		uint64_t next = place.offset + n + 1;
		err = receipt_check(line, n, NULL, facts, fault);
		if (err == HN_OK)
			err = add_records(f, s, facts, &place, next);
		at += n + 1;
		if (err == HN_OK) {
			place = (struct place){.offset = next};
			g->receipts_at = next;
		}
	}
	buf_clear(&text);
	free(facts);
	return err;
}

/* ---- checkpoints: a place is the size that was sent last ---- */

static int add_checkpoint(struct spool *s, struct tlog *log, uint64_t from)
{
	const struct checkpoint *head = tlog_head(log);
	struct checkpoint_line *l = calloc(1, sizeof(*l));
	struct buf line;
	char place[POSITION];
	size_t note_len;
	if (l == NULL)
		return HN_ENOMEM;
	const char *note = tlog_note(log, &note_len);
	int err = note_len < sizeof(l->note) ? HN_OK : HN_ELIMIT;
	if (err == HN_OK) {
		memcpy(l->note, note, note_len);
		l->from = from;
		err = tlog_consistency(log, from, head->size, l->path, &l->path_len);
	}
	buf_init(&line, BATCH_LINE_MAX);
	if (err == HN_OK)
		err = checkpoint_line_write(l, &line);
	buf_addc(&line, '\n');
	(void)snprintf(place, sizeof(place), "%" PRIu64, head->size);
	const struct spool_item item = {
		.stream = STREAM_CHECKPOINTS, .lines = line.data, .len = line.len, .position = place};
	if (err == HN_OK)
		err = buf_err(&line) == HN_OK ? spool_add(s, &item, NULL) : buf_err(&line);
	buf_clear(&line);
	free(l);
	return err;
}

static int gather_checkpoint(const struct edge_files *f, struct spool *s, struct fault *fault)
{
	char place[POSITION];
	struct tlog *log;
	int fd = open(f->sensor, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? HN_OK : hn_err_of_errno(errno);
	int err = tlog_open(fd, NULL, &log, fault);
	if (err == HN_OK) {
		err = read_place(s, STREAM_CHECKPOINTS, place);
		uint64_t from = strtoull(place, NULL, 10);
		if (err == HN_OK && tlog_head(log)->size > from)
			err = add_checkpoint(s, log, from);
		tlog_free(log);
	}
	(void)close(fd);
	return err == HN_ENOENT ? HN_OK : err;
}

int gather_sensor(const struct edge_files *f, struct gather *g, struct spool *s, bool *more_out,
		  struct fault *fault)
{
	*more_out = false;
	/* A receipt goes before its records: who gets them knows what covers them. */
	int err = gather_receipts(f, s, more_out);
	if (err == HN_OK)
		err = gather_records(f, g, s, more_out, fault);
	return err == HN_OK ? gather_checkpoint(f, s, fault) : err;
}
