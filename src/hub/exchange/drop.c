/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/drop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lang.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "hub/config.h"
#include "hub/exchange/feeding.h"

#define NAME_BYTES 180  /* with the time before and the ending behind it is still a name */
#define FILES_MAX  1000 /* of one look */
#define PIECE      (64u << 10)
#define REPORT_MAX (8u << 20)

static int drop_fd = -1;

int drop_begin(const struct hub *hub, struct fault *fault)
{
	int data = open(hub->config->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (data >= 0 && (mkdirat(data, "drop", 0700) == 0 || errno == EEXIST))
		drop_fd = openat(data, "drop", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int error = errno;
	if (data >= 0)
		(void)close(data);
	return drop_fd >= 0 ? HN_OK
			    : fault_set(fault, hn_err_of_errno(error), "drop", "%s", hn_errno_text(error));
}

void drop_end(void)
{
	if (drop_fd >= 0)
		(void)close(drop_fd);
	drop_fd = -1;
}

/* ---- the folder ---- */

static int open_folder(const struct source *source)
{
	static const int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	char name[UUID_TEXT_SIZE];
	uuid_format(&source->id, name);
	int fd = openat(drop_fd, name, how);
	if (fd < 0 && errno == ENOENT && mkdirat(drop_fd, name, 0700) == 0)
		fd = openat(drop_fd, name, how);
	if (fd >= 0) {
		(void)mkdirat(fd, "done", 0700);
		(void)mkdirat(fd, "failed", 0700);
	}
	return fd;
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);
	return len > tail && strcmp(name + len - tail, end) == 0;
}

/* Whole files; those that are not yet have other names. */
static bool is_candidate(int folder, const struct dirent *entry)
{
	struct stat st;
	const char *name = entry->d_name;
	if (name[0] == '.' || ends_in(name, ".part") || ends_in(name, ".tmp"))
		return false;
	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names that wait, sorted. @return how many; the caller frees each */
static size_t list(int folder, char *names[], size_t max)
{
	size_t count = 0;
	const struct dirent *entry;
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again >= 0 ? fdopendir(again) : NULL;
	if (dir == NULL) {
		if (again >= 0)
			(void)close(again);
		return 0;
	}
	while (count < max && (entry = readdir(dir)) != NULL)
		if (is_candidate(folder, entry) && (names[count] = strdup(entry->d_name)) != NULL)
			count++;
	(void)closedir(dir);
	qsort(names, count, sizeof(names[0]), compare);
	return count;
}

bool drop_waits(const struct source *source)
{
	char *name = NULL;
	int folder = open_folder(source);
	size_t count = folder >= 0 ? list(folder, &name, 1) : 0;
	if (folder >= 0)
		(void)close(folder);
	free(name);
	return count > 0;
}

/* ---- a file ---- */

struct dropped {
	int folder;
	const char *name;
	struct report report; /* of a trial it is the run's that is told */
	bool refused;         /* the fault is the file's */
	bool no_file;         /* a link, a pipe: what leads elsewhere is not moved but taken away */
};

static int refuse(struct dropped *d, struct fault *fault, int err, const char *message)
{
	d->refused = true;
	return fault_set(fault, err, "", "%s", message);
}

static int refuse_kind(struct dropped *d, struct fault *fault)
{
	d->no_file = true;
	return refuse(d, fault, HN_EFORMAT, tr("this is no file", "ファイルではない"));
}

static int feed(struct feeding *f, int fd)
{
	static const size_t size = PIECE;
	char *piece = malloc(size);
	size_t got = 0;
	int err = piece == NULL ? HN_ENOMEM : HN_OK;
	while (err == HN_OK && (err = fd_read_full(fd, piece, size, &got)) == HN_OK && got > 0) {
		f->run->bytes += got;
		err = feeding_take(f, piece, got);
		if (err == HN_OK)
			err = fetch_run_tick(f->run);
	}
	free(piece);
	return err == HN_OK ? feeding_end(f) : err;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int take_in(struct fetch_run *run, struct dropped *d, int fd, struct fault *fault)
{
	struct stat before, after;
	struct feeding f;
	if (fstat(fd, &before) != 0 || !S_ISREG(before.st_mode))
		return refuse_kind(d, fault);
	if ((uint64_t)before.st_size > run->source->fetch_bytes)
		return refuse(
			d, fault, HN_ELIMIT,
			tr("larger than the source's `bytes_fetch`", "情報源の `bytes_fetch` より大きい"));
	int err = feeding_init(&f, run, fault);
	if (err == HN_OK)
		err = feed(&f, fd);
	d->refused = err != HN_OK && f.wrong;
	feeding_clear(&f);
	run->report->bytes += (uint64_t)before.st_size;
	if (fstat(fd, &after) == 0 && !same_file(&before, &after)) {
		d->refused = false;
		return fault_set(
			fault, HN_EIO, "", "%s",
			tr("changed while it was read: rename files into the folder when they are whole",
			   "読取り中に変更された。完成したファイルを改名してフォルダーに置くこと"));
	}
	return err;
}

static int take_file(struct fetch_run *run, struct dropped *d, struct fault *fault)
{
	int fd = openat(d->folder, d->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return HN_ENOENT;
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? refuse_kind(d, fault)
							: refuse(d, fault, HN_EIO, hn_errno_text(errno));
	struct report *outer = run->report;
	if (!run->trial)
		run->report = &d->report;
	int err = take_in(run, d, fd, fault);
	run->report = outer;
	(void)close(fd);
	return err;
}

/* ---- where it goes ---- */

static void write_result(struct buf *b, const struct fetch_run *run, const struct dropped *d,
			 const char *time, const struct fault *fault)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(&run->source->id, id);
	buf_addf(b, "{\"source\":\"%s\",\"file\":", id);
	buf_json_string(b, d->name, strlen(d->name));
	buf_addf(b, ",\"time\":\"%s\",\"taken\":%s,", time, d->refused ? "false" : "true");
	if (d->refused) {
		buf_adds(b, "\"place\":");
		buf_json_string(b, fault->place, strlen(fault->place));
		buf_adds(b, ",\"reason\":");
		buf_json_string(b, fault->message, strlen(fault->message));
		buf_addc(b, ',');
	}
	report_write(b, &d->report);
	buf_adds(b, "}\n");
}

/* A name that others may read: ours where the file's own is none. */
static const char *safe_name(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return "unnamed";
	return len <= NAME_BYTES && utf8_valid(name, len) ? name : "unnamed";
}

/* First the word about it: after a kill between the two the file is taken again, and known again. */
static int put_away(const struct fetch_run *run, const struct dropped *d, const struct fault *fault)
{
	char time[UTC_SIZE], to[NAME_BYTES + UTC_SIZE + 16], beside[sizeof(to) + 16];
	struct buf b;
	const char *folder = d->refused ? "failed" : "done";
	utc_format(utc_now_ns(), time);
	(void)snprintf(to, sizeof(to), "%s/%s-%s", folder, time, safe_name(d->name));
	(void)snprintf(beside, sizeof(beside), "%s.result.json", to);
	buf_init(&b, REPORT_MAX);
	write_result(&b, run, d, time, fault);
	int err = buf_err(&b);
	if (err == HN_OK)
		err = file_write_whole_at(d->folder, beside, b.data, b.len, 0600, false);
	if (err == HN_OK &&
	    (d->no_file ? unlinkat(d->folder, d->name, 0) : renameat(d->folder, d->name, d->folder, to)) != 0)
		err = hn_err_of_errno(errno);
	if (err == HN_OK)
		err = fsync(d->folder) == 0 ? HN_OK : hn_err_of_errno(errno);
	buf_clear(&b);
	return err;
}

static int one_file(struct fetch_run *run, int folder, const char *name, struct fault *fault)
{
	struct dropped d = {.folder = folder, .name = name};
	struct fault inner = {.place = ""};
	int err = take_file(run, &d, &inner);
	if (!run->trial && (err == HN_OK || d.refused))
		err = put_away(run, &d, &inner);
	if (err == HN_ENOENT)
		err = HN_OK; /* somebody took it away */
	if (err != HN_OK && err != HN_ESTATE && fault->message[0] == '\0')
		(void)fault_set(fault, err, safe_name(name), "%s",
				inner.message[0] != '\0' ? inner.message : hn_strerror(err));
	report_clear(&d.report);
	return err;
}

int drop_run(struct fetch_run *run, struct fault *fault)
{
	char **names = calloc(FILES_MAX, sizeof(*names));
	int folder = names != NULL ? open_folder(run->source) : -1;
	if (folder < 0) {
		free((void *)names);
		return fault_set(fault, HN_EIO, "drop", "%s", hn_errno_text(errno));
	}
	int err = HN_OK;
	size_t count = list(folder, names, FILES_MAX);
	for (size_t i = 0; i < count && err == HN_OK; i++) {
		err = one_file(run, folder, names[i], fault);
		if (err == HN_OK)
			err = fetch_run_keep(run);
	}
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free((void *)names);
	(void)close(folder);
	return err;
}
