/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"

/* Each test has an empty directory of its own and works in it. */
static int enter(void **state)
{
	char *dir = malloc(64);
	if (dir == NULL)
		return -1;
	memcpy(dir, "/tmp/hinomi-file-XXXXXX", 24);
	*state = dir;
	return mkdtemp(dir) == NULL ? -1 : chdir(dir);
}

static int leave(void **state)
{
	DIR *dir = opendir(".");
	if (dir == NULL)
		return -1;
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		(void)unlink(e->d_name);
	(void)closedir(dir);
	int rc = chdir("/") == 0 ? rmdir(*state) : -1;
	free(*state);
	return rc;
}

static unsigned files_here(void)
{
	unsigned count = 0;
	DIR *dir = opendir(".");
	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(dir);
	return count;
}

static void assert_holds(const char *path, const char *text)
{
	struct buf b;
	buf_init(&b, 1000000);
	assert_int_equal(file_read(path, &b), HN_OK);
	assert_int_equal(b.len, strlen(text));
	assert_string_equal(b.data == NULL ? "" : b.data, text);
	buf_clear(&b);
}

static void writes_whole_files(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(file_write_whole("a", "one", 3, 0600, false), HN_OK);
	assert_holds("a", "one");
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_write_whole("a", "second", 6, 0600, true), HN_OK);
	assert_holds("a", "second");
	assert_int_equal(file_write_whole("empty", NULL, 0, 0600, false), HN_OK);
	assert_holds("empty", "");
	assert_int_equal(files_here(), 2);
}

static void does_not_replace_what_is_there(void **state)
{
	(void)state;
	assert_int_equal(file_write_whole("a", "one", 3, 0600, false), HN_OK);
	assert_int_equal(file_write_whole("a", "two", 3, 0600, false), HN_EEXIST);
	assert_holds("a", "one");
	assert_int_equal(symlink("nowhere", "link"), 0);
	assert_int_equal(file_write_whole("link", "two", 3, 0600, false), HN_EEXIST);
	assert_int_equal(access("nowhere", F_OK), -1);
	assert_int_equal(files_here(), 2);
}

static void replaces_regular_files_only(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(symlink("/dev/null", "link"), 0);
	assert_int_equal(mkdir("dir", 0700), 0);
	static const char *const names[] = {"pipe", "link", "dir"};
	static const mode_t kinds[] = {S_IFIFO, S_IFLNK, S_IFDIR};
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(file_write_whole(names[i], "x", 1, 0600, true), HN_EEXIST);
		assert_int_equal(lstat(names[i], &st), 0);
		assert_int_equal(st.st_mode & S_IFMT, kinds[i]);
	}
	assert_int_equal(files_here(), 3);
	assert_int_equal(rmdir("dir"), 0);
}

static void writes_below_an_open_directory(void **state)
{
	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	assert_int_equal(file_write_whole_at(dir, "sub/b", "x", 1, 0600, false), HN_OK);
	assert_holds("sub/b", "x");
	assert_int_equal(file_write_whole_at(dir, "none/b", "x", 1, 0600, false), HN_ENOENT);
	assert_int_equal(unlink("sub/b"), 0);
	assert_int_equal(rmdir("sub"), 0);
	(void)close(dir);
}

/* A path in the root directory once went to the current one. */
static void the_root_directory_is_the_root_directory(void **state)
{
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(3);
		int rc = file_write_whole("/hinomi-must-not-be", "x", 1, 0600, false);
		_exit(rc == HN_EIO && access("hinomi-must-not-be", F_OK) != 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void limit_file_size(rlim_t size)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What a full disk does: some of it is written, then no more. */
static void a_full_disk_leaves_what_was_there(void **state)
{
	(void)state;
	static char big[100000];
	memset(big, 'x', sizeof(big));
	assert_int_equal(file_write_whole("a", "old", 3, 0600, false), HN_OK);

	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
	limit_file_size(50000);
	int fresh = file_write_whole("b", big, sizeof(big), 0600, false);
	int replaced = file_write_whole("a", big, sizeof(big), 0600, true);
	limit_file_size(RLIM_INFINITY);
	(void)signal(SIGXFSZ, before);

	assert_int_equal(fresh, HN_ENOSPC);
	assert_int_equal(replaced, HN_ENOSPC);
	assert_holds("a", "old");
	assert_int_equal(files_here(), 1); /* no half file, no temporary one */
}

/* The kernel kills a child in the middle of its write; what was there is whole, and a rerun goes through. */
static void a_kill_in_mid_write_leaves_what_was_there(void **state)
{
	(void)state;
	static char big[100001];
	memset(big, 'x', sizeof(big) - 1);
	assert_int_equal(file_write_whole("a", "old", 3, 0600, false), HN_OK);

	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit none = {0, 0};
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGXFSZ, SIG_DFL);
		struct rlimit limit = {50000, 50000};
		(void)setrlimit(RLIMIT_FSIZE, &limit);
		(void)!file_write_whole("a", big, sizeof(big) - 1, 0600, true);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGXFSZ);
	assert_holds("a", "old");
	assert_int_equal(file_write_whole("a", big, sizeof(big) - 1, 0600, true), HN_OK);
	assert_holds("a", big);
}

static void reading_has_a_limit_and_says_what_is_wrong(void **state)
{
	(void)state;
	struct buf b;
	assert_int_equal(file_write_whole("a", "12345", 5, 0600, false), HN_OK);
	buf_init(&b, 4);
	assert_int_equal(file_read("a", &b), HN_ELIMIT);
	buf_clear(&b);
	buf_init(&b, 5);
	assert_int_equal(file_read("a", &b), HN_OK);
	buf_reset(&b);
	assert_int_equal(file_read("none", &b), HN_ENOENT);
	assert_int_equal(file_read(".", &b), HN_EIO);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

/* A pipe gives a little at a time. */
static void reads_over_short_reads(void **state)
{
	(void)state;
	int ends[2];
	char got[10];
	size_t len = 99;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		for (const char *c = "abcde"; *c != '\0'; c++)
			if (fd_write_all(ends[1], c, 1) != HN_OK)
				_exit(1);
		_exit(0);
	}
	(void)close(ends[1]);
	assert_int_equal(fd_read_full(ends[0], got, 3, &len), HN_OK);
	assert_int_equal(len, 3);
	assert_int_equal(fd_read_full(ends[0], got + 3, sizeof(got) - 3, &len), HN_OK);
	assert_int_equal(len, 2);
	assert_memory_equal(got, "abcde", 5);
	(void)close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(fd_read_full(-1, got, 1, &len), HN_EIO);
	assert_int_equal(len, 2);
}

static void closes_every_descriptor_but_those_to_keep(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		int fds[6];
		for (int i = 0; i < 6; i++)
			fds[i] = fcntl(STDERR_FILENO, F_DUPFD, 20 + 3 * i);
		int keep[] = {fds[4], -1, fds[1], fds[2], fds[1], STDERR_FILENO};
		bool right = fd_close_except(keep, COUNT(keep)) == HN_OK;
		for (int i = 0; i < 6; i++) {
			bool kept = i == 1 || i == 2 || i == 4;
			right = right && (fcntl(fds[i], F_GETFD) >= 0) == kept;
		}
		_exit(right && fcntl(STDOUT_FILENO, F_GETFD) >= 0 ? 0 : 1);
	}
	int status = 1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_whole_files, enter, leave),
		cmocka_unit_test_setup_teardown(does_not_replace_what_is_there, enter, leave),
		cmocka_unit_test_setup_teardown(replaces_regular_files_only, enter, leave),
		cmocka_unit_test_setup_teardown(writes_below_an_open_directory, enter, leave),
		cmocka_unit_test_setup_teardown(the_root_directory_is_the_root_directory, enter, leave),
		cmocka_unit_test_setup_teardown(a_full_disk_leaves_what_was_there, enter, leave),
		cmocka_unit_test_setup_teardown(a_kill_in_mid_write_leaves_what_was_there, enter, leave),
		cmocka_unit_test_setup_teardown(reading_has_a_limit_and_says_what_is_wrong, enter, leave),
		cmocka_unit_test_setup_teardown(reads_over_short_reads, enter, leave),
		cmocka_unit_test(closes_every_descriptor_but_those_to_keep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
