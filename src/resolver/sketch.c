/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/sketch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"
#include "base/utc.h"
#include "resolver/registrable.h"
#include "resolver/sketch_keys.h"

#define DAY_NS     (86400 * NS_SECOND)
#define MAGIC      "hinomi sketch 2\n"
#define HEAD_SIZE  4096 /* the magic and zeros */
#define CELLS      (SKETCH_DEPTH * SKETCH_WIDTH)
#define FILE_SIZE  (HEAD_SIZE + CELLS * sizeof(uint16_t))
#define PAGE_CELLS 2048 /* are written together */
#define PAGES      (CELLS / PAGE_CELLS)
#define STEM       "sketch-"
#define KEY_FILE   "sketch.key"
#define NAME_SIZE  32
#define OPEN_FLAGS (O_CLOEXEC | O_NOFOLLOW | O_NOCTTY)
#define AHEAD      8 /* sites whose cells are fetched before they are counted */

struct sketch {
	int dir_fd;
	pthread_mutex_t lock;     /* of keys and day, which the writer alone changes */
	struct sketch_keys *keys; /* locked memory */
	int64_t day;              /* of the cells; -1: none yet */
	bool keys_dirty;          /* of the writer */
	bool dirty[PAGES];        /* of the writer */
	_Atomic uint16_t cells[CELLS];
};

const char *sketch_level_name(enum sketch_level level)
{
	static const char *const names[] = {"none", "under 10", "tens", "hundreds", "thousands"};
	return names[level];
}

enum sketch_level sketch_level_of(uint32_t count)
{
	return count == 0     ? SKETCH_NONE
	       : count < 10   ? SKETCH_FEW
	       : count < 100  ? SKETCH_TENS
	       : count < 1000 ? SKETCH_HUNDREDS
			      : SKETCH_THOUSANDS;
}

/* ---- cells ---- */

/* What stands for a site on one day and on no other. */
static uint64_t of_day(const uint8_t key[SIPHASH_KEY], uint64_t site)
{
	return siphash24(key, &site, sizeof(site));
}

/* Places in the four rows: a 64-bit hash gives two, its mixture two more. */
static void places(uint64_t site, uint32_t out[SKETCH_DEPTH])
{
	uint64_t mixed = (site ^ site >> 31) * UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed ^= mixed >> 32;
	const uint32_t mask = SKETCH_WIDTH - 1;
	out[0] = (uint32_t)site & mask;
	out[1] = SKETCH_WIDTH + ((uint32_t)(site >> 32) & mask);
	out[2] = 2 * SKETCH_WIDTH + ((uint32_t)mixed & mask);
	out[3] = 3 * SKETCH_WIDTH + ((uint32_t)(mixed >> 32) & mask);
}

static void count_one(struct sketch *s, uint64_t site)
{
	uint32_t at[SKETCH_DEPTH];
	uint16_t value[SKETCH_DEPTH], least = UINT16_MAX;
	places(site, at);
	for (unsigned i = 0; i < SKETCH_DEPTH; i++) {
		value[i] = atomic_load_explicit(&s->cells[at[i]], memory_order_relaxed);
		if (value[i] < least)
			least = value[i];
	}
	if (least == UINT16_MAX)
		return;
	/* Only what is not above already: the others are too high anyway. */
	for (unsigned i = 0; i < SKETCH_DEPTH; i++) {
		if (value[i] != least)
			continue;
		atomic_store_explicit(&s->cells[at[i]], (uint16_t)(least + 1), memory_order_relaxed);
		s->dirty[at[i] / PAGE_CELLS] = true;
	}
}

static void fetch(const struct sketch *s, uint64_t site)
{
	uint32_t at[SKETCH_DEPTH];
	places(site, at);
	for (unsigned i = 0; i < SKETCH_DEPTH; i++)
		__builtin_prefetch(
			(const char *)s + offsetof(struct sketch, cells) + at[i] * sizeof(uint16_t), 1);
}

void sketch_add(struct sketch *s, const uint64_t sites[], size_t count)
{
	uint64_t ahead[AHEAD];
	const uint8_t *key = sketch_keys_find(s->keys, s->day);
	for (size_t i = 0; i < count + AHEAD; i++) {
		if (i >= AHEAD)
			count_one(s, ahead[i % AHEAD]);
		if (i < count) {
			ahead[i % AHEAD] = of_day(key, sites[i]);
			fetch(s, ahead[i % AHEAD]);
		}
	}
}

/* ---- files ---- */

static void name_of(int64_t day, char out[NAME_SIZE])
{
	char text[UTC_SIZE];
	utc_format(day * DAY_NS, text);
	(void)snprintf(out, NAME_SIZE, STEM "%.4s%.2s%.2s", text, text + 5, text + 8);
}

static int day_of(const char *name, int64_t *day_out)
{
	char text[UTC_SIZE];
	int64_t utc_ns;
	if (strncmp(name, STEM, strlen(STEM)) != 0 || strlen(name) != strlen(STEM) + 8)
		return HN_ENOENT;
	const char *d = name + strlen(STEM);
	(void)snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT00:00:00Z", d, d + 4, d + 6);
	int rc = utc_parse(text, strlen(text), &utc_ns);
	if (rc == HN_OK)
		*day_out = utc_ns / DAY_NS;
	return rc;
}

static bool is_sketch(int fd)
{
	char magic[sizeof(MAGIC) - 1];
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size == FILE_SIZE &&
	       pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, MAGIC, sizeof(magic)) == 0;
}

static int open_day(const struct sketch *s, int64_t day, int flags)
{
	char name[NAME_SIZE];
	name_of(day, name);
	return openat(s->dir_fd, name, flags | OPEN_FLAGS, 0600);
}

/* A new file, or one that is not ours, begins empty, with holes where nothing was counted. */
static int open_to_write(const struct sketch *s)
{
	int fd = open_day(s, s->day, O_RDWR | O_CREAT);
	if (fd < 0 || is_sketch(fd))
		return fd;
	if (ftruncate(fd, 0) == 0 && ftruncate(fd, (off_t)FILE_SIZE) == 0 &&
	    pwrite(fd, MAGIC, sizeof(MAGIC) - 1, 0) == (ssize_t)sizeof(MAGIC) - 1)
		return fd;
	int error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static int write_page(const struct sketch *s, int fd, size_t page)
{
	uint16_t values[PAGE_CELLS];
	for (size_t i = 0; i < PAGE_CELLS; i++)
		values[i] = atomic_load_explicit(&s->cells[page * PAGE_CELLS + i], memory_order_relaxed);
	ssize_t n = pwrite(fd, values, sizeof(values), (off_t)(HEAD_SIZE + page * sizeof(values)));
	return n < 0 ? hn_err_of_errno(errno) : n == (ssize_t)sizeof(values) ? HN_OK : HN_ENOSPC;
}

static int write_keys(struct sketch *s)
{
	uint8_t bytes[SKETCH_KEYS_SIZE];
	size_t len = sketch_keys_format(s->keys, bytes);
	int rc = file_write_whole_at(s->dir_fd, KEY_FILE, bytes, len, 0600, true);
	s->keys_dirty = rc != HN_OK;
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}

int sketch_flush(struct sketch *s)
{
	/* Cells without their key would be of no use after a restart. */
	int rc = s->keys_dirty ? write_keys(s) : HN_OK;
	int fd = -1;
	for (size_t page = 0; page < PAGES && rc == HN_OK; page++) {
		if (!s->dirty[page])
			continue;
		if (fd < 0)
			fd = open_to_write(s);
		rc = fd < 0 ? hn_err_of_errno(errno) : write_page(s, fd, page);
		s->dirty[page] = rc != HN_OK;
	}
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static bool read_page(struct sketch *s, int fd, size_t page)
{
	uint16_t values[PAGE_CELLS];
	if (pread(fd, values, sizeof(values), (off_t)(HEAD_SIZE + page * sizeof(values))) !=
	    (ssize_t)sizeof(values))
		return false;
	/* What is zero is not touched, so that an empty day takes no memory. */
	for (size_t i = 0; i < PAGE_CELLS; i++)
		if (values[i] != 0)
			atomic_store_explicit(&s->cells[page * PAGE_CELLS + i], values[i],
					      memory_order_relaxed);
	return true;
}

/* What an earlier process counted today. */
static void take_up(struct sketch *s)
{
	int fd = open_day(s, s->day, O_RDONLY);
	if (fd < 0)
		return;
	bool whole = is_sketch(fd);
	for (size_t page = 0; page < PAGES && whole; page++)
		whole = read_page(s, fd, page);
	(void)close(fd);
}

/* Of days that are over, and of those whose key is gone. */
static int remove_old(const struct sketch *s, int64_t today)
{
	int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return HN_EIO;
	}
	int rc = HN_OK;
	for (const struct dirent *e; (e = readdir(dir));) {
		int64_t day;
		bool old = day_of(e->d_name, &day) == HN_OK &&
			   (day <= today - SKETCH_DAYS || !sketch_keys_find(s->keys, day));
		if (old && unlinkat(s->dir_fd, e->d_name, 0) < 0 && errno != ENOENT)
			rc = HN_EIO;
	}
	(void)closedir(dir);
	return rc;
}

/* @return as remove_old() */
static int go_over(struct sketch *s, int64_t day)
{
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < CELLS && s->day >= 0; i++)
		atomic_store_explicit(&s->cells[i], 0, memory_order_relaxed);
	memset(s->dirty, 0, sizeof(s->dirty));
	s->keys_dirty |= sketch_keys_erase_before(s->keys, day - SKETCH_DAYS + 1);
	int rc = remove_old(s, day);
	s->day = day;
	if (sketch_keys_find(s->keys, day)) {
		take_up(s);
	} else {
		sketch_keys_make(s->keys, day);
		s->keys_dirty = true;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return rc;
}

int sketch_turn(struct sketch *s, int64_t utc_ns)
{
	int64_t day = utc_ns / DAY_NS;
	if (s->day == day)
		return HN_OK;
	int flushed = s->day < 0 ? HN_OK : sketch_flush(s);
	int old = go_over(s, day);
	int rc = s->keys_dirty ? write_keys(s) : HN_OK;
	return rc != HN_OK ? rc : flushed != HN_OK ? flushed : old;
}

int sketch_open(struct sketch *s)
{
	size_t got;
	uint8_t bytes[SKETCH_KEYS_SIZE];
	int fd = openat(s->dir_fd, KEY_FILE, O_RDONLY | OPEN_FLAGS);
	if (fd < 0 && errno == ENOENT) {
		randombytes_buf(s->keys->site, SIPHASH_KEY);
		return write_keys(s);
	}
	int rc = fd < 0 ? HN_EIO : fd_read_full(fd, bytes, sizeof(bytes), &got);
	if (fd >= 0)
		(void)close(fd);
	if (rc == HN_OK)
		rc = sketch_keys_parse(cur_of(bytes, got), s->keys);
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}

int sketch_new(int dir_fd, struct sketch **out)
{
	struct sketch *s = calloc(1, sizeof(*s));
	if (!s)
		return HN_ENOMEM;
	s->dir_fd = dir_fd;
	s->day = -1;
	(void)pthread_mutex_init(&s->lock, NULL);
	s->keys = sodium_init() < 0 ? NULL : sodium_malloc(sizeof(*s->keys));
	if (!s->keys) {
		sketch_free(s);
		return HN_ENOMEM;
	}
	memset(s->keys, 0, sizeof(*s->keys));
	*out = s;
	return HN_OK;
}

void sketch_free(struct sketch *s)
{
	if (!s)
		return;
	sodium_free(s->keys);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

uint64_t sketch_site_of(const uint8_t key[SIPHASH_KEY], const uint8_t *name, size_t len)
{
	size_t keep = registrable_len(name, len);
	return sketch_site(key, name + (len - keep), keep);
}

const uint8_t *sketch_key(const struct sketch *s)
{
	return s->keys->site;
}

/* ---- asking ---- */

static uint16_t read_cell(int fd, uint32_t at)
{
	uint16_t value = 0;
	off_t where = (off_t)(HEAD_SIZE + at * sizeof(value));
	return pread(fd, &value, sizeof(value), where) == (ssize_t)sizeof(value) ? value : 0;
}

static uint32_t least_of(const struct sketch *s, int64_t day, uint64_t site)
{
	uint32_t at[SKETCH_DEPTH];
	uint16_t least = UINT16_MAX;
	bool now = day == s->day;
	int fd = now ? -1 : open_day(s, day, O_RDONLY);
	if (!now && (fd < 0 || !is_sketch(fd)))
		least = 0;
	places(site, at);
	for (unsigned i = 0; i < SKETCH_DEPTH && least > 0; i++) {
		uint16_t value = now ? atomic_load_explicit(&s->cells[at[i]], memory_order_relaxed)
				     : read_cell(fd, at[i]);
		if (value < least)
			least = value;
	}
	if (fd >= 0)
		(void)close(fd);
	return least;
}

uint32_t sketch_count(struct sketch *s, int64_t day, uint64_t site)
{
	(void)pthread_mutex_lock(&s->lock);
	const uint8_t *key = sketch_keys_find(s->keys, day);
	uint32_t count = key ? least_of(s, day, of_day(key, site)) : 0;
	(void)pthread_mutex_unlock(&s->lock);
	return count;
}
