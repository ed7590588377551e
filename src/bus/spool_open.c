/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Opens a spool, begins its epochs, and renews them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lang.h"
#include "bus/batch_inside.h"
#include "bus/spool_inside.h"

static int close_all(int fds[STREAM_COUNT], int err)
{
	for (enum stream i = 0; i < STREAM_COUNT; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return err;
}

/* ---- opening ---- */

static int read_epoch(const char *name, uint64_t *number_out, struct uuid *epoch_out)
{
	const char *dash = strchr(name, '-');
	if (dash == NULL || batch_number(name, (size_t)(dash - name), number_out) != HN_OK ||
	    *number_out == 0)
		return HN_EFORMAT;
	return uuid_parse(dash + 1, strlen(dash + 1), epoch_out);
}

/* The highest epoch is in force. Any other folder is one that was left or not taken. */
static int find_epoch(struct spool *s, struct fault *fault)
{
	int fd = openat(s->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct uuid epoch;
	uint64_t number;
	int err = HN_OK;
	if (dir == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return HN_EIO;
	}
	while (err == HN_OK && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "new") == 0)
			continue;
		if (read_epoch(entry->d_name, &number, &epoch) != HN_OK)
			err = fault_set(
				fault, HN_EFORMAT, entry->d_name, "%s",
				tr("is no folder of a spool; name another folder, or move it away",
				   "はスプールのフォルダではない。別のフォルダを指定するか、移すこと"));
		else if (number > s->number) {
			s->number = number;
			s->epoch = epoch;
		}
	}
	(void)closedir(dir);
	return err;
}

static int remove_former(struct spool *s)
{
	int fd = openat(s->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct uuid epoch;
	uint64_t number;
	int err = HN_OK;
	if (dir == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return HN_EIO;
	}
	while (err == HN_OK && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, "new") == 0 ||
		    (read_epoch(entry->d_name, &number, &epoch) == HN_OK && number < s->number))
			err = spool_remove_tree(s, entry->d_name);
	(void)closedir(dir);
	return err;
}

static int begin_epoch(struct spool *s)
{
	struct uuid epoch = uuid_v4();
	int fds[STREAM_COUNT];
	int err = spool_make_folders(s, fds);
	err = close_all(fds, err);
	if (err == HN_OK)
		err = spool_take_folders(s, 1, &epoch);
	s->number = 1;
	s->epoch = epoch;
	return err;
}

static int open_root(struct spool *s, const char *dir, struct fault *fault)
{
	if (s->io->mkdir_at(s->io->ctx, AT_FDCWD, dir, 0700) != 0 && errno != EEXIST)
		return fault_set(fault, hn_err_of_errno(errno), dir, "%s", hn_errno_text(errno));
	s->root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root_fd < 0)
		return fault_set(fault, hn_err_of_errno(errno), dir, "%s", hn_errno_text(errno));
	if (flock(s->root_fd, LOCK_EX | LOCK_NB) != 0)
		return fault_set(
			fault, errno == EWOULDBLOCK ? HN_ESTATE : HN_EIO, dir, "%s",
			tr("another process has this spool", "別のプロセスがこのスプールを使っている"));
	return HN_OK;
}

static int open_epoch(struct spool *s, const char *dir, bool *begun, struct fault *fault)
{
	struct fault inner = {{0}, {0}};
	int err = find_epoch(s, fault);
	if (err != HN_OK)
		return err;
	*begun = s->number == 0;
	err = *begun ? begin_epoch(s) : HN_OK;
	if (err == HN_OK)
		err = spool_load(s, &inner);
	if (err == HN_OK)
		err = remove_former(s);
	if (err == HN_OK)
		return HN_OK;
	char place[sizeof(inner.place)];
	(void)snprintf(place, sizeof(place), "%.120s/%.120s", dir, inner.place);
	return fault_set(fault, err, place, "%s",
			 inner.message[0] == '\0' ? hn_strerror(err) : inner.message);
}

int spool_open(const struct spool_options *options, struct spool **out, bool *begun_out, struct fault *fault)
{
	if (options->bytes_max < SPOOL_BYTES_LEAST)
		return fault_set(fault, HN_ELIMIT, options->dir,
				 tr("needs at least %llu bytes", "には少なくとも%lluバイトが必要"),
				 (unsigned long long)SPOOL_BYTES_LEAST);
	struct spool *s = calloc(1, sizeof(*s));
	bool begun = false;
	if (s == NULL)
		return HN_ENOMEM;
	s->io = options->io == NULL ? &ledger_io_system : options->io;
	s->root_fd = -1;
	s->bytes_max = options->bytes_max;
	memcpy(s->wanted, options->wanted, sizeof(s->wanted));
	for (enum stream i = 0; i < STREAM_COUNT; i++)
		s->lanes[i] = (struct spool_lane){.dir_fd = -1, .stream = i};
	pthread_mutex_init(&s->lock, NULL);
	int err = open_root(s, options->dir, fault);
	if (err == HN_OK)
		err = open_epoch(s, options->dir, &begun, fault);
	if (err != HN_OK) {
		spool_close(s);
		return err;
	}
	if (begun_out != NULL)
		*begun_out = begun;
	*out = s;
	return HN_OK;
}

void spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	spool_unload(s);
	if (s->root_fd >= 0)
		(void)close(s->root_fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- a new epoch ---- */

struct renewing {
	const struct spool *s;
	struct uuid epoch;
	int fds[STREAM_COUNT];
};

static int read_body(const struct spool_lane *lane, const struct spool_entry *e, struct buf *out)
{
	char name[SPOOL_NAME_SIZE];
	struct stat st;
	size_t got = 0;
	spool_name(e->first, e->count, e->form, name);
	int fd = openat(lane->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return hn_err_of_errno(errno);
	int err = fstat(fd, &st) == 0 ? HN_OK : HN_EIO;
	if (err == HN_OK)
		err = buf_reserve(out, (size_t)st.st_size);
	if (err == HN_OK)
		err = fd_read_full(fd, out->data, (size_t)st.st_size, &got);
	(void)close(fd);
	out->len = err == HN_OK ? got : 0;
	return err;
}

static int put_entry(const struct renewing *r, enum stream stream, struct spool_header *h,
		     enum spool_form form, const char *body, size_t len)
{
	char name[SPOOL_NAME_SIZE];
	struct buf head;
	h->epoch = r->epoch;
	buf_init(&head, SPOOL_HEADER_MAX);
	spool_name(h->first, h->count, form, name);
	int err = spool_header_write(h, &head);
	if (err == HN_OK)
		err = spool_put(r->s, r->fds[stream], name, head.data, head.len, body, len);
	buf_clear(&head);
	return err;
}

static int copy_entry(const struct renewing *r, const struct spool_lane *lane, const struct spool_entry *e,
		      uint64_t first)
{
	struct spool_header h = {.stream = lane->stream, .count = e->count};
	struct buf file;
	size_t len = 0;
	buf_init(&file, SPOOL_HEADER_MAX + BATCH_BODY_MAX);
	int err = read_body(lane, e, &file);
	if (err == HN_OK && spool_header_read(file.data, file.len, &h, &len) != HN_OK)
		len = file.len; /* damaged: its name says what it is */
	h.first = first;
	h.count = e->count;
	if (err == HN_OK)
		err = put_entry(r, lane->stream, &h, e->form, file.data + len, file.len - len);
	buf_clear(&file);
	return err;
}

/* Records keep their numbers, by which receipts cover them: what is before the first is a stub. */
static int copy_lane(const struct renewing *r, const struct spool_lane *lane)
{
	bool keeps = lane->stream == STREAM_RECORDS, any = false;
	uint64_t all = spool_all_have(r->s, lane), next = 1;
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < lane->count; i++)
		if (spool_last(&lane->entries[i]) > all) {
			const struct spool_entry *e = &lane->entries[i];
			err = copy_entry(r, lane, e, keeps ? e->first : next);
			next += e->count;
			any = true;
		}
	if (err == HN_OK && !any && lane->count > 0) {
		struct spool_header h = {.stream = lane->stream};
		if (keeps && lane->added > 0) {
			h.first = 1;
			h.count = lane->added;
		}
		memcpy(h.position, lane->position, sizeof(h.position));
		err = put_entry(r, lane->stream, &h, FORM_SENT, NULL, 0);
	}
	return err;
}

/* Until "new" has its name, the old epoch is in force; then the old one is what opening removes. */
static int renew(struct spool *s)
{
	struct renewing r = {.s = s, .epoch = uuid_v4()};
	int err = spool_make_folders(s, r.fds);
	for (enum stream i = 0; err == HN_OK && i < STREAM_COUNT; i++)
		err = copy_lane(&r, &s->lanes[i]);
	(void)close_all(r.fds, err);
	if (err != HN_OK) {
		int ignored = spool_remove_tree(s, "new"); /* opening does it again */
		(void)ignored;
		return err;
	}
	err = spool_take_folders(s, s->number + 1, &r.epoch);
	if (err == HN_OK) {
		s->number++;
		s->epoch = r.epoch;
		err = spool_load(s, NULL);
	}
	/* Which of the two the disk has is known when it is opened again. */
	for (enum stream i = 0; err != HN_OK && i < STREAM_COUNT; i++)
		s->lanes[i].broken = true;
	return err == HN_OK ? remove_former(s) : err;
}

int spool_renew(struct spool *s)
{
	pthread_mutex_lock(&s->lock);
	int err = renew(s);
	pthread_mutex_unlock(&s->lock);
	return err;
}
