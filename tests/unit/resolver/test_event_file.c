/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/utc.h"
#include "event_world.h"
#include "policy_world.h"
#include "resolver/event_keep.h"

#define NOW (INT64_C(1800000000) * NS_SECOND)
#define DAY (86400 * NS_SECOND)

struct files {
	struct world world;
	int dir_fd;
};

static int set_up(void **state)
{
	struct files *w = calloc(1, sizeof(*w));
	assert_non_null(w);
	world_open(&w->world);
	w->dir_fd = open(w->world.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->dir_fd >= 0);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct files *w = *state;
	(void)close(w->dir_fd);
	world_close(&w->world);
	free(w);
	return 0;
}

static struct event_file *new_file(const struct files *w, const char *directory, uint64_t size_max)
{
	const struct event_file_options options = {.dir_fd = w->dir_fd,
						   .directory = directory,
						   .stem = "events",
						   .rotate_ns = 3600 * NS_SECOND,
						   .size_max = size_max};
	struct event_file *f;
	assert_int_equal(event_file_new(&options, &f), HN_OK);
	return f;
}

static int add(struct event_file *f, unsigned number, int64_t utc_ns)
{
	buf_addf(event_file_lines(f), "{\"n\":%u}\n", number);
	return event_file_added(f, utc_ns);
}

static void check_lines(const struct files *w, const char *ending, size_t files, unsigned lines)
{
	struct buf text, wanted;
	buf_init(&text, 16u << 20);
	buf_init(&wanted, 16u << 20);
	assert_int_equal(read_directory(w->world.dir, ending, &text), files);
	for (unsigned i = 0; i < lines; i++)
		buf_addf(&wanted, "{\"n\":%u}\n", i);
	assert_int_equal(text.len, wanted.len);
	if (text.len > 0)
		assert_memory_equal(text.data, wanted.data, text.len);
	buf_clear(&text);
	buf_clear(&wanted);
}

static void what_is_flushed_reads_and_closing_renames(void **state)
{
	struct files *w = *state;
	struct event_file *f = new_file(w, NULL, 1u << 20);
	struct stat st;
	assert_int_equal(event_file_flush(f, NOW), HN_OK);
	check_lines(w, ".part", 0, 0);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(add(f, i, NOW), HN_OK);
		if (i % 3 == 2)
			assert_int_equal(event_file_flush(f, NOW + (int64_t)i), HN_OK);
	}
	check_lines(w, ".part", 1, 9);
	assert_int_equal(event_file_flush(f, NOW), HN_OK);
	assert_int_equal(event_file_close(f), HN_OK);
	check_lines(w, ".part", 0, 0);
	check_lines(w, ".zst", 1, 10);
	assert_int_equal(fstatat(w->dir_fd, "events-20270115T080000.000000Z.ndjson.zst", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(event_file_close(f), HN_OK);
	event_file_free(f);
}

static void a_file_ends_by_age_by_size_and_when_the_clock_goes_back(void **state)
{
	static const struct {
		int64_t later_ns;
		uint64_t size_max;
		size_t closed;
	} cases[] = {
		{3599 * NS_SECOND, 1u << 20, 0},
		{3600 * NS_SECOND, 1u << 20, 1},
		{1, 16, 1},
		{-1, 1u << 20, 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		void *own;
		(void)set_up(&own);
		struct files *w = own;
		struct event_file *f = new_file(w, NULL, cases[i].size_max);
		assert_int_equal(add(f, 0, NOW), HN_OK);
		assert_int_equal(event_file_flush(f, NOW), HN_OK);
		assert_int_equal(event_file_flush(f, NOW + cases[i].later_ns), HN_OK);
		check_lines(w, ".zst", cases[i].closed, (unsigned)cases[i].closed);
		event_file_free(f);
		(void)tear_down(&own);
	}
}

static void a_directory_of_its_own_is_made_when_it_is_needed(void **state)
{
	struct files *w = *state;
	struct event_file *f = new_file(w, "organisation-x", 1u << 20);
	struct stat st;
	assert_int_equal(event_file_flush(f, NOW), HN_OK);
	assert_int_not_equal(fstatat(w->dir_fd, "organisation-x", &st, 0), 0);
	assert_int_equal(add(f, 0, NOW), HN_OK);
	assert_int_equal(event_file_flush(f, NOW), HN_OK);
	assert_int_equal(event_file_close(f), HN_OK);
	assert_int_equal(fstatat(w->dir_fd, "organisation-x", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(
		fstatat(w->dir_fd, "organisation-x/events-20270115T080000.000000Z.ndjson.zst", &st, 0), 0);
	event_file_free(f);
}

/* Whatever a crash leaves of the last frame, the frames before it read, and the file is mended. */
static void a_torn_end_costs_the_last_frame_only(void **state)
{
	(void)state;
	enum { FRAMES = 4 };
	struct buf bytes;
	void *own;
	(void)set_up(&own);
	struct files *w = own;
	struct event_file *f = new_file(w, NULL, 1u << 20);
	off_t ends[FRAMES + 1] = {0};
	const char *part = world_path(&w->world, "events-20270115T080000.000000Z.ndjson.zst.part");
	for (unsigned i = 0; i < FRAMES; i++) {
		struct stat st;
		assert_int_equal(add(f, i, NOW), HN_OK);
		assert_int_equal(event_file_flush(f, NOW), HN_OK);
		assert_int_equal(stat(part, &st), 0);
		ends[i + 1] = st.st_size;
	}
	event_file_free(f);
	buf_init(&bytes, 1u << 20);
	assert_int_equal(file_read(part, &bytes), HN_OK);
	for (size_t len = 0; len <= bytes.len; len++) {
		unsigned whole = 0;
		while (whole < FRAMES && ends[whole + 1] <= (off_t)len)
			whole++;
		assert_int_equal(file_write_whole(part, bytes.data, len, 0600, true), HN_OK);
		assert_int_equal(event_file_mend(w->dir_fd), HN_OK);
		check_lines(w, ".part", 0, 0);
		check_lines(w, ".zst", whole > 0, whole);
	}
	/* Other files are let be. */
	world_text(&w->world, "other.part", "x");
	world_text(&w->world, "events-no-time.ndjson.zst.part", "x");
	assert_int_equal(event_file_mend(w->dir_fd), HN_OK);
	char names[16][128];
	assert_int_equal(list_files(w->world.dir, ".part", names), 2);
	buf_clear(&bytes);
	(void)tear_down(&own);
}

static void write_until_killed(const struct files *w, int told)
{
	struct event_file *f = new_file(w, NULL, 1u << 30);
	for (unsigned i = 0;; i++) {
		char c = 0;
		if (add(f, i, NOW) != HN_OK || (i % 7 == 0 && event_file_flush(f, NOW) != HN_OK))
			_exit(1);
		if (i % 7 == 0)
			(void)!write(told, &c, 1);
	}
}

static void a_killed_process_leaves_a_file_that_reads(void **state)
{
	struct files *w = *state;
	int told[2];
	char heard[200];
	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_until_killed(w, told[1]);
	size_t frames = 0;
	while (frames < sizeof(heard)) {
		ssize_t n = read(told[0], heard, sizeof(heard) - frames);
		assert_true(n > 0);
		frames += (size_t)n;
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)close(told[0]);
	(void)close(told[1]);
	struct buf text;
	buf_init(&text, 64u << 20);
	read_lines(world_path(&w->world, "events-20270115T080000.000000Z.ndjson.zst.part"), true, &text);
	unsigned lines = (unsigned)count_lines(&text);
	buf_clear(&text);
	assert_true(lines >= 7 * (frames - 1) + 1);
	assert_int_equal(event_file_mend(w->dir_fd), HN_OK);
	check_lines(w, ".zst", 1, lines);
}

/* A limit of the file's size stands for a full disk: each is met by a short write or none. */
static void a_full_disk_loses_nothing_that_fits_later(void **state)
{
	struct files *w = *state;
	struct event_file *f = new_file(w, NULL, 1u << 20);
	struct rlimit before, tight;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(add(f, 0, NOW), HN_OK);
	assert_int_equal(event_file_flush(f, NOW), HN_OK);
	for (rlim_t room = 1; room < 60; room += 7) {
		tight = (struct rlimit){.rlim_cur = room, .rlim_max = before.rlim_max};
		assert_int_equal(add(f, (unsigned)(1 + room / 7), NOW), HN_OK);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
		int rc = event_file_flush(f, NOW);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(rc, HN_ENOSPC);
		check_lines(w, ".part", 1, 1);
	}
	assert_int_equal(event_file_flush(f, NOW), HN_OK);
	assert_int_equal(event_file_lost(f), 0);
	check_lines(w, ".part", 1, 10);
	event_file_free(f);
}

static void what_never_fits_is_counted(void **state)
{
	struct files *w = *state;
	struct event_file *f = new_file(w, NULL, 1u << 20);
	struct rlimit before, tight = {0};
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight.rlim_max = before.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	unsigned added = 0, failed = 0;
	for (; event_file_lost(f) == 0; added++)
		failed += add(f, added, NOW) != HN_OK;
	assert_int_equal(failed, 1); /* tried once a second, not with each line */
	assert_int_equal(event_file_lost(f), added);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(add(f, 0, NOW + NS_SECOND), HN_OK);
	assert_int_equal(event_file_flush(f, NOW + NS_SECOND), HN_OK);
	assert_int_equal(event_file_lost(f), added);
	check_lines(w, ".part", 1, 1);
	event_file_free(f);
}

/* ---- how long they are kept ---- */

static void write_file(struct files *w, const char *directory, int64_t utc_ns, size_t size)
{
	char name[256], text[UTC_SIZE], stamp[UTC_SIZE];
	size_t n = 0;
	utc_format(utc_ns, text);
	for (const char *c = text; *c; c++)
		if (*c != '-' && *c != ':')
			stamp[n++] = *c;
	stamp[n] = '\0';
	if (directory[0])
		(void)mkdirat(w->dir_fd, directory, 0700);
	(void)snprintf(name, sizeof(name), "%s%sevents-%s.ndjson.zst", directory, directory[0] ? "/" : "",
		       stamp);
	char *bytes = calloc(1, size);
	assert_non_null(bytes);
	int fd = openat(w->dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, size), HN_OK);
	(void)close(fd);
	free(bytes);
}

static size_t count_files(const struct files *w, const char *directory)
{
	char path[256], names[16][128];
	(void)snprintf(path, sizeof(path), "%s/%s", w->world.dir, directory);
	return list_files(path, EVENT_FILE_SUFFIX, names);
}

static void what_is_too_old_goes_and_addresses_after_a_week(void **state)
{
	struct files *w = *state;
	uint64_t removed;
	const struct event_keep k = {.dir_fd = w->dir_fd, .keep_ns = 10 * DAY, .size = 1u << 20};
	for (int64_t day = 0; day < 12; day++) {
		write_file(w, "", NOW - day * DAY, 10);
		write_file(w, "organisation-a", NOW - day * DAY, 10);
	}
	world_text(&w->world, "notes.txt", "mine");
	world_text(&w->world, "events-20000101T000000.000000Z.ndjson.zst.part", "open");
	assert_int_equal(event_keep_apply(&k, NOW, &removed), HN_OK);
	assert_int_equal(removed, 2 + 5);
	assert_int_equal(count_files(w, ""), 10);
	assert_int_equal(count_files(w, "organisation-a"), 7);
	assert_int_equal(event_keep_apply(&k, NOW, &removed), HN_OK);
	assert_int_equal(removed, 0);
	char names[16][128];
	assert_int_equal(list_files(w->world.dir, ".part", names), 1);
	assert_int_equal(list_files(w->world.dir, ".txt", names), 1);
}

static void the_oldest_goes_when_all_are_too_large(void **state)
{
	static const struct {
		uint64_t size;
		size_t left, left_addresses;
	} cases[] = {{600, 3, 3}, {599, 3, 2}, {500, 3, 2}, {499, 2, 2}, {100, 1, 0}, {99, 0, 0}};
	struct files *w = *state;
	uint64_t removed;
	for (int64_t i = 0; i < 3; i++) {
		write_file(w, "", NOW - (2 * i) * NS_SECOND, 100);
		write_file(w, "organisation-a", NOW - (2 * i + 1) * NS_SECOND, 100);
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct event_keep k = {.dir_fd = w->dir_fd, .keep_ns = 10 * DAY, .size = cases[i].size};
		assert_int_equal(event_keep_apply(&k, NOW, &removed), HN_OK);
		assert_int_equal(count_files(w, ""), cases[i].left);
		assert_int_equal(count_files(w, "organisation-a"), cases[i].left_addresses);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_flushed_reads_and_closing_renames, set_up, tear_down),
		cmocka_unit_test(a_file_ends_by_age_by_size_and_when_the_clock_goes_back),
		cmocka_unit_test_setup_teardown(a_directory_of_its_own_is_made_when_it_is_needed, set_up,
						tear_down),
		cmocka_unit_test(a_torn_end_costs_the_last_frame_only),
		cmocka_unit_test_setup_teardown(a_killed_process_leaves_a_file_that_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing_that_fits_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_never_fits_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_too_old_goes_and_addresses_after_a_week, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_oldest_goes_when_all_are_too_large, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
