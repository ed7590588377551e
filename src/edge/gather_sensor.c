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
	char path[PATH_MAX + 32];
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? HN_OK : hn_err_of_errno(errno);
	int err = buf_reserve(out, most);
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

/* ---- records: a place is an offset in receipt.json, up to which their receipts were gone through ---- */

/* A receipt's records, which are as many lines and bytes as it says, or line feeds where their time is over.
 */
static int add_records(const struct edge_files *f, struct spool *s, const struct receipt_facts *r,
		       const char *place)
{
	struct buf text;
	uint64_t begin = r->tail.records_begin, len = r->tail.records_end - begin;
	if (len > BATCH_PLAIN_MAX)
		return HN_ELIMIT;
	buf_init(&text, (size_t)len + 1);
	int err = read_at(f->sensor, RECORDS, begin, (size_t)len, &text);
	if (err == HN_OK && text.len != len)
		err = HN_ETRUNC;
	bool erased = err == HN_OK && len > 0 && text.data[0] == '\n';
	/* What was erased at its time leaves its number behind. */
	if (erased) {
		text.len = 0;
		for (uint64_t i = 0; i < r->tail.records; i++)
			buf_adds(&text, "{\"erased\":true}\n");
		err = buf_err(&text);
	}
	const struct spool_item item = {.stream = STREAM_RECORDS,
					.lines = text.data,
					.len = text.len,
					.position = place,
					.erase_by_ns = r->tail.erase_by_ns};
	if (err == HN_OK)
		err = spool_add(s, &item, NULL);
	buf_clear(&text);
	return err;
}

static int gather_records(const struct edge_files *f, struct gather *g, struct spool *s, bool *more,
			  struct fault *fault)
{
	char place[POSITION];
	struct buf text;
	struct receipt_facts *facts = malloc(sizeof(*facts));
	int err = facts == NULL ? HN_ENOMEM : read_place(s, STREAM_RECORDS, place);
	uint64_t offset = err == HN_OK ? strtoull(place, NULL, 10) : 0;
	if (g->receipts_at > offset)
		offset = g->receipts_at;
	buf_init(&text, TAKE_MAX);
	if (err == HN_OK)
		err = read_at(f->sensor, RECEIPTS, offset, TAKE_MAX - 1, &text);
	size_t len = whole_lines(&text), at = 0;
	*more = *more || len + 1 >= TAKE_MAX - 1;
	while (err == HN_OK && at < len) {
		const char *line = text.data + at;
		size_t n = (size_t)((const char *)memchr(line, '\n', len - at) - line);
		err = receipt_check(line, n, NULL, facts, fault);
		at += n + 1;
		(void)snprintf(place, sizeof(place), "%" PRIu64, offset + at);
		if (err == HN_OK && facts->tail.records > 0)
			err = add_records(f, s, facts, place);
		if (err == HN_OK)
			g->receipts_at = offset + at;
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
