/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A backup's file: what went in comes out; cut or changed anywhere it is none. */
#include "store/dump.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../check.h"

struct world {
	char dir[64], path[96];
};

static void world_init(struct world *w)
{
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/hinomi-dump-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	(void)snprintf(w->path, sizeof(w->path), "%s/file", w->dir);
}

static void world_clear(const struct world *w)
{
	(void)unlink(w->path);
	(void)rmdir(w->dir);
}

static const uint8_t *big(void)
{
	static uint8_t bytes[DUMP_PIECE_MAX * 2 + 5];
	uint32_t x = 1;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(x >> 24);
	}
	return bytes;
}

static void make(const struct world *w, size_t big_len)
{
	struct dump_writer *d;
	assert_int_equal(dump_create(w->path, &d), HN_OK);
	assert_int_equal(dump_add(d, DUMP_STEP, "12345678", 8), HN_OK);
	assert_int_equal(dump_add(d, DUMP_TABLE, "t\0a,b", 5), HN_OK);
	assert_int_equal(dump_add(d, DUMP_DATA, big(), big_len), HN_OK);
	assert_int_equal(dump_add(d, DUMP_DATA, NULL, 0), HN_OK);
	assert_int_equal(dump_add(d, DUMP_TABLE, big(), DUMP_PIECE_MAX + 1), HN_ELIMIT);
	assert_int_equal(dump_add(d, DUMP_ROWS, "87654321", 8), HN_OK);
	assert_int_equal(dump_finish(d), HN_OK);
	dump_writer_free(d);
	assert_int_equal(dump_create(w->path, &d), HN_EEXIST);
}

struct heard {
	char kinds[16];
	size_t count, data_len;
	int err;
};

static int hear(void *context, enum dump_kind kind, const uint8_t *data, size_t len)
{
	struct heard *h = context;
	assert_true(h->count < sizeof(h->kinds) - 1);
	h->kinds[h->count++] = (char)kind;
	if (kind == DUMP_DATA) {
		assert_memory_equal(data, big() + h->data_len, len);
		h->data_len += len;
	}
	if (kind == DUMP_TABLE) {
		assert_int_equal(len, 5);
		assert_memory_equal(data, "t\0a,b", 5);
	}
	return kind == DUMP_ROWS ? h->err : HN_OK;
}

static void what_went_in_comes_out(void **state)
{
	(void)state;
	static const struct {
		size_t len;
		const char *kinds;
	} cases[] = {
		{0, "STDDR"},
		{1, "STDDR"},
		{DUMP_PIECE_MAX, "STDDR"},
		{DUMP_PIECE_MAX + 1, "STDDDR"},
		{DUMP_PIECE_MAX * 2 + 5, "STDDDDR"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world w;
		struct heard h = {{0}};
		world_init(&w);
		make(&w, cases[i].len);
		assert_int_equal(dump_read(w.path, hear, &h), HN_OK);
		assert_string_equal(h.kinds, cases[i].kinds);
		assert_int_equal(h.data_len, cases[i].len);
		assert_int_equal(dump_read(w.path, NULL, NULL), HN_OK);
		/* Whatever who listens answers is handed back. */
		static const int errs[] = {HN_ENOENT, HN_EAUTH, HN_ETRUNC};
		for (size_t e = 0; e < COUNT(errs); e++) {
			h = (struct heard){.err = errs[e]};
			assert_int_equal(dump_read(w.path, hear, &h), errs[e]);
		}
		world_clear(&w);
	}
}

static void put(const struct world *w, const uint8_t *data, size_t len)
{
	int fd = open(w->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	assert_int_equal(close(fd), 0);
}

static void anything_else_is_refused(void **state)
{
	(void)state;
	struct world w;
	uint8_t file[4096];
	world_init(&w);
	make(&w, 600);
	int fd = open(w.path, O_RDONLY);
	ssize_t got = read(fd, file, sizeof(file) - 1);
	assert_int_equal(close(fd), 0);
	assert_in_range(got, 100, sizeof(file) - 1);
	size_t len = (size_t)got, changed_nothing = 0;
	for (size_t i = 0; i < len; i++) {
		put(&w, file, i);
		assert_int_not_equal(dump_read(w.path, NULL, NULL), HN_OK);
		file[i] = (uint8_t)(file[i] ^ 1U << (i % 8));
		put(&w, file, len);
		/* A bit that zstd has no use for changes nothing. */
		struct heard h = {{0}};
		if (dump_read(w.path, NULL, NULL) == HN_OK) {
			changed_nothing++;
			assert_int_equal(dump_read(w.path, hear, &h), HN_OK);
			assert_string_equal(h.kinds, "STDDR");
			assert_int_equal(h.data_len, 600);
		}
		file[i] = (uint8_t)(file[i] ^ 1U << (i % 8));
	}
	assert_in_range(changed_nothing, 0, 2);
	file[len] = 0;
	put(&w, file, len + 1);
	assert_int_equal(dump_read(w.path, NULL, NULL), HN_EFORMAT);
	put(&w, file, len);
	assert_int_equal(dump_read(w.path, NULL, NULL), HN_OK);
	world_clear(&w);
	assert_int_equal(dump_read("/nowhere/at/all", NULL, NULL), HN_ENOENT);
	struct dump_writer *d;
	assert_int_equal(dump_create("/nowhere/at/all", &d), HN_ENOENT);
	assert_int_equal(dump_create("/dev/full", &d), HN_EEXIST);
	dump_writer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_went_in_comes_out),
		cmocka_unit_test(anything_else_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
