/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/input.h"
#include "base/lang.h"
#include "edge/gather.h"

#define PREFIX       "events-"
#define SUFFIX       ".ndjson.zst"
#define NAME_MAX_    128
#define FILES_MAX    4096
#define PLACE_MAX    256
#define FILE_MAX     ((size_t)128 << 20)
#define UNPACKED_MAX ((size_t)1 << 30)

/* Names tell times: the order of names is that of events. */
static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool is_whole(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	size_t len = strlen(name), suffix = sizeof(SUFFIX) - 1;
	return len < NAME_MAX_ && strspn(name, letters) == len && len > suffix &&
	       strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0 && strcmp(name + len - suffix, SUFFIX) == 0;
}

struct names {
	char at[FILES_MAX][NAME_MAX_];
	size_t count;
};

static int list(const char *dir, struct names *out)
{
	DIR *d = opendir(dir);
	if (d == NULL)
		return errno == ENOENT ? HN_OK : hn_err_of_errno(errno);
	for (struct dirent *e; out->count < FILES_MAX && (e = readdir(d)) != NULL;)
		if (is_whole(e->d_name))
			(void)snprintf(out->at[out->count++], NAME_MAX_, "%s", e->d_name);
	(void)closedir(d);
	qsort(out->at, out->count, sizeof(out->at[0]), compare);
	return HN_OK;
}

/* A part of the text that fits a batch: whole lines. */
static size_t part_of(const char *text, size_t len)
{
	size_t most = len < BATCH_PLAIN_FIT ? len : BATCH_PLAIN_FIT, lines = 0, at = 0;
	while (at < most && lines < BATCH_LINES_MAX) {
		const char *end = memchr(text + at, '\n', most - at);
		if (end == NULL)
			break;
		at = (size_t)(end - text) + 1;
		lines++;
	}
	return at;
}

/* Before any line is taken: a file that is none must not be left half taken. */
static bool is_lines(const char *text, size_t len)
{
	size_t at = 0;
	while (at < len) {
		const char *end =
			memchr(text + at, '\n', len - at < BATCH_LINE_MAX ? len - at : BATCH_LINE_MAX);
		if (end == NULL || text[at] != '{')
			return false;
		at = (size_t)(end - text) + 1;
	}
	return true;
}

/* The place is "NAME OFFSET": how much of which file is in the spool. */
static int add_lines(const char *name, const char *text, size_t len, size_t at, struct spool *s)
{
	char place[PLACE_MAX];
	int err = HN_OK;
	while (err == HN_OK && at < len) {
		size_t n = part_of(text + at, len - at);
		(void)snprintf(place, sizeof(place), "%s %zu", name, at + n);
		const struct spool_item item = {
			.stream = STREAM_EVENTS, .lines = text + at, .len = n, .position = place};
		err = spool_add(s, &item, NULL);
		at += n;
	}
	return err;
}

static int add_file(const char *dir, const char *name, struct spool *s, uint64_t from, struct fault *fault)
{
	char path[PATH_MAX + NAME_MAX_];
	struct buf packed; /* read, not mapped: whoever cuts it short meanwhile must not end us */
	uint8_t *text = NULL;
	size_t len = 0;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	buf_init(&packed, FILE_MAX);
	int err = edge_read_beside(dir, name, &packed);
	if (err == HN_OK)
		err = input_unpack((const uint8_t *)packed.data, packed.len, UNPACKED_MAX, &text, &len);
	buf_clear(&packed);
	if (err == HN_OK && !is_lines((const char *)text, len)) {
		free(text);
		err = HN_EFORMAT;
	}
	if (err == HN_ENOENT || err == HN_EFORMAT || err == HN_ETRUNC || err == HN_ELIMIT)
		return fault_set(
			fault, HN_EFORMAT, path, "%s",
			tr("is no file of events; move it away", "イベントのファイルではない。除くこと"));
	if (err == HN_OK)
		err = add_lines(name, (const char *)text, len, (size_t)from, s);
	free(text);
	/* One that stays would come again behind the next. */
	if (err == HN_OK && unlink(path) != 0 && errno != ENOENT)
		return fault_set(fault, HN_EIO, path, tr("cannot be removed: %s", "を削除できない: %s"),
				 hn_errno_text(errno));
	return err;
}

int gather_events(const struct edge_files *f, struct spool *s, bool *more_out, struct fault *fault)
{
	struct names *names = calloc(1, sizeof(*names));
	struct buf place;
	char last[PLACE_MAX] = "";
	uint64_t offset = 0;
	if (names == NULL)
		return HN_ENOMEM;
	buf_init(&place, PLACE_MAX - 1);
	int err = spool_position(s, STREAM_EVENTS, &place);
	if (err == HN_OK && place.len > 0) {
		(void)snprintf(last, sizeof(last), "%.*s", (int)strcspn(place.data, " "), place.data);
		const char *space = strchr(place.data, ' ');
		offset = space == NULL ? 0 : strtoull(space + 1, NULL, 10);
	}
	buf_clear(&place);
	if (err == HN_OK)
		err = list(f->events, names);
	int bad = HN_OK;
	for (size_t i = 0; err == HN_OK && i < names->count; i++) {
		struct fault own = {{0}, {0}};
		/* One that was half taken goes on where it stood. */
		uint64_t from = strcmp(names->at[i], last) == 0 ? offset : 0;
		err = add_file(f->events, names->at[i], s, from, &own);
		/* One that is none holds up no other; but the place in one that is half taken must stay. */
		if (err != HN_OK && bad == HN_OK)
			*fault = own;
		if (err == HN_EFORMAT && from == 0) {
			bad = err;
			err = HN_OK;
		}
	}
	*more_out = names->count == FILES_MAX;
	free(names);
	return err == HN_OK ? bad : err;
}
