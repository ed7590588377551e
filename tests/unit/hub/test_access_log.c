/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/record/access_log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../check.h"
#include "base/json.h"

static char dir[64];
static int dir_fd;

static int begin(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/hinomi-access-XXXXXX");
	assert_non_null(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir_fd >= 0);
	return 0;
}

/* Calls back for each file of the log in the order of their names. @return how many */
static size_t each_file(void (*fn)(int fd, const char *name))
{
	struct dirent **entries;
	char path[96];
	size_t files = 0;
	(void)snprintf(path, sizeof(path), "%s/access", dir);
	int count = scandir(path, &entries, NULL, alphasort);
	assert_true(count >= 0);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			files++;
			if (fn != NULL)
				fn(fd, entries[i]->d_name);
		}
		free(entries[i]);
	}
	free(entries);
	(void)close(fd);
	return files;
}

static void remove_one(int fd, const char *name)
{
	assert_int_equal(unlinkat(fd, name, 0), 0);
}

static int end(void **state)
{
	(void)state;
	(void)each_file(remove_one);
	assert_int_equal(unlinkat(dir_fd, "access", AT_REMOVEDIR), 0);
	(void)close(dir_fd);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

static const struct uuid request = {.bytes = {1}}, account = {.bytes = {2}};
static const struct ip address = {.version = 4, .bytes = {192, 0, 2, 1}};

static struct access_entry an_entry(const char *route)
{
	return (struct access_entry){.time_ns = INT64_C(1767225600) * 1000000000,
				     .duration_ns = 1500,
				     .request = &request,
				     .address = &address,
				     .method = "GET",
				     .route = route,
				     .status = 200,
				     .objects = 3,
				     .bytes_in = 0,
				     .bytes_out = UINT64_MAX};
}

static void a_line_says_who_asked_what(void **state)
{
	(void)state;
	struct access_entry e = an_entry("get\"Object\n");
	struct buf line;
	buf_init(&line, 4096);
	access_line(&e, &line);
	buf_addc(&line, '\0');
	assert_string_equal(
		line.data,
		"{\"time\":\"2026-01-01T00:00:00.000000Z\",\"request\":\"01000000-0000-0000-0000-"
		"000000000000\",\"address\":\"192.0.2.1\",\"method\":\"GET\",\"operation\":"
		"\"get\\\"Object\\u000a\",\"status\":200,\"objects\":3,\"bytes_in\":0,\"bytes_out\":"
		"18446744073709551615,\"us\":1}\n");
	buf_reset(&line);
	e.account = &account;
	e.how = "token";
	e.duration_ns = -5;
	e.bytes_out = 5;
	access_line(&e, &line);
	json_t *object = NULL;
	assert_int_equal(json_object_read(line.data, line.len, &object, NULL), HN_OK);
	assert_string_equal(json_string_value(json_object_get(object, "how")), "token");
	assert_string_equal(json_string_value(json_object_get(object, "account")),
			    "02000000-0000-0000-0000-000000000000");
	assert_int_equal(json_integer_value(json_object_get(object, "us")), 0);
	json_decref(object);
	buf_clear(&line);
}

/* All lines of all files; each must be whole. */
static size_t lines;

static void count_lines(int fd, const char *name)
{
	char text[1 << 16];
	int file = openat(fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(file, text, sizeof(text));
	assert_true(n >= 0 && (n == 0 || text[n - 1] == '\n'));
	for (ssize_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	(void)close(file);
}

static size_t count_all(void)
{
	lines = 0;
	(void)each_file(count_lines);
	return lines;
}

static void lines_are_written_together_and_stay(void **state)
{
	(void)state;
	struct access_log *a;
	const struct access_entry e = an_entry("getObject");
	for (size_t round = 1; round <= 3; round++) {
		assert_int_equal(access_log_open(dir_fd, 1 << 20, 0, &a, NULL), HN_OK);
		for (int i = 0; i < 10; i++)
			access_log_add(a, &e);
		assert_int_equal(count_all(), 15 * (round - 1));
		assert_int_equal(access_log_write(a), HN_OK);
		assert_int_equal(access_log_write(a), HN_OK); /* nothing waits */
		assert_int_equal(count_all(), 15 * (round - 1) + 10);
		for (int i = 0; i < 5; i++)
			access_log_add(a, &e);
		access_log_close(a); /* writes what is left */
		assert_int_equal(count_all(), 15 * round);
	}
	assert_int_equal(each_file(NULL), 1);
}

static void a_full_file_is_turned_over_and_the_oldest_go(void **state)
{
	(void)state;
	struct access_log *a;
	const struct access_entry e = an_entry("getObject");
	assert_int_equal(access_log_open(dir_fd, 500, 2, &a, NULL), HN_OK);
	for (int turn = 0; turn < 5; turn++) {
		for (int i = 0; i < 4; i++)
			access_log_add(a, &e);
		assert_int_equal(access_log_write(a), HN_OK);
	}
	assert_int_equal(each_file(NULL), 3); /* two and the current one */
	assert_int_equal(count_all(), 8);
	assert_int_equal(access_log_lost(a), 0);
	access_log_close(a);
}

static void what_has_no_room_is_counted(void **state)
{
	(void)state;
	struct access_log *a;
	struct access_entry e = an_entry("");
	static char route[1 << 16];
	memset(route, 'x', sizeof(route) - 1);
	e.route = route;
	assert_int_equal(access_log_open(dir_fd, 1 << 30, 0, &a, NULL), HN_OK);
	for (int i = 0; i < 140; i++)
		access_log_add(a, &e);
	uint64_t lost = access_log_lost(a);
	assert_in_range(lost, 12, 20);
	/* The line before stays whole, and what is short has room still. */
	assert_int_equal(access_log_write(a), HN_OK);
	access_log_add(a, &e);
	assert_int_equal(access_log_write(a), HN_OK);
	assert_int_equal(access_log_lost(a), lost);
	access_log_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_says_who_asked_what),
		cmocka_unit_test_setup_teardown(lines_are_written_together_and_stay, begin, end),
		cmocka_unit_test_setup_teardown(a_full_file_is_turned_over_and_the_oldest_go, begin, end),
		cmocka_unit_test_setup_teardown(what_has_no_room_is_counted, begin, end),
	};
	return cmocka_run_group_tests_name("access_log", tests, NULL, NULL);
}
