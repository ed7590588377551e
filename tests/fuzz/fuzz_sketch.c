/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "base/utc.h"
#include "resolver/sketch.h"
#include "resolver/sketch_keys.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/target.h"

#define DAY      INT64_C(20000)
#define DAY_UTC  (DAY * 86400 * NS_SECOND)
#define DAY_FILE "sketch-20241004"
#define HEAD     4096 /* where cells begin */
#define SIZE     (HEAD + SKETCH_DEPTH * SKETCH_WIDTH * sizeof(uint16_t))
#define SITES    16

/* The input's first bytes are the file's, what follows stands where the cells do. */
#define MAGIC_LEN 16
#define CELLS_MAX 4096

/* Keys that were taken are written as they stood. */
static void check_keys(const uint8_t *data, size_t len)
{
	struct sketch_keys keys;
	uint8_t bytes[SKETCH_KEYS_SIZE];
	if (sketch_keys_parse(cur_of(data, len), &keys) != HN_OK)
		return;
	assert(keys.count <= SKETCH_KEYS_MAX);
	assert(sketch_keys_format(&keys, bytes) == len && memcmp(bytes, data, len) == 0);
	for (size_t i = 0; i < keys.count; i++)
		assert(sketch_keys_find(&keys, keys.days[i].day) == keys.days[i].key);
	sketch_keys_make(&keys, DAY);
	assert(sketch_keys_find(&keys, DAY) && keys.count <= SKETCH_KEYS_MAX);
}

static struct sketch *open_day(int dir_fd)
{
	struct sketch *s;
	if (sketch_new(dir_fd, &s) != HN_OK)
		return NULL;
	assert(sketch_open(s) == HN_OK);
	assert(sketch_turn(s, DAY_UTC) == HN_OK);
	return s;
}

static uint64_t site(const struct sketch *s, uint8_t number)
{
	return sketch_site(sketch_key(s), &number, 1);
}

/* What the file holds is taken up or nothing is, counting goes on from there, and what is written reads. */
static void check_day(int dir_fd, const uint8_t *data, size_t len, bool whole)
{
	uint32_t before[SITES];
	static uint8_t file[HEAD + CELLS_MAX];
	size_t head = len < MAGIC_LEN ? len : MAGIC_LEN;
	size_t cells = len - head < CELLS_MAX ? len - head : CELLS_MAX;
	memset(file, 0, sizeof(file));
	memcpy(file, data, head);
	memcpy(file + HEAD, data + head, cells);
	directory_put(dir_fd, DAY_FILE, file, HEAD + cells, whole ? SIZE : cells ? HEAD + cells : head);
	struct sketch *s = open_day(dir_fd);
	for (uint8_t i = 0; s && i < SITES; i++) {
		before[i] = sketch_count(s, DAY, site(s, i));
		assert(before[i] <= UINT16_MAX && (whole || before[i] == 0));
		sketch_add(s, &(uint64_t){site(s, i)}, 1);
		uint32_t after = sketch_count(s, DAY, site(s, i));
		assert(after > before[i] || after == UINT16_MAX);
	}
	assert(!s || sketch_flush(s) == HN_OK);
	struct sketch *again = s ? open_day(dir_fd) : NULL;
	for (uint8_t i = 0; again && i < SITES; i++)
		assert(sketch_count(again, DAY, site(s, i)) == sketch_count(s, DAY, site(s, i)));
	sketch_free(again);
	sketch_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int dir_fd = directory_open();
	struct stat st;
	check_keys(data, len);
	/* A file whose day has no key would be removed. */
	if (fstatat(dir_fd, "sketch.key", &st, 0) != 0)
		sketch_free(open_day(dir_fd));
	/* '0': a file of this size, '1': one that is as long as it should be. */
	if (len > 0 && (data[0] == '0' || data[0] == '1'))
		check_day(dir_fd, data + 1, len - 1, data[0] == '1');
	return 0;
}
