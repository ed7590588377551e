/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/utf8.h"
#include "bus/spool_inside.h"

struct uuid spool_epoch(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	struct uuid epoch = s->epoch;
	pthread_mutex_unlock(&s->lock);
	return epoch;
}

/* ---- adding ---- */

static uint64_t blocks(uint64_t size)
{
	return (size + SPOOL_BLOCK - 1) / SPOOL_BLOCK * SPOOL_BLOCK;
}

static bool may_give_way(enum stream stream)
{
	return stream == STREAM_EVENTS || stream == STREAM_HEALTH;
}

static int make_room(struct spool *s, uint64_t bytes)
{
	int err = HN_OK;
	while (err == HN_OK && s->bytes + bytes > s->bytes_max)
		err = spool_give_way(s);
	return err;
}

/* A disk that is full before the spool is: what may give way does, until it fits. */
static int put(struct spool *s, const struct spool_lane *lane, const char *name, const struct buf *head,
	       const struct buf *body)
{
	int err = spool_put(s, lane->dir_fd, name, head->data, head->len, body->data, body->len);
	while (err == HN_ENOSPC && spool_give_way(s) == HN_OK)
		err = spool_put(s, lane->dir_fd, name, head->data, head->len, body->data, body->len);
	return err;
}

static void note_added(struct spool_lane *lane, const struct spool_header *h)
{
	lane->added += h->count;
	memcpy(lane->position, h->position, sizeof(lane->position));
}

static int add_file(struct spool *s, struct spool_lane *lane, const struct spool_header *h,
		    enum spool_form form, const struct buf *body)
{
	struct spool_entry e = {
		.first = h->first, .count = h->count, .erase_by_ns = h->erase_by_ns, .form = form};
	char name[SPOOL_NAME_SIZE];
	struct buf head;
	buf_init(&head, SPOOL_HEADER_MAX);
	int err = spool_header_write(h, &head);
	e.header_len = head.len;
	e.bytes = blocks(head.len + body->len);
	if (err == HN_OK)
		err = make_room(s, e.bytes);
	if (err == HN_OK)
		err = spool_reserve(lane);
	spool_name(h->first, h->count, form, name);
	if (err == HN_OK)
		err = put(s, lane, name, &head, body);
	buf_clear(&head);
	if (err != HN_OK) {
		/* What is not durable is not added. */
		if (s->io->unlink_at(s->io->ctx, lane->dir_fd, name, 0) != 0 && errno != ENOENT)
			lane->broken = true;
		return err;
	}
	spool_push(s, lane, &e);
	note_added(lane, h);
	return HN_OK;
}

static int check_item(const struct spool *s, const struct spool_item *item)
{
	size_t len = item->position == NULL ? 0 : strlen(item->position);
	if (s->wanted[item->stream] == 0)
		return HN_ESTATE;
	if (s->lanes[item->stream].broken)
		return HN_EIO;
	if (len > SPOOL_POSITION_MAX)
		return HN_ELIMIT;
	return len == 0 || utf8_valid(item->position, len) ? HN_OK : HN_EFORMAT;
}

static int add_packed(struct spool *s, const struct spool_item *item, struct batch *b, const struct buf *body)
{
	static const struct buf none = {NULL, 0, 0, 0, HN_OK};
	struct spool_lane *lane = &s->lanes[item->stream];
	struct spool_header h = {.stream = b->stream,
				 .epoch = b->epoch,
				 .first = b->first,
				 .count = b->count,
				 .size = body->len,
				 .erase_by_ns = item->erase_by_ns};
	if (item->position != NULL)
		memcpy(h.position, item->position, strlen(item->position) + 1);
	memcpy(h.digest, b->digest, sizeof(h.digest));
	int err = add_file(s, lane, &h, FORM_FULL, body);
	if (err != HN_ENOSPC || !may_give_way(item->stream) || lane->broken)
		return err;
	/* Everything that could give way has; now this must, if there is room to say so. */
	err = add_file(s, lane, &h, FORM_SPACE, &none);
	if (err == HN_OK) {
		lane->gone[BATCH_GONE_SPACE] += h.count;
		b->stub = true;
		b->gone = BATCH_GONE_SPACE;
	}
	return err;
}

static int add(struct spool *s, const struct spool_item *item, struct batch *batch_out)
{
	struct batch b = {
		.stream = item->stream, .epoch = s->epoch, .first = s->lanes[item->stream].added + 1};
	struct buf body;
	int err = check_item(s, item);
	if (err != HN_OK)
		return err;
	buf_init(&body, BATCH_BODY_MAX);
	err = batch_pack(&b, item->lines, item->len, &body);
	if (err == HN_OK && batch_through(&b) > BATCH_SEQ_MAX)
		err = HN_ELIMIT;
	if (err == HN_OK) {
		err = add_packed(s, item, &b, &body);
		s->full = err == HN_ENOSPC;
	}
	buf_clear(&body);
	if (err == HN_OK && batch_out != NULL)
		*batch_out = b;
	return err;
}

int spool_add(struct spool *s, const struct spool_item *item, struct batch *batch_out)
{
	pthread_mutex_lock(&s->lock);
	int err = add(s, item, batch_out);
	pthread_mutex_unlock(&s->lock);
	return err;
}

int spool_position(struct spool *s, enum stream stream, struct buf *out)
{
	pthread_mutex_lock(&s->lock);
	buf_adds(out, s->lanes[stream].position);
	pthread_mutex_unlock(&s->lock);
	return buf_err(out);
}

/* ---- sending ---- */

static int make_stub(const struct spool *s, const struct spool_lane *lane, uint64_t first, uint64_t last,
		     enum batch_gone gone, struct batch *out, struct buf *body)
{
	struct batch b = {
		.stream = lane->stream, .epoch = s->epoch, .first = first, .count = last - first + 1};
	int err = batch_pack_stub(&b, gone, body);
	if (err == HN_OK)
		*out = b;
	return err;
}

/* Reads a body and sees that it is what was written. @return HN_EFORMAT: it is not */
static int read_body(const struct spool *s, const struct spool_lane *lane, const struct spool_entry *e,
		     struct batch *out, struct buf *body)
{
	struct spool_header h;
	char name[SPOOL_NAME_SIZE];
	size_t len, got = 0;
	uint64_t size;
	int err = spool_header_of(lane, e, &h, &len, &size);
	if (err == HN_OK && (size != len + h.size || h.first != e->first || h.count != e->count ||
			     h.stream != lane->stream || uuid_compare(&h.epoch, &s->epoch) != 0))
		err = HN_EFORMAT;
	if (err == HN_OK)
		err = buf_reserve(body, (size_t)h.size);
	if (err != HN_OK)
		return err;
	spool_name(e->first, e->count, e->form, name);
	int fd = openat(lane->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return hn_err_of_errno(errno);
	if (lseek(fd, (off_t)len, SEEK_SET) < 0)
		err = HN_EIO;
	if (err == HN_OK)
		err = fd_read_full(fd, body->data, (size_t)h.size, &got);
	(void)close(fd);
	if (err != HN_OK)
		return err;
	body->len = got;
	struct batch b = {.stream = lane->stream, .epoch = s->epoch, .first = e->first, .count = e->count};
	sha256(body->data, got, b.digest);
	if (got != h.size || memcmp(b.digest, h.digest, sizeof(b.digest)) != 0)
		return HN_EFORMAT;
	*out = b;
	return HN_OK;
}

static enum batch_gone why_gone(enum spool_form form)
{
	return form == FORM_SPACE       ? BATCH_GONE_SPACE
	       : form == FORM_RETENTION ? BATCH_GONE_RETENTION
	       : form == FORM_DAMAGED   ? BATCH_GONE_DAMAGED
					: BATCH_GONE_EARLIER;
}

static int next(struct spool *s, struct spool_lane *lane, enum spool_destination to, struct batch *out,
		struct buf *body)
{
	uint64_t from = lane->through[to] + 1;
	size_t i = 0;
	while (i < lane->count && spool_last(&lane->entries[i]) < from)
		i++;
	if (i == lane->count)
		return HN_ENOENT;
	struct spool_entry *e = &lane->entries[i];
	if (e->first > from)
		return make_stub(s, lane, from, e->first - 1, BATCH_GONE_EARLIER, out, body);
	if (e->form == FORM_FULL) {
		int err = read_body(s, lane, e, out, body);
		if (err != HN_EFORMAT)
			return err;
		buf_reset(body);
		err = spool_strip(s, lane, i, FORM_DAMAGED);
		if (err != HN_OK)
			return err;
	}
	return make_stub(s, lane, from, spool_last(e), why_gone(e->form), out, body);
}

int spool_next(struct spool *s, enum stream stream, enum spool_destination to, struct batch *out,
	       struct buf *body)
{
	pthread_mutex_lock(&s->lock);
	buf_reset(body);
	/* What a destination shall not have never leaves for it, whatever it asks. */
	bool wanted = (s->wanted[stream] & 1u << to) != 0;
	int err = wanted ? next(s, &s->lanes[stream], to, out, body) : HN_ENOENT;
	pthread_mutex_unlock(&s->lock);
	return err;
}

/* Whether a number is the end of a batch, or lies in what is no more and can be told in any parts. */
static bool is_end(const struct spool_lane *lane, uint64_t through)
{
	for (size_t i = 0; i < lane->count; i++) {
		const struct spool_entry *e = &lane->entries[i];
		if (e->form == FORM_FULL && e->first <= through && through < spool_last(e))
			return false;
	}
	return true;
}

/* The name of an empty file says it, so that it can be said on a full disk. */
static int mark(struct spool *s, struct spool_lane *lane, enum spool_destination to, uint64_t through)
{
	char from[SPOOL_NAME_SIZE], name[SPOOL_NAME_SIZE];
	const struct ledger_io *io = s->io;
	spool_mark_name(to, lane->through[to], from);
	spool_mark_name(to, through, name);
	if (io->rename_at(io->ctx, lane->dir_fd, from, name) != 0) {
		if (errno != ENOENT)
			return hn_err_of_errno(errno);
		int fd = io->open_at(io->ctx, lane->dir_fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
				     0600);
		if (fd < 0)
			return hn_err_of_errno(errno);
		(void)close(fd);
	}
	lane->through[to] = through;
	return io->sync(io->ctx, lane->dir_fd) == 0 ? HN_OK : hn_err_of_errno(errno);
}

static int acked(struct spool *s, enum stream stream, enum spool_destination to, const struct uuid *epoch,
		 uint64_t through)
{
	struct spool_lane *lane = &s->lanes[stream];
	if (uuid_compare(epoch, &s->epoch) != 0)
		return HN_ENOENT;
	if (through > lane->added)
		return HN_ESTATE;
	if (!is_end(lane, through))
		return HN_EFORMAT;
	int err = through == lane->through[to] ? HN_OK : mark(s, lane, to, through);
	return err == HN_OK ? spool_clear(s, lane) : err;
}

int spool_acked(struct spool *s, enum stream stream, enum spool_destination to, const struct uuid *epoch,
		uint64_t through)
{
	pthread_mutex_lock(&s->lock);
	int err = acked(s, stream, to, epoch, through);
	pthread_mutex_unlock(&s->lock);
	return err;
}

/* ---- what is over ---- */

int spool_keep_newest(struct spool *s, enum stream stream, size_t most)
{
	size_t full = 0;
	int err = HN_OK;
	pthread_mutex_lock(&s->lock);
	struct spool_lane *lane = &s->lanes[stream];
	for (size_t i = 0; i < lane->count; i++)
		full += lane->entries[i].form == FORM_FULL;
	for (; err == HN_OK && full > most && may_give_way(stream); full--)
		err = spool_give_way_in(s, lane);
	pthread_mutex_unlock(&s->lock);
	return err;
}

static bool due(const struct spool_entry *e, int64_t now_ns)
{
	return e->form == FORM_FULL && e->erase_by_ns > 0 && e->erase_by_ns <= now_ns;
}

int spool_erase_due(struct spool *s, int64_t now_ns, uint64_t *lines_out)
{
	uint64_t lines = 0;
	int err = HN_OK;
	pthread_mutex_lock(&s->lock);
	struct spool_lane *lane = &s->lanes[STREAM_RECORDS];
	uint64_t all = spool_all_have(s, lane);
	for (size_t i = 0; err == HN_OK && i < lane->count; i++)
		if (due(&lane->entries[i], now_ns)) {
			lines += spool_last(&lane->entries[i]) > all ? lane->entries[i].count : 0;
			err = spool_strip(s, lane, i, FORM_RETENTION);
		}
	pthread_mutex_unlock(&s->lock);
	if (lines_out != NULL)
		*lines_out = lines;
	return err;
}

int64_t spool_erase_next(struct spool *s)
{
	int64_t next_ns = INT64_MAX;
	pthread_mutex_lock(&s->lock);
	const struct spool_lane *lane = &s->lanes[STREAM_RECORDS];
	for (size_t i = 0; i < lane->count; i++) {
		const struct spool_entry *e = &lane->entries[i];
		if (e->form == FORM_FULL && e->erase_by_ns > 0 && e->erase_by_ns < next_ns)
			next_ns = e->erase_by_ns;
	}
	pthread_mutex_unlock(&s->lock);
	return next_ns;
}

static void lane_state(const struct spool *s, const struct spool_lane *lane, struct spool_stream_state *out)
{
	*out = (struct spool_stream_state){.added = lane->added,
					   .waiting = lane->added - spool_all_have(s, lane),
					   .batches = lane->count};
	memcpy(out->through, lane->through, sizeof(out->through));
	memcpy(out->gone, lane->gone, sizeof(out->gone));
	for (size_t i = 0; i < lane->count; i++)
		out->bytes += lane->entries[i].bytes;
}

void spool_state(struct spool *s, struct spool_state *out)
{
	pthread_mutex_lock(&s->lock);
	*out = (struct spool_state){
		.epoch = s->epoch, .bytes = s->bytes, .bytes_max = s->bytes_max, .full = s->full};
	for (enum stream i = 0; i < STREAM_COUNT; i++)
		lane_state(s, &s->lanes[i], &out->streams[i]);
	pthread_mutex_unlock(&s->lock);
}
