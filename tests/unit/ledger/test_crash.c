/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Whatever fails or is killed in a commit: what was committed is there, verifies, and goes on. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../check.h"
#include "ledger/verify.h"
#include "log_world.h"

#define THINGS 768

/*
 * A disk that fails at one call, and on which from then on everything fails. When the power goes as well,
 * what was not made durable by fsync is lost: bytes of files, names in directories.
 */
static struct disk {
	unsigned calls, fail_at; /* the number of the call that fails; 0 for none */
	int error;
	bool torn; /* the failing write still writes half */
	size_t count;
	struct thing {
		char path[192]; /* absolute */
		bool named;     /* the name is durable */
		bool synced;    /* the bytes are */
		off_t durable;  /* of a file that was there: its length when it was last durable */
	} things[THINGS];
} disk;

static bool fails(void)
{
	disk.calls++;
	if (disk.fail_at == 0 || disk.calls < disk.fail_at)
		return false;
	errno = disk.error;
	return true;
}

static void path_of(int fd, char out[192])
{
	char link[64];
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, out, 191);
	assert_true(n > 0);
	out[n] = '\0';
}

static struct thing *thing_of(const char *path)
{
	for (size_t i = 0; i < disk.count; i++)
		if (strcmp(disk.things[i].path, path) == 0)
			return &disk.things[i];
	return NULL;
}

static struct thing *thing_new(const char *path)
{
	struct thing *t = thing_of(path);
	if (t == NULL) {
		assert_true(disk.count < THINGS);
		t = &disk.things[disk.count++];
		memset(t, 0, sizeof(*t));
		(void)snprintf(t->path, sizeof(t->path), "%s", path);
	}
	return t;
}

static void join(int dir_fd, const char *path, char out[192])
{
	char dir[192];
	path_of(dir_fd, dir);
	(void)snprintf(out, 192, "%.100s/%.90s", dir, path);
}

static int disk_open_at(void *ctx, int dir_fd, const char *path, int flags, mode_t mode)
{
	char full[192];
	if (fails())
		return -1;
	join(dir_fd, path, full);
	bool there = access(full, F_OK) == 0;
	int fd = ledger_io_system.open_at(ctx, dir_fd, path, flags, mode);
	if (fd >= 0 && (flags & O_CREAT) != 0 && thing_of(full) == NULL) {
		struct thing *t = thing_new(full);
		struct stat st;
		t->named = there;
		t->synced = true; /* there are no bytes yet to lose */
		assert_int_equal(fstat(fd, &st), 0);
		t->durable = st.st_size;
	}
	return fd;
}

static ssize_t disk_write_at(void *ctx, int fd, const void *data, size_t len, off_t offset)
{
	char path[192];
	path_of(fd, path);
	struct thing *t = thing_of(path);
	assert_non_null(t);
	t->synced = false;
	if (fails()) {
		if (disk.torn && disk.calls == disk.fail_at)
			(void)ledger_io_system.write_at(ctx, fd, data, len / 2, offset);
		return -1;
	}
	/* Short writes are allowed; let them be the rule. */
	return ledger_io_system.write_at(ctx, fd, data, len > 100 ? len - len / 3 : len, offset);
}

static int disk_sync(void *ctx, int fd)
{
	char path[192];
	struct stat st;
	if (fails())
		return -1;
	path_of(fd, path);
	assert_int_equal(fstat(fd, &st), 0);
	if (!S_ISDIR(st.st_mode)) {
		struct thing *t = thing_of(path);
		assert_non_null(t);
		t->synced = true;
		t->durable = st.st_size;
		return ledger_io_system.sync(ctx, fd);
	}
	size_t len = strlen(path);
	for (size_t i = 0; i < disk.count; i++) {
		struct thing *t = &disk.things[i];
		if (strncmp(t->path, path, len) == 0 && t->path[len] == '/' &&
		    strchr(t->path + len + 1, '/') == NULL)
			t->named = true;
	}
	return ledger_io_system.sync(ctx, fd);
}

static int disk_truncate(void *ctx, int fd, off_t len)
{
	return fails() ? -1 : ledger_io_system.truncate(ctx, fd, len);
}

static int disk_rename_at(void *ctx, int dir_fd, const char *from, const char *to)
{
	char full[192];
	if (fails())
		return -1;
	join(dir_fd, from, full);
	struct thing *t = thing_of(full);
	assert_non_null(t);
	/* The checkpoint takes its place: it, and all that it may stand on, is durable by now. */
	assert_string_equal(to, "checkpoint");
	for (size_t i = 0; i < disk.count; i++) {
		const struct thing *other = &disk.things[i];
		assert_true(other->path[0] == '\0' || (other->synced && (other->named || other == t)));
	}
	t->path[0] = '\0';
	return ledger_io_system.rename_at(ctx, dir_fd, from, to);
}

static int disk_mkdir_at(void *ctx, int dir_fd, const char *path, mode_t mode)
{
	char full[192];
	if (fails())
		return -1;
	int rc = ledger_io_system.mkdir_at(ctx, dir_fd, path, mode);
	if (rc == 0) {
		join(dir_fd, path, full);
		struct thing *t = thing_new(full);
		t->named = false;
		t->synced = true;
	}
	return rc;
}

static int disk_unlink_at(void *ctx, int dir_fd, const char *path, int flags)
{
	char full[192];
	join(dir_fd, path, full);
	/* Looking for what is not there fails on no disk; there are thousands of these. */
	if (access(full, F_OK) == 0 && fails())
		return -1;
	int rc = ledger_io_system.unlink_at(ctx, dir_fd, path, flags);
	if (rc == 0) {
		struct thing *t = thing_of(full);
		if (t != NULL)
			t->path[0] = '\0';
	}
	return rc;
}

static const struct ledger_io disk_io = {.open_at = disk_open_at,
					 .write_at = disk_write_at,
					 .sync = disk_sync,
					 .truncate = disk_truncate,
					 .rename_at = disk_rename_at,
					 .mkdir_at = disk_mkdir_at,
					 .unlink_at = disk_unlink_at};

/* The power goes: only what is durable stays. */
static void lose_power(void)
{
	for (size_t i = 0; i < disk.count; i++) {
		struct thing *t = &disk.things[i];
		if (t->path[0] == '\0' || access(t->path, F_OK) != 0)
			continue;
		if (!t->named)
			(void)nftw(t->path, world_remove, 16, FTW_DEPTH | FTW_PHYS);
		else if (!t->synced)
			assert_int_equal(truncate(t->path, t->durable), 0);
	}
}

static uint64_t verified_size(void)
{
	struct verify_report report;
	struct fault fault;
	int rc = ledger_verify(w.fd, &w.key, &report, &fault);
	if (rc != HN_OK)
		print_error("%s: %s\n", fault.place, fault.message);
	assert_int_equal(rc, HN_OK);
	assert_int_equal(report.records, report.head.size);
	return report.head.size;
}

/* Appends and commits until the disk fails. @return how many commits said HN_OK, in entries */
static uint64_t write_until_failure(uint64_t start)
{
	struct ledger *l = NULL;
	uint64_t committed = start;
	struct ledger_options options = w.options;

	options.io = &disk_io;
	if (ledger_open(w.fd, &options, &l, NULL) != HN_OK)
		return committed;
	for (unsigned batch = 0; batch < 3; batch++) {
		for (unsigned i = 0; i < 130; i++)
			assert_int_equal(ledger_append(l, "receipt", WORLD_TIME, &i, sizeof(i), NULL), HN_OK);
		int rc = ledger_commit(l);
		if (rc != HN_OK) {
			assert_true(rc == HN_ENOSPC || rc == HN_EIO);
			assert_int_equal(ledger_append(l, "receipt", WORLD_TIME, "x", 1, NULL), HN_ESTATE);
			assert_int_equal(ledger_commit(l), HN_ESTATE);
			break;
		}
		committed = ledger_size(l);
	}
	ledger_close(l);
	return committed;
}

static void fail_everywhere(int error, bool torn, bool power, uint64_t start)
{
	unsigned at = 1;
	for (;; at++) {
		memset(&disk, 0, sizeof(disk));
		disk.fail_at = at;
		disk.error = error;
		disk.torn = torn;
		if (start > 0)
			world_grow(&w, start, 1000);
		uint64_t committed = write_until_failure(start);
		bool failed = disk.calls >= disk.fail_at;
		if (power)
			lose_power();
		struct verify_report report;
		struct fault fault;
		/* Without an entry yet there may be nothing to verify: not even the first checkpoint. */
		if (committed > 0 || ledger_verify(w.fd, &w.key, &report, &fault) != HN_ENOENT)
			assert_true(verified_size() >= committed);
		struct ledger *l = world_open(&w);
		uint64_t size = ledger_size(l);
		/* Never less than was promised; at most one commit more, whose last fsync failed. */
		assert_true(size == committed || size == committed + 130);
		world_fill(l, 5, 5);
		ledger_close(l);
		assert_int_equal(verified_size(), size + 5);
		world_clear(&w);
		world_init(&w);
		if (!failed)
			break;
	}
	assert_true(at > 40);
}

static void each_call_may_fail_with_a_full_disk(void **state)
{
	(void)state;
	fail_everywhere(ENOSPC, false, false, 0);
}

static void each_call_may_fail_after_half_a_write(void **state)
{
	(void)state;
	fail_everywhere(EIO, true, false, 200);
}

static void the_power_may_go_at_each_call(void **state)
{
	(void)state;
	fail_everywhere(EIO, true, true, 0);
	fail_everywhere(EIO, false, true, 200);
}

/* A commit of more files than are held open at once; some of the moments at which the power may go. */
static void the_power_may_go_in_a_large_commit(void **state)
{
	(void)state;
	const uint64_t many = 50000;
	bool failed = true;
	for (unsigned at = 1; failed; at += 149) {
		memset(&disk, 0, sizeof(disk));
		disk.fail_at = at;
		disk.error = EIO;
		world_grow(&w, 100, 100);
		struct ledger *l = NULL;
		struct ledger_options options = w.options;
		options.io = &disk_io;
		int rc = ledger_open(w.fd, &options, &l, NULL);
		for (uint64_t i = 0; i < many && rc == HN_OK; i++)
			rc = ledger_append(l, "receipt", WORLD_TIME, &i, sizeof(i), NULL);
		if (rc == HN_OK)
			rc = ledger_commit(l);
		failed = disk.calls >= disk.fail_at;
		assert_int_equal(rc == HN_OK, !failed);
		ledger_close(l);
		lose_power();
		assert_int_equal(verified_size(), failed ? 100 : 100 + many);
		world_grow(&w, 5, 5);
		assert_int_equal(verified_size(), (failed ? 100 : 100 + many) + 5);
		world_clear(&w);
		world_init(&w);
	}
}

/* Commits for ever and tells each committed size. */
static void child_writes(int out)
{
	struct ledger *l = NULL;
	if (ledger_open(w.fd, &w.options, &l, NULL) != HN_OK)
		_exit(1);
	for (unsigned i = 0;; i++) {
		for (unsigned k = 0; k < 1 + i * 37 % 300; k++)
			if (ledger_append(l, "receipt", WORLD_TIME, &k, sizeof(k), NULL) != HN_OK)
				_exit(2);
		if (ledger_commit(l) != HN_OK)
			_exit(3);
		uint64_t size = ledger_size(l);
		if (write(out, &size, sizeof(size)) != sizeof(size))
			_exit(4);
	}
}

static void a_writer_may_be_killed_at_any_moment(void **state)
{
	(void)state;
	uint64_t promised = 0;
	for (unsigned round = 0; round < 25; round++) {
		int fds[2];
		uint64_t size;
		assert_int_equal(pipe(fds), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			(void)close(fds[0]);
			child_writes(fds[1]);
		}
		(void)close(fds[1]);
		/* Killed after a number of commits that differs, somewhere in the next one. */
		for (unsigned i = 0; i < 1 + round % 4; i++)
			if (read(fds[0], &size, sizeof(size)) == sizeof(size))
				promised = size;
		for (volatile unsigned spin = 0; spin < round * 20000; spin = spin + 1)
			;
		assert_int_equal(kill(pid, SIGKILL), 0);
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (read(fds[0], &size, sizeof(size)) == sizeof(size))
			promised = size;
		(void)close(fds[0]);
		assert_true(verified_size() >= promised);
	}
	world_grow(&w, 7, 7);
	assert_true(verified_size() >= promised + 7);
}

/* A real limit of the kernel instead of ours: files may grow to so many bytes and no further. */
static void a_real_limit_on_file_size_is_survived(void **state)
{
	(void)state;
	world_grow(&w, 300, 100);
	struct rlimit kept, small;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
	small = kept;
	small.rlim_cur = 40000;
	(void)signal(SIGXFSZ, SIG_IGN);
	struct ledger *l = world_open(&w);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(ledger_append(l, "receipt", WORLD_TIME, "0123456789", 10, NULL), HN_OK);
	int rc = ledger_commit(l);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
	assert_int_equal(rc, HN_ENOSPC);
	ledger_close(l);
	assert_int_equal(verified_size(), 300);
	world_grow(&w, 1000, 1000);
	assert_int_equal(verified_size(), 1300);
}

/* A process that may hold few files open commits as much, in smaller groups. */
static void few_open_files_are_enough(void **state)
{
	(void)state;
	struct rlimit kept, small;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &kept), 0);
	small = kept;
	small.rlim_cur = 24;
	struct ledger *l = world_open(&w);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
	world_fill(l, 10000, 10000);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &kept), 0);
	ledger_close(l);
	assert_int_equal(verified_size(), 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_call_may_fail_with_a_full_disk, begin, end),
		cmocka_unit_test_setup_teardown(each_call_may_fail_after_half_a_write, begin, end),
		cmocka_unit_test_setup_teardown(the_power_may_go_at_each_call, begin, end),
		cmocka_unit_test_setup_teardown(the_power_may_go_in_a_large_commit, begin, end),
		cmocka_unit_test_setup_teardown(a_writer_may_be_killed_at_any_moment, begin, end),
		cmocka_unit_test_setup_teardown(a_real_limit_on_file_size_is_survived, begin, end),
		cmocka_unit_test_setup_teardown(few_open_files_are_enough, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
