/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What is done to the spool's files, in an order that a kill may break anywhere. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "bus/spool_inside.h"

static int sync_dir(const struct spool *s, int dir_fd)
{
	return s->io->sync(s->io->ctx, dir_fd) == 0 ? HN_OK : hn_err_of_errno(errno);
}

static int write_parts(const struct spool *s, int fd, const void *head, size_t head_len, const void *body,
		       size_t len)
{
	int err = ledger_io_write(s->io, fd, head, head_len, 0);
	if (err == HN_OK && len > 0)
		err = ledger_io_write(s->io, fd, body, len, head_len);
	if (err == HN_OK && s->io->sync(s->io->ctx, fd) != 0)
		err = hn_err_of_errno(errno);
	return err;
}

int spool_put(const struct spool *s, int dir_fd, const char *name, const void *head, size_t head_len,
	      const void *body, size_t len)
{
	static const char tmp[] = "tmp";
	const struct ledger_io *io = s->io;
	int fd = io->open_at(io->ctx, dir_fd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			     0600);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int err = write_parts(s, fd, head, head_len, body, len);
	(void)close(fd);
	if (err == HN_OK && io->rename_at(io->ctx, dir_fd, tmp, name) != 0)
		err = hn_err_of_errno(errno);
	if (err != HN_OK) {
		(void)io->unlink_at(io->ctx, dir_fd, tmp, 0);
		return err;
	}
	return sync_dir(s, dir_fd);
}

int spool_header_of(const struct spool_lane *lane, const struct spool_entry *e, struct spool_header *out,
		    size_t *len_out, uint64_t *size_out)
{
	char name[SPOOL_NAME_SIZE], data[SPOOL_HEADER_MAX];
	struct stat st;
	size_t got;
	spool_name(e->first, e->count, e->form, name);
	int fd = openat(lane->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int err = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? HN_OK : HN_EIO;
	if (err == HN_OK)
		err = fd_read_full(fd, data, sizeof(data), &got);
	(void)close(fd);
	if (err != HN_OK)
		return err;
	*size_out = (uint64_t)st.st_size;
	return spool_header_read(data, got, out, len_out);
}

static int overwrite(const struct spool *s, int fd, uint64_t from, uint64_t until)
{
	static const char zeros[SPOOL_BLOCK];
	int err = HN_OK;
	while (err == HN_OK && from < until) {
		size_t n = until - from < sizeof(zeros) ? (size_t)(until - from) : sizeof(zeros);
		err = ledger_io_write(s->io, fd, zeros, n, from);
		from += n;
	}
	if (err == HN_OK && s->io->sync(s->io->ctx, fd) != 0)
		err = hn_err_of_errno(errno);
	return err;
}

static void set_bytes(struct spool *s, struct spool_entry *e, uint64_t size)
{
	uint64_t bytes = (size + SPOOL_BLOCK - 1) / SPOOL_BLOCK * SPOOL_BLOCK;
	s->bytes = s->bytes - e->bytes + bytes;
	e->bytes = bytes;
}

static int cut_open(struct spool *s, const struct spool_lane *lane, struct spool_entry *e, int fd)
{
	struct stat st;
	int err = HN_OK;
	if (fstat(fd, &st) != 0)
		return hn_err_of_errno(errno);
	if ((uint64_t)st.st_size <= e->header_len)
		return HN_OK;
	if (lane->stream == STREAM_RECORDS)
		err = overwrite(s, fd, e->header_len, (uint64_t)st.st_size);
	if (err == HN_OK && s->io->truncate(s->io->ctx, fd, (off_t)e->header_len) != 0)
		err = hn_err_of_errno(errno);
	if (err == HN_OK)
		set_bytes(s, e, e->header_len);
	return err;
}

int spool_cut(struct spool *s, const struct spool_lane *lane, struct spool_entry *e)
{
	char name[SPOOL_NAME_SIZE];
	spool_name(e->first, e->count, e->form, name);
	int fd = s->io->open_at(s->io->ctx, lane->dir_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int err = cut_open(s, lane, e, fd);
	(void)close(fd);
	return err;
}

static enum batch_gone gone_of(enum spool_form form)
{
	static const enum batch_gone reasons[FORM_COUNT] = {
		[FORM_FULL] = BATCH_HERE,
		[FORM_SENT] = BATCH_GONE_EARLIER,
		[FORM_SPACE] = BATCH_GONE_SPACE,
		[FORM_RETENTION] = BATCH_GONE_RETENTION,
		[FORM_DAMAGED] = BATCH_GONE_DAMAGED,
	};
	return reasons[form];
}

int spool_strip(struct spool *s, struct spool_lane *lane, size_t i, enum spool_form form)
{
	char from[SPOOL_NAME_SIZE], to[SPOOL_NAME_SIZE];
	struct spool_entry *e = &lane->entries[i];
	spool_name(e->first, e->count, e->form, from);
	spool_name(e->first, e->count, form, to);
	if (s->io->rename_at(s->io->ctx, lane->dir_fd, from, to) != 0)
		return hn_err_of_errno(errno);
	e->form = form;
	if (form != FORM_SENT)
		lane->gone[gone_of(form)] += e->count;
	int err = sync_dir(s, lane->dir_fd);
	return err == HN_OK ? spool_cut(s, lane, e) : err;
}

int spool_reserve(struct spool_lane *lane)
{
	if (lane->count < lane->room)
		return HN_OK;
	size_t room = lane->room == 0 ? 64 : lane->room * 2;
	struct spool_entry *grown = reallocarray(lane->entries, room, sizeof(*grown));
	if (grown == NULL)
		return HN_ENOMEM;
	lane->entries = grown;
	lane->room = room;
	return HN_OK;
}

void spool_push(struct spool *s, struct spool_lane *lane, const struct spool_entry *e)
{
	lane->entries[lane->count++] = *e;
	s->bytes += e->bytes;
}

void spool_forget(struct spool *s, struct spool_lane *lane, size_t i)
{
	s->bytes -= lane->entries[i].bytes;
	memmove(&lane->entries[i], &lane->entries[i + 1], (lane->count - i - 1) * sizeof(lane->entries[0]));
	lane->count--;
}

static int unlink_entry(struct spool *s, struct spool_lane *lane, size_t i)
{
	char name[SPOOL_NAME_SIZE];
	const struct spool_entry *e = &lane->entries[i];
	spool_name(e->first, e->count, e->form, name);
	if (s->io->unlink_at(s->io->ctx, lane->dir_fd, name, 0) != 0 && errno != ENOENT)
		return hn_err_of_errno(errno);
	spool_forget(s, lane, i);
	return HN_OK;
}

uint64_t spool_all_have(const struct spool *s, const struct spool_lane *lane)
{
	uint64_t least = lane->added;
	for (unsigned d = 0; d < SPOOL_DESTINATION_COUNT; d++)
		if ((s->wanted[lane->stream] & 1u << d) != 0 && lane->through[d] < least)
			least = lane->through[d];
	return least;
}

int spool_clear(struct spool *s, struct spool_lane *lane)
{
	uint64_t all = spool_all_have(s, lane);
	int err = HN_OK;
	size_t done = 0;
	while (err == HN_OK && done < lane->count && spool_last(&lane->entries[done]) <= all) {
		const struct spool_entry *e = &lane->entries[done];
		bool last = done + 1 == lane->count;
		if (e->form == FORM_FULL && (last || lane->stream == STREAM_RECORDS))
			err = spool_strip(s, lane, done, FORM_SENT);
		if (err == HN_OK && last)
			break;
		if (err == HN_OK)
			err = unlink_entry(s, lane, done);
	}
	return err;
}

/* ---- giving way ---- */

/* Stubs that lie side by side become one, so that they do not fill the spool in their turn. The longer name
 * comes first: a kill between the two leaves a file whose lines another one has, and opening removes it. The
 * newest file is left alone, for its position. */
static int merge_stubs(struct spool *s, struct spool_lane *lane, size_t i)
{
	char from[SPOOL_NAME_SIZE], to[SPOOL_NAME_SIZE];
	if (i == 0 || i + 1 >= lane->count || lane->entries[i - 1].form != FORM_SPACE ||
	    lane->entries[i].form != FORM_SPACE)
		return HN_OK;
	struct spool_entry *e = &lane->entries[i - 1];
	uint64_t count = e->count + lane->entries[i].count;
	spool_name(e->first, e->count, e->form, from);
	spool_name(e->first, count, e->form, to);
	if (s->io->rename_at(s->io->ctx, lane->dir_fd, from, to) != 0)
		return hn_err_of_errno(errno);
	e->count = count;
	int err = sync_dir(s, lane->dir_fd);
	return err == HN_OK ? unlink_entry(s, lane, i) : err;
}

int spool_give_way_in(struct spool *s, struct spool_lane *lane)
{
	for (size_t i = 0; i < lane->count;) {
		size_t before = lane->count;
		int err = merge_stubs(s, lane, i);
		if (err != HN_OK)
			return err;
		if (lane->count < before)
			continue;
		if (lane->entries[i].form == FORM_FULL)
			return spool_strip(s, lane, i, FORM_SPACE);
		i++;
	}
	return HN_ENOENT;
}

int spool_give_way(struct spool *s)
{
	int err = spool_give_way_in(s, &s->lanes[STREAM_EVENTS]);
	if (err == HN_ENOENT)
		err = spool_give_way_in(s, &s->lanes[STREAM_HEALTH]);
	return err == HN_ENOENT ? HN_ENOSPC : err;
}
