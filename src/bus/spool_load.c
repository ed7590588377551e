/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Reads an epoch's folder, and ends what a kill left half done. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "bus/spool_inside.h"

struct loading {
	struct spool *s;
	struct spool_lane *lane;
	struct fault *fault;
};

/** Calls back for each name in a folder but "." and "..". */
static int each_name(int dir_fd, int (*fn)(void *context, const char *name), void *context)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int err = HN_OK;
	if (dir == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return HN_EIO;
	}
	while (err == HN_OK && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			err = fn(context, entry->d_name);
	(void)closedir(dir);
	return err;
}

static int remove_name(const struct spool *s, int dir_fd, const char *name)
{
	if (s->io->unlink_at(s->io->ctx, dir_fd, name, 0) == 0 || errno == ENOENT)
		return HN_OK;
	return hn_err_of_errno(errno);
}

/* ---- a stream's folder ---- */

static int bad_file(const struct loading *l, const char *name, const char *message)
{
	char place[SPOOL_NAME_SIZE + 64];
	(void)snprintf(place, sizeof(place), "%s/%.63s", stream_name(l->lane->stream), name);
	return fault_set(l->fault, HN_EFORMAT, place, "%s", message);
}

/* Of two marks, which a crash of the machine may leave, the higher is the later. */
static int take_mark(const struct loading *l, enum spool_destination to, uint64_t through)
{
	char name[SPOOL_NAME_SIZE];
	uint64_t *kept = &l->lane->through[to], other = through < *kept ? through : *kept;
	bool two = *kept > 0 && through > 0 && through != *kept;
	if (through > *kept)
		*kept = through;
	if (!two)
		return HN_OK;
	spool_mark_name(to, other, name);
	return remove_name(l->s, l->lane->dir_fd, name);
}

static int take_name(void *context, const char *name)
{
	struct loading *l = context;
	struct spool_entry e;
	enum spool_destination to;
	uint64_t through;
	if (strcmp(name, "tmp") == 0)
		return remove_name(l->s, l->lane->dir_fd, name);
	if (spool_mark_read(name, &to, &through) == HN_OK)
		return take_mark(l, to, through);
	if (spool_name_read(name, &e) == HN_OK) {
		int err = spool_reserve(l->lane);
		if (err == HN_OK)
			spool_push(l->s, l->lane, &e);
		return err;
	}
	return bad_file(l, name,
			tr("is no file of a spool; move it away",
			   "はスプールのファイルではない。別の場所へ移すこと"));
}

/* By their first lines; of those that begin alike the longest first, whose parts are what follows. */
static int compare_entries(const void *a, const void *b)
{
	const struct spool_entry *x = a, *y = b;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->count == y->count ? 0 : x->count > y->count ? -1 : 1;
}

static int drop(struct loading *l, size_t i)
{
	char name[SPOOL_NAME_SIZE];
	const struct spool_entry *e = &l->lane->entries[i];
	spool_name(e->first, e->count, e->form, name);
	int err = remove_name(l->s, l->lane->dir_fd, name);
	if (err == HN_OK)
		spool_forget(l->s, l->lane, i);
	return err;
}

/* Merged stubs, of which the parts are still there. */
static int drop_parts(struct loading *l)
{
	struct spool_lane *lane = l->lane;
	int err = HN_OK;
	for (size_t i = 1; err == HN_OK && i < lane->count;)
		if (spool_last(&lane->entries[i]) <= spool_last(&lane->entries[i - 1]))
			err = drop(l, i);
		else
			i++;
	return err;
}

/* Files that all have may be gone in any order; behind them none may be missing. */
static int check_order(struct loading *l)
{
	struct spool_lane *lane = l->lane;
	char name[SPOOL_NAME_SIZE];
	lane->added = lane->count == 0 ? 0 : spool_last(&lane->entries[lane->count - 1]);
	uint64_t all = spool_all_have(l->s, lane);
	for (size_t i = 1; i < lane->count; i++) {
		uint64_t before = spool_last(&lane->entries[i - 1]);
		if (lane->entries[i].first == before + 1 ||
		    (lane->entries[i].first > before && lane->entries[i].first <= all + 1))
			continue;
		spool_name(lane->entries[i].first, lane->entries[i].count, lane->entries[i].form, name);
		return bad_file(
			l, name,
			tr("does not follow the file before it: lines are missing. Move the spool away; a "
			   "new one "
			   "begins",
			   "が前のファイルに続いていない。行が欠けている。スプールを移せば新しく始まる"));
	}
	for (unsigned d = 0; d < SPOOL_DESTINATION_COUNT; d++)
		if (lane->through[d] > lane->added)
			return bad_file(
				l, "",
				tr("lacks files that were sent. Move the spool away; a new one begins",
				   "に送信済みのファイルがない。スプールを移せば新しく始まる"));
	return HN_OK;
}

/* What each file says of itself; one that lost its body, or whose body was still to be cut, is put right. */
static int read_entry(struct loading *l, size_t i)
{
	struct spool_lane *lane = l->lane;
	struct spool_entry *e = &lane->entries[i];
	struct spool_header h = {0};
	char name[SPOOL_NAME_SIZE];
	uint64_t size = 0;
	bool last = i + 1 == lane->count;
	int err = spool_header_of(lane, e, &h, &e->header_len, &size);
	e->bytes = (size + SPOOL_BLOCK - 1) / SPOOL_BLOCK * SPOOL_BLOCK;
	l->s->bytes += e->bytes;
	if (err == HN_EFORMAT && !last)
		return e->form == FORM_FULL ? spool_strip(l->s, lane, i, FORM_DAMAGED) : HN_OK;
	if (err == HN_EFORMAT) {
		spool_name(e->first, e->count, e->form, name);
		return bad_file(
			l, name,
			tr("is damaged, and with it the place where its source was read. Move the spool "
			   "away; a new "
			   "one begins",
			   "が壊れており、読み取り元の位置が分からない。スプールを移せば新しく始まる"));
	}
	if (err != HN_OK)
		return err;
	if (last)
		memcpy(lane->position, h.position, sizeof(lane->position));
	e->erase_by_ns = h.erase_by_ns;
	if (e->form == FORM_FULL)
		return size == e->header_len + h.size ? HN_OK : spool_strip(l->s, lane, i, FORM_DAMAGED);
	return spool_cut(l->s, lane, e);
}

static int load_lane(struct loading *l, int epoch_fd)
{
	struct spool_lane *lane = l->lane;
	lane->dir_fd =
		openat(epoch_fd, stream_name(lane->stream), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (lane->dir_fd < 0)
		return fault_set(l->fault, HN_EFORMAT, stream_name(lane->stream), "%s", hn_errno_text(errno));
	int err = each_name(lane->dir_fd, take_name, l);
	if (err == HN_OK && lane->count > 1)
		qsort(lane->entries, lane->count, sizeof(lane->entries[0]), compare_entries);
	if (err == HN_OK)
		err = drop_parts(l);
	if (err == HN_OK)
		err = check_order(l);
	for (size_t i = 0; err == HN_OK && i < lane->count; i++)
		err = read_entry(l, i);
	return err == HN_OK ? spool_clear(l->s, lane) : err;
}

void spool_unload(struct spool *s)
{
	for (enum stream i = 0; i < STREAM_COUNT; i++) {
		if (s->lanes[i].dir_fd >= 0)
			(void)close(s->lanes[i].dir_fd);
		free(s->lanes[i].entries);
		s->lanes[i] = (struct spool_lane){.dir_fd = -1, .stream = i};
	}
	s->bytes = 0;
}

void spool_epoch_name(uint64_t number, const struct uuid *epoch, char out[SPOOL_NAME_SIZE])
{
	char id[UUID_TEXT_SIZE];
	uuid_format(epoch, id);
	(void)snprintf(out, SPOOL_NAME_SIZE, "%llu-%s", (unsigned long long)number, id);
}

int spool_load(struct spool *s, struct fault *fault)
{
	char name[SPOOL_NAME_SIZE];
	spool_unload(s);
	spool_epoch_name(s->number, &s->epoch, name);
	int fd = openat(s->root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int err = HN_OK;
	for (enum stream i = 0; err == HN_OK && i < STREAM_COUNT; i++) {
		struct loading l = {s, &s->lanes[i], fault};
		err = load_lane(&l, fd);
	}
	(void)close(fd);
	if (err != HN_OK)
		spool_unload(s);
	return err;
}

/* ---- folders ---- */

struct removing {
	const struct spool *s;
	int dir_fd;
};

static int remove_file(void *context, const char *name)
{
	struct removing *r = context;
	return remove_name(r->s, r->dir_fd, name);
}

static int remove_stream(void *context, const char *name)
{
	struct removing *above = context;
	struct removing r = {above->s,
			     openat(above->dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
	if (r.dir_fd < 0)
		return hn_err_of_errno(errno);
	int err = each_name(r.dir_fd, remove_file, &r);
	(void)close(r.dir_fd);
	if (err == HN_OK && r.s->io->unlink_at(r.s->io->ctx, above->dir_fd, name, AT_REMOVEDIR) != 0)
		err = hn_err_of_errno(errno);
	return err;
}

int spool_remove_tree(const struct spool *s, const char *name)
{
	struct removing r = {s, openat(s->root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
	if (r.dir_fd < 0)
		return errno == ENOENT ? HN_OK : hn_err_of_errno(errno);
	int err = each_name(r.dir_fd, remove_stream, &r);
	(void)close(r.dir_fd);
	if (err == HN_OK && s->io->unlink_at(s->io->ctx, s->root_fd, name, AT_REMOVEDIR) != 0)
		err = hn_err_of_errno(errno);
	return err;
}

static int make_streams(const struct spool *s, int fd, int fds_out[STREAM_COUNT])
{
	for (enum stream i = 0; i < STREAM_COUNT; i++) {
		if (s->io->mkdir_at(s->io->ctx, fd, stream_name(i), 0700) != 0)
			return hn_err_of_errno(errno);
		fds_out[i] = openat(fd, stream_name(i), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fds_out[i] < 0)
			return hn_err_of_errno(errno);
	}
	return s->io->sync(s->io->ctx, fd) == 0 ? HN_OK : hn_err_of_errno(errno);
}

int spool_make_folders(const struct spool *s, int fds_out[STREAM_COUNT])
{
	for (enum stream i = 0; i < STREAM_COUNT; i++)
		fds_out[i] = -1;
	int err = spool_remove_tree(s, "new");
	if (err != HN_OK)
		return err;
	if (s->io->mkdir_at(s->io->ctx, s->root_fd, "new", 0700) != 0)
		return hn_err_of_errno(errno);
	int fd = openat(s->root_fd, "new", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return hn_err_of_errno(errno);
	err = make_streams(s, fd, fds_out);
	(void)close(fd);
	return err;
}

int spool_take_folders(const struct spool *s, uint64_t number, const struct uuid *epoch)
{
	char name[SPOOL_NAME_SIZE];
	spool_epoch_name(number, epoch, name);
	if (s->io->rename_at(s->io->ctx, s->root_fd, "new", name) != 0 ||
	    s->io->sync(s->io->ctx, s->root_fd) != 0)
		return hn_err_of_errno(errno);
	return HN_OK;
}
